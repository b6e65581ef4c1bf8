"""Weighted cross entropy of labelled pixels."""

from __future__ import annotations

from torch import Tensor

from lulc_engine.losses.context import LossContext
from lulc_engine.losses.pixels import cross_entropy_of, select_valid


def loss(logits: Tensor, labels: Tensor, context: LossContext) -> Tensor:
    """Return the mean of w_y * -log p_y over labelled pixels; see `pixels.cross_entropy_of`."""
    log_p, y = select_valid(logits, labels)
    return cross_entropy_of(log_p, y, context.weights)
