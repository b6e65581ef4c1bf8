"""Which bands of a scene are alpha, and which masks in its file count, seen through QGIS's GDAL.

The rules are those of `lulc_engine.rasters.alpha` and `lulc_engine.rasters.scene`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from osgeo import gdal

_SURE_OF_ALPHA = frozenset({"PNG", "GIF", "WEBP"})
_SIDE_PX, _PER_SIDE = 64, 3
_FEWEST_VALUES = 16


def called_alpha(source: Any) -> list[int]:
    """Return the numbers of the bands that the file, or GDAL, calls alpha."""
    return [n for n in range(1, source.RasterCount + 1) if _use(source, n) == gdal.GCI_AlphaBand]


def alpha_bands(source: Any, named: int, role_of: Any) -> tuple[int, ...]:
    """Return the numbers of the bands that are alpha.

    Args:
        source: an open raster.
        named: how many bands the user has given names to.
        role_of: the engine's function of that name.
    """
    if named == source.RasterCount:
        return ()
    return tuple(n for n in called_alpha(source) if not _is_measured(source, n, role_of))


def is_of_colours(source: Any) -> bool:
    """Return whether a raster holds numbers of colours in a table."""
    return source.RasterCount == 1 and _use(source, 1) == gdal.GCI_PaletteIndex


def masked(source: Any, bands: Sequence[Any]) -> set[int]:
    """Return the bands whose masks in the file count."""
    found = set()
    for band in bands:
        flags = source.GetRasterBand(band.number).GetMaskFlags()
        if not flags:
            found.add(band.number)
        elif flags & gdal.GMF_PER_DATASET and not flags & gdal.GMF_ALPHA:
            found.add(1)
    return found


def _use(source: Any, number: int) -> int:
    return int(source.GetRasterBand(number).GetColorInterpretation())


def _is_measured(source: Any, number: int, role_of: Any) -> bool:
    if source.GetDriver().ShortName in _SURE_OF_ALPHA:
        return False
    if role_of(source.GetRasterBand(number).GetDescription() or "") is not None:
        return True
    values = _sample(source, number)
    highest = np.iinfo(values.dtype).max if values.dtype.kind in "iu" else 1
    plain = np.isin(values, (0, highest)).mean()
    return bool(plain < 0.5 and len(np.unique(values)) > _FEWEST_VALUES)


def _sample(source: Any, number: int) -> np.ndarray:
    height, width = source.RasterYSize, source.RasterXSize
    found = []
    for row in np.linspace(0, max(height - _SIDE_PX, 0), _PER_SIDE).astype(int):
        for column in np.linspace(0, max(width - _SIDE_PX, 0), _PER_SIDE).astype(int):
            size = (min(_SIDE_PX, width - int(column)), min(_SIDE_PX, height - int(row)))
            values = source.GetRasterBand(number).ReadAsArray(int(column), int(row), *size)
            found.append(values.reshape(-1))
    return np.concatenate(found)
