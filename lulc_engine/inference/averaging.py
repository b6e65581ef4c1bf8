"""Averaging overlapping windows: from probabilities of windows to a map with the scene's pixels."""

from __future__ import annotations

import numpy as np

from lulc_engine.inference.lattice import Lattice
from lulc_engine.inference.plan import Cover, Job
from lulc_engine.inference.row_band import RowBand
from lulc_engine.inference.runtimes import Prediction
from lulc_engine.inference.writers import MapWriters
from lulc_engine.rasters.grid import Window


class AveragingSink:
    """Gives each pixel the mean of the probabilities of all windows that see it.

    Args:
        writers: of the map of the part.
        lattice: the windows.
        cells: the cells whose windows see some of the part.
        part: the part of the scene that is classified.
    """

    seam_score = None

    def __init__(self, writers: MapWriters, lattice: Lattice, cells: Window, part: Window) -> None:
        self._lattice, self._cells = lattice, cells
        self._band = RowBand(writers, part)
        self._part = part

    def put(self, job: Job, cover: Cover, prediction: Prediction) -> None:
        """Add the probabilities of a job's windows to all pixels that they see."""
        if prediction.probabilities is None:
            raise ValueError("averages are of probabilities")
        size, step = self._lattice.rows.size, self._lattice.rows.step
        # Windows without a valid pixel count too: the pixels that they see get no result.
        ones = np.ones((job.place.height, job.place.width), np.float32)
        sums = (spread(shares, size, step) for shares in prediction.probabilities)
        self._band.add(job.window, sums, spread(ones, size, step), cover.valid)

    def complete_rows(self, row_stop: int) -> None:
        """Write the pixels that no later window sees."""
        stop = self._part.row_stop
        if row_stop < self._cells.height:
            stop = self._lattice.rows.start(self._cells.row_off + row_stop)
        self._band.write(stop)


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
