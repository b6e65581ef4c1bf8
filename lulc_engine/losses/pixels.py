"""Parts of losses that are means over labelled pixels, and class weights."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def select_valid(logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Return log-probabilities (n, K) and class indices (n,) of the labelled pixels.

    Args:
        logits: (N, K, H, W) float.
        labels: (N, H, W) int64; negative where there is no label.
    """
    valid = labels >= 0
    return functional.log_softmax(logits.movedim(1, -1)[valid], dim=-1), labels[valid]


def cross_entropy_of(log_p: Tensor, y: Tensor, weights: Tensor | None) -> Tensor:
    """Return the mean over n pixels of w_y * -log p_y; the weights are not renormalised."""
    if len(y) == 0:
        return log_p.sum()
    losses = -log_p.gather(1, y[:, None])[:, 0]
    return (losses if weights is None else losses * weights[y]).mean()


def focal_of(
    log_p: Tensor, y: Tensor, gamma: float, alpha: float, weights: Tensor | None = None
) -> Tensor:
    """Return the mean over n pixels of w_y * alpha * (1 - p_y)^gamma * -log p_y.

    Lin et al. 2017 (arXiv:1708.02002), with softmax probabilities and a constant alpha.
    """
    if len(y) == 0:
        return log_p.sum()
    log_py = log_p.gather(1, y[:, None])[:, 0]
    losses = alpha * (1 - log_py.exp()).clamp(min=0) ** gamma * -log_py
    return (losses if weights is None else losses * weights[y]).mean()


def class_weights(
    counts: Tensor,
    focus: tuple[int, ...] = (),
    low: float = 0.9,
    high: float = 1.6,
    focus_factor: float = 2.0,
) -> Tensor:
    """Return class weights (K,): N / (K * n_k), doubled for focus classes, then clipped.

    Args:
        counts: (K,) labelled training pixels by class.
        focus: indices of the focus classes.
        low: lower bound.
        high: upper bound, also for classes without a pixel.
        focus_factor: what focus classes are multiplied by before clipping.
    """
    weights = counts.sum() / (len(counts) * counts.double())
    for index in focus:
        weights[index] *= focus_factor
    return torch.nan_to_num(weights, posinf=high).clamp(low, high).float()
