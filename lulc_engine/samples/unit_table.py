"""The units that labels are divided by, and how many pixels of each class they hold."""

from __future__ import annotations

import numpy as np

from lulc_engine.rasters.grid import Window
from lulc_engine.samples.blocks import BlockLattice
from lulc_engine.samples.labels import Labels


class UnitTable:
    """Labelled pixels of each unit and class, growing as units are met."""

    def __init__(self, classes: int) -> None:
        self._rows: dict[int, int] = {}
        self._counts = np.zeros((64, classes), dtype=np.int64)

    @property
    def counts(self) -> np.ndarray:
        """Counts (U, K) int64."""
        return self._counts[: len(self._rows)]

    def rows(self, keys: np.ndarray) -> np.ndarray:
        """Return the row (H, W) int32 of each key."""
        unique, inverse = np.unique(keys, return_inverse=True)
        rows = np.array([self._rows.setdefault(int(key), len(self._rows)) for key in unique])
        found: np.ndarray = rows[inverse.reshape(keys.shape)].astype(np.int32)
        return found

    def add(self, units: np.ndarray, labels: np.ndarray) -> None:
        """Count labels (H, W), -1 where none, by the units (H, W) that they lie in."""
        while len(self._counts) < len(self._rows):
            self._counts = np.concatenate([self._counts, np.zeros_like(self._counts)])
        labelled = labels >= 0
        np.add.at(self._counts, (units[labelled], labels[labelled]), 1)


def unit_keys(labels: Labels, lattice: BlockLattice, window: Window) -> np.ndarray:
    """Return a number (H, W) of the unit of every pixel of a window: its polygon, else its block.

    Args:
        labels: labels on a grid.
        lattice: the blocks of labels that are no polygons.
        window: a part of the grid.
    """
    keys = labels.read_units(window)
    return lattice.units(labels.grid, window) if keys is None else keys
