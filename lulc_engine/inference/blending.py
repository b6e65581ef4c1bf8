"""Overlapping windows of segmenters whose reach has no bound, blended so that no seam shows.

What such a network says of a pixel depends on the window that it stands in, so no halo makes
windows agree. Neighbours overlap instead, and a pixel gets the mean of their probabilities with
weights that rise linearly from a window's edge. How often neighbours disagree is counted: the seam
score.
"""

from __future__ import annotations

import numpy as np

from lulc_engine.inference.plan import Cover, Job, Plan
from lulc_engine.inference.row_band import RowBand
from lulc_engine.inference.runtimes import Prediction
from lulc_engine.inference.tiling import cover
from lulc_engine.inference.writers import MapWriters
from lulc_engine.rasters.grid import Window

# Half of what neighbours share.
MARGIN_PX = 64
_UNSEEN = -1


def blended_plan(whole: Window, part: Window, side: int, multiple: int) -> Plan:
    """Return the plan of overlapping windows that see a part; a cell is a pixel of the part.

    The windows are those of the whole scene, so that a part is classified as within it.

    Args:
        whole: the scene.
        part: what is to be classified.
        side: wanted side of the windows.
        multiple: what origins and sides of windows must be multiples of.
    """
    height, rows = cover(whole.height, side, MARGIN_PX, multiple)
    width, columns = cover(whole.width, side, MARGIN_PX, multiple)
    jobs = []
    for row in rows:
        for column in columns:
            window = Window(row.start, column.start, height, width)
            seen = window.intersect(part)
            if seen.height and seen.width:
                place = Window(
                    seen.row_off - part.row_off,
                    seen.col_off - part.col_off,
                    seen.height,
                    seen.width,
                )
                jobs.append(Job(window, seen.relative_to(window), place))
    return Plan(part.height, part.width, jobs, lambda job, valid: valid[job.core])


class BlendingSink:
    """Blends the probabilities of overlapping windows.

    Args:
        writers: of the map of the part.
        whole: the scene.
        part: the part of it that is classified.
    """

    def __init__(self, writers: MapWriters, whole: Window, part: Window) -> None:
        self._whole, self._part = whole, part
        self._band = RowBand(writers, part)
        self._first_row = 0  # of the part, where the labels begin
        self._labels = np.full((0, part.width), _UNSEEN, np.int16)  # the last window's
        self._shared = self._different = 0

    @property
    def seam_score(self) -> float | None:
        """Share of the pixels seen by several windows to which these give different labels.

        A pixel counts once for each window after its first. None where no windows overlap.
        """
        return self._different / self._shared if self._shared else None

    def put(self, job: Job, cover: Cover, prediction: Prediction) -> None:
        """Add a window; the prediction and the known cells are those of its place."""
        if prediction.probabilities is None:
            raise ValueError("blending is of probabilities")
        weights = np.outer(
            ramp(job.window.row_off, job.window.row_stop, self._whole.height),
            ramp(job.window.col_off, job.window.col_stop, self._whole.width),
        )[job.core]
        place = Window(
            job.place.row_off + self._part.row_off,
            job.place.col_off + self._part.col_off,
            job.place.height,
            job.place.width,
        )
        shares = prediction.probabilities
        self._band.add(place, (weights * share for share in shares), weights, cover.known)
        self._compare(job.place, shares.argmax(axis=0), cover.known)

    def complete_rows(self, row_stop: int) -> None:
        """Write the rows that no later window sees."""
        self._band.write(self._part.row_off + row_stop)
        self._labels = self._labels[max(0, row_stop - self._first_row) :].copy()
        self._first_row = max(self._first_row, row_stop)

    def _compare(self, place: Window, labels: np.ndarray, known: np.ndarray) -> None:
        """Count where the labels of a window are not those of the window before."""
        missing = place.row_stop - self._first_row - len(self._labels)
        if missing > 0:
            self._labels = np.pad(self._labels, ((0, missing), (0, 0)), constant_values=_UNSEEN)
        rows = slice(place.row_off - self._first_row, place.row_stop - self._first_row)
        before = self._labels[rows, place.col_off : place.col_off + place.width]
        shared = known & (before != _UNSEEN)
        self._shared += int(shared.sum())
        self._different += int((shared & (before != labels)).sum())
        before[known] = labels[known]


def ramp(start: int, stop: int, size: int) -> np.ndarray:
    """Return weights (stop - start) float32 that rise from a window's ends to 1.

    There is nothing to be blended with at the scene's own edges, where weights are 1.

    >>> ramp(0, 300, 1000)[[0, 100, 299]] * 2 * MARGIN_PX
    array([128. , 128. ,   0.5], dtype=float32)
    """
    distance = np.arange(stop - start, dtype=np.float32) + 0.5
    rising = distance / (2 * MARGIN_PX) if start > 0 else np.ones_like(distance)
    falling = distance[::-1] / (2 * MARGIN_PX) if stop < size else np.ones_like(distance)
    return np.minimum(np.minimum(rising, falling), 1)
