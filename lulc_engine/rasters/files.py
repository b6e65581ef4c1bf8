"""Opening rasters: one place for drivers, GDAL settings and readable errors."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import rasterio
from rasterio._err import CPLE_BaseError
from rasterio.errors import CRSError, RasterioError

from lulc_engine.errors import RasterError
from lulc_engine.rasters.safe import find_product, product_raster
from lulc_engine.rasters.source import check_source

# GDAL's cache is a share of the machine's memory by default, which makes memory use grow with the
# raster. Where windows follow each other `block_cache` says what is needed.
CACHE_BYTES = 128 * 2**20
# Python code in VRTs must never run; a reader must not skip over damaged blocks.
_SETTINGS = {
    "GDAL_VRT_ENABLE_PYTHON": "NO",
    "GTIFF_IGNORE_READ_ERRORS": "NO",
    "GDAL_NUM_THREADS": "1",
    "GDAL_PAM_ENABLED": "YES",
}


def gdal_settings(cache_bytes: int = CACHE_BYTES) -> rasterio.Env:
    """Return the environment, a context manager, that every use of GDAL runs in."""
    return rasterio.Env(**{**_SETTINGS, "GDAL_CACHEMAX": cache_bytes})


def open_raster(path: str | Path) -> rasterio.DatasetReader:
    """Open a raster, or a Sentinel-2 product (see `safe`), for reading.

    A file that calls itself TIFF must be one: GDAL would otherwise open whatever is inside, such
    as a VRT that refers to other files.

    Raises:
        RasterError: the file is missing, is no raster, or holds nothing that can be used.
    """
    name = str(path)
    product = find_product(path)
    if product is not None:
        return rasterio.open(product_raster(product), driver="VRT", sharing=False)
    is_tiff = name.lower().endswith((".tif", ".tiff"))
    try:
        dataset = rasterio.open(name, driver="GTiff" if is_tiff else None, sharing=False)
    except UnicodeEncodeError as err:
        raise RasterError(
            f"The name {name!a} holds bytes that are no text.", "Rename the file or folder."
        ) from err
    except (RasterioError, CRSError, CPLE_BaseError, UnicodeDecodeError, OSError, TypeError) as err:
        if "://" not in name and ":" not in name[2:] and not Path(name).exists():
            raise RasterError(f"The raster {name} does not exist.", "Check the path.") from err
        kind = "a readable TIFF" if is_tiff else "a raster that can be read"
        raise RasterError(
            f"{name} is not {kind}.", "Copy the file again or convert it to GeoTIFF."
        ) from err
    try:
        with readable_errors(name):
            check_source(dataset, name)
    except RasterError:
        dataset.close()
        raise
    return dataset


def is_raster(path: str | Path) -> bool:
    """Return whether a file can be opened as a raster."""
    try:
        open_raster(path).close()
    except RasterError:
        return False
    return True


@contextlib.contextmanager
def readable_errors(path: str | Path) -> Iterator[None]:
    """Turn an error of reading a file into one that names it.

    Raises:
        RasterError: a block or a tag of the file is missing or damaged.
    """
    try:
        yield
    except (RasterioError, CRSError, CPLE_BaseError, UnicodeDecodeError) as err:
        raise RasterError(
            f"{path} is damaged: a part of it cannot be read.",
            "Copy or download the file again.",
        ) from err
