"""How large pixels are on the ground, whatever a map projection makes of them.

Web Mercator, in which tiles from the internet come, shows a hectare at 47 degrees north as 2.1 and
at 60 degrees as 4. Areas and lengths are therefore taken on the ellipsoid where a projection is off
by more than `TOLERATED`; below, as in UTM, they are those of the grid, as everywhere in GIS.
"""

from __future__ import annotations

import math

import numpy as np
import pyproj
from rasterio.errors import CRSError

from lulc_engine.rasters.grid import Grid

# Share by which areas of a projection may differ from those on the ellipsoid.
TOLERATED = 0.01
# So many rows are computed, those between are interpolated.
_MOST_ROWS = 1025
_DEGREE_M = 111_320  # of latitude, and of longitude at the equator


def pixel_areas(grid: Grid) -> np.ndarray | None:
    """Return the area (rows,) of a pixel of each row in square metres, or None without a CRS."""
    return _row_areas(grid, _MOST_ROWS)


def pixel_metres(grid: Grid) -> tuple[float, float] | None:
    """Return about how long a pixel's sides are in metres, in the middle; None without a CRS."""
    if grid.crs is None:
        return None
    width, height = grid.pixel_size()
    if grid.crs.is_geographic:
        latitude = grid.transform.f + grid.transform.e * grid.height / 2
        return width * _DEGREE_M * math.cos(math.radians(latitude)), height * _DEGREE_M
    metres, areas = _metres_per_unit(grid), _row_areas(grid, 3)
    if metres is None or areas is None:
        return None
    ground = math.sqrt(float(areas[grid.height // 2]) / _flat_area(grid, metres))
    return width * metres * ground, height * metres * ground


def _row_areas(grid: Grid, most_rows: int) -> np.ndarray | None:
    if grid.crs is None:
        return None
    metres = None if grid.crs.is_geographic else _metres_per_unit(grid)
    if metres is None and not grid.crs.is_geographic:
        return None
    rows = np.linspace(0, grid.height - 1, min(grid.height, most_rows)).round().astype(int)
    true = _on_ellipsoid(grid, pyproj.CRS.from_wkt(grid.crs.to_wkt()), rows)
    if metres is not None:
        flat = _flat_area(grid, metres)
        true[~np.isfinite(true)] = flat  # outside the world
        if (np.abs(true / flat - 1) <= TOLERATED).all():
            return np.full(grid.height, flat)
    areas: np.ndarray = np.interp(np.arange(grid.height), rows, true)
    return areas


def _metres_per_unit(grid: Grid) -> float | None:
    """Return the length of the CRS's unit; None where it is a plan without a place on Earth."""
    try:
        return None if grid.crs is None else float(grid.crs.linear_units_factor[1])
    except CRSError:
        return None


def _flat_area(grid: Grid, metres: float) -> float:
    """Return the area of a pixel in the plane of the projection, in square metres."""
    return float(abs(grid.transform.determinant) * metres**2)


def _on_ellipsoid(grid: Grid, crs: pyproj.CRS, rows: np.ndarray) -> np.ndarray:
    """Return the area (n,) of the pixel in the middle of each row; NaN outside the world."""
    areas = np.full(len(rows), np.nan)
    earth = crs.geodetic_crs
    if earth is None:
        return areas
    # Corners (n, 4) in ring order.
    t, columns, below = grid.transform, grid.width // 2 + np.array([0, 1, 1, 0]), [0, 0, 1, 1]
    down = rows[:, None] + np.array(below)
    xs, ys = t.a * columns + t.b * down + t.c, t.d * columns + t.e * down + t.f
    if not crs.is_geographic:
        xs, ys = pyproj.Transformer.from_crs(crs, earth, always_xy=True).transform(xs, ys)
    degrees = math.degrees(earth.axis_info[0].unit_conversion_factor) if earth.axis_info else 1.0
    geod = earth.get_geod() or pyproj.Geod(ellps="WGS84")
    for number, (lons, lats) in enumerate(zip(degrees * xs, degrees * ys, strict=True)):
        if np.isfinite(lons).all() and np.isfinite(lats).all():
            areas[number] = abs(geod.polygon_area_perimeter(lons, lats)[0])
    return areas
