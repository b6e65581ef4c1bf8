"""Which band says where there is an image: alpha.

GDAL calls the fourth band of bytes alpha where a file says nothing about it: the near infrared of
an aerial image would then be no band, and hide the darkest water. What such a band is follows from
its name or its values: alpha is 0 or the highest value nearly everywhere.
"""

from __future__ import annotations

import numpy as np

from lulc_engine.rasters.bands import role_of
from lulc_engine.rasters.source import RasterSource

_CALLED_ALPHA = 6  # GDAL's GCI_AlphaBand
# Of these formats the fourth band is alpha by definition.
_SURE_OF_ALPHA = frozenset({"PNG", "GIF", "WEBP"})
_SIDE_PX, _PER_SIDE = 64, 3
_FEWEST_VALUES = 16  # of a band of measurements


def alpha_bands(source: RasterSource, named: int = 0) -> tuple[int, ...]:
    """Return the 1-based numbers of the bands that are alpha.

    Args:
        source: an open raster.
        named: how many bands the user has given names to; where it is all, none is alpha.
    """
    if named == source.count:
        return ()
    return tuple(n for n in called_alpha(source) if not _is_measured(source, n))


def called_alpha(source: RasterSource) -> list[int]:
    """Return the 1-based numbers of the bands that the file, or GDAL, calls alpha."""
    return [n for n, use in enumerate(source.colorinterp, 1) if use == _CALLED_ALPHA]


def _is_measured(source: RasterSource, number: int) -> bool:
    if source.driver in _SURE_OF_ALPHA:
        return False
    if role_of(source.descriptions[number - 1] or "") is not None:
        return True
    values = _sample(source, number)
    highest = np.iinfo(values.dtype).max if values.dtype.kind in "iu" else 1
    plain = np.isin(values, (0, highest)).mean()
    return bool(plain < 0.5 and len(np.unique(values)) > _FEWEST_VALUES)


def _sample(source: RasterSource, number: int) -> np.ndarray:
    """Return values (n,) of some small windows."""
    found = []
    for row in np.linspace(0, max(source.height - _SIDE_PX, 0), _PER_SIDE).astype(int):
        for column in np.linspace(0, max(source.width - _SIDE_PX, 0), _PER_SIDE).astype(int):
            rows = (int(row), min(int(row) + _SIDE_PX, source.height))
            columns = (int(column), min(int(column) + _SIDE_PX, source.width))
            found.append(source.read(number, window=(rows, columns)).reshape(-1))
    return np.concatenate(found)
