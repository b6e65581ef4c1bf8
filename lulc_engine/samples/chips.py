"""Chips: the labelled windows of the scenes, cut once into memory or into a memory map.

Chips are the very windows in which the scene would be classified, so a score measured on them is
the score of the map. Every labelled pixel lies in the core of exactly one chip.
"""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lulc_engine.feedback import Feedback
from lulc_engine.inference.tiling import Tile, tiles
from lulc_engine.outputs import friendly_write_errors
from lulc_engine.rasters.grid import Window
from lulc_engine.samples.labels import NO_LABEL, Labels
from lulc_engine.samples.scenes import TrainingScene

CHIP_PX = 384
# Beyond this, chips go to memory maps in the temporary folder, and the system decides what to keep.
MEMORY_BUDGET_BYTES = 2 * 2**30


@dataclass
class Chip:
    """A window of a scene with its labels.

    Attributes:
        image: (C, H, W) raw values in the scene's type.
        valid: (H, W) bool.
        labels: (H, W) int16 class indices for training, -1 where none; also in the halo.
        units: (H, W) int32 rows of the unit table, -1 where none; of a table of their own in chips
            of TEST_LABELS.
        core: the part of the chip that is its own, relative to it.
        held_out: role -> (H, W) int16 labels of validation and test, only in the core.
    """

    image: np.ndarray
    valid: np.ndarray
    labels: np.ndarray
    units: np.ndarray
    core: tuple[slice, slice]
    held_out: dict[int, np.ndarray]


class ChipStore:
    """Allocates the arrays of chips, in memory up to a budget, then on disk.

    The files are removed when the store is closed.
    """

    def __init__(self, budget_bytes: int = MEMORY_BUDGET_BYTES) -> None:
        self._left = budget_bytes
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._count = 0

    def keep(self, array: np.ndarray) -> np.ndarray:
        """Return the array, or a memory-mapped copy of it once the budget is used up."""
        self._left -= array.nbytes
        if self._left >= 0:
            return array
        path = self._next_path()
        with friendly_write_errors(path):
            np.save(path, array)
        mapped: np.ndarray = np.load(path, mmap_mode="r+")
        return mapped

    def allocate(self, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
        """Return an array of zeros, memory-mapped once the budget is used up."""
        size = math.prod(shape) * dtype.itemsize
        self._left -= size
        if self._left >= 0 or not size:
            return np.zeros(shape, dtype)
        path = self._next_path()
        with friendly_write_errors(path):
            mapped = np.lib.format.open_memmap(path, "w+", dtype, shape)
            _reserve(path)
        return mapped

    def _next_path(self) -> Path:
        if self._folder is None:
            # Windows does not remove files that are still mapped; that must not fail a training.
            self._folder = tempfile.TemporaryDirectory(
                prefix="lulc-chips-", ignore_cleanup_errors=True
            )
        self._count += 1
        return Path(self._folder.name) / f"{self._count}.npy"

    def close(self) -> None:
        """Remove the files."""
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None


def _reserve(path: Path) -> None:
    """Take the disk space of a sparse file, since a full disk would end the process later."""
    if hasattr(os, "posix_fallocate"):
        with open(path, "r+b") as stream:
            os.posix_fallocate(stream.fileno(), 0, path.stat().st_size)


def labelled_tiles(labels: Labels, halo: int, multiple: int, tile_px: int) -> Iterator[Tile]:
    """Yield the tiles of the whole grid that have a label in their core."""
    for tile in tiles(labels.grid.window, labels.window, tile_px, halo, multiple):
        if (labels.read(tile.core) != NO_LABEL).any():
            yield tile


def cut_chip(
    scene: TrainingScene, labels: Labels, units: np.ndarray, tile: Tile, store: ChipStore
) -> Chip:
    """Return the chip of a tile; labels on pixels that are not valid are dropped.

    Args:
        scene: the scene.
        labels: labels on its grid.
        units: (H, W) rows of the unit table in the tile's window.
        tile: a tile with labels.
        store: where the arrays live.
    """
    image, valid = scene.read(tile.window)
    found = read_padded(labels, tile.window)
    found[~valid] = NO_LABEL
    return Chip(
        image=store.keep(image),
        valid=store.keep(valid),
        labels=store.keep(found),
        units=store.keep(units),
        core=tile.core.relative_to(tile.window),
        held_out={},
    )


def only_core(chip: Chip, labels: np.ndarray) -> np.ndarray:
    """Return labels (H, W) with everything outside the chip's core set to no label."""
    kept = np.full_like(labels, NO_LABEL)
    kept[chip.core] = labels[chip.core]
    return kept


def as_input(image: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """Return raw values (C, H, W) float32 with NaN where not valid, as networks take them."""
    with np.errstate(over="ignore"):
        values = image.astype(np.float32)
    values[:, ~valid] = np.nan
    return values


def read_padded(labels: Labels, window: Window) -> np.ndarray:
    """Return labels of a window that may reach over the grid's edge."""
    found = np.full((window.height, window.width), NO_LABEL, dtype=np.int16)
    inside = window.intersect(labels.grid.window)
    found[inside.relative_to(window)] = labels.read(inside)
    return found


def labelled_pixels(
    chips: Sequence[Chip], classes: int, most_per_class: int, rng: np.random.Generator
) -> list[np.ndarray]:
    """Return for each class (n, 3) int32 chip number, row and column of training pixels.

    Args:
        chips: the chips.
        classes: number of classes.
        most_per_class: more pixels than this are thinned out at random.
        rng: decides which.
    """
    found: list[list[np.ndarray]] = [[] for _ in range(classes)]
    for number, chip in enumerate(chips):
        labels = only_core(chip, chip.labels)
        for index in range(classes):
            places = np.argwhere(labels == index)
            if len(places) > most_per_class:
                places = rng.permutation(places)[:most_per_class]
            if len(places):
                numbers = np.full((len(places), 1), number)
                found[index].append(np.hstack([numbers, places]).astype(np.int32))
    joined = [np.concatenate(p) if p else np.zeros((0, 3), np.int32) for p in found]
    return [rng.permutation(p)[:most_per_class] if len(p) > most_per_class else p for p in joined]


def check_cancel(feedback: Feedback, done: int, total: int, text: str) -> None:
    """Report progress of a loop over chips and stop where asked to."""
    feedback.check()
    feedback.progress(done / max(1, total), text)
