"""Check an environment as it will be used: import every package, then classify a real image."""

from __future__ import annotations

import collections
import os
import tempfile
from pathlib import Path

from qgis.core import QgsProcessingException, QgsProcessingFeedback

from .bundled_models import bundled_model, bundled_names
from .child_process import ChildProcess
from .engine_source import errors, options, protocol, resource
from .environment import NEEDED, Engine, probe
from .worker import run_worker

_IMPORT_CHECK = """
import json, sys
import torch, torchvision, segmentation_models_pytorch, timm
import numpy, rasterio, pyogrio, shapely, pyproj, safetensors, h5py, matplotlib, jinja2
try:
    import openvino
    runtime = "OpenVINO " + openvino.__version__.split("-")[0]
except ImportError:
    runtime = "without OpenVINO"
gpu = torch.cuda.get_device_name(0) if torch.cuda.is_available() else "no CUDA device"
print("PyTorch {}, rasterio {}, {}, {}".format(
    torch.__version__, rasterio.__version__, runtime, gpu))
"""


def verify(python: str, folder: Path, device: str, feedback: QgsProcessingFeedback) -> None:
    """Check that the engine works in an environment.

    Args:
        python: the environment's Python.
        folder: the environment's folder, in which this Python must feel at home.
        device: what it was made for; "cuda" without a CUDA device is worth a warning.
        feedback: takes what is found, cancels.

    Raises:
        EnvironmentFailure: it does not work.
        QgsProcessingException: it was cancelled, or the engine failed.
    """
    found = probe(python, NEEDED)
    if found.fault or os.path.realpath(found.prefix) != os.path.realpath(folder):
        raise errors.EnvironmentFailure(
            f"The environment cannot be used: {found.fault or 'it runs in ' + found.prefix}",
            "Set up the engine again.",
        )
    said = _import_everything(Engine(python, found.prefix, "the set-up"), feedback)
    feedback.pushInfo(said)
    if device == "cuda" and "no CUDA device" in said:
        feedback.pushWarning(
            "PyTorch finds no CUDA device here, so the processor will compute. Is the driver of "
            "the NVIDIA card installed and recent?"
        )
    classify_demo(Engine(python, found.prefix, "the set-up"), feedback)


def classify_demo(engine: Engine, feedback: QgsProcessingFeedback) -> None:
    """Classify the demo scene with a bundled model, as any run does; raise where that fails."""
    with tempfile.TemporaryDirectory(prefix="lulc-check-") as folder:
        output = os.path.join(folder, "map.tif")
        values = {
            "image": str(resource("demo", "scene.tif")),
            "model": bundled_model(bundled_names()[0]),
            "output": output,
        }
        given = options.ClassifyOptions.from_mapping(values).as_dict()
        result = run_worker(protocol.request("classify", given), QgsProcessingFeedback(), engine)
        if not result.get("pixels") or not os.path.isfile(output):
            raise QgsProcessingException("The engine classified the demo scene into nothing.")
    feedback.pushInfo("The engine classified the demo scene: it works.")


def _import_everything(engine: Engine, feedback: QgsProcessingFeedback) -> str:
    last: collections.deque[str] = collections.deque(maxlen=3)
    command = [engine.python, "-I", "-c", _IMPORT_CHECK]
    child = ChildProcess(command, Path(engine.prefix), engine.environment())
    try:
        for source, line in child.lines():
            if source and line.strip():
                last.append(line.strip())
            if feedback.isCanceled():
                raise QgsProcessingException("The set-up was cancelled.")
    finally:
        code = child.close()
    if code != 0:
        raise errors.EnvironmentFailure(
            f"A package of the environment cannot be imported: {' '.join(last)}",
            "Set up the engine again.",
        )
    return last[-1] if last else ""
