"""The model card: what a model file says about itself.

Field names follow the STAC machine-learning-model extension (MLM, v1.5) where it has one; ours
begin with ``lulc:``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lulc_engine.errors import DataError, ModelFileError
from lulc_engine.models.model_file import FORMAT, FORMAT_VERSION
from lulc_engine.options import INDICES
from lulc_engine.rasters.bands import Band
from lulc_engine.rasters.legend import Legend
from lulc_engine.rasters.reflectance import Radiometry

SEGMENTATION = "semantic-segmentation"
PATCHES = "scene-classification"
TRANSFORMS = ("none", "log_ratio")
# Normalised values beyond this are clouds, glint or damage; they must not drown the rest.
CLIP = 8.0
# Far more than any network needs; beyond them a file asks for windows that no memory holds.
_LARGEST_HALO_PX, _LARGEST_STRIDE = 1024, 256
_LARGEST_PATCH_PX = 1024
_LARGEST_FLOATS_PER_PX = 2**20
_TEMPERATURES = (0.01, 100.0)


@dataclass(frozen=True)
class PatchFacts:
    """What only patch classifiers have.

    Attributes:
        size_px: side of the patches that the network was trained on.
        multilabel: whether a patch may have several classes: sigmoid instead of softmax.
        thresholds: probability (K,) from which on a class is said to be there; empty for one class
            per patch.
        stretch: (low, high) reflectance per band that the training values 0 and 1 stand for, where
            they had been stretched for display; empty where values are reflectance.
    """

    size_px: int
    multilabel: bool = False
    thresholds: tuple[float, ...] = ()
    stretch: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True)
class ModelSpec:
    """What is needed to rebuild a network and to feed it.

    Attributes:
        task: MLM name of the task.
        architecture: key of `options.SEGMENTERS` or, for patches, of `options.PATCH_CLASSIFIERS`,
            else a name of timm.
        settings: options of the architecture.
        bands: bands in the order of the network's inputs.
        indices: spectral indices that follow the bands.
        radiometry: scale and offset the network was trained with.
        value_range: 1st and 99th percentile of raw values per band in the training scenes.
        legend: the classes in the order of the network's outputs.
        halo_px: reach of the network, None if it has no useful bound.
        stride: the multiple that window origins and sides must be of.
        extra: further fields of the card.
        transform: what the input layer makes of reflectance, one of TRANSFORMS.
        patch: None for segmenters.
        floats_per_px: numbers per pixel that the network holds at its fullest, None if not known.
        clip: normalised values are cut off at plus and minus this; None for networks that were
            trained elsewhere without.
        temperature: what logits are divided by before they become probabilities, so that these are
            as often right as they say (see `evaluation.calibration`); 1 where it was not fitted.
    """

    task: str
    architecture: str
    settings: Mapping[str, Any]
    bands: tuple[Band, ...]
    indices: tuple[str, ...]
    radiometry: Radiometry
    value_range: tuple[tuple[float, float], ...]
    legend: Legend
    halo_px: int | None
    stride: int
    extra: Mapping[str, Any] = field(default_factory=dict)
    transform: str = "none"
    patch: PatchFacts | None = None
    clip: float | None = CLIP
    floats_per_px: int | None = None
    temperature: float = 1.0

    @property
    def in_channels(self) -> int:
        """Number of inputs of the network's body."""
        bands = len(self.bands)
        pairs = bands * (bands - 1) // 2 if self.transform == "log_ratio" else 0
        return bands + pairs + len(self.indices)


def make_card(
    spec: ModelSpec,
    name: str,
    parameters: int,
    framework_version: str,
    normalisation: tuple[Sequence[float], Sequence[float]],
    training: Mapping[str, Any],
    scores: Mapping[str, Any],
    run: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the model card as a JSON object.

    Args:
        spec: the network and its inputs and outputs.
        name: a name for people.
        parameters: number of trainable parameters.
        framework_version: version of torch.
        normalisation: mean and spread of each channel.
        training: data hashes, split, options, seed and versions.
        scores: metrics by split.
        run: date, duration and host; not part of the model's hash.
    """
    mean, spread = normalisation
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "mlm:name": name,
        "mlm:architecture": spec.architecture,
        "mlm:tasks": [spec.task],
        "mlm:framework": "pytorch",
        "mlm:framework_version": framework_version,
        "mlm:total_parameters": parameters,
        "mlm:input": [_input(spec, mean, spread)],
        "mlm:output": [_output(spec)],
        "lulc:architecture": {"name": spec.architecture, "settings": dict(spec.settings)},
        "lulc:bands": [{"number": b.number, "name": b.name, "role": b.role} for b in spec.bands],
        "lulc:indices": list(spec.indices),
        "lulc:radiometry": {
            "scale": list(spec.radiometry.scale),
            "offset": list(spec.radiometry.offset),
            "source": spec.radiometry.source,
            "reason": spec.radiometry.reason,
            "value_range": [list(pair) for pair in spec.value_range],
        },
        "lulc:normalisation": {"mean": list(mean), "spread": list(spread)},
        "lulc:legend": _legend_rows(spec.legend),
        "lulc:receptive_field": {"halo_px": spec.halo_px, "stride": spec.stride},
        "lulc:working_memory": {"floats_per_px": spec.floats_per_px},
        "lulc:transform": spec.transform,
        "lulc:clip": spec.clip,
        "lulc:patch": _patch(spec.patch),
        "lulc:calibration": {"temperature": spec.temperature},
        "lulc:training": dict(training),
        "lulc:scores": dict(scores),
        "license": "Of whoever trained it, within the licence of the training data.",
        "run": dict(run),
        **spec.extra,
    }


def read_spec(card: Mapping[str, Any]) -> ModelSpec:
    """Return the spec in a model card.

    Raises:
        ModelFileError: a field is missing or is not of its form.
    """
    try:
        radiometry = card["lulc:radiometry"]
        spec = ModelSpec(
            task=str(card["mlm:tasks"][0]),
            architecture=str(card["lulc:architecture"]["name"]),
            settings=dict(card["lulc:architecture"]["settings"]),
            bands=tuple(
                Band(int(b["number"]), str(b["name"]), b["role"]) for b in card["lulc:bands"]
            ),
            indices=tuple(card["lulc:indices"]),
            radiometry=Radiometry(
                tuple(float(x) for x in radiometry["scale"]),
                tuple(float(x) for x in radiometry["offset"]),
                str(radiometry["source"]),
                str(radiometry["reason"]),
            ),
            value_range=tuple((float(a), float(b)) for a, b in radiometry["value_range"]),
            legend=Legend.from_rows(card["lulc:legend"]),
            halo_px=card["lulc:receptive_field"]["halo_px"],
            stride=card["lulc:receptive_field"]["stride"],
            transform=str(card.get("lulc:transform", "none")),
            patch=_read_patch(card.get("lulc:patch")),
            clip=card.get("lulc:clip", CLIP),
            floats_per_px=card.get("lulc:working_memory", {}).get("floats_per_px"),
            temperature=_read_temperature(card.get("lulc:calibration")),
        )
        _check_spec(spec)
        return spec
    except (KeyError, IndexError, TypeError, ValueError, DataError) as err:
        raise ModelFileError(
            f"The model card is incomplete: {type(err).__name__} {err}.",
            "Train or import the model again.",
        ) from err


def training_hashes(training: Mapping[str, Any]) -> list[str]:
    """Return the hashes of the label files that a model was trained with, from its card."""
    labels = training.get("data", {}).get("labels")
    return [labels["sha256"]] if labels and labels.get("sha256") else []


def training_area(training: Mapping[str, Any]) -> tuple[float, ...]:
    """Return west, south, east and north of the labels of a training in degrees, () if unknown."""
    labels = training.get("data", {}).get("labels")
    bounds = labels.get("bounds") if labels else None
    if not isinstance(bounds, list) or len(bounds) != 4:
        return ()
    return tuple(float(edge) for edge in bounds)


def _check_spec(spec: ModelSpec) -> None:
    """Raise ValueError where parts of a card contradict each other or cannot be."""
    count = len(spec.bands)
    per_band = (spec.radiometry.scale, spec.radiometry.offset, spec.value_range or spec.bands)
    checks = {
        "task": spec.task == (SEGMENTATION if spec.patch is None else PATCHES),
        "transform": spec.transform in TRANSFORMS,
        "patch": spec.patch is None or _patch_is_right(spec.patch, len(spec.legend), count),
        "bands": count > 0 and all(len(values) == count for values in per_band),
        "indices": set(spec.indices) <= set(INDICES),
        "legend": len(spec.legend) > 0,
        "halo_px": spec.halo_px is None or _is_whole(spec.halo_px, 0, _LARGEST_HALO_PX),
        "stride": _is_whole(spec.stride, 1, _LARGEST_STRIDE),
        "floats_per_px": (
            spec.floats_per_px is None or _is_whole(spec.floats_per_px, 1, _LARGEST_FLOATS_PER_PX)
        ),
        "clip": spec.clip is None or 0 < float(spec.clip) < math.inf,
        "temperature": _TEMPERATURES[0] <= spec.temperature <= _TEMPERATURES[1],
    }
    wrong = [name for name, is_right in checks.items() if not is_right]
    if wrong:
        raise ValueError(f"in {', '.join(wrong)}")


def _patch_is_right(patch: PatchFacts, classes: int, bands: int) -> bool:
    return (
        _is_whole(patch.size_px, 1, _LARGEST_PATCH_PX)
        and len(patch.thresholds) in (0, classes)
        and len(patch.stretch) in (0, bands)
        and all(low < high for low, high in patch.stretch)
    )


def _patch(patch: PatchFacts | None) -> dict[str, Any] | None:
    if patch is None:
        return None
    return {
        "size_px": patch.size_px,
        "multilabel": patch.multilabel,
        "thresholds": list(patch.thresholds),
        "stretch": [list(pair) for pair in patch.stretch],
    }


def _read_patch(row: Mapping[str, Any] | None) -> PatchFacts | None:
    if row is None:
        return None
    return PatchFacts(
        row["size_px"],
        bool(row["multilabel"]),
        tuple(float(value) for value in row["thresholds"]),
        tuple((float(low), float(high)) for low, high in row["stretch"]),
    )


def _read_temperature(row: Mapping[str, Any] | None) -> float:
    return 1.0 if row is None else float(row["temperature"])


def _is_whole(value: object, low: int, high: int) -> bool:
    return isinstance(value, int) and low <= value <= high


def _sides(spec: ModelSpec) -> list[int]:
    return [-1, -1] if spec.patch is None else [spec.patch.size_px] * 2


def _input(spec: ModelSpec, mean: Sequence[float], spread: Sequence[float]) -> dict[str, Any]:
    bands = [{"name": b.name, **({"eo:common_name": b.role} if b.role else {})} for b in spec.bands]
    scaling = [
        {"type": "z-score", "mean": float(m), "stddev": float(s)} for m, s in zip(mean, spread)
    ]
    return {
        "name": "raw pixel values",
        "bands": bands,
        "input": {
            "shape": [-1, len(spec.bands), *_sides(spec)],
            "dim_order": ["batch", "bands", "height", "width"],
            "data_type": "float32",
        },
        "value_scaling": scaling,
        "description": "Scaling, indices and normalisation are part of the network's graph.",
    }


def _output(spec: ModelSpec) -> dict[str, Any]:
    return {
        "name": "class scores",
        "tasks": [spec.task],
        "result": {
            "shape": [-1, len(spec.legend), *([-1, -1] if spec.patch is None else [])],
            "dim_order": ["batch", "classes", *(["height", "width"] if spec.patch is None else [])],
            "data_type": "float32",
        },
        "classification:classes": [
            {"value": c.id, "name": c.name, "color_hint": c.hex_color[1:].upper()}
            for c in spec.legend.classes
        ],
    }


def _legend_rows(legend: Legend) -> list[dict[str, Any]]:
    return [{"id": c.id, "name": c.name, "color": c.hex_color} for c in legend.classes]
