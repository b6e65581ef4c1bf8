"""Cutting random training windows out of chips, turned and flipped."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch.nn.functional import max_pool2d

from lulc_engine.samples.chips import Chip, as_input
from lulc_engine.samples.labels import NO_LABEL

_HIDE_REACH_PX = 4


class WindowSampler:
    """Draws batches of windows around labelled pixels.

    Every window holds at least one labelled pixel, at a random place in it; which class that is, is
    drawn first, so that rare classes are seen as often as the balance asks for.

    Args:
        chips: the chips.
        pixels: for each class (n, 3) chip number, row and column of its training pixels.
        window_px: side of a window.
        balance: 0 draws classes by their number of pixels, 1 draws all alike.
        turn: whether to flip and turn by quarters.
        hide: share of windows in which what lies away from labels is hidden (see `_hide`).
        rng: the source of chance.
    """

    def __init__(
        self,
        chips: Sequence[Chip],
        pixels: Sequence[np.ndarray],
        window_px: int,
        balance: float,
        turn: bool,
        hide: float,
        rng: np.random.Generator,
    ) -> None:
        self._chips, self._pixels, self._side = chips, pixels, window_px
        self._turn, self._hide_share, self._rng = turn, hide, rng
        sizes = np.array([len(places) for places in pixels], dtype=np.float64)
        weights = np.where(sizes > 0, np.maximum(sizes, 1) ** (1 - balance), 0)
        self._shares = weights / weights.sum()

    def batch(self, size: int) -> tuple[np.ndarray, np.ndarray]:
        """Return raw values (N, C, S, S) float32 with NaN, and labels (N, S, S) int64."""
        classes = self._rng.choice(len(self._shares), size=size, p=self._shares)
        windows = [self._window(int(index)) for index in classes]
        return (
            np.stack([image for image, _ in windows]),
            np.stack([labels for _, labels in windows]).astype(np.int64),
        )

    def _window(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        places = self._pixels[index]
        number, row, column = places[self._rng.integers(len(places))]
        chip = self._chips[number]
        rows = self._offset(int(row), chip.labels.shape[0])
        columns = self._offset(int(column), chip.labels.shape[1])
        image = as_input(chip.image[:, rows, columns], chip.valid[rows, columns])
        image, labels = self._pad(image, chip.labels[rows, columns])
        if self._rng.random() < self._hide_share:
            image = self._hide(image, labels)
        return self._turned(image, labels) if self._turn else (image, labels)

    def _offset(self, place: int, length: int) -> slice:
        """Return a window's extent along one side, with the place at a random spot in it."""
        start = place - int(self._rng.integers(self._side))
        start = max(0, min(start, length - self._side))
        return slice(start, start + self._side)

    def _pad(self, image: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Pad what is smaller than a window with invalid pixels, below and to the right."""
        down, right = self._side - labels.shape[0], self._side - labels.shape[1]
        if down <= 0 and right <= 0:
            return image, labels
        around = ((0, max(0, down)), (0, max(0, right)))
        return (
            np.pad(image, ((0, 0), *around), constant_values=np.nan),
            np.pad(labels, around, constant_values=NO_LABEL),
        )

    def _hide(self, image: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Make pixels further than a few from any label invalid.

        With few polygons a network learns where they lie from what is around them; hiding the
        surroundings in some windows makes it look at the pixels themselves.
        """
        reach = int(self._rng.integers(1, _HIDE_REACH_PX + 1))
        labelled = torch.from_numpy(labels >= 0)[None].float()
        near = max_pool2d(labelled, 2 * reach + 1, stride=1, padding=reach)[0].numpy() > 0
        image = image.copy()
        image[:, ~near] = np.nan
        return image

    def _turned(self, image: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        turns = int(self._rng.integers(4))
        image, labels = np.rot90(image, turns, axes=(1, 2)), np.rot90(labels, turns)
        if self._rng.integers(2):
            image, labels = image[:, :, ::-1], labels[:, ::-1]
        return np.ascontiguousarray(image), np.ascontiguousarray(labels)
