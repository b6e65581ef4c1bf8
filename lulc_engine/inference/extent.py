"""The part of a scene that is to be classified."""

from __future__ import annotations

import re

import numpy as np
from rasterio.crs import CRS
from rasterio.errors import CRSError
from rasterio.warp import transform_bounds

from lulc_engine.errors import DataError, OptionsError
from lulc_engine.rasters.grid import Grid, Window

_FAR_PX = 2.0**40  # further than any raster reaches, and still a whole number
_FORM = re.compile(r"^\s*([^\[]+?)\s*(?:\[(.+)\])?\s*$", re.DOTALL)


def parse_extent(text: str, grid: Grid) -> Window:
    """Return the window of a grid that an extent covers; all of it for an empty text.

    Pixels that the extent only touches belong to the window.

    Args:
        text: ``xmin,xmax,ymin,ymax [CRS]`` as QGIS writes it; without CRS in the grid's.
        grid: the scene's grid.

    Raises:
        OptionsError: the text is not an extent.
        DataError: the extent does not overlap the grid.
    """
    if not text.strip():
        return grid.window
    west, east, south, north, crs = _parse(text)
    if crs is not None and grid.crs is not None and crs != grid.crs:
        west, south, east, north = transform_bounds(crs, grid.crs, west, south, east, north)
    inverse = ~grid.transform
    corners = np.array(
        [inverse * (x, y) for x, y in ((west, south), (west, north), (east, south), (east, north))]
    )
    if np.isnan(corners).any():  # no place in the grid's CRS
        raise _no_overlap()
    corners = corners.clip(-_FAR_PX, _FAR_PX)
    # A corner on a pixel's edge, up to rounding, does not touch the pixel beyond it.
    first = np.floor(np.round(corners.min(axis=0), 6)).astype(int)
    last = np.ceil(np.round(corners.max(axis=0), 6)).astype(int)
    size = last - first
    window = Window(int(first[1]), int(first[0]), int(size[1]), int(size[0]))
    found = window.intersect(grid.window)
    if found.height == 0 or found.width == 0:
        raise _no_overlap()
    return found


def _no_overlap() -> DataError:
    return DataError("The extent does not overlap the scene.", "Choose another extent.")


def _parse(text: str) -> tuple[float, float, float, float, CRS | None]:
    match = _FORM.match(text)
    try:
        if match is None:
            raise ValueError(text)
        west, east, south, north = (float(part) for part in match[1].split(","))
        crs = CRS.from_user_input(match[2]) if match[2] else None
    except (ValueError, CRSError) as err:
        raise OptionsError(f"--extent must be 'xmin,xmax,ymin,ymax [CRS]', not {text!r}.") from err
    if not (west < east and south < north):
        raise OptionsError(
            f"--extent {text!r} is empty: it must be xmin,xmax,ymin,ymax with xmin < xmax and "
            "ymin < ymax."
        )
    return west, east, south, north, crs
