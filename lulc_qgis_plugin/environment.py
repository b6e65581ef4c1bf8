"""Find the Python that runs the engine.

In this order: the environment variable ``LULC_ENGINE_PYTHON``; the plugin's setting
``lulc/engine_python``; the environment that lulc:setupengine made; QGIS's own Python where it can
import what the engine needs. The first two were chosen by somebody: set but broken, they are an
error, never a reason to try the next. A candidate counts only after it ran (`probe`).
"""

from __future__ import annotations

import json
import os
import subprocess  # nosec B404 - a fixed program with a list of arguments, never a shell
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from qgis.core import QgsSettings

from .child_process import clean_environment, is_inside, qgis_dir
from .engine_notice import engine_notice
from .engine_source import errors

VARIABLE = "LULC_ENGINE_PYTHON"
SETTING = "lulc/engine_python"
HOME_VARIABLE = "LULC_HOME"
RECORD = "current.json"
OLDEST, NEWEST = (3, 11), (3, 14)
NEEDED = ("numpy", "pyogrio", "rasterio", "safetensors", "shapely", "torch")

_PROBE_TIMEOUT_S = 60
_PROBE = """
import importlib.util, json, struct, sys
print(json.dumps({
    "version": list(sys.version_info[:3]),
    "prefix": sys.prefix,
    "bits": struct.calcsize("P") * 8,
    "missing": [m for m in sys.argv[1:] if importlib.util.find_spec(m) is None],
}))
"""
_probed: dict[tuple[str, float], Probe] = {}


@dataclass(frozen=True)
class Probe:
    """What a Python said about itself; ``fault`` says why it cannot be used, if so."""

    version: tuple[int, ...] = ()
    prefix: str = ""
    missing: tuple[str, ...] = ()
    fault: str = ""


@dataclass(frozen=True)
class Engine:
    """The Python that runs the engine, and who chose it."""

    python: str
    prefix: str
    origin: str

    def environment(self) -> dict[str, str]:
        """Return the environment for processes of this Python."""
        own = is_inside(self.python, qgis_dir())
        return clean_environment(leave_out="" if own else None)


def find_engine() -> Engine:
    """Return the engine's Python.

    Raises:
        EnvironmentFailure: the chosen one cannot be used, or there is none.
    """
    chosen = (
        (os.environ.get(VARIABLE, ""), f"the environment variable {VARIABLE}"),
        (str(QgsSettings().value(SETTING, "") or ""), f"the setting {SETTING}"),
    )
    for python, origin in chosen:
        if python.strip():
            return _checked(python.strip(), origin)
    notes = []
    candidates = [(recorded_python(), "lulc:setupengine")]
    candidates += [(python, "QGIS") for python in qgis_pythons()]
    for python, origin in candidates:
        if python:
            found = probe(python)
            if not found.fault:
                return Engine(python, found.prefix, origin)
            if origin != "QGIS":
                notes.append(f" The one that was set up cannot be used: {found.fault}")
    engine_notice.missing.emit()
    raise errors.EnvironmentFailure(
        "The engine is not installed yet." + "".join(notes),
        "Run the algorithm 'Set up the engine' (lulc:setupengine) once, or set "
        f"{VARIABLE} to a Python that has the packages of the engine.",
    )


def data_folder() -> Path:
    """Return the folder of the engine's environments: one for all QGIS versions and profiles."""
    chosen = os.environ.get(HOME_VARIABLE, "").strip()
    if chosen:
        return Path(os.path.abspath(os.path.expanduser(chosen)))
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA") or str(Path.home() / "AppData" / "Local")
        return Path(local) / "lulc"  # short: torch's files come close to 260 characters
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "lulc"
    return Path(os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")) / "lulc"


def recorded_python() -> str:
    """Return the Python of the environment that lulc:setupengine made last; empty if none."""
    try:
        text = (data_folder() / RECORD).read_text(encoding="utf-8")
        return str(json.loads(text)["python"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def qgis_pythons() -> list[str]:
    """Return where QGIS's own Python may be; sys.executable is QGIS itself on most systems."""
    name = "python{}.{}".format(*sys.version_info[:2])
    if sys.platform == "win32":
        places = [Path(sys.base_prefix) / "python.exe", Path(sys.base_prefix) / "python3.exe"]
    else:
        places = [Path(prefix) / "bin" / name for prefix in (sys.prefix, sys.base_exec_prefix)]
    return [str(path) for path in dict.fromkeys(places) if path.is_file()]


def probe(python: str, needed: tuple[str, ...] = NEEDED) -> Probe:
    """Run a Python and return what it is; asked again only when the file has changed."""
    try:
        key = (os.path.abspath(python) + " " + " ".join(needed), os.stat(python).st_mtime)
    except OSError:
        return Probe(fault=f"{python} does not exist.")
    found = _probed.get(key)
    if found is None:
        found = _run_probe(python, needed)
        if not found.fault:
            _probed[key] = found
    return found


def _checked(python: str, origin: str) -> Engine:
    path = os.path.abspath(os.path.expanduser(python))
    found = probe(path)
    if found.fault:
        raise errors.EnvironmentFailure(
            f"{origin[:1].upper()}{origin[1:]} names a Python that cannot be used: {found.fault}",
            "Correct or remove it; without it, the engine of lulc:setupengine is used.",
        )
    return Engine(path, found.prefix, origin)


def _run_probe(python: str, needed: tuple[str, ...]) -> Probe:
    own = is_inside(python, qgis_dir())
    try:
        done = subprocess.run(  # nosec B603 - a list, no shell
            [python, "-I", "-c", _PROBE, *needed],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PROBE_TIMEOUT_S,
            env=clean_environment(leave_out="" if own else None),
            cwd=tempfile.gettempdir(),
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            check=True,
        )
        answer = json.loads(done.stdout.decode("utf-8", "replace").strip().splitlines()[-1])
        version, bits = tuple(answer["version"]), answer["bits"]
        prefix, missing = str(answer["prefix"]), tuple(answer["missing"])
    except subprocess.TimeoutExpired:
        return Probe(fault=f"{python} does not answer.")
    except (OSError, subprocess.SubprocessError, ValueError, KeyError, IndexError, TypeError) as e:
        return Probe(fault=f"{python} does not run as Python ({type(e).__name__}).")
    return Probe(version, prefix, missing, _fault(python, version, bits, missing))


def _fault(python: str, version: tuple[int, ...], bits: int, missing: tuple[str, ...]) -> str:
    shown = ".".join(map(str, version))
    if not OLDEST <= version[:2] <= NEWEST:
        span = f"{OLDEST[0]}.{OLDEST[1]} to {NEWEST[0]}.{NEWEST[1]}"
        return f"{python} is Python {shown}; the engine needs {span}."
    if bits != 64:
        return f"{python} is a {bits}-bit Python; the engine needs 64 bits."
    if missing:
        return f"{python} lacks the packages {', '.join(missing)}."
    return ""
