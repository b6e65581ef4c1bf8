"""The networks. Their names and makers are declared once, in `options`.

A maker is a function ``(in_channels, classes, settings) -> nn.Module``. The module has a
``stride``, takes normalised channels (N, in_channels, H, W) with sides that are multiples of it,
and returns logits (N, classes, H, W).

Makers of patch classifiers have the same signature; ``settings["patch_px"]`` is the side of the
patches. Their module takes normalised channels (N, in_channels, k, k), returns logits (N, classes)
and has a submodule ``head``, all that is not pretrained. A module that can be applied to every
pixel of an image at once has a method ``dense()``; see `patch_network`.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

from torch import nn

from lulc_engine.errors import OptionsError
from lulc_engine.options import PATCH_CLASSIFIERS, SEGMENTERS, TIMM_CLASSIFIER, TIMM_NAMES


def build_body(
    architecture: str, in_channels: int, classes: int, settings: Mapping[str, Any]
) -> nn.Module:
    """Return an untrained network body: normalised channels in, logits out.

    Args:
        architecture: a key of `options.SEGMENTERS`.
        in_channels: number of inputs (bands and indices).
        classes: number of classes.
        settings: options of the architecture, as a model card stores them.

    Raises:
        OptionsError: the architecture is unknown or a setting does not fit.
    """
    if architecture not in SEGMENTERS:
        raise OptionsError(
            f"There is no architecture {architecture!r}.",
            f"Choose from: {', '.join(SEGMENTERS)}.",
        )
    module, function = SEGMENTERS[architecture].split(":")
    body: nn.Module = getattr(importlib.import_module(module), function)(
        in_channels, classes, settings
    )
    return body


def build_patch_body(
    architecture: str, in_channels: int, classes: int, settings: Mapping[str, Any]
) -> nn.Module:
    """Return an untrained patch classifier: normalised channels in, logits (N, K) out.

    Args:
        architecture: a key of `options.PATCH_CLASSIFIERS` or TIMM_NAMES, or a name of timm.
        in_channels: number of inputs.
        classes: number of classes.
        settings: options of the architecture, with ``patch_px``.

    Raises:
        OptionsError: the architecture is unknown or does not take such patches.
    """
    module, function = PATCH_CLASSIFIERS.get(architecture, TIMM_CLASSIFIER).split(":")
    if architecture not in PATCH_CLASSIFIERS:
        settings = {**settings, "timm_name": TIMM_NAMES.get(architecture, architecture)}
    body: nn.Module = getattr(importlib.import_module(module), function)(
        in_channels, classes, settings
    )
    return body
