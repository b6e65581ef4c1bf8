"""Polygons and points as labels: a file of them, and what they are on the grid of a scene."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyproj
import shapely
from rasterio.features import rasterize

from lulc_engine.errors import LabelError
from lulc_engine.rasters.grid import Grid, Window
from lulc_engine.samples.class_values import classes_of
from lulc_engine.samples.labels import NO_LABEL, Labels, LabelSource
from lulc_engine.samples.vector_file import read_features
from lulc_engine.samples.vector_parts import one_kind, project, some, usable_parts


class VectorSource(LabelSource):
    """A vector file with a class per feature.

    Multi-part features count as one polygon per part, so that a layer dissolved by class can still
    be split by whole polygons.

    Raises:
        LabelError: no such layer or field, no geometry, or a class value that cannot be used.
    """

    def __init__(self, path: str, class_field: str, class_name_field: str = "") -> None:
        self.name = Path(path.split("|")[0]).name
        self.notes: list[str] = []
        features = read_features(path, class_field, class_name_field, self.notes)
        self.crs = pyproj.CRS.from_user_input(features.crs) if features.crs else None
        self.legend, classes = classes_of(self.name, features, self.notes)
        usable = usable_parts(features, classes, self.name, self.notes)
        self.kind, self.parts = one_kind(usable, self.name, self.notes)

    def on(self, grid: Grid) -> VectorLabels:
        """Return the features, reprojected where needed, on a grid."""
        target = pyproj.CRS.from_wkt(grid.crs.to_wkt()) if grid.crs else None
        shapes, notes = project(self.parts, self.crs, target, self.name)
        return VectorLabels(self, grid, shapes, [*self.notes, *notes])


class VectorLabels(Labels):
    """Features of a vector file on a grid, rasterised window by window."""

    def __init__(
        self, source: VectorSource, grid: Grid, shapes: np.ndarray, notes: list[str]
    ) -> None:
        self.legend, self.kind, self.grid, self.notes = source.legend, source.kind, grid, notes
        self._shapes, self._classes = shapes, source.parts.classes
        self._features = source.parts.features
        self._name = source.name
        self._tree = shapely.STRtree(shapes)
        self.window = self._extent()

    def read(self, window: Window) -> np.ndarray:
        """Return class indices (H, W) int16 of a window.

        Polygons own the pixels whose centre is inside, points the pixel they hit; pixels claimed by
        two classes are -1.
        """
        return self._read(window)[0]

    def read_units(self, window: Window) -> np.ndarray | None:
        """Return polygon numbers (H, W) int32, or None for points."""
        return self._read(window)[1] if self.kind == "polygons" else None

    def read_with_units(self, window: Window) -> tuple[np.ndarray, np.ndarray | None]:
        """Return class indices (H, W) int16 and polygon numbers (H, W) int32; None for points."""
        classes, units, _ = self._read(window)
        return classes, units if self.kind == "polygons" else None

    def unit_names(self) -> list[str]:
        """Return ``feature ID`` for each polygon number."""
        if self.kind != "polygons":
            return []
        return [f"feature {feature}" for feature in self._features]

    def pixel_notes(self) -> list[str]:
        """Say how many pixels two classes claim, and which polygons are left without any pixel."""
        if self.kind != "polygons":
            return []
        conflicts, lost = self._survey()
        notes = []
        if conflicts:
            notes.append(f"{conflicts} pixels in polygons of two classes were ignored.")
        if len(lost):
            notes.append(
                f"{len(lost)} polygons of {self._name} were not used, because no pixel's centre is "
                "inside or other polygons cover them "
                f"(features {some(np.unique(self._features[lost]))})."
            )
        return notes

    def edge_notes(self, raster: str = "scene") -> list[str]:
        """Say how many features lie outside of the grid, and how many reach over its edges.

        Their area in pixels is compared, since pixels outside of a grid cannot be counted on it.
        """
        outline = shapely.Polygon(self.grid.outline())
        known = np.flatnonzero(~shapely.is_missing(self._shapes))
        shapes = self._shapes[known]
        if self.kind == "points":  # on the right and lower edge there is no pixel
            outside = ~self._places(shapes)[2]
        else:
            outside = shapely.disjoint(shapes, outline)
        notes = []
        if outside.any():
            ids = np.unique(self._features[known[outside]])
            notes.append(
                f"{int(outside.sum())} of {len(known)} {self.kind} of {self._name} lie outside of "
                f"the {raster} and were not used (features {some(ids)})."
            )
        over = ~outside & ~shapely.covered_by(shapes, outline)
        if self.kind == "polygons" and over.any():
            pixel = abs(self.grid.transform.determinant)
            whole = shapely.area(shapes[over]).sum() / pixel
            inside = shapely.area(shapely.intersection(shapes[over], outline)).sum() / pixel
            notes.append(
                f"{int(over.sum())} polygons of {self._name} reach over the edge of the {raster}; "
                f"about {whole - inside:.0f} of their {whole:.0f} pixels lie outside and were not "
                "used."
            )
        return notes

    def _survey(self) -> tuple[int, np.ndarray]:
        """Return how many pixels two classes claim, and which polygons here have no pixel."""
        conflicts = 0
        lost = np.zeros(len(self._shapes), bool)
        lost[self._tree.query(shapely.Polygon(self.grid.outline()), "intersects")] = True
        for row in range(self.window.row_off, self.window.row_stop, 1024):
            for column in range(self.window.col_off, self.window.col_stop, 1024):
                part = Window(row, column, 1024, 1024).intersect(self.window)
                _, units, conflict = self._read(part)
                conflicts += int(conflict.sum())
                lost[units[units >= 0]] = False
        return conflicts, np.flatnonzero(lost)

    def samples(self) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
        """Return row, column and class index of every point on the grid; None for polygons."""
        if self.kind != "points":
            return None
        rows, columns, on_grid = self._places(self._shapes)
        return (
            rows[on_grid].astype(np.int64),
            columns[on_grid].astype(np.int64),
            self._classes[on_grid],
        )

    def _places(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return row and column of points as whole floats, and which of them are on the grid."""
        inverse = ~self.grid.transform
        columns, rows = inverse * (shapely.get_x(points), shapely.get_y(points))
        rows, columns = np.floor(rows), np.floor(columns)
        on_grid = (rows >= 0) & (rows < self.grid.height)
        on_grid &= (columns >= 0) & (columns < self.grid.width)
        return rows, columns, on_grid

    def _read(self, window: Window) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        shape = (window.height, window.width)
        classes = np.full(shape, NO_LABEL, dtype=np.int16)
        units = np.full(shape, -1, dtype=np.int32)
        conflict = np.zeros(shape, dtype=bool)
        here = self.grid.crop(window)
        hits = np.sort(self._tree.query(shapely.Polygon(here.outline())))
        for index in np.unique(self._classes[hits]):
            of_class = hits[self._classes[hits] == index]
            burnt = rasterize(
                [(self._shapes[i], int(i) + 1) for i in of_class],
                out_shape=shape,
                transform=here.transform,
                fill=0,
                dtype="int32",
            )
            claimed = burnt > 0
            conflict |= claimed & (classes != NO_LABEL)
            classes[claimed] = index
            units[claimed] = burnt[claimed] - 1
        classes[conflict] = NO_LABEL
        units[conflict] = -1
        return classes, units, conflict

    def _extent(self) -> Window:
        corners = shapely.box(*shapely.total_bounds(self._shapes)).exterior.coords
        inverse = ~self.grid.transform
        places = np.array([inverse * corner for corner in corners])
        outline = shapely.Polygon(self.grid.outline())
        if not np.isfinite(places).all() or not len(self._tree.query(outline, "intersects")):
            raise LabelError(
                f"The labels {self._name} do not overlap the scene: they cover "
                f"{_bounds(shapely.total_bounds(self._shapes))}, the scene "
                f"{_bounds(outline.bounds)}.",
                "Choose labels of this area and check the CRS of both.",
            )
        first = np.maximum(np.floor(places.min(axis=0)), -(2**31)).astype(int)
        last = np.minimum(np.ceil(places.max(axis=0)) + 1, 2**31).astype(int)
        found = Window(first[1], first[0], last[1] - first[1], last[0] - first[0])
        found = found.intersect(self.grid.window)
        return Window(int(found.row_off), int(found.col_off), int(found.height), int(found.width))


def _bounds(values: Sequence[float] | np.ndarray) -> str:
    digits = 0 if max(abs(v) for v in values if math.isfinite(v)) > 1000 else 4
    west, south, east, north = (f"{v:.{digits}f}" for v in values)
    return f"{west}-{east} by {south}-{north}"
