"""Where on Earth the labels of a training lie, so that an assessment can say if it looks there."""

from __future__ import annotations

from pathlib import Path

import pyogrio
import rasterio
from pyproj import Transformer
from pyproj.exceptions import ProjError
from rasterio.errors import RasterioError

_DIGITS = 6  # a tenth of a metre


def labelled_area(path: str) -> list[float] | None:
    """Return west, south, east and north of a file of labels in degrees; None where not known.

    Args:
        path: vector or raster, a layer's name may follow after ``|``.
    """
    file, _, layer = path.partition("|")
    if not Path(file).is_file():
        return None
    found = _of_vector(file, layer.removeprefix("layername=") or None) or _of_raster(file)
    if found is None:
        return None
    (left, bottom, right, top), crs = found
    try:
        to_degrees = Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
        degrees = to_degrees.transform_bounds(left, bottom, right, top)
    except ProjError:
        return None
    return [round(float(edge), _DIGITS) for edge in degrees]


def _of_vector(file: str, layer: str | None) -> tuple[tuple[float, ...], str] | None:
    try:
        info = pyogrio.read_info(file, layer=layer, force_total_bounds=True)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, ValueError):
        return None
    bounds, crs = info["total_bounds"], info["crs"]
    return (tuple(bounds), crs) if bounds is not None and crs else None


def _of_raster(file: str) -> tuple[tuple[float, ...], str] | None:
    try:
        with rasterio.open(file) as dataset:
            return (tuple(dataset.bounds), dataset.crs.to_wkt()) if dataset.crs else None
    except RasterioError:
        return None
