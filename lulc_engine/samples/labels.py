"""Labels on a scene's grid, whatever they come from: polygons, points or a label raster."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from lulc_engine.rasters.grid import Grid, Window
from lulc_engine.rasters.legend import Legend

NO_LABEL = -1
MAX_CLASSES = 1000


class Labels(ABC):
    """Labels that can be read as class indices on one grid.

    Attributes:
        legend: all classes of the source, also those that do not occur on this grid.
        kind: polygons, points or raster.
        window: the part of the grid outside which there is no label.
        notes: what was repaired, reprojected or left out, for log and report.
    """

    legend: Legend
    kind: str
    grid: Grid
    window: Window
    notes: list[str]

    @abstractmethod
    def read(self, window: Window) -> np.ndarray:
        """Return class indices (H, W) int16 of a window; -1 where there is no label."""

    def read_units(self, window: Window) -> np.ndarray | None:
        """Return the number (H, W) int32 of the polygon that each pixel lies in, -1 outside.

        None where labels have no polygons: points and rasters are split by spatial blocks.
        """
        return None

    def read_with_units(self, window: Window) -> tuple[np.ndarray, np.ndarray | None]:
        """Return what `read` and `read_units` do, in one pass where that is faster."""
        return self.read(window), self.read_units(window)

    def unit_names(self) -> list[str]:
        """Return a name for each polygon number; empty where there are none."""
        return []

    def pixel_notes(self) -> list[str]:
        """Return notes on labels that are lost on this grid: claimed twice, or without a pixel."""
        return []

    def edge_notes(self, raster: str = "scene") -> list[str]:
        """Return notes on labels outside of this grid; they may lie on another one.

        Args:
            raster: what the notes call that which has this grid.
        """
        return []

    def samples(self) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
        """Return rows, columns and class indices of single points on the grid, or None."""
        return None


class LabelSource(ABC):
    """A label file, which can be laid on the grid of one scene after another."""

    legend: Legend
    kind: str

    @abstractmethod
    def on(self, grid: Grid) -> Labels:
        """Return the labels on a grid.

        Raises:
            LabelError: nothing of the source lies on the grid.
        """
