"""What the rules on rasters ask of an open one, whoever opened it.

rasterio's `DatasetReader` answers all of it. The plugin opens scenes with QGIS's own GDAL and gives
that the same face, so that the rules on scenes (`alpha`, `scene_rules`) are written once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from lulc_engine.errors import RasterError

# One decoded block of a file, at most: a small file can hold a block of many gigabytes.
MAX_BLOCK_BYTES = 512 * 2**20
_SUBDATASETS_SHOWN = 5

Ranges = tuple[tuple[int, int], tuple[int, int]]
"""Rows and columns of a part: the first, and the one after the last."""


class RasterSource(Protocol):
    """An open raster; names and meaning are rasterio's, band numbers begin with 1.

    Attributes:
        driver: GDAL's short name of the format.
        count: how many bands there are.
        width: columns.
        height: rows.
        dtypes: of each band.
        descriptions: of each band, None where it has none.
        nodatavals: of each band, None where it has none.
        colorinterp: of each band, GDAL's number (`GCI_*`).
        mask_flag_enums: of each band, GDAL's numbers (`GMF_*`); none for a mask of its own.
        block_shapes: rows and columns of the blocks of each band.
        subdatasets: names of the rasters inside.
    """

    driver: str
    count: int
    width: int
    height: int
    dtypes: Sequence[str]
    descriptions: Sequence[str | None]
    nodatavals: Sequence[float | None]
    colorinterp: Sequence[int]
    mask_flag_enums: Sequence[Sequence[int]]
    block_shapes: Sequence[tuple[int, int]]
    subdatasets: Sequence[str]

    def tags(self, *, ns: str | None = None) -> Mapping[str, str]:
        """Return the metadata of a domain."""

    def read(self, number: int, *, window: Ranges) -> np.ndarray:
        """Return the values (H, W) of a part of a band."""

    def read_masks(self, number: int, *, window: Ranges) -> np.ndarray:
        """Return the mask (H, W) of a part of a band, 0 where it is not valid."""


def check_source(source: RasterSource, name: str) -> None:
    """Refuse a raster that nothing can be done with.

    Args:
        source: the raster.
        name: of its file, for the message.

    Raises:
        RasterError: it has no bands, complex numbers, or blocks of more than MAX_BLOCK_BYTES.
    """
    if source.count == 0:
        inside = ", ".join(source.subdatasets[:_SUBDATASETS_SHOWN])
        hint = f"Choose one of its subdatasets: {inside}." if inside else ""
        raise RasterError(f"{name} has no bands of its own.", hint)
    if any("complex" in dtype for dtype in source.dtypes):
        raise RasterError(
            f"{name} holds complex numbers.", "Convert it to real ones, such as amplitudes."
        )
    rows, columns = source.block_shapes[0]
    is_mixed = source.tags(ns="IMAGE_STRUCTURE").get("INTERLEAVE") == "PIXEL"
    together = source.count if is_mixed else 1
    if rows * columns * np.dtype(source.dtypes[0]).itemsize * together > MAX_BLOCK_BYTES:
        raise RasterError(
            f"{name} is stored in blocks of {columns} x {rows} pixels, too large to read.",
            "Convert it to a tiled GeoTIFF with blocks of 512 pixels.",
        )
