"""What a loss may use besides logits and labels."""

from __future__ import annotations

from dataclasses import dataclass, field

from torch import Tensor


@dataclass(frozen=True)
class FocusSettings:
    """Numbers of the class-focused loss; the defaults are the published preset.

    Attributes:
        cross_entropy_share: weight of the cross entropy.
        focal_share: weight of the focal term.
        tversky_share: weight of the Tversky term.
        gamma: focusing exponent of the focal term.
        focal_alpha: constant factor of the focal term.
        alpha: weight of false positives in the Tversky index.
        beta: weight of false negatives in the Tversky index.
    """

    cross_entropy_share: float = 0.5
    focal_share: float = 0.5
    tversky_share: float = 0.3
    gamma: float = 2.5
    focal_alpha: float = 0.5
    alpha: float = 0.8
    beta: float = 0.2


@dataclass
class LossContext:
    """What a loss may use besides logits and labels.

    Attributes:
        weights: (K,) class weights, or None.
        focus: indices of the focus classes.
        settings: numbers of the class-focused and the focal loss.
    """

    weights: Tensor | None = None
    focus: tuple[int, ...] = ()
    settings: FocusSettings = field(default_factory=FocusSettings)


@dataclass
class PatchLossContext:
    """What a loss of patch classifiers may use besides logits and targets.

    Attributes:
        weights: (K,) float class weights, or None.
        positive_weights: (K,) float factors of the terms of classes that are there, or None.
        label_smoothing: share of the target that is spread evenly, 0 to 1.
        gamma: focusing exponent of the focal loss.
        alpha: weight of the positive terms of the focal loss; negative ones have 1 - alpha.
        gamma_positive: focusing exponent of the positive terms of the asymmetric loss.
        gamma_negative: focusing exponent of its negative terms.
        clip: probability below which it forgives negative terms altogether.
    """

    weights: Tensor | None = None
    positive_weights: Tensor | None = None
    label_smoothing: float = 0.0
    gamma: float = 3.0
    alpha: float = 0.5
    gamma_positive: float = 1.0
    gamma_negative: float = 4.0
    clip: float = 0.05
