"""The class-focused loss: attention for the classes that a model confuses.

A weighted sum of cross entropy, focal loss and a Tversky loss over the focus classes only. The
published preset of the Mobile-UNet is 0.5, 0.5 and 0.3.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from lulc_engine.losses.context import FocusSettings, LossContext
from lulc_engine.losses.pixels import cross_entropy_of, focal_of, select_valid

_SMOOTHING = 1e-6


def loss(logits: Tensor, labels: Tensor, context: LossContext) -> Tensor:
    """Return `class_focused` with the weights, focus classes and settings of the context."""
    return class_focused(logits, labels, context.weights, context.focus, context.settings)


def class_focused(
    logits: Tensor,
    labels: Tensor,
    weights: Tensor | None,
    focus: Sequence[int],
    settings: FocusSettings | None = None,
) -> Tensor:
    """Return the class-focused loss, a scalar; 0 with a gradient where no pixel is valid.

    Args:
        logits: (N, K, H, W) float.
        labels: (N, H, W) int64 class indices; negative where there is no label.
        weights: (K,) class weights of the cross entropy, or None.
        focus: indices of the focus classes; without any, the Tversky term is 0.
        settings: the numbers of the loss.
    """
    s = settings or FocusSettings()
    log_p, y = select_valid(logits, labels)
    total = s.cross_entropy_share * cross_entropy_of(log_p, y, weights)
    total = total + s.focal_share * focal_of(log_p, y, s.gamma, s.focal_alpha)
    if s.tversky_share and len(focus):
        total = total + s.tversky_share * tversky(logits, labels, focus, s.alpha, s.beta)
    return total


def tversky(
    logits: Tensor, labels: Tensor, classes: Sequence[int], alpha: float, beta: float
) -> Tensor:
    """Return 1 - Tversky index, averaged over the images and classes that occur in them.

    TI = (TP + s) / (TP + alpha FP + beta FN + s) with soft counts over valid pixels and s = 1e-6
    (Salehi et al. 2017, arXiv:1706.05721). Counts are summed per image and class. Our deviation: a
    class that is absent from an image is left out of the mean, since its index is 0 or undefined
    whatever the network says.

    Args:
        logits: (N, K, H, W) float.
        labels: (N, H, W) int64; negative where there is no label.
        classes: the indices to average over.
        alpha: weight of false positives.
        beta: weight of false negatives.
    """
    chosen = torch.as_tensor(list(classes), device=logits.device)
    valid = (labels >= 0).unsqueeze(1)
    p = torch.softmax(logits, dim=1)[:, chosen] * valid
    truth = (labels.unsqueeze(1) == chosen.view(1, -1, 1, 1)).to(p.dtype)
    tp = (p * truth).sum(dim=(2, 3))
    fp = p.sum(dim=(2, 3)) - tp
    support = truth.sum(dim=(2, 3))
    fn = support - tp
    index = (tp + _SMOOTHING) / (tp + alpha * fp + beta * fn + _SMOOTHING)
    present = support > 0
    if not bool(present.any()):
        return logits.sum() * 0
    return (1 - index)[present].mean()
