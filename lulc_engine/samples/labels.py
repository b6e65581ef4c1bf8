"""Labels on a scene's grid, whatever they come from: polygons, points or a label raster."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path

import numpy as np

from lulc_engine.errors import LabelError
from lulc_engine.feedback import Feedback
from lulc_engine.rasters.files import is_raster
from lulc_engine.rasters.grid import Grid, Window
from lulc_engine.rasters.legend import Legend

NO_LABEL = -1
MAX_CLASSES = 1000
RASTER_SUFFIXES = {".tif", ".tiff", ".vrt", ".img", ".jp2", ".asc", ".png", ".nc", ".kea"}


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


def open_source(
    path: str,
    class_field: str = "",
    class_name_field: str = "",
    ignore_value: str = "",
    feedback: Feedback | None = None,
) -> LabelSource:
    """Open a label file: a raster by its ending or its contents, else a vector file.

    Args:
        path: the file; a layer of it as ``path|layername=NAME`` (see `vector_file`).
        class_field: field with class ids or names; needed for vectors.
        class_name_field: field with names where ``class_field`` holds ids.
        ignore_value: value of a raster that means no label, or ``none``.
        feedback: told about unusual things in the file.

    Raises:
        LabelError: the file cannot be used as labels.
    """
    # Imported here: each module builds on this one.
    from lulc_engine.samples.raster_labels import RasterSource
    from lulc_engine.samples.vector_file import NoVectorFileError
    from lulc_engine.samples.vector_labels import VectorSource

    file = path.split("|")[0]
    if not Path(file).exists() and ":" not in file[2:] and not file.startswith("/vsi"):
        raise LabelError(f"The label file {file} does not exist.", "Check the path.")
    if Path(file).suffix.lower() in RASTER_SUFFIXES:
        return RasterSource(file, ignore_value, feedback or Feedback())
    try:
        return VectorSource(path, class_field, class_name_field)
    except NoVectorFileError:
        if not is_raster(file):
            raise
        return RasterSource(file, ignore_value, feedback or Feedback())


def open_labels(
    path: str,
    grid: Grid,
    class_field: str = "",
    class_name_field: str = "",
    ignore_value: str = "",
    feedback: Feedback | None = None,
) -> Labels:
    """Open a label file and lay it on a grid; see `open_source` and `LabelSource.on`."""
    return open_source(path, class_field, class_name_field, ignore_value, feedback).on(grid)
