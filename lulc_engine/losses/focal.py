"""Focal loss of labelled pixels (Lin et al. 2017, arXiv:1708.02002)."""

from __future__ import annotations

from torch import Tensor

from lulc_engine.losses.context import LossContext
from lulc_engine.losses.pixels import focal_of, select_valid


def loss(logits: Tensor, labels: Tensor, context: LossContext) -> Tensor:
    """Return the class-weighted focal loss; see `pixels.focal_of`."""
    log_p, y = select_valid(logits, labels)
    s = context.settings
    return focal_of(log_p, y, s.gamma, s.focal_alpha, context.weights)
