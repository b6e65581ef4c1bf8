"""Class areas of a map, in hectares."""

from __future__ import annotations

import math

import numpy as np
import pyproj

from lulc_engine.rasters.grid import Grid
from lulc_engine.rasters.legend import Legend

_SQUARE_METRES_PER_HECTARE = 10_000


class AreaCounter:
    """Sums pixels and areas by class, row by row.

    In a projected CRS a pixel's area is that of the grid; in a geographic one it is taken on the
    ellipsoid, row by row, since it shrinks towards the poles. Without a CRS areas are unknown.
    """

    def __init__(self, legend: Legend, grid: Grid) -> None:
        self._legend = legend
        self._pixels = np.zeros(len(legend), dtype=np.int64)
        self._square_metres = np.zeros(len(legend))
        self._row_areas = pixel_areas(grid)
        self._known = self._row_areas is not None

    def add(self, row_off: int, classes: np.ndarray) -> None:
        """Count class indices (H, W), K where there is no result, that begin at a row."""
        kinds = len(self._legend) + 1
        height = classes.shape[0]
        areas = None if self._row_areas is None else self._row_areas[row_off : row_off + height]
        if areas is None or (areas == areas[0]).all():
            counts = np.bincount(classes.reshape(-1), minlength=kinds)[None, :-1]
            areas = None if areas is None else areas[:1]
        else:
            codes = classes + kinds * np.arange(height)[:, None]
            counts = np.bincount(codes.reshape(-1), minlength=kinds * height)
            counts = counts.reshape(height, kinds)[:, :-1]
        self._pixels += counts.sum(axis=0)
        if areas is not None:
            self._square_metres += areas @ counts

    def rows(self) -> list[list[str | int | float | None]]:
        """Return the table ``id,name,pixels,hectares,share``; share is of classified pixels."""
        table: list[list[str | int | float | None]] = [
            ["id", "name", "pixels", "hectares", "share"]
        ]
        total = max(1, int(self._pixels.sum()))
        for item, count, area in zip(
            self._legend.classes, self._pixels.tolist(), self._square_metres.tolist(), strict=True
        ):
            hectares = round(area / _SQUARE_METRES_PER_HECTARE, 4) if self._known else None
            table.append([item.id, item.name, count, hectares, round(count / total, 6)])
        return table


def pixel_areas(grid: Grid) -> np.ndarray | None:
    """Return the area (rows,) of a pixel of each row in square metres, or None without a CRS."""
    if grid.crs is None:
        return None
    if not grid.crs.is_geographic:
        _, metres = grid.crs.linear_units_factor
        area = abs(grid.transform.determinant) * metres**2
        return np.full(grid.height, area)
    crs = pyproj.CRS.from_wkt(grid.crs.to_wkt())
    geod = crs.get_geod() or pyproj.Geod(ellps="WGS84")
    degrees = math.degrees(crs.axis_info[0].unit_conversion_factor) if crs.axis_info else 1.0
    middle = grid.width // 2
    areas = np.zeros(grid.height)
    for row in range(grid.height):
        corners = [(middle, row), (middle + 1, row), (middle + 1, row + 1), (middle, row + 1)]
        xs, ys = zip(*(grid.transform * corner for corner in corners), strict=True)
        area, _ = geod.polygon_area_perimeter(degrees * np.array(xs), degrees * np.array(ys))
        areas[row] = abs(area)
    return areas
