"""The networks. Their names and makers are declared once, in `options.SEGMENTERS`.

A maker is a function ``(in_channels, classes, settings) -> nn.Module``. The module has a
``stride``, takes normalised channels (N, in_channels, H, W) with sides that are multiples of it,
and returns logits (N, classes, H, W).
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

from torch import nn

from lulc_engine.errors import OptionsError
from lulc_engine.options import SEGMENTERS


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
