"""Soft Dice loss over classes (Milletari et al. 2016, arXiv:1606.04797)."""

from __future__ import annotations

import torch
from torch import Tensor

from lulc_engine.losses.context import LossContext

_SMOOTHING = 1e-6


def loss(logits: Tensor, labels: Tensor, context: LossContext) -> Tensor:
    """Return `dice`, which needs no context."""
    return dice(logits, labels)


def dice(logits: Tensor, labels: Tensor) -> Tensor:
    """Return 1 - Dice coefficient, averaged over the classes that occur in the batch.

    Dice = 2 TP / (2 TP + FP + FN) with soft counts over the labelled pixels of the whole batch.

    Args:
        logits: (N, K, H, W) float.
        labels: (N, H, W) int64; negative where there is no label.
    """
    valid = labels >= 0
    p = torch.softmax(logits, dim=1).movedim(1, -1)[valid]
    truth = torch.nn.functional.one_hot(labels[valid], logits.shape[1]).to(p.dtype)
    support = truth.sum(dim=0)
    present = support > 0
    if not bool(present.any()):
        return logits.sum() * 0
    overlap = (p * truth).sum(dim=0)
    score = (2 * overlap + _SMOOTHING) / (p.sum(dim=0) + support + _SMOOTHING)
    return (1 - score)[present].mean()
