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
