"""A band of rows in which overlapping windows are added up until no later window sees a row."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from lulc_engine.inference.runtimes import Prediction
from lulc_engine.inference.writers import MapWriters
from lulc_engine.rasters.grid import Window


class RowBand:
    """Sums of probabilities and of their weights for some rows of the part that is classified.

    It is as high as a row of windows, never as the raster.

    Args:
        writers: of the map of the part.
        part: the part of the scene that is classified.
    """

    def __init__(self, writers: MapWriters, part: Window) -> None:
        self._writers, self._part = writers, part
        self._row = part.row_off  # of the scene, where the band begins
        self._sums = np.zeros((writers.classes, 0, part.width), np.float32)
        self._weights = np.zeros((0, part.width), np.float32)
        self._valid = np.zeros((0, part.width), bool)

    def add(
        self, window: Window, sums: Iterable[np.ndarray], weights: np.ndarray, valid: np.ndarray
    ) -> None:
        """Add what was found in a window of the scene; what lies outside the part is left out.

        Args:
            window: of (H, W) pixels; not above rows that were written.
            sums: (H, W) for each class, probabilities times weights.
            weights: (H, W).
            valid: (H, W) bool.
        """
        seen = window.intersect(self._part)
        self._extend(seen.row_stop)
        rows = slice(seen.row_off - self._row, seen.row_stop - self._row)
        columns = slice(seen.col_off - self._part.col_off, seen.col_stop - self._part.col_off)
        inside = seen.relative_to(window)
        for total, shares in zip(self._sums, sums, strict=True):
            total[rows, columns] += shares[inside]
        self._weights[rows, columns] += weights[inside]
        self._valid[rows, columns] |= valid[inside]

    def write(self, row_stop: int) -> None:
        """Write the rows above a row of the scene, which no later window sees."""
        stop = min(max(row_stop, self._row), self._part.row_stop)
        self._extend(stop)
        count = stop - self._row
        if count:
            self._put(count)
            self._sums = self._sums[:, count:].copy()
            self._weights, self._valid = self._weights[count:].copy(), self._valid[count:].copy()
            self._row = stop
        self._writers.complete_rows(stop - self._part.row_off)

    def _put(self, count: int) -> None:
        weights = self._weights[:count]
        known = self._valid[:count] & (weights > 0)
        if not known.any():
            return
        share = self._sums[:, :count] / np.where(weights > 0, weights, 1)
        percent = np.round(share.max(axis=0) * 100).clip(0, 100).astype(np.uint8)
        prediction = Prediction(share.argmax(axis=0).astype(np.int16), percent, share)
        self._writers.put(self._row - self._part.row_off, 0, prediction, known)

    def _extend(self, row_stop: int) -> None:
        missing = row_stop - self._row - self._weights.shape[0]
        if missing > 0:
            more = ((0, missing), (0, 0))
            self._sums = np.pad(self._sums, ((0, 0), *more))
            self._weights, self._valid = np.pad(self._weights, more), np.pad(self._valid, more)
