"""Runtimes: what executes a network on a window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np


@dataclass(frozen=True)
class Prediction:
    """What a network says about a window.

    Attributes:
        classes: (H, W) int16 class indices.
        confidence: (H, W) uint8 percent of the winning class, or None where not asked for.
        probabilities: (K, H, W) float32, or None where not asked for.
    """

    classes: np.ndarray
    confidence: np.ndarray | None
    probabilities: np.ndarray | None


class Runtime(Protocol):
    """Executes one network."""

    def run(self, raw: np.ndarray) -> Prediction:
        """Return the prediction for raw values (C, H, W) float32, NaN where not valid."""
        ...
