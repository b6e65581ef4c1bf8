"""Where on Earth the labels of a training lie, so that an assessment can say if it looks there."""

from __future__ import annotations

import math
from collections.abc import Sequence

import rasterio
from pyproj import Transformer
from pyproj.exceptions import ProjError
from rasterio.errors import RasterioError

from lulc_engine.samples.vector_file import layer_extent

_DIGITS = 6  # a tenth of a metre


def labelled_area(path: str, scenes: Sequence[str] = ()) -> list[float] | None:
    """Return west, south, east and north of a file of labels in degrees; None where not known.

    Args:
        path: a raster, or of vectors what `read_features` takes.
        scenes: rasters; where given, only what of the labels lies on one of them is meant, since
            nothing else was learned from. Those without a place are left out.
    """
    labels = _in_degrees(layer_extent(path) or _of_raster(path))
    known = [area for area in (_in_degrees(_of_raster(scene)) for scene in scenes) if area]
    if labels is None or not known:
        return labels
    common = [_common(labels, area) for area in known]
    used = [area for area in common if area[0] <= area[2] and area[1] <= area[3]]
    if not used:
        return None
    west, south, east, north = zip(*used, strict=True)
    return [min(west), min(south), max(east), max(north)]


def _common(one: list[float], other: list[float]) -> list[float]:
    """Return what two areas share; without any, an edge lies beyond the one opposite."""
    first = [max(a, b) for a, b in zip(one[:2], other[:2], strict=True)]
    return first + [min(a, b) for a, b in zip(one[2:], other[2:], strict=True)]


def _in_degrees(found: tuple[tuple[float, ...], str] | None) -> list[float] | None:
    """Return an extent in degrees, None where there is none."""
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
