"""Losses. Names and functions are declared once, in `options.LOSSES` and `options.PATCH_LOSSES`.

Segmenters: a loss takes logits (N, K, H, W), labels (N, H, W) int64, negative where there is no
label, and a `LossContext`. Patch classifiers: it takes logits (N, K), targets (N, K) from 0 to 1
and a `PatchLossContext`. Both return a scalar: 0 with a gradient where nothing is labelled.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from torch import Tensor

from lulc_engine import options
from lulc_engine.losses.context import LossContext, PatchLossContext

Loss = Callable[[Tensor, Tensor, LossContext], Tensor]
PatchLoss = Callable[[Tensor, Tensor, PatchLossContext], Tensor]


def get_loss(name: str) -> Loss:
    """Return the loss with a name of `options.LOSSES`."""
    loss: Loss = _function(options.LOSSES[name])
    return loss


def get_patch_loss(name: str) -> PatchLoss:
    """Return the loss with a name of `options.PATCH_LOSSES`."""
    loss: PatchLoss = _function(options.PATCH_LOSSES[name])
    return loss


def _function(place: str) -> Any:
    module, function = place.split(":")
    return getattr(importlib.import_module(module), function)
