"""The command ``import-model``: a published Keras network becomes a model file."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from lulc_engine.errors import ModelFileError, OptionsError
from lulc_engine.feedback import Feedback
from lulc_engine.models.build import build_network, build_patch_network, network_tensors
from lulc_engine.models.card import PATCHES, SEGMENTATION, ModelSpec, PatchFacts, make_card
from lulc_engine.models.keras_architectures import Recognised, read_tensors, recognise
from lulc_engine.models.keras_file import open_keras
from lulc_engine.models.model_file import SUFFIXES, write_model
from lulc_engine.models.network import parameter_count
from lulc_engine.models.receptive_field import measure_halo
from lulc_engine.models.working_memory import floats_per_pixel
from lulc_engine.options import ImportModelOptions
from lulc_engine.outputs import Outputs, friendly_write_errors
from lulc_engine.rasters.bands import Band, role_of
from lulc_engine.rasters.legend import make_legend
from lulc_engine.rasters.reflectance import Radiometry
from lulc_engine.training.provenance import describe_file, run_facts, versions

# The 5x5 DCNN was published for raw numbers of 16 bits as a share of the largest one; the
# Mobile-UNet takes what it is given.
_PUBLISHED_SCALE = {"dcnn5": 1 / 65535, "mobile_unet": 1.0}


def import_model(options: ImportModelOptions, feedback: Feedback) -> dict[str, Any]:
    """Read a Keras file and write a model file whose probabilities are the same.

    Inputs of the network are value * SCALE + OFFSET with nothing else done to them: no
    normalisation and no limit, as in the published network.

    Returns:
        The model's path, its hash and the main facts of it.

    Raises:
        ModelFileError: the file is no Keras model, or not of a supported architecture.
        OptionsError: BANDS or CLASSES are not as many as the network has.
    """
    started = time.monotonic()
    with Outputs([options.input]) as outputs:
        part = outputs.stage(options.model, SUFFIXES)
        with open_keras(options.input) as file:
            found = recognise(file)
            spec = _spec(options, found)
            network = build_patch_network(spec) if found.patch_px else build_network(spec)
            body = network.get_submodule("body")
            tensors = read_tensors(
                file, found, {name: value.shape for name, value in body.state_dict().items()}
            )
            keras_version = file.version
        feedback.info(
            f"{Path(options.input).name} is the {_SHOWN[found.architecture]} with "
            f"{found.in_channels} inputs and {found.classes} classes."
        )
        _fill(body, tensors)
        network.eval()
        if found.patch_px is None:
            spec = dataclasses.replace(
                spec,
                halo_px=measure_halo(body, found.in_channels),
                floats_per_px=floats_per_pixel(body, found.in_channels),
            )
        card = _card(options, spec, network, keras_version, started)
        with friendly_write_errors(options.model):
            digest = write_model(part, network_tensors(network), card)
    feedback.progress(1.0, "Imported")
    return {
        "model": options.model,
        "architecture": spec.architecture,
        "bands": [band.name for band in spec.bands],
        "classes": list(spec.legend.names),
        "parameters": card["mlm:total_parameters"],
        "model_sha256": digest,
    }


_SHOWN = {"dcnn5": "5x5 DCNN", "mobile_unet": "Mobile-UNet"}


def _spec(options: ImportModelOptions, found: Recognised) -> ModelSpec:
    bands = _names(options.bands, found.in_channels, "--bands", "inputs", "band {}", 1)
    classes = _names(options.classes, found.classes, "--classes", "classes", "class {}", 0)
    given = options.scale is not None or options.offset is not None
    scale = _PUBLISHED_SCALE[found.architecture] if options.scale is None else options.scale
    radiometry = Radiometry(
        (scale,) * len(bands),
        (options.offset or 0.0,) * len(bands),
        "option",
        "as given" if given else "as published",
    )
    return ModelSpec(
        task=SEGMENTATION if found.patch_px is None else PATCHES,
        architecture=found.architecture,
        settings={},
        bands=tuple(Band(n, name, role_of(name)) for n, name in enumerate(bands, start=1)),
        indices=(),
        radiometry=radiometry,
        value_range=(),
        legend=make_legend(range(len(classes)), classes),
        halo_px=None,
        stride=1 if found.patch_px else 8,
        extra={"license": options.license} if options.license else {},
        patch=None if found.patch_px is None else PatchFacts(found.patch_px),
        clip=None,
    )


def _names(
    given: Sequence[str], count: int, option: str, what: str, usual: str, first: int
) -> list[str]:
    """Return the names that were given, or numbered ones.

    Raises:
        OptionsError: they are not as many as the network has, or one comes twice.
    """
    if not given:
        return [usual.format(number) for number in range(first, first + count)]
    if len(given) != count or len(set(given)) != count:
        raise OptionsError(
            f"{option} names {len(set(given))} different {what}, the network has {count}.",
            "Name each once, in the network's order.",
        )
    return list(given)


def _fill(body: nn.Module, tensors: Mapping[str, np.ndarray]) -> None:
    """Put imported weights into a body; only counters of batch norm stay as they are."""
    missing, _ = body.load_state_dict(
        {name: torch.from_numpy(array) for name, array in tensors.items()}, strict=False
    )
    forgotten = [name for name in missing if not name.endswith("num_batches_tracked")]
    if forgotten:
        raise ModelFileError(f"The Keras file has no weights for {', '.join(forgotten)}.")


def _card(
    options: ImportModelOptions,
    spec: ModelSpec,
    network: nn.Module,
    keras_version: str,
    started: float,
) -> dict[str, Any]:
    origin = {
        "imported_from": describe_file(options.input),
        "keras_version": keras_version,
        "versions": versions(),
        "notes": ["Imported from Keras; how it was trained is not known to this software."],
    }
    return make_card(
        spec,
        Path(options.input).stem,
        parameter_count(network),
        str(torch.__version__),
        ([0.0] * spec.in_channels, [1.0] * spec.in_channels),
        origin,
        {},
        run_facts(started),
    )
