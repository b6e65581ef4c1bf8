"""How large pixels are on the ground, whatever a map projection makes of them.

Web Mercator, in which tiles from the internet come, shows a hectare at 47 degrees north as 2.1 and
at 60 degrees as 4. Areas and lengths are therefore taken on the ellipsoid where a projection is off
by more than `TOLERATED`; below, as in UTM, they are those of the grid, as everywhere in GIS.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np
import pyproj
from rasterio.errors import CRSError

from lulc_engine.rasters.grid import Grid
from lulc_engine.rasters.pixel_size import (
    TOLERATED,
    Lattice,
    Projection,
    sides_in_degrees,
    sides_on_the_ground,
)

# So many rows are computed, those between are interpolated.
_MOST_ROWS = 1025


def pixel_areas(grid: Grid) -> np.ndarray | None:
    """Return the area (rows,) of a pixel of each row in square metres, or None without a CRS."""
    if grid.crs is None:
        return None
    metres = None if grid.crs.is_geographic else _metres_per_unit(grid)
    if metres is None and not grid.crs.is_geographic:
        return None
    rows = np.linspace(0, grid.height - 1, min(grid.height, _MOST_ROWS)).round().astype(int)
    true = _on_ellipsoid(grid, pyproj.CRS.from_wkt(grid.crs.to_wkt()), rows)
    if metres is not None:
        flat = float(abs(grid.transform.determinant) * metres**2)
        true[~np.isfinite(true)] = flat  # outside the world
        if (np.abs(true / flat - 1) <= TOLERATED).all():
            return np.full(grid.height, flat)
    areas: np.ndarray = np.interp(np.arange(grid.height), rows, true)
    return areas


def pixel_metres(grid: Grid) -> tuple[float, float] | None:
    """Return about how long a pixel's sides are in metres, in the middle; None without a CRS."""
    if grid.crs is None:
        return None
    t = grid.transform
    pixels = Lattice(t.a, t.b, t.c, t.d, t.e, t.f, grid.width, grid.height)
    if grid.crs.is_geographic:
        return sides_in_degrees(pixels)
    metres, crs = _metres_per_unit(grid), pyproj.CRS.from_wkt(grid.crs.to_wkt())
    earth = crs.geodetic_crs
    if metres is None or earth is None or earth.ellipsoid is None:
        return None
    projection = Projection(
        unit_m=metres,
        to_earth=partial(_to_degrees, crs, earth),
        semi_major_m=earth.ellipsoid.semi_major_metre,
        inverse_flattening=earth.ellipsoid.inverse_flattening,
    )
    return sides_on_the_ground(pixels, projection)


def _metres_per_unit(grid: Grid) -> float | None:
    """Return the length of the CRS's unit; None where it is a plan without a place on Earth."""
    try:
        return None if grid.crs is None else float(grid.crs.linear_units_factor[1])
    except CRSError:
        return None


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
    geod = earth.get_geod() or pyproj.Geod(ellps="WGS84")
    lons, lats = _to_degrees(crs, earth, xs, ys)
    for number, (ring_lons, ring_lats) in enumerate(zip(lons, lats, strict=True)):
        if np.isfinite(ring_lons).all() and np.isfinite(ring_lats).all():
            areas[number] = abs(geod.polygon_area_perimeter(ring_lons, ring_lats)[0])
    return areas


def _to_degrees(crs: pyproj.CRS, earth: pyproj.CRS, xs: Any, ys: Any) -> tuple[Any, Any]:
    """Return longitudes and latitudes in degrees of points in a CRS; infinite outside the world."""
    if not crs.is_geographic:
        xs, ys = pyproj.Transformer.from_crs(crs, earth, always_xy=True).transform(xs, ys)
    degrees = math.degrees(earth.axis_info[0].unit_conversion_factor) if earth.axis_info else 1.0
    return degrees * np.asarray(xs), degrees * np.asarray(ys)
