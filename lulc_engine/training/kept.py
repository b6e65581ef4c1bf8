"""What a training of a segmenter keeps."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from torch import Tensor

_CHANCE = 0.005

Weights = dict[str, Tensor]


@dataclass
class Best:
    """The best network so far: of the highest validation mIoU, among equals the latest.

    Validation is often a few polygons, on which a difference below half a percent is chance. Among
    such networks the latest has seen most and was trained at the lowest rate. Without any
    validation the latest is all there is to go by.
    """

    epoch: int = 0
    mean_iou: float = 0.0
    highest: float = 0.0
    weights: Weights = field(default_factory=dict)
    matrix: np.ndarray | None = None
    loss: float = math.nan

    def is_matched_by(self, mean_iou: float) -> bool:
        """Return whether a score is as good as the highest so far, or better."""
        return mean_iou >= self.highest - _CHANCE


@dataclass
class Fit:
    """The state of a training.

    Attributes:
        best: the best network so far.
        lowest: that of the lowest validation loss, among equals and without validation the latest.
        last: that of the latest epoch.
        history: a row per epoch: epoch, loss, learning_rate, seconds, validation scores.
        focus: indices of the focus classes.
        notes: what a reader of the report must know.
        stopped_early: whether training ended before the last epoch.
    """

    best: Best = field(default_factory=Best)
    lowest: Best = field(default_factory=Best)
    last: Best = field(default_factory=Best)
    history: list[dict[str, Any]] = field(default_factory=list)
    focus: tuple[int, ...] = ()
    notes: list[str] = field(default_factory=list)
    stopped_early: bool = False

    def keep(self, network: Best) -> None:
        """Let the network of an epoch take the places it deserves."""
        self.last = network
        if not network.loss > self.lowest.loss:  # also where one of them was not measured
            self.lowest = network
        if self.best.is_matched_by(network.mean_iou):
            highest = max(self.best.highest, network.mean_iou)
            self.best = dataclasses.replace(network, highest=highest)
