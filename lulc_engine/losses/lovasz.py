"""Lovasz-softmax loss, a surrogate of the Jaccard index (Berman et al. 2018, arXiv:1705.08790)."""

from __future__ import annotations

import torch
from torch import Tensor

from lulc_engine.losses.context import LossContext


def loss(logits: Tensor, labels: Tensor, context: LossContext) -> Tensor:
    """Return `lovasz`, which needs no context."""
    return lovasz(logits, labels)


def lovasz(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the Lovasz extension of the Jaccard loss, averaged over classes in the batch.

    Args:
        logits: (N, K, H, W) float.
        labels: (N, H, W) int64; negative where there is no label.
    """
    valid = labels >= 0
    p = torch.softmax(logits, dim=1).movedim(1, -1)[valid]
    y = labels[valid]
    losses = []
    for index in torch.unique(y).tolist():
        truth = (y == index).to(p.dtype)
        errors, order = torch.sort((truth - p[:, index]).abs(), descending=True, stable=True)
        losses.append(torch.dot(errors, _jaccard_steps(truth[order])))
    return torch.stack(losses).mean() if losses else logits.sum() * 0


def _jaccard_steps(truth: Tensor) -> Tensor:
    """Return by how much each error, taken in turn, raises the Jaccard loss (Algorithm 1)."""
    total = truth.sum()
    intersection = total - truth.cumsum(0)
    union = total + (1 - truth).cumsum(0)
    loss = 1 - intersection / union
    return torch.diff(loss, prepend=loss.new_zeros(1))
