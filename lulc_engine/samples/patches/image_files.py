"""Writing small images for other tools: GeoTIFF, PNG or numpy, each read back before it counts."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
from rasterio._err import CPLE_BaseError
from rasterio.errors import RasterioError

from lulc_engine.errors import EnvironmentFailure, OptionsError
from lulc_engine.outputs import friendly_write_errors
from lulc_engine.rasters.grid import Grid
from lulc_engine.rasters.legend import Legend
from lulc_engine.rasters.reflectance import Radiometry

_PNG_BANDS = (1, 3)  # two and four would be taken for a mask
_PNG_TYPES = ("uint8", "uint16")
_NOT_IN_NAMES = re.compile(r'[\x00-\x1f<>:"/\\|?*]+')
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
_LONGEST_NAME = 100


@dataclass(frozen=True)
class ImageKind:
    """What is alike in all images of an export.

    Attributes:
        suffix: .tif, .png or .npy.
        descriptions: a name per band.
        scale: to reflectance per band, written into GeoTIFFs; empty where it is only a guess.
        offset: the same.
        nodata: value without meaning, for label images.
        legend: classes of label images.
    """

    suffix: str
    descriptions: Sequence[str] = ()
    scale: Sequence[float] = ()
    offset: Sequence[float] = ()
    nodata: int | None = None
    legend: Legend | None = None


def image_settings() -> rasterio.Env:
    """Return the environment, a context manager, that images are written in."""
    return rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True)


def check_storable(kind: ImageKind, bands: int, dtype: np.dtype, whole: bool = True) -> None:
    """Raise OptionsError where the format cannot hold such images.

    Args:
        kind: the format.
        bands: number of bands.
        dtype: type of the values.
        whole: whether all pixels of all images are valid.
    """
    if kind.suffix == ".png" and (bands not in _PNG_BANDS or dtype.name not in _PNG_TYPES):
        raise OptionsError(
            f"PNG cannot hold {bands} bands of type {dtype.name}; it holds 1 or 3 of uint8 or "
            "uint16.",
            "Choose --format tif, or other bands with --bands.",
        )
    if kind.suffix == ".png" and not whole:
        raise OptionsError(
            "PNG cannot mark pixels without data, which some of the images have.",
            "Choose --format tif.",
        )


def write_image(
    path: Path, values: np.ndarray, valid: np.ndarray | None, kind: ImageKind, grid: Grid | None
) -> None:
    """Write an image and read it back.

    Args:
        path: the file, with the suffix of its kind.
        values: (C, H, W); numpy files hold (H, W, C), or (H, W) for labels.
        valid: (H, W) bool, None where all pixels are valid; a mask in GeoTIFFs, NaN in numpy files.
        kind: what is alike in all images.
        grid: where the image is, None if that is not known.

    Raises:
        OptionsError: the format cannot hold the image.
        EnvironmentFailure: the file could not be written, or is not as it should be.
    """
    if kind.suffix == ".npy":
        _write_array(path, values, valid, kind.legend is not None)
        return
    check_storable(kind, len(values), values.dtype, valid is None)
    with friendly_write_errors(path, RasterioError, CPLE_BaseError):
        _write_raster(path, values, valid, kind, grid)
        with rasterio.open(path) as dataset:
            same = np.array_equal(dataset.read(), values)
    if not same:
        raise EnvironmentFailure(f"{path} is not as it was written.", "Check the disk.")


def written_radiometry(radiometry: Radiometry) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return scale and offset to write into files: none where they were judged from the values."""
    if radiometry.source == "values":
        return (), ()
    return radiometry.scale, radiometry.offset


def safe_name(text: str) -> str:
    """Return a name that every file system takes, as close to the text as possible.

    >>> safe_name("arable: wheat/rye ")
    'arable_ wheat_rye'
    """
    name = _NOT_IN_NAMES.sub("_", unicodedata.normalize("NFC", text)).strip(" .")
    name = name.encode()[:_LONGEST_NAME].decode(errors="ignore").strip(" .")
    return f"_{name}" if not name or _RESERVED.fullmatch(name) else name


def safe_names(texts: Sequence[str]) -> list[str]:
    """Return safe names that differ from each other also where case does not count."""
    taken: set[str] = set()
    names = []
    for text in texts:
        name = base = safe_name(text)
        number = 2
        while name.casefold() in taken:
            name, number = f"{base}_{number}", number + 1
        taken.add(name.casefold())
        names.append(name)
    return names


def _write_array(path: Path, values: np.ndarray, valid: np.ndarray | None, labels: bool) -> None:
    if valid is not None:
        values = np.where(valid, values, np.nan).astype(np.float32)
    array = values[0] if labels else np.moveaxis(values, 0, -1)
    with friendly_write_errors(path):
        np.save(path, np.ascontiguousarray(array))


def _write_raster(
    path: Path, values: np.ndarray, valid: np.ndarray | None, kind: ImageKind, grid: Grid | None
) -> None:
    bands, height, width = values.shape
    is_tiff = kind.suffix == ".tif"
    place = {"crs": grid.crs, "transform": grid.transform} if grid and is_tiff else {}
    packed = {"compress": "deflate"} if is_tiff else {}
    with rasterio.open(
        path,
        "w",
        driver="GTiff" if is_tiff else "PNG",
        height=height,
        width=width,
        count=bands,
        dtype=values.dtype,
        nodata=kind.nodata if is_tiff else None,
        **place,
        **packed,
    ) as dataset:
        dataset.write(values)
        if not is_tiff:
            return
        for number, text in enumerate(kind.descriptions, start=1):
            dataset.set_band_description(number, text)
        if kind.scale:
            dataset.scales, dataset.offsets = tuple(kind.scale), tuple(kind.offset)
        if valid is not None:
            dataset.write_mask(valid)
        if kind.legend is not None:
            dataset.update_tags(LULC_LEGEND=kind.legend.to_json())
            if values.dtype in (np.uint8, np.uint16):
                colors = {c.id: (*c.color, 255) for c in kind.legend.classes}
                dataset.write_colormap(1, colors)
