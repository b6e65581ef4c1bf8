"""Losses for segmenters. Their names and functions are declared once, in `options.LOSSES`.

Every loss takes logits (N, K, H, W), labels (N, H, W) int64, negative where there is no label, and
a `LossContext`, returns a scalar, and gives 0 with a gradient where nothing is labelled.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable

from torch import Tensor

from lulc_engine import options
from lulc_engine.losses.context import LossContext

Loss = Callable[[Tensor, Tensor, LossContext], Tensor]


def get_loss(name: str) -> Loss:
    """Return the loss with a name of `options.LOSSES`."""
    module, function = options.LOSSES[name].split(":")
    loss: Loss = getattr(importlib.import_module(module), function)
    return loss
