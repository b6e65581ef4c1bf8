"""From pixel values to reflectance: value * scale + offset, found out from what the file says.

Sentinel-2 products have an offset of 1000 added to the pixel values since processing baseline 04.00
(January 2022); a model trained on one kind and applied to the other gives a wrong map without any
error. The rules are tried in the order of `find_radiometry`, and the one that decided is reported.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lulc_engine.errors import OptionsError

_S2_PRODUCT = re.compile(r"S2[A-D]_MSIL(?:1C|2A)_\d{8}T\d{6}_N(\d{4})_", re.IGNORECASE)
_LANDSAT_2 = re.compile(r"L[COTE]0[4-9]_L2S[PR]_\d{6}_\d{8}", re.IGNORECASE)
_S2_OFFSET_SINCE = 400


@dataclass(frozen=True)
class Radiometry:
    """Scale and offset per band (reflectance = value * scale + offset), and how they are known.

    ``source`` is one of option, tags, name, values; only ``values`` is a guess.
    """

    scale: tuple[float, ...]
    offset: tuple[float, ...]
    source: str
    reason: str

    def summary(self) -> str:
        """Return a line for the log."""
        scale, offset = _short(self.scale), _short(self.offset)
        sign, size = ("-", offset[1:]) if offset.startswith("-") else ("+", offset)
        return f"Reflectance = value * {scale} {sign} {size} ({self.reason})."


def find_radiometry(
    path: str | Path,
    tags: Mapping[str, str],
    scales: Sequence[float],
    offsets: Sequence[float],
    values: np.ndarray,
    option_scale: float | None = None,
    option_offset: float | None = None,
) -> Radiometry:
    """Return scale and offset by the first rule that applies.

    Options; scale and offset of the bands in the file; Sentinel-2 tags; a Sentinel-2 or Landsat
    product name in the path; 8-bit integers (0 to 255); values. Product tags and names do not count
    where the values are bytes or reflectance already: they tell of the product's own numbers.

    Args:
        path: the file, and of a virtual raster one of the files it is made of.
        tags: its metadata.
        scales: GDAL's scale of each chosen band.
        offsets: GDAL's offset of each chosen band.
        values: (C, n) sample of raw values of valid pixels in the file's own type.
        option_scale: the user's SCALE.
        option_offset: the user's OFFSET.

    Raises:
        OptionsError: SCALE is zero.
    """
    count = len(scales)
    if option_scale is not None or option_offset is not None:
        if option_scale == 0:
            raise OptionsError("--scale cannot be 0.")
        scale = 1.0 if option_scale is None else option_scale
        return _same(count, scale, option_offset or 0.0, "option", "as given")
    if _says_something(scales, offsets):
        return Radiometry(tuple(scales), tuple(offsets), "tags", "scale and offset of the file")
    if values.dtype == np.uint8 or _is_reflectance(values):
        return _by_values(count, values)
    return _by_tags(count, tags) or _by_name(count, str(path)) or _by_values(count, values)


def has_sentinel_offset(values: np.ndarray) -> bool:
    """Return whether raw values look like Sentinel-2 data with 1000 added.

    Water, shadow and dense vegetation are almost black in some band, so in a scene without the
    offset at least one band goes far below 1000.

    Args:
        values: (C, n) raw values of valid pixels; where all bands are 0 there is no data, declared
            or not.
    """
    values = values[:, values.any(axis=0)]
    if values.shape[1] < 16:
        return False
    darkest = np.quantile(values, 0.001, axis=1)
    return bool(darkest.min() >= 1000 and darkest.min() < 3000)


def _says_something(scales: Sequence[float], offsets: Sequence[float]) -> bool:
    """Return whether scale and offset of a file tell anything, and can be meant."""
    usable = all(math.isfinite(s) and s != 0 for s in scales) and all(map(math.isfinite, offsets))
    return usable and (any(s != 1 for s in scales) or any(o != 0 for o in offsets))


def _is_reflectance(values: np.ndarray) -> bool:
    """Return whether values (C, n) reach from 0 to about 1."""
    if not np.issubdtype(values.dtype, np.floating):
        return False
    return not values.size or float(np.quantile(values, 0.99)) <= 2


def _by_tags(count: int, tags: Mapping[str, str]) -> Radiometry | None:
    upper = {key.upper(): value for key, value in tags.items()}
    quantum = _number(upper, ("BOA_QUANTIFICATION_VALUE", "QUANTIFICATION_VALUE"))
    added = _number(upper, ("BOA_ADD_OFFSET", "RADIO_ADD_OFFSET", "BOA_ADD_OFFSET_B2"))
    baseline = _number(upper, ("PROCESSING_BASELINE",))
    if quantum is None and added is None and baseline is None:
        return None
    quantum = quantum or 10000.0
    if added is None:
        added = -1000.0 if baseline is not None and baseline >= 4 else 0.0
    return _same(count, 1 / quantum, added / quantum, "tags", "Sentinel-2 tags of the file")


def _by_name(count: int, path: str) -> Radiometry | None:
    product = _S2_PRODUCT.search(path)
    if product:
        offset = -0.1 if int(product[1]) >= _S2_OFFSET_SINCE else 0.0
        return _same(count, 1e-4, offset, "name", f"Sentinel-2 baseline N{product[1]} in the path")
    if _LANDSAT_2.search(path):
        return _same(count, 2.75e-5, -0.2, "name", "Landsat Collection 2 in the path")
    return None


def _by_values(count: int, values: np.ndarray) -> Radiometry:
    if values.dtype == np.uint8:
        return _same(count, 1 / 255, 0.0, "values", "8-bit values")
    if _is_reflectance(values):
        return _same(count, 1.0, 0.0, "values", "values up to about 1")
    if has_sentinel_offset(values):
        reason = "judged from the values: no band goes below 1000, as in Sentinel-2 since 2022"
        return _same(count, 1e-4, -0.1, "values", reason)
    return _same(count, 1e-4, 0.0, "values", "judged from the values")


def _same(count: int, scale: float, offset: float, source: str, reason: str) -> Radiometry:
    return Radiometry((scale,) * count, (offset,) * count, source, reason)


def _number(tags: Mapping[str, str], names: Sequence[str]) -> float | None:
    for name in names:
        try:
            number = float(tags[name])
        except (KeyError, ValueError):
            continue
        if math.isfinite(number):
            return number
    return None


def _short(numbers: Sequence[float]) -> str:
    shown = [f"{number:.6g}" for number in numbers]
    return shown[0] if len(set(shown)) == 1 else f"({', '.join(shown)})"
