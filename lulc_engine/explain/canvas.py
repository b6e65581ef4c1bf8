"""A part of a scene that results of overlapping windows are painted on."""

from __future__ import annotations

import numpy as np

from lulc_engine.errors import OptionsError
from lulc_engine.rasters.grid import Window

# A picture of what a model looks at is for people, and they look at parts of a scene.
_MOST_NUMBERS = 128 * 2**20


class Canvas:
    """Weighted means of what windows say of the pixels of a part of a scene.

    Args:
        part: the part.
        layers: numbers per pixel.

    Raises:
        OptionsError: the part is too large to be held in memory.
    """

    def __init__(self, part: Window, layers: int) -> None:
        numbers = part.height * part.width * (layers + 1)
        if numbers > _MOST_NUMBERS:
            allowed = _MOST_NUMBERS // (layers + 1) // 2**20
            raise OptionsError(
                f"The part to explain has {part.height * part.width / 2**20:.0f} million pixels; "
                f"{allowed} million are allowed here.",
                "Choose a smaller --extent.",
            )
        self._part = part
        self._sums = np.zeros((layers, part.height, part.width), np.float32)
        self._weights = np.zeros((part.height, part.width), np.float32)
        self._valid = np.zeros((part.height, part.width), bool)

    def add(
        self, window: Window, values: np.ndarray, weights: np.ndarray, valid: np.ndarray
    ) -> None:
        """Paint a window; what lies outside the part is left out.

        Args:
            window: of the scene, (H, W) pixels.
            values: (layers, H, W), or anything that becomes it by repeating.
            weights: (H, W), 0 where the window says nothing.
            valid: (H, W) bool.
        """
        seen = window.intersect(self._part)
        if seen.height == 0 or seen.width == 0:
            return
        inside, place = seen.relative_to(window), seen.relative_to(self._part)
        weight = weights[inside]
        for total, layer in zip(self._sums, values, strict=True):
            total[place] += np.broadcast_to(layer, weights.shape)[inside] * weight
        self._weights[place] += weight
        self._valid[place] |= valid[inside]

    def means(self) -> np.ndarray:
        """Return the means (layers, H, W) float32, NaN where no window said anything."""
        known = self._valid & (self._weights > 0)
        scale = np.where(known, 1 / np.where(known, self._weights, 1), np.float32("nan"))
        means: np.ndarray = self._sums * scale.astype(np.float32)
        return means
