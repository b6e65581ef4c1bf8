"""How much area each class covers on a map: the strata weights of the area estimators."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from pyproj import CRS, Geod

from lulc_engine.evaluation.class_map import ClassMap
from lulc_engine.feedback import Feedback
from lulc_engine.rasters.grid import Grid
from lulc_engine.rasters.legend import Legend


def mapped_areas(class_map: ClassMap, legend: Legend, feedback: Feedback) -> list[float]:
    """Return the mapped area of each class of a legend in square metres.

    Args:
        class_map: the map; all of it is read.
        legend: classes with the ids of the map.
        feedback: told how far it is; asked whether to stop.
    """
    row_areas = pixel_areas(class_map.grid)
    ids = np.array(legend.ids, np.int64)
    order = np.argsort(ids)
    totals = np.zeros(len(legend))
    blocks = list(class_map.blocks(class_map.grid.window))
    for number, block in enumerate(blocks):
        feedback.check()
        feedback.progress(number / len(blocks), "Measuring the mapped areas")
        values = class_map.read(block)
        place = np.searchsorted(ids, values, sorter=order).clip(max=len(ids) - 1)
        index = order[place]
        known = ids[index] == values
        for row, area in enumerate(row_areas[block.row_off : block.row_stop]):
            found = index[row][known[row]]
            totals += area * np.bincount(found, minlength=len(ids))
    return [float(area) for area in totals]


def pixel_areas(grid: Grid) -> npt.NDArray[np.float64]:
    """Return the area of a pixel in square metres for each row: float64 (H,).

    On a geographic CRS it is the area on the ellipsoid between the row's parallels, by the closed
    form of the authalic latitude (Snyder 1987, Map Projections, USGS Professional Paper 1395,
    equation 3-12). Without a CRS units are taken for metres.
    """
    crs = CRS.from_wkt(grid.crs.to_wkt()) if grid.crs else None
    determinant = abs(grid.transform.determinant)
    if crs is None or not crs.is_geographic:
        metres = crs.axis_info[0].unit_conversion_factor if crs and crs.axis_info else 1.0
        return np.full(grid.height, determinant * metres**2)
    degree = crs.axis_info[0].unit_conversion_factor  # radians
    centre = np.arange(grid.height) + 0.5
    latitude = grid.transform.f + grid.transform.e * centre + grid.transform.d * grid.width / 2
    half = math.hypot(grid.transform.e, grid.transform.d) / 2
    low, high = (np.radians(np.clip(latitude + s * half, -90, 90)) for s in (-1, 1))
    width = determinant / (2 * half) * degree
    ellipsoid = crs.get_geod() or Geod(ellps="WGS84")
    major, eccentricity = ellipsoid.a, math.sqrt(ellipsoid.es)
    zone = _authalic(np.sin(high), eccentricity) - _authalic(np.sin(low), eccentricity)
    return np.asarray(major**2 / 2 * width * zone, np.float64)


def _authalic(sine: npt.NDArray[np.float64], e: float) -> npt.NDArray[np.float64]:
    """Return q of the latitude's sine; half the squared axis times q is area from the equator."""
    if e == 0:
        return 2 * sine
    term = np.log((1 - e * sine) / (1 + e * sine)) / (2 * e)
    return np.asarray((1 - e * e) * (sine / (1 - (e * sine) ** 2) - term), np.float64)
