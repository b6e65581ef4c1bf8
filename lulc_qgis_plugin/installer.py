"""Make the engine's environment: a virtual environment outside QGIS, filled by pip.

A new environment gets a folder of its own and becomes the current one only after it was checked, by
an atomic change of ``current.json``: an installation that fails or is cancelled changes nothing.
"""

from __future__ import annotations

import glob
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from qgis.core import QgsProcessingException, QgsProcessingFeedback

from .child_process import ChildProcess, StopSignals, clean_environment
from .engine_source import ENGINE_VERSION, errors, resource, shipped_file
from .environment import NEEDED, NEWEST, OLDEST, RECORD, data_folder, probe, qgis_pythons

INDEX_VARIABLE = "LULC_TORCH_INDEX"
ORDINARY_INDEX = "ordinary"
DEVICES = ("cpu", "cuda")

# The ordinary index holds for Linux only PyTorch with CUDA (several GB), for Windows only without.
_TORCH_INDEX = {
    ("linux", "cpu"): "https://download.pytorch.org/whl/cpu",
    ("win32", "cuda"): "https://download.pytorch.org/whl/cu130",
}
_TORCH = ("torch", "torchvision")
_FREE_GB = {"cpu": 3, "cuda": 10}
_IMPORT_CHECK = """
import json, sys
import torch, torchvision, segmentation_models_pytorch, timm
import numpy, rasterio, pyogrio, shapely, pyproj, safetensors, matplotlib, jinja2
try:
    import openvino
    runtime = "OpenVINO " + openvino.__version__.split("-")[0]
except ImportError:
    runtime = "without OpenVINO"
gpu = torch.cuda.get_device_name(0) if torch.cuda.is_available() else "no CUDA device"
print("PyTorch {}, rasterio {}, {}, {}".format(
    torch.__version__, rasterio.__version__, runtime, gpu))
"""


@dataclass(frozen=True)
class Wishes:
    """What the user wants: all optional but the device."""

    device: str = "cpu"
    python: str = ""  # base interpreter
    folder: str = ""  # where environments are made
    wheels: str = ""  # folder of wheels; then nothing is downloaded
    torch_index: str = ""  # package index for PyTorch


def set_up(wishes: Wishes, feedback: QgsProcessingFeedback) -> str:
    """Make an environment, check it and make it the current one; return its Python.

    Raises:
        EnvironmentFailure: no Python, no space, or the installation failed.
        QgsProcessingException: it was cancelled.
    """
    base = _base_python(wishes.python)
    home = Path(os.path.abspath(wishes.folder)) if wishes.folder else data_folder()
    _check_space(home, wishes.device)
    feedback.pushInfo(f"Python {base}, folder {home}")
    folder = Path(tempfile.mkdtemp(prefix=f"env-{ENGINE_VERSION}-{wishes.device}-", dir=home))
    try:
        python = _fill(folder, base, wishes, feedback)
        _record(python, wishes.device)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return python


def base_pythons() -> list[str]:
    """Return the Pythons on this computer that an environment may be made of, best first."""
    names = [f"python{OLDEST[0]}.{minor}" for minor in range(NEWEST[1], OLDEST[1] - 1, -1)]
    names.append("python3")
    places: list[str] = []
    if sys.platform == "darwin":
        frameworks = "/Library/Frameworks/Python.framework/Versions/*/bin"
        folders = ["/opt/homebrew/bin", "/usr/local/bin", *sorted(glob.glob(frameworks))]
        places += [os.path.join(folder, name) for folder in folders for name in names]
    places += qgis_pythons()
    if sys.platform.startswith("linux"):
        places += [f"/usr/bin/{name}" for name in names]
        places += [path for path in map(shutil.which, names) if path]
    return [path for path in dict.fromkeys(places) if os.path.isfile(path)]


def torch_index(device: str, wish: str = "") -> str:
    """Return the package index for PyTorch; empty for the one of the other packages."""
    chosen = wish.strip() or os.environ.get(INDEX_VARIABLE)
    if chosen is None:
        return _TORCH_INDEX.get((sys.platform, device), "")
    return "" if chosen.strip() == ORDINARY_INDEX else chosen.strip()


def pip_commands(python: str, wishes: Wishes) -> list[list[str]]:
    """Return the pip commands that fill an environment."""
    pip = [python, "-I", "-m", "pip", "install", "--no-input", "--disable-pip-version-check"]
    pip += ["--progress-bar", "off", "--constraint", str(shipped_file("constraints.txt"))]
    everything = ["--requirement", str(resource("engine-requirements.txt"))]
    if wishes.wheels:
        return [[*pip, "--no-index", "--find-links", os.path.abspath(wishes.wheels), *everything]]
    index = torch_index(wishes.device, wishes.torch_index)
    first = [[*pip, "--index-url", index, *_TORCH]] if index else []
    return [*first, [*pip, *everything]]


def _base_python(wish: str) -> str:
    if wish:
        path = os.path.abspath(os.path.expanduser(wish))
        fault = probe(path, ("venv", "ensurepip")).fault
        if fault:
            raise errors.EnvironmentFailure(f"PYTHON cannot be used: {fault}")
        return path
    faults = []
    for path in base_pythons():
        fault = probe(path, ("venv", "ensurepip")).fault
        if not fault:
            return path
        faults.append(fault)
    hint = "Install Python 3.12 from python.org and name it with PYTHON."
    if sys.platform.startswith("linux"):
        hint = "Install the package python3-venv of your distribution, or name one with PYTHON."
    raise errors.EnvironmentFailure(
        " ".join(["No Python for the engine was found.", *faults[:4]]), hint
    )


def _check_space(home: Path, device: str) -> None:
    try:
        home.mkdir(parents=True, exist_ok=True)
        free_gb = shutil.disk_usage(home).free / 1e9
    except OSError as err:
        raise errors.EnvironmentFailure(
            f"The folder {home} cannot be used ({err.strerror}).", "Choose another FOLDER."
        ) from err
    if free_gb < _FREE_GB[device]:
        raise errors.EnvironmentFailure(
            f"The engine needs {_FREE_GB[device]} GB, {home} has {free_gb:.1f} GB left.",
            "Free some space or choose another FOLDER.",
        )


def _fill(folder: Path, base: str, wishes: Wishes, feedback: QgsProcessingFeedback) -> str:
    env = clean_environment()
    _run([base, "-I", "-m", "venv", str(folder)], folder.parent, env, feedback)
    name = Path("Scripts", "python.exe") if os.name == "nt" else Path("bin", "python")
    python = str(folder / name)
    commands = pip_commands(python, wishes)
    for number, command in enumerate(commands):
        feedback.setProgress(5 + 85 * number / len(commands))
        _run(command, folder, env, feedback)
    feedback.setProgress(90)
    feedback.pushInfo("Checking the environment")
    _run([python, "-I", "-c", _IMPORT_CHECK], folder, env, feedback)
    found = probe(python, NEEDED)
    if found.fault or os.path.realpath(found.prefix) != os.path.realpath(folder):
        raise errors.EnvironmentFailure(
            f"The new environment cannot be used: {found.fault or 'it runs in ' + found.prefix}"
        )
    feedback.setProgress(100)
    return python


def _run(
    command: Sequence[str], folder: Path, env: dict[str, str], feedback: QgsProcessingFeedback
) -> None:
    """Run a command and show what it prints; raise when it fails or is cancelled."""
    last = ""
    try:
        child = ChildProcess(list(command), folder, env)
    except OSError as err:
        raise errors.EnvironmentFailure(f"{command[0]} cannot be started: {err}.") from err
    with StopSignals() as stop:
        try:
            for source, line in child.lines():
                if source and line.strip():
                    feedback.pushConsoleInfo(line)
                    last = line.strip() if source == "err" else last
                if stop.received or feedback.isCanceled():
                    raise QgsProcessingException("The set-up was cancelled.")
        finally:
            code = child.close()
    if code != 0:
        step = "pip install" if "pip" in command else "making or checking the environment"
        raise errors.EnvironmentFailure(
            f"The set-up failed at: {step} (exit code {code}). {last}".strip(),
            "See the log; behind a proxy or without network, use WHEELS or ask the administrator.",
        )


def _record(python: str, device: str) -> None:
    home = data_folder()
    home.mkdir(parents=True, exist_ok=True)
    content = {"python": python, "engine": ENGINE_VERSION, "device": device}
    handle, part = tempfile.mkstemp(prefix=f".{RECORD}.", dir=home)
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        json.dump(content, stream)
    os.replace(part, home / RECORD)
