"""What of a raster counts as a scene: its bands, its valid pixels, and where it is sampled."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lulc_engine.errors import OptionsError, RasterError
from lulc_engine.rasters.bands import Band, name_bands
from lulc_engine.rasters.source import Ranges, RasterSource

MAX_BANDS = 400
SAMPLE_PX = 48
_PALETTE = 2  # GDAL's GCI_PaletteIndex
_PER_DATASET, _OF_ALPHA = 2, 4  # GDAL's GMF_PER_DATASET and GMF_ALPHA
_PER_SIDE = 5


def refuse_palette(source: RasterSource, path: str | Path) -> None:
    """Refuse a picture whose values are numbers of colours.

    Raises:
        RasterError: it is one.
    """
    if tuple(source.colorinterp) == (_PALETTE,):
        raise RasterError(
            f"{path} holds numbers of colours in a table, not measured values.",
            "Convert it to red, green and blue, or use the image that it was made from.",
        )


def scene_bands(
    source: RasterSource,
    path: str | Path,
    band_names: Sequence[str],
    alpha: Sequence[int],
    parts: Sequence[str] = (),
) -> list[Band]:
    """Return the bands of a scene: all but alpha.

    Args:
        source: the raster.
        path: its file.
        band_names: what the user calls the bands; none to take the file's descriptions.
        alpha: the bands that are alpha.
        parts: of a virtual raster, the files that it is put together from: one per band names it.

    Raises:
        RasterError: there is none, or more than MAX_BANDS.
        OptionsError: there are more or fewer names than bands.
    """
    numbers = [number for number in range(1, source.count + 1) if number not in alpha]
    if not numbers:
        raise RasterError(f"{path} has no bands but alpha.", "Choose another raster.")
    if len(numbers) > MAX_BANDS:
        raise RasterError(f"{path} has {len(numbers)} bands; {MAX_BANDS} are allowed.")
    if band_names and len(band_names) != len(numbers):
        raise OptionsError(
            f"--band-names names {len(band_names)} bands, {Path(path).name} has {len(numbers)}."
        )
    descriptions: list[str | None] = list(band_names)
    descriptions = descriptions or [source.descriptions[n - 1] for n in numbers]
    if not any(descriptions) and len(parts) == source.count:
        descriptions = [Path(parts[n - 1]).stem for n in numbers]
    named = name_bands(descriptions, path)
    return [Band(number, band.name, band.role) for number, band in zip(numbers, named)]


def valid_pixels(
    source: RasterSource,
    window: Ranges,
    pixels: np.ndarray,
    bands: Sequence[Band],
    alpha: Sequence[int],
) -> np.ndarray:
    """Return where (H, W) no band is nodata, NaN or infinite, and neither alpha nor a mask hides.

    Args:
        source: the raster.
        window: a part of it.
        pixels: (C, H, W) values of the bands there.
        bands: the C bands.
        alpha: the bands that are alpha.
    """
    valid = finite_pixels(pixels)
    of_bands = source.nodatavals  # gathered anew each time it is asked for
    for values, band in zip(pixels, bands):
        nodata = of_bands[band.number - 1]
        if nodata is not None and not np.isnan(nodata):
            valid &= values != nodata
    for number in alpha:
        valid &= source.read(number, window=window) > 0
    for number in _masked(source, bands):
        valid &= source.read_masks(number, window=window) > 0
    return valid


def finite_pixels(pixels: np.ndarray) -> np.ndarray:
    """Return where (H, W) all values (C, H, W) are finite as float32, which networks compute in."""
    if pixels.dtype.kind != "f":
        return np.ones(pixels.shape[1:], dtype=bool)
    with np.errstate(over="ignore"):
        finite = np.isfinite(pixels.astype(np.float32, copy=False))
    return np.asarray(finite.all(axis=0))


def sample_corners(height: int, width: int) -> list[tuple[int, int]]:
    """Return first rows and columns of the windows of SAMPLE_PX that a scene is looked at in.

    They are a lattice of 5 x 5, of fewer where the scene is small.
    """
    return [(row, column) for row in _spread(height) for column in _spread(width)]


def _masked(source: RasterSource, bands: Sequence[Band]) -> set[int]:
    """Return the bands whose masks in the file count: one for all, or one for each."""
    found = set()
    of_bands = source.mask_flag_enums
    for band in bands:
        flags = of_bands[band.number - 1]
        if not flags:
            found.add(band.number)
        elif _PER_DATASET in flags and _OF_ALPHA not in flags:
            found.add(1)
    return found


def _spread(size: int) -> list[int]:
    """Return offsets of windows, evenly over a size."""
    last = max(0, size - SAMPLE_PX)
    return sorted({round(last * i / (_PER_SIDE - 1)) for i in range(_PER_SIDE)})
