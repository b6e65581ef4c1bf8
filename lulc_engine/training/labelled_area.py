"""Where on Earth the labels of a training lie, so that an assessment can say if it looks there."""

from __future__ import annotations

import math

import rasterio
from pyproj import Transformer
from pyproj.exceptions import ProjError
from rasterio.errors import RasterioError

from lulc_engine.samples.vector_file import layer_extent

_DIGITS = 6  # a tenth of a metre


def labelled_area(path: str) -> list[float] | None:
    """Return west, south, east and north of a file of labels in degrees; None where not known.

    Args:
        path: a raster, or of vectors what `read_features` takes.
    """
    found = layer_extent(path) or _of_raster(path)
    if found is None:
        return None
    (left, bottom, right, top), crs = found
    try:
        to_degrees = Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
        degrees = to_degrees.transform_bounds(left, bottom, right, top)
    except ProjError:
        return None
    if not all(map(math.isfinite, degrees)):
        return None
    return [round(float(edge), _DIGITS) for edge in degrees]


def _of_raster(file: str) -> tuple[tuple[float, ...], str] | None:
    try:
        with rasterio.open(file) as dataset:
            return (tuple(dataset.bounds), dataset.crs.to_wkt()) if dataset.crs else None
    except RasterioError:
        return None
