"""Averaging overlapping windows: from probabilities of windows to a map with the scene's pixels."""

from __future__ import annotations

import numpy as np

from lulc_engine.inference.lattice import Lattice
from lulc_engine.inference.plan import Job, Pixels
from lulc_engine.inference.runtimes import Prediction
from lulc_engine.inference.writers import MapWriters
from lulc_engine.rasters.grid import Window


class AveragingSink:
    """Gives each pixel the mean of the probabilities of all windows that see it.

    Only a band of rows is kept: as high as a row of jobs and a window.

    Args:
        writers: of the map of the part.
        lattice: the windows.
        cells: the cells whose windows see some of the part.
        part: the part of the scene that is classified.
    """

    def __init__(self, writers: MapWriters, lattice: Lattice, cells: Window, part: Window) -> None:
        self._writers, self._lattice = writers, lattice
        self._cells, self._part = cells, part
        self._row = part.row_off  # of the scene, where the band begins
        self._sums = np.zeros((writers.classes, 0, part.width), np.float32)
        self._windows = np.zeros((0, part.width), np.float32)
        self._valid = np.zeros((0, part.width), bool)

    def put(self, job: Job, pixels: Pixels, prediction: Prediction) -> None:
        """Add the probabilities of a job's windows to all pixels that they see."""
        if prediction.probabilities is None:
            raise ValueError("averages are of probabilities")
        size, step = self._lattice.rows.size, self._lattice.rows.step
        seen = job.window.intersect(self._part)
        self._extend(seen.row_stop)
        rows = slice(seen.row_off - self._row, seen.row_stop - self._row)
        columns = slice(seen.col_off - self._part.col_off, seen.col_stop - self._part.col_off)
        inside = seen.relative_to(job.window)
        # Windows without a valid pixel count too: the pixels that they see get no result.
        for total, shares in zip(self._sums, prediction.probabilities, strict=True):
            total[rows, columns] += spread(shares, size, step)[inside]
        ones = np.ones((job.place.height, job.place.width), np.float32)
        self._windows[rows, columns] += spread(ones, size, step)[inside]
        self._valid[rows, columns] |= pixels.valid[inside]

    def complete_rows(self, row_stop: int) -> None:
        """Write the pixels that no later window sees."""
        stop = self._part.row_stop
        if row_stop < self._cells.height:
            next_start = self._lattice.rows.start(self._cells.row_off + row_stop)
            stop = min(max(next_start, self._row), stop)
        self._extend(stop)
        count = stop - self._row
        if count:
            self._write(count)
            self._sums = self._sums[:, count:].copy()
            self._windows, self._valid = self._windows[count:].copy(), self._valid[count:].copy()
            self._row = stop
        self._writers.complete_rows(stop - self._part.row_off)

    def _write(self, count: int) -> None:
        windows = self._windows[:count]
        known = self._valid[:count] & (windows > 0)
        if not known.any():
            return
        share = self._sums[:, :count] / np.maximum(windows, 1)
        percent = np.round(share.max(axis=0) * 100).clip(0, 100).astype(np.uint8)
        prediction = Prediction(share.argmax(axis=0).astype(np.int16), percent, share)
        self._writers.put(self._row - self._part.row_off, 0, prediction, known)

    def _extend(self, row_stop: int) -> None:
        missing = row_stop - self._row - self._windows.shape[0]
        if missing > 0:
            more = ((0, missing), (0, 0))
            self._sums = np.pad(self._sums, ((0, 0), *more))
            self._windows, self._valid = np.pad(self._windows, more), np.pad(self._valid, more)


def spread(values: np.ndarray, size: int, step: int) -> np.ndarray:
    """Return for each pixel the sum of the values (n, m) of the windows that see it.

    Args:
        values: one per window.
        size: side of the windows.
        step: pixels from one window to the next.

    Returns:
        ((n - 1) step + size, (m - 1) step + size) of the values' type.

    >>> spread(np.array([[1.0, 10.0]]), 3, 2)
    array([[ 1.,  1., 11., 10., 10.],
           [ 1.,  1., 11., 10., 10.],
           [ 1.,  1., 11., 10., 10.]])
    """
    for axis in (0, 1):
        count = values.shape[axis]
        length = (count - 1) * step + size
        shape = (length, values.shape[1]) if axis == 0 else (values.shape[0], length)
        wider = np.zeros(shape, values.dtype)
        for offset in range(size):
            places = slice(offset, offset + (count - 1) * step + 1, step)
            wider[places if axis == 0 else (slice(None), places)] += values
        values = wider
    return values
