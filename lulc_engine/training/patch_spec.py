"""From options and labelled patches to an untrained patch classifier that fits them."""

from __future__ import annotations

import dataclasses

import numpy as np

from lulc_engine.errors import DataError, OptionsError
from lulc_engine.models.build import build_patch_network
from lulc_engine.models.card import PATCHES, ModelSpec, PatchFacts
from lulc_engine.models.patch_network import PatchNetwork
from lulc_engine.models.start import start_from
from lulc_engine.options import MULTILABEL_LOSSES, PATCH_CLASSIFIERS, TrainPatchesOptions
from lulc_engine.samples.patches.patch_set import PatchSet
from lulc_engine.samples.patches.published import PUBLISHED
from lulc_engine.samples.statistics import channel_statistics, sample_patch_pixels, value_range

_PIXELNET, _SPECTRALNET = "pixelnet", "spectralnet"
_LARGEST_WINDOW_PX = 15
_PUBLISHED_ARCHITECTURE = "dcnn5"
# Scores that patches with several classes do not have.
_SINGLE_LABEL_METRICS = ("kappa",)


def patch_spec(options: TrainPatchesOptions, patches: PatchSet) -> ModelSpec:
    """Return the spec of the network that the options name, for these patches.

    Raises:
        OptionsError: an option does not go with the architecture or the patches.
    """
    architecture = options.architecture or _default_architecture(options, patches.size_px)
    return ModelSpec(
        task=PATCHES,
        architecture=architecture,
        settings=_settings(options, architecture),
        bands=patches.bands,
        indices=options.indices,
        radiometry=patches.radiometry,
        value_range=(),
        legend=patches.legend,
        halo_px=None,
        stride=1,
        transform="log_ratio" if architecture == _PIXELNET else "none",
        patch=PatchFacts(patches.size_px, patches.multilabel, (), _stretch(options, patches)),
    )


def fitted_network(
    options: TrainPatchesOptions, patches: PatchSet, rng: np.random.Generator
) -> tuple[ModelSpec, PatchNetwork]:
    """Return the spec and a network as it is before training.

    It has the statistics of the training patches, save in the published recipe, whose network takes
    scaled values as they are, and the weights of INITIAL_MODEL where one is named.

    Raises:
        DataError: no training patch has a valid pixel.
        OptionsError: an option does not go with the architecture or the patches.
        BandError: an index needs a band that is not there.
        ModelFileError: INITIAL_MODEL cannot be read.
    """
    spec = patch_spec(options, patches)
    network = build_patch_network(spec)
    pixels = sample_patch_pixels(patches, rng)
    if pixels.shape[1] == 0:
        raise DataError("No training patch has a valid pixel.", "Check the patches and MASK.")
    if options.recipe != PUBLISHED:
        network.input.set_statistics(*channel_statistics(network.input, pixels))
    if options.initial_model:
        start_from(network, spec, options.initial_model)
    return dataclasses.replace(spec, value_range=value_range(pixels)), network


def check_labels(options: TrainPatchesOptions, patches: PatchSet) -> None:
    """Refuse a loss or a metric that does not go with the kind of labels.

    Raises:
        OptionsError: see above.
    """
    if not patches.multilabel:
        return
    if options.loss is not None and options.loss not in MULTILABEL_LOSSES:
        raise OptionsError(
            f"--loss {options.loss} is for one class per patch; these patches have several.",
            f"Choose from: {', '.join(MULTILABEL_LOSSES)}.",
        )
    if options.metric in _SINGLE_LABEL_METRICS:
        raise OptionsError(
            f"--metric {options.metric} is for one class per patch; these patches have several.",
            "Choose map, macro_f1 or mean_iou.",
        )


def _default_architecture(options: TrainPatchesOptions, size_px: int) -> str:
    if options.recipe == PUBLISHED:
        return _PUBLISHED_ARCHITECTURE
    return _PIXELNET if size_px <= _LARGEST_WINDOW_PX else _SPECTRALNET


def _settings(options: TrainPatchesOptions, architecture: str) -> dict[str, object]:
    settings: dict[str, object] = {}
    if options.weights != "none":
        if architecture in PATCH_CLASSIFIERS:
            raise OptionsError(
                f"There are no {options.weights} weights of {architecture}.",
                "Choose an architecture of timm, such as resnet18, or --weights none.",
            )
        if options.initial_model:
            raise OptionsError(
                "--weights and --initial-model are two ways to start.", "Leave one of them out."
            )
        settings["weights"] = options.weights
    if options.resize_px is not None:
        settings["resize_px"] = options.resize_px
    return settings


def _stretch(options: TrainPatchesOptions, patches: PatchSet) -> tuple[tuple[float, float], ...]:
    """Return the reflectance (low, high) that 0 and 255 stand for, per band.

    Raises:
        OptionsError: the option is not two numbers, or two per band, or the data are not of 8 bits.
    """
    if not options.stretch:
        return ()
    bands = len(patches.bands)
    try:
        numbers = [float(word) for word in options.stretch]
    except ValueError:
        numbers = []
    pairs = list(zip(numbers[::2], numbers[1::2], strict=False))
    right = len(numbers) in (2, 2 * bands) and np.isfinite(numbers).all()
    if not right or any(low >= high for low, high in pairs):
        raise OptionsError(
            f"--stretch must be the reflectance of 0 and of 255, or both for each of the {bands} "
            f"bands, lower first, not {','.join(options.stretch)}.",
            "For example 0,0.3.",
        )
    if patches.images.dtype != np.uint8:
        raise OptionsError(
            f"--stretch is for patches of 8 bits; these are {patches.images.dtype}.",
            "Leave it out, or say with SCALE and OFFSET what the values mean.",
        )
    return tuple(pairs * bands if len(pairs) == 1 else pairs)
