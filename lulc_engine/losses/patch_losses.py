"""Losses of patch classifiers: one label per patch, or several.

Every loss takes logits (N, K), targets (N, K) from 0 to 1 and a `PatchLossContext`. Targets are
one-hot, 0 and 1 for several classes, or in between where patches were mixed: every loss but soft F1
is linear in them, so that the loss of a mixture is the mixture of losses. All is computed in
float32, whatever autocast made of the logits; an empty batch gives 0 with a gradient.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from lulc_engine.losses.context import PatchLossContext

_SMOOTHING = 1e-6


def cross_entropy(logits: Tensor, targets: Tensor, context: PatchLossContext) -> Tensor:
    """Return the mean over patches of - sum_k w_k t_k log p_k, with softmax probabilities.

    Label smoothing s makes t_k (1 - s) + s / K of t_k (Szegedy et al. 2016, arXiv:1512.00567).
    The weights are not renormalised.
    """
    smooth = _smoothed(targets, context.label_smoothing, logits.shape[1])
    losses = -smooth * functional.log_softmax(logits.float(), dim=1)
    return _mean(_weighted(losses, context).sum(dim=1))


def binary_cross_entropy(logits: Tensor, targets: Tensor, context: PatchLossContext) -> Tensor:
    """Return the mean over patches and classes of -(v_k t log p + (1 - t) log(1 - p)).

    p are sigmoid probabilities, v the positive weights. Label smoothing s makes t (1 - s) + s / 2
    of t.
    """
    x, t = logits.float(), _smoothed(targets, context.label_smoothing, 2)
    positive = functional.softplus(-x)
    negative = functional.softplus(x)
    return _mean_of_terms(t, positive, negative, context)


def focal_bce(logits: Tensor, targets: Tensor, context: PatchLossContext) -> Tensor:
    """Return the binary focal loss: what is already told well counts little.

    -alpha v_k t (1 - p)^gamma log p - (1 - alpha) (1 - t) p^gamma log(1 - p), averaged over
    patches and classes (Lin et al. 2017, arXiv:1708.02002, equation 5), with v the positive
    weights. Label smoothing as in `binary_cross_entropy`.
    """
    x, t = logits.float(), _smoothed(targets, context.label_smoothing, 2)
    miss, alarm = functional.softplus(-x), functional.softplus(x)  # -log p and -log(1 - p)
    # (1 - p)^gamma as an exponential: the power of a number that underflowed has no gradient.
    positive = context.alpha * torch.exp(-context.gamma * alarm) * miss
    negative = (1 - context.alpha) * torch.exp(-context.gamma * miss) * alarm
    return _mean_of_terms(t, positive, negative, context)


def asymmetric(logits: Tensor, targets: Tensor, context: PatchLossContext) -> Tensor:
    """Return the asymmetric loss: the many easy negatives count little, or nothing.

    -v_k t (1 - p)^g+ log p - (1 - t) q^g- log(1 - q) with q = max(p - clip, 0) (Ridnik et al.
    2021, doi:10.1109/ICCV48922.2021.00015). Deviations: averaged over patches and classes instead
    of summed, so that the rate need not follow the batch; positive weights v and label smoothing
    as in `binary_cross_entropy`.
    """
    x, t = logits.float(), _smoothed(targets, context.label_smoothing, 2)
    miss, alarm = functional.softplus(-x), functional.softplus(x)
    positive = torch.exp(-context.gamma_positive * alarm) * miss
    if context.clip > 0:
        shifted = (torch.sigmoid(x) - context.clip).clamp(min=0)
        negative = shifted**context.gamma_negative * -torch.log1p(-shifted)
    else:
        negative = torch.exp(-context.gamma_negative * miss) * alarm
    return _mean_of_terms(t, positive, negative, context)


def soft_f1(logits: Tensor, targets: Tensor, context: PatchLossContext) -> Tensor:
    """Return 1 - macro F1 of the batch, with probabilities in place of decisions.

    F1_k = 2 TP / (2 TP + FP + FN), TP = sum p t, over the whole batch, averaged over the classes
    that occur in it: of others F1 is 0 whatever the network says. A surrogate of the score itself
    (Benedict et al. 2021, arXiv:2108.10566, there with a tunable sigmoid); it needs batches that
    hold several patches of a class. Class weights multiply the classes' terms; positive weights
    play no part. Label smoothing as in `binary_cross_entropy`.
    """
    present = targets.sum(dim=0) > 0
    if not bool(present.any()):
        return logits.float().sum() * 0
    p, t = torch.sigmoid(logits.float()), _smoothed(targets, context.label_smoothing, 2)
    overlap = (p * t).sum(dim=0)
    score = (2 * overlap + _SMOOTHING) / (p.sum(dim=0) + t.sum(dim=0) + _SMOOTHING)
    return _weighted(1 - score, context)[present].mean()


def _smoothed(targets: Tensor, share: float, ways: int) -> Tensor:
    """Return targets (N, K) float32 of which a share is spread over so many ways to answer."""
    return targets.float() * (1 - share) + share / ways


def _mean_of_terms(
    t: Tensor, positive: Tensor, negative: Tensor, context: PatchLossContext
) -> Tensor:
    """Return the mean of w_k (v_k t positive + (1 - t) negative)."""
    if context.positive_weights is not None:
        positive = positive * context.positive_weights.to(positive)
    return _mean(_weighted(t * positive + (1 - t) * negative, context))


def _weighted(losses: Tensor, context: PatchLossContext) -> Tensor:
    return losses if context.weights is None else losses * context.weights.to(losses)


def _mean(losses: Tensor) -> Tensor:
    return losses.mean() if losses.numel() else losses.sum()
