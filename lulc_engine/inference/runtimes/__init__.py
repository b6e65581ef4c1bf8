"""Runtimes: what executes a network on a window."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np


@dataclass(frozen=True)
class Wanted:
    """Which parts of a prediction are needed.

    Attributes:
        classes: the winning classes.
        confidence: the share of the winning class.
        probabilities: the shares of all classes.
        several: whether classes do not exclude each other: sigmoid instead of softmax.
        temperature: what logits are divided by before they become shares; more than 0, so that
            the winning classes stay the same.
    """

    classes: bool = True
    confidence: bool = False
    probabilities: bool = False
    several: bool = False
    temperature: float = 1.0


@dataclass(frozen=True)
class Prediction:
    """What a network says about a window; parts that were not asked for are None.

    Attributes:
        classes: (H, W) class indices of an integer type that also holds their number.
        confidence: (H, W) uint8 percent of the winning class.
        probabilities: (K, H, W) float32.

    Where they are of single patches, N stands for H, W and comes first: (N), (N), (N, K).
    """

    classes: np.ndarray | None
    confidence: np.ndarray | None
    probabilities: np.ndarray | None

    @classmethod
    def of(cls, outputs: Iterable[np.ndarray], wanted: Wanted) -> Prediction:
        """Return the outputs of a `StoredGraph`, which gives what is wanted in this order."""
        parts = iter(outputs)
        return cls(
            next(parts) if wanted.classes else None,
            next(parts) if wanted.confidence else None,
            next(parts) if wanted.probabilities else None,
        )

    def cut(self, part: tuple[slice, slice]) -> Prediction:
        """Return the prediction for a part."""
        return Prediction(
            None if self.classes is None else self.classes[part],
            None if self.confidence is None else self.confidence[part],
            None if self.probabilities is None else self.probabilities[(slice(None), *part)],
        )


class Runtime(Protocol):
    """Executes one network.

    Attributes:
        streams: how many windows it takes at once, from as many threads.
    """

    streams: int

    def run(self, values: np.ndarray, valid: np.ndarray, known: np.ndarray) -> Prediction:
        """Return the prediction for a window.

        Args:
            values: (C, H, W) in the scene's type.
            valid: (H, W) bool.
            known: bool, cells whose result is used, where the network gives one result per cell
                of a lattice; a runtime may leave out others.
        """
        ...
