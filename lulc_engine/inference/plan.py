"""What a classification reads and where the results go, as a list of jobs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from lulc_engine.inference.runtimes import Prediction
from lulc_engine.inference.tiling import tiles
from lulc_engine.rasters.bands import Band
from lulc_engine.rasters.grid import Window
from lulc_engine.rasters.scene import Scene


@dataclass(frozen=True, slots=True)
class Job:
    """A piece of work.

    Attributes:
        window: pixels of the scene to read; may reach over its edges.
        core: the part of the network's results that is kept.
        place: where that part goes, in cells of the plan.
    """

    window: Window
    core: tuple[slice, slice]
    place: Window


@dataclass(frozen=True)
class Plan:
    """Jobs in row order whose places cover a lattice of cells.

    Attributes:
        height: rows of cells.
        width: columns of cells.
        jobs: the jobs.
        known: of a job and the validity (H, W) of its window, which cells of its place get a
            result.
        mirrors: whether windows that reach over the scene's edges see it mirrored there, instead of
            nothing.
    """

    height: int
    width: int
    jobs: Sequence[Job]
    known: Callable[[Job, np.ndarray], np.ndarray]
    mirrors: bool = False

    def read(self, scene: Scene, bands: Sequence[Band], job: Job) -> Pixels | None:
        """Return what a job needs; None where no cell of its place gets a result."""
        read = read_mirrored if self.mirrors else Scene.read
        values, valid = read(scene, job.window, bands)
        known = self.known(job, valid)
        return Pixels(values, valid, known) if known.any() else None


def read_mirrored(
    scene: Scene, window: Window, bands: Sequence[Band]
) -> tuple[np.ndarray, np.ndarray]:
    """Return values (C, H, W) and validity (H, W) of a window; the scene goes on mirrored.

    A patch of which a part is missing looks like nothing that a network was trained on; mirrored
    ground looks like ground.
    """
    whole = scene.grid.window
    rows = _mirrored(window.row_off, window.row_stop, whole.height)
    columns = _mirrored(window.col_off, window.col_stop, whole.width)
    if rows.beyond == columns.beyond == (0, 0):
        return scene.read(window, bands)
    inside = Window(rows.start, columns.start, rows.stop - rows.start, columns.stop - columns.start)
    values, valid = scene.read(inside, bands)
    beyond, part = (rows.beyond, columns.beyond), (rows.part, columns.part)
    return (
        np.pad(values, ((0, 0), *beyond), mode="symmetric")[(slice(None), *part)],
        np.pad(valid, beyond, mode="symmetric")[part],
    )


class _Mirrored(NamedTuple):
    """How one side of a window is read: from start to stop, padded, and what is kept of it."""

    start: int
    stop: int
    beyond: tuple[int, int]
    part: slice


def _mirrored(start: int, stop: int, length: int) -> _Mirrored:
    """Return how pixels from start to stop are read of a scene with so many."""
    before, after = max(0, -start), max(0, stop - length)
    # What is mirrored may lie outside of the window.
    first, last = max(0, min(start, length - after)), min(length, max(stop, before))
    skipped = start - first + before
    return _Mirrored(first, last, (before, after), slice(skipped, skipped + stop - start))


class Cover(NamedTuple):
    """Where a job has something to say; with the names of `Pixels`."""

    valid: np.ndarray
    known: np.ndarray


class Pixels(NamedTuple):
    """What was read for a job.

    Attributes:
        values: (C, H, W) in the scene's type.
        valid: (H, W) bool.
        known: bool, the cells of the job's place that get a result.
    """

    values: np.ndarray
    valid: np.ndarray
    known: np.ndarray

    @property
    def cover(self) -> Cover:
        """What is still needed once the values, which take most of the memory, are used."""
        return Cover(self.valid, self.known)


class Sink(Protocol):
    """Takes the results of jobs, in their order.

    Attributes:
        seam_score: share of the pixels seen by several windows to which these give different
            labels; None where no windows are compared.
    """

    @property
    def seam_score(self) -> float | None:
        """See the class."""
        ...

    def put(self, job: Job, cover: Cover, prediction: Prediction) -> None:
        """Take the prediction for a job's place."""
        ...

    def complete_rows(self, row_stop: int) -> None:
        """Learn that no later job has cells above a row; jobs without a result were not put."""
        ...


def pixel_plan(whole: Window, part: Window, side: int, halo: int, multiple: int) -> Plan:
    """Return the plan of a segmenter: a cell is a pixel of the part.

    Args:
        whole: the scene.
        part: what is to be classified.
        side: wanted side of the windows.
        halo: reach of the network.
        multiple: what origins and sides of windows must be multiples of.
    """
    jobs = [
        Job(
            tile.window,
            tile.core.relative_to(tile.window),
            Window(
                tile.core.row_off - part.row_off,
                tile.core.col_off - part.col_off,
                tile.core.height,
                tile.core.width,
            ),
        )
        for tile in tiles(whole, part, side, halo, multiple)
    ]
    return Plan(part.height, part.width, jobs, lambda job, valid: valid[job.core])
