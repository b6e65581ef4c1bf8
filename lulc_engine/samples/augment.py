"""Cutting random training windows out of chips, turned and flipped."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lulc_engine.samples.chips import Chip, as_input
from lulc_engine.samples.labels import NO_LABEL

_TRIAL_WINDOWS = 64


class WindowSampler:
    """Draws batches of windows around labelled pixels.

    Every window holds at least one labelled pixel, at a random place in it; which class that is, is
    drawn first, so that rare classes are seen as often as the balance asks for. What is balanced is
    pixels, not windows: a window in a lake holds many times the labels of one on a small field.

    Args:
        chips: the chips.
        pixels: for each class (n, 3) chip number, row and column of its training pixels.
        window_px: side of a window.
        balance: 0 shows pixels of the classes as often as there are, 1 of all classes alike.
        turn: whether to flip and turn by quarters.
        rng: the source of chance.

    Attributes:
        window_px: see above.
    """

    def __init__(
        self,
        chips: Sequence[Chip],
        pixels: Sequence[np.ndarray],
        window_px: int,
        balance: float,
        turn: bool,
        rng: np.random.Generator,
    ) -> None:
        self._chips, self._pixels, self.window_px = chips, pixels, window_px
        self._turn, self._rng = turn, rng
        self._shares = self._class_shares(balance)

    def batch(self, size: int) -> tuple[np.ndarray, np.ndarray]:
        """Return raw values (N, C, S, S) float32 with NaN, and labels (N, S, S) int64."""
        classes = self._rng.choice(len(self._shares), size=size, p=self._shares)
        windows = [self._window(int(index)) for index in classes]
        return (
            np.stack([image for image, _ in windows]),
            np.stack([labels for _, labels in windows]).astype(np.int64),
        )

    def blend(
        self, images: np.ndarray, labels: np.ndarray, share: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return images moved a share of the way to the spectrum of a class, and that class.

        Mixup (Zhang et al. 2018, arXiv:1710.09412) for sparse labels: each window is moved, as a
        whole, from its labelled pixels' mean towards one labelled pixel of any class. Between the
        spectra of two classes then lie those two, and not a third class that the network happens to
        put there. Our deviation: contrast is kept, because texture tells towns from fields.

        Args:
            images: (N, C, S, S) float32 raw values.
            labels: (N, S, S) int64, -1 where none.
            share: of the other spectrum, 0 to 1.
        """
        held = [k for k, places in enumerate(self._pixels) if len(places)]
        others = np.full_like(labels, NO_LABEL)
        blended = np.empty_like(images)
        for i, image in enumerate(images):
            index = held[int(self._rng.integers(len(held)))]
            number, row, column = self._pixels[index][self._rng.integers(len(self._pixels[index]))]
            spectrum = self._chips[number].image[:, row, column].astype(np.float32)
            centre = image[:, labels[i] >= 0].mean(axis=1)
            blended[i] = image + (share * (spectrum - centre))[:, None, None]
            others[i][labels[i] >= 0] = index
        return blended, others

    def _class_shares(self, balance: float) -> np.ndarray:
        """Return how often to draw each class: its aim over what one window shows of it."""
        sizes = np.array([len(places) for places in self._pixels], dtype=np.float64)
        shares = np.zeros(len(sizes))
        for index in np.flatnonzero(sizes):
            windows = [self._window(int(index))[1] for _ in range(_TRIAL_WINDOWS)]
            in_window = float(np.mean([(labels == index).sum() for labels in windows]))
            shares[index] = sizes[index] ** (1 - balance) / in_window
        total: float = shares.sum()
        normalised: np.ndarray = shares / total
        return normalised

    def _window(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        places = self._pixels[index]
        number, row, column = places[self._rng.integers(len(places))]
        chip = self._chips[number]
        rows = self._offset(int(row), chip.labels.shape[0])
        columns = self._offset(int(column), chip.labels.shape[1])
        image = as_input(chip.image[:, rows, columns], chip.valid[rows, columns])
        image, labels = self._pad(image, chip.labels[rows, columns])
        return self._turned(image, labels) if self._turn else (image, labels)

    def _offset(self, place: int, length: int) -> slice:
        """Return a window's extent along one side, with the place at a random spot in it."""
        start = place - int(self._rng.integers(self.window_px))
        start = max(0, min(start, length - self.window_px))
        return slice(start, start + self.window_px)

    def _pad(self, image: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Pad what is smaller than a window with invalid pixels, below and to the right."""
        down, right = self.window_px - labels.shape[0], self.window_px - labels.shape[1]
        if down <= 0 and right <= 0:
            return image, labels
        around = ((0, max(0, down)), (0, max(0, right)))
        return (
            np.pad(image, ((0, 0), *around), constant_values=np.nan),
            np.pad(labels, around, constant_values=NO_LABEL),
        )

    def _turned(self, image: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        turns = int(self._rng.integers(4))
        image, labels = np.rot90(image, turns, axes=(1, 2)), np.rot90(labels, turns)
        if self._rng.integers(2):
            image, labels = image[:, :, ::-1], labels[:, ::-1]
        return np.ascontiguousarray(image), np.ascontiguousarray(labels)
