"""What a training of a patch classifier keeps."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from torch import nn

from lulc_engine.training.state_file import Tensors


@dataclass
class Snapshot:
    """The network after an epoch.

    Attributes:
        epoch: counted from 1; 0 while there is none.
        score: validation score by the recipe's metric, None without validation.
        loss: validation loss, None without validation.
        weights: parameters and buffers, on the processor.
    """

    epoch: int = 0
    score: float | None = None
    loss: float | None = None
    weights: Tensors = field(default_factory=dict)


@dataclass
class PatchFit:
    """The state of a training; survives a cancel.

    Attributes:
        best: highest validation score; among equals, and without validation, the latest.
        lowest: lowest validation loss, likewise.
        last: the latest.
        history: a row per epoch: epoch, loss, learning_rate, frozen, seconds, validation scores.
        notes: what a reader of the report must know.
        stopped_early: whether training ended before the last epoch.
    """

    best: Snapshot = field(default_factory=Snapshot)
    lowest: Snapshot = field(default_factory=Snapshot)
    last: Snapshot = field(default_factory=Snapshot)
    history: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    stopped_early: bool = False

    def keep(self, snapshot: Snapshot) -> None:
        """Let a new snapshot take the places it deserves."""
        self.last = snapshot
        if not _is_below(snapshot.score, self.best.score):
            self.best = snapshot
        if not _is_below(self.lowest.loss, snapshot.loss):
            self.lowest = snapshot


def take(network: nn.Module) -> Tensors:
    """Return a copy of a network's parameters and buffers on the processor."""
    return {name: value.detach().cpu().clone() for name, value in network.state_dict().items()}


def _is_below(value: float | None, other: float | None) -> bool:
    """Return whether both were measured and the first is the lower one."""
    return value is not None and other is not None and value < other
