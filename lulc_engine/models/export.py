"""The command ``export-model``: a model file for other software, as ONNX or OpenVINO IR.

What is exported takes pixel values as they are stored in the file that the model was trained on
(float32, NaN where not valid) and returns probabilities: reflectance, indices, normalisation and
the temperature of the calibration are part of the graph. A segmenter becomes (N, bands, TILE_PX,
TILE_PX) -> (N, classes, TILE_PX, TILE_PX), a patch classifier (N, bands, k, k) -> (N, classes); N
is free.

The ONNX file carries the metadata that the QGIS plugin Deepness reads (``model_type``,
``class_names``, ``resolution`` in cm, tile size and overlap ...). Deepness divides values by 255
and then standardises them with ``standardization_mean`` and ``standardization_std``; these are
given as 0 and 1/255, so that it is the stored values that reach the network. Versions of Deepness
before these keys feed a 255th and cannot run the model. Deepness applies segmenters; patch
classifiers have the type Classifier, which it does not know.
"""

from __future__ import annotations

import importlib.util
import json
import math
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

import lulc_engine
from lulc_engine.errors import EnvironmentFailure, OptionsError
from lulc_engine.feedback import Feedback
from lulc_engine.models.build import load_network, load_patch_network
from lulc_engine.models.card import ModelSpec, read_spec
from lulc_engine.models.model_file import read_model
from lulc_engine.options import ExportModelOptions
from lulc_engine.outputs import Outputs, friendly_write_errors

ONNX, OPENVINO = "onnx", "openvino"
_ENDINGS = {ONNX: ".onnx", OPENVINO: ".xml"}
_INPUT, _OUTPUT = "image", "probabilities"
# 17: layer norm as one operator; every runtime of the last years has it.
_OPSET = 17
_TOLERANCE = 1e-4
# Deepness cuts tiles that overlap by so many percent where the network's reach has no bound.
_USUAL_OVERLAP, _LARGEST_OVERLAP = 20, 80


class Probabilities(nn.Module):
    """Raw values in, probabilities out.

    Args:
        network: returns logits, classes along the second axis.
        several: whether classes exclude each other (softmax) or not (sigmoid).
        temperature: what logits are divided by before.
    """

    def __init__(self, network: nn.Module, several: bool, temperature: float = 1.0) -> None:
        super().__init__()
        self.network, self.several, self.temperature = network, several, temperature

    def forward(self, image: Tensor) -> Tensor:
        """Return probabilities of raw values."""
        logits: Tensor = self.network(image) / self.temperature
        return torch.sigmoid(logits) if self.several else torch.softmax(logits, dim=1)


def export_model(options: ExportModelOptions, feedback: Feedback) -> dict[str, Any]:
    """Write a model as ONNX or OpenVINO IR, after comparing its results with the model's.

    Returns:
        The path, the format, the shape of the input and the largest difference found.

    Raises:
        OptionsError: the format does not go with the file's ending.
        ModelFileError: the model file is not usable.
        EnvironmentFailure: a package is missing, or the exported model gives other results.
    """
    kind = _format(options)
    if kind == ONNX:
        _check_packages("onnx", "onnxruntime")
    with Outputs([options.model]) as outputs:
        part = outputs.stage(options.output, (_ENDINGS[kind],))
        weights = _stage_weights(outputs, options.output) if kind == OPENVINO else None
        card, tensors = read_model(options.model)
        spec = read_spec(card)
        network = (load_network if spec.patch is None else load_patch_network)(spec, tensors)
        several = spec.patch is not None and spec.patch.multilabel
        module = Probabilities(network, several, spec.temperature).eval()
        side = options.tile_px if spec.patch is None else spec.patch.size_px
        metadata = _metadata(card, spec, side)
        examples = _examples(spec, side)
        feedback.progress(0.1, f"Converting to {kind}")
        with friendly_write_errors(options.output), torch.inference_mode():
            if weights is None:
                found = _write_onnx(module, examples, metadata, part)
            else:
                found = _write_openvino(module, examples, metadata, part, weights)
            difference = float(np.abs(found - module(examples).numpy()).max())
        if not difference <= _TOLERANCE:
            raise EnvironmentFailure(
                f"The exported model's probabilities differ by {difference:.2g} from the model's.",
                "Choose the other format, and report this with the versions of torch and onnx.",
            )
    feedback.progress(1.0, "Exported")
    return {
        "output": options.output,
        "format": kind,
        "input": [-1, *examples.shape[1:]],
        "largest_difference": difference,
    }


def _format(options: ExportModelOptions) -> str:
    ending = Path(options.output).suffix.lower()
    kind = options.format
    if kind == "auto":
        kind = next((name for name, its in _ENDINGS.items() if its == ending), "")
    if not kind or _ENDINGS[kind] != ending:
        raise OptionsError(
            f"The output {options.output} must end in .onnx, or in .xml for OpenVINO.",
            "Leave --format out to have it chosen by the ending.",
        )
    return kind


def _check_packages(*names: str) -> None:
    missing = [name for name in names if importlib.util.find_spec(name) is None]
    if missing:
        raise EnvironmentFailure(
            f"Exporting to ONNX needs the package {' and '.join(missing)}.",
            "Install them: pip install 'lulc-engine[onnx]'; or export to OpenVINO (.xml).",
        )


def _stage_weights(outputs: Outputs, path: str) -> Path:
    """Reserve the file that an OpenVINO model keeps its weights in, beside it."""
    return outputs.stage(Path(path).with_suffix(".bin"))


def _metadata(card: Mapping[str, Any], spec: ModelSpec, side: int) -> dict[str, str]:
    """Return what Deepness and we write into an exported model; each value is JSON."""
    bands = len(spec.bands)
    facts: dict[str, Any] = {
        "model_type": "Segmentor" if spec.patch is None else "Classifier",
        "class_names": {index: name for index, name in enumerate(spec.legend.names)},
        # Deepness's code reads tile_size, its documentation says tiles_size.
        "tile_size": side,
        "tiles_size": side,
        "tiles_overlap": _overlap(spec, side),
        "standardization_mean": [0.0] * bands,
        "standardization_std": [1 / 255] * bands,
    }
    if spec.patch is None:
        facts |= {"seg_thresh": 0.0, "seg_small_segment": 0}  # the map as the model says it
    pixel_m = card.get("lulc:training", {}).get("pixel_m")
    if pixel_m:
        facts["resolution"] = round(100 * math.sqrt(pixel_m[0] * pixel_m[1]), 6)
    facts |= {
        "lulc_legend": json.loads(spec.legend.to_json()),
        "lulc_bands": [band.role or band.name for band in spec.bands],
        "lulc_temperature": spec.temperature,  # for information: it is part of the graph
        "lulc_model_sha256": card.get("model_sha256", ""),
        "lulc_version": lulc_engine.__version__,
        "description": "Takes pixel values as stored; returns probabilities.",
    }
    return {name: json.dumps(value) for name, value in facts.items()}


def _overlap(spec: ModelSpec, side: int) -> int:
    """Return by how many percent tiles should overlap, so that their seams do not show."""
    if spec.patch is not None:
        return 0
    if spec.halo_px is None:
        return _USUAL_OVERLAP
    return min(_LARGEST_OVERLAP, math.ceil(100 * 2 * spec.halo_px / side))


def _examples(spec: ModelSpec, side: int) -> Tensor:
    """Return raw values (3, bands, side, side) of the training's range, beyond it, and invalid."""
    scale, offset = (torch.tensor(v) for v in (spec.radiometry.scale, spec.radiometry.offset))
    if spec.value_range:
        low, high = torch.tensor(spec.value_range).T
    else:
        low, high = -offset / scale, (1 - offset) / scale
    noise = torch.Generator().manual_seed(0)
    share = torch.rand(3, len(spec.bands), side, side, generator=noise)
    share[1] = 3 * share[1] - 1
    values: Tensor = low[:, None, None] + share * (high - low)[:, None, None]
    values[2, :, side // 2 :, : side // 2 + 1] = float("nan")
    return values


def _write_onnx(
    module: nn.Module, examples: Tensor, metadata: Mapping[str, str], part: Path
) -> np.ndarray:
    """Write an ONNX file and return what ONNX Runtime makes of the examples with it."""
    import onnx
    import onnxruntime

    free = {0: "batch"}
    try:
        with warnings.catch_warnings():
            # The newer exporter needs two more packages; this one does all that is asked here.
            warnings.simplefilter("ignore")
            torch.onnx.export(
                module,
                (examples[:2],),
                str(part),
                opset_version=_OPSET,
                dynamo=False,
                input_names=[_INPUT],
                output_names=[_OUTPUT],
                dynamic_axes={_INPUT: free, _OUTPUT: free},
            )
    except torch.onnx.errors.OnnxExporterError as err:
        raise EnvironmentFailure(
            f"The network cannot be written as ONNX ({str(err).splitlines()[0][:200]}).",
            "Export to OpenVINO (.xml) instead.",
        ) from err
    model = onnx.load(str(part))
    onnx.helper.set_model_props(model, dict(metadata))
    onnx.checker.check_model(model)
    onnx.save(model, str(part))
    session = onnxruntime.InferenceSession(str(part), providers=["CPUExecutionProvider"])
    (found,) = session.run([_OUTPUT], {_INPUT: examples.numpy()})
    return np.asarray(found)


def _write_openvino(
    module: nn.Module, examples: Tensor, metadata: Mapping[str, str], part: Path, weights: Path
) -> np.ndarray:
    """Write an OpenVINO model and return what OpenVINO makes of the examples with it."""
    from lulc_engine.quiet_openvino import ov

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of tracing, which OpenVINO does inside
        model = ov.convert_model(
            module, example_input=examples[:2], input=[-1, *examples.shape[1:]]
        )
    model.input(0).set_names({_INPUT})
    model.output(0).set_names({_OUTPUT})
    for name, value in metadata.items():
        model.set_rt_info(value, ["model_info", name])
    ov.serialize(model, str(part), str(weights))
    read = ov.Core().read_model(str(part), str(weights))
    exact = {"INFERENCE_PRECISION_HINT": "f32"}
    found = ov.compile_model(read, "CPU", exact)(examples.numpy())[0]
    return np.asarray(found)
