"""Losses for segmenters: one entry of `LOSSES` per name.

Every loss takes logits (N, K, H, W) and labels (N, H, W) int64, negative where there is no label,
returns a scalar, and gives 0 with a gradient where nothing is labelled.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from torch import Tensor

from lulc_engine.losses.class_focused import FocusSettings, class_focused
from lulc_engine.losses.dice import dice
from lulc_engine.losses.lovasz import lovasz
from lulc_engine.losses.pixels import cross_entropy, focal


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


Loss = Callable[[Tensor, Tensor, LossContext], Tensor]

LOSSES: dict[str, Loss] = {
    "class_focused": lambda x, y, c: class_focused(x, y, c.weights, c.focus, c.settings),
    "cross_entropy": lambda x, y, c: cross_entropy(x, y, c.weights),
    "dice": lambda x, y, c: dice(x, y),
    "focal": lambda x, y, c: focal(x, y, c.weights, c.settings.gamma, c.settings.focal_alpha),
    "lovasz": lambda x, y, c: lovasz(x, y),
}
