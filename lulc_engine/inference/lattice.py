"""Windows of one size at regular steps over a scene: what a patch classifier looks at.

There are three kinds of lattices. Small windows stand for the pixel in their middle (index k // 2),
so windows are laid around pixels and reach over the scene's edges. Larger ones stand for all that
they show: each gives a cell of the map, which lies in its middle. Where windows are averaged they
begin at the scene's corner, so that together they see all of it.

The cells of a map cover the whole scene. Those at its edges reach over them where its sides are no
multiples of the step; larger windows see the scene mirrored there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from affine import Affine

from lulc_engine.inference.plan import Job, Plan
from lulc_engine.rasters.grid import Grid, Window


@dataclass(frozen=True, slots=True)
class Steps:
    """Windows along one side of a scene, at ``first + i * step`` for i below ``count``.

    Attributes:
        first: first pixel of the first window; negative where it reaches over the edge.
        step: pixels from one window to the next.
        size: pixels of a window.
        count: number of windows.
        middle: from a window's start to the point that its cell is centred on.
    """

    first: int
    step: int
    size: int
    count: int
    middle: float

    @property
    def origin(self) -> float:
        """Where the first cell begins, in pixels of the scene."""
        return self.first + self.middle - self.step / 2

    def start(self, index: int) -> int:
        """Return the first pixel of a window."""
        return self.first + index * self.step

    def cells_in(self, start: int, stop: int) -> tuple[int, int]:
        """Return first and stop index of the cells that touch pixels, at least of one cell."""
        first = math.floor((start - self.origin) / self.step)
        last = math.ceil((stop - self.origin) / self.step)
        return self._limited(first, last)

    def windows_on(self, start: int, stop: int) -> tuple[int, int]:
        """Return first and stop index of the windows that see one of the pixels."""
        first = (start - self.first - self.size) // self.step + 1
        last = -((self.first - stop) // self.step)
        return self._limited(first, last)

    def _limited(self, first: int, stop: int) -> tuple[int, int]:
        first = min(max(first, 0), self.count - 1)
        return first, max(min(stop, self.count), first + 1)


def centred(length: int, size: int, step: int) -> Steps:
    """Return windows around pixels; for a step of 1 there is one for every pixel.

    The pixel in a window's middle is that of its cell (index step // 2) and lies in the scene. The
    cells cover the scene; by what they are too many pixels they reach over both of its edges.

    >>> centred(100, 5, 1)
    Steps(first=-2, step=1, size=5, count=100, middle=2.5)
    >>> centred(99, 5, 3).origin, centred(99, 5, 3).count
    (0.0, 33)
    >>> centred(100, 5, 3).origin, centred(100, 5, 3).count
    (-1.0, 34)
    """
    count = -(-length // step)
    beyond = count * step - length
    pixel = step // 2 - (beyond + 1) // 2
    beside = step / 2 - step // 2  # an even number of pixels has no pixel in its middle
    return Steps(pixel - size // 2, step, size, count, size // 2 + beside)


def tiled(length: int, size: int, step: int) -> Steps:
    """Return windows in the middle of cells that cover the scene from its edge on.

    The first cell begins at the edge. With gaps between the windows cells reach over both edges
    alike, since at the last one there might be nothing but a gap left to see. Cells lie on pixels:
    where their middle cannot be that of a window, it is half a pixel beside it.

    >>> tiled(100, 64, 64)
    Steps(first=0, step=64, size=64, count=2, middle=32.0)
    >>> tiled(100, 64, 32), tiled(100, 64, 32).origin
    (Steps(first=-16, step=32, size=64, count=4, middle=32.0), 0.0)
    """
    count = -(-length // step)
    beyond = max(0, count * step - length) if step > size else 0
    margin = (step - size) // 2
    return Steps(margin - beyond // 2, step, size, count, step / 2 - margin)


def covering(length: int, size: int, step: int) -> Steps:
    """Return windows from the scene's edge on; together they see all of it if they touch.

    >>> covering(100, 64, 64)
    Steps(first=0, step=64, size=64, count=2, middle=32.0)
    >>> covering(100, 64, 32).count, covering(64, 64, 32).count, covering(10, 64, 64).count
    (3, 1, 1)
    """
    count = -(-max(1, length - max(size - step, 0)) // step)
    return Steps(0, step, size, count, size / 2)


@dataclass(frozen=True)
class Lattice:
    """Windows along both sides.

    Attributes:
        rows: windows from top to bottom.
        columns: windows from left to right.
        by_centre: whether the pixel in the middle decides if a window gets a result; else any valid
            pixel is enough.
    """

    rows: Steps
    columns: Steps
    by_centre: bool

    @classmethod
    def of(
        cls, scene: Window, size: int, step: int, by_centre: bool, of_cells: bool = False
    ) -> Lattice:
        """Return the lattice of a scene.

        Args:
            scene: all of it.
            size: pixels of a window.
            step: pixels from one window to the next.
            by_centre: see `Lattice`.
            of_cells: whether larger windows give a cell each, and not every pixel that they see.
        """
        make = centred if by_centre else tiled if of_cells else covering
        return cls(make(scene.height, size, step), make(scene.width, size, step), by_centre)

    def grid(self, scene: Grid, cells: Window) -> Grid:
        """Return the grid of cells: a pixel for every step."""
        step = self.rows.step
        across = self.columns.origin + cells.col_off * step
        down = self.rows.origin + cells.row_off * step
        transform = scene.transform * Affine.translation(across, down) * Affine.scale(step)
        return Grid(scene.crs, transform, cells.width, cells.height)

    def cells_in(self, part: Window) -> Window:
        """Return the cells that touch a part of the scene."""
        return _window(
            self.rows.cells_in(part.row_off, part.row_stop),
            self.columns.cells_in(part.col_off, part.col_stop),
        )

    def windows_on(self, part: Window) -> Window:
        """Return the cells whose windows see some of a part of the scene."""
        return _window(
            self.rows.windows_on(part.row_off, part.row_stop),
            self.columns.windows_on(part.col_off, part.col_stop),
        )

    def pixels(self, cells: Window) -> Window:
        """Return the pixels that the windows of cells see together."""
        step, size = self.rows.step, self.rows.size
        return Window(
            self.rows.start(cells.row_off),
            self.columns.start(cells.col_off),
            (cells.height - 1) * step + size,
            (cells.width - 1) * step + size,
        )

    def known(self, valid: np.ndarray) -> np.ndarray:
        """Return which windows within an array of validity (H, W) get a result."""
        step, size = self.rows.step, self.rows.size
        height, width = ((side - size) // step + 1 for side in valid.shape)
        if self.by_centre:
            return valid[size // 2 :: step, size // 2 :: step][:height, :width]
        sums = np.zeros((valid.shape[0] + 1, valid.shape[1] + 1), np.int64)
        sums[1:, 1:] = valid.cumsum(axis=0).cumsum(axis=1)
        top, left = (slice(0, side - size + 1, step) for side in valid.shape)
        below, right = (slice(size, side + 1, step) for side in valid.shape)
        inside = sums[below, right] - sums[top, right] - sums[below, left] + sums[top, left]
        known: np.ndarray = inside > 0
        return known

    def plan(self, cells: Window, side_px: int) -> Plan:
        """Return the plan for some cells.

        Args:
            cells: cells of this lattice.
            side_px: about how many pixels a job advances.
        """
        side = max(1, side_px // self.rows.step)
        jobs = []
        for row in range(0, cells.height, side):
            for column in range(0, cells.width, side):
                height, width = min(side, cells.height - row), min(side, cells.width - column)
                place = Window(row, column, height, width)
                own = Window(cells.row_off + row, cells.col_off + column, height, width)
                jobs.append(Job(self.pixels(own), (slice(None), slice(None)), place))
        mirrors = not self.by_centre
        return Plan(cells.height, cells.width, jobs, lambda _, valid: self.known(valid), mirrors)


def _window(rows: tuple[int, int], columns: tuple[int, int]) -> Window:
    return Window(rows[0], columns[0], rows[1] - rows[0], columns[1] - columns[0])
