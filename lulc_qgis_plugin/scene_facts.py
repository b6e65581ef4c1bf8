"""What a scene is like, looked at with QGIS's GDAL as the engine does with its own.

Every rule of `lulc_engine.rasters.scene` on names of bands, on values that count and on where they
are sampled is followed here, so that a verdict on a scene is the one that a run would come to.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from osgeo import gdal, gdal_array

from .engine_source import engine_module, errors
from .scene_alpha import alpha_bands, called_alpha, is_of_colours, masked

MAX_BANDS = 400
MAX_BLOCK_BYTES = 512 * 2**20
_PRODUCT = re.compile(r"^MTD_MSI(L1C|L2A)\.xml$", re.IGNORECASE)
_DEGREE_M = 111_320
_PER_SIDE, _SIDE_PX = 5, 48
_SUBDATASETS_SHOWN = 5


class NotLookedAt(Exception):  # noqa: N818 - it is no error
    """The scene is of a kind that only a run can judge."""


class SceneFacts:
    """An open scene; used by one thread.

    Attributes:
        path: the file.
        bands: all but alpha, as `lulc_engine.rasters.bands.Band`.
        tags: its metadata.
        width: columns.
        height: rows.
        warnings: what the user should know about the file.
    """

    def __init__(self, path: str, band_names: Sequence[str], rules: ModuleType) -> None:
        """Open a scene.

        Args:
            path: the file.
            band_names: roles or descriptions of all bands, with or without alpha.
            rules: the engine's module `rasters.bands`.

        Raises:
            LulcError: the scene cannot be used.
            NotLookedAt: the scene is put together only when it is read.
        """
        self.path = path
        self._source = _open(path)
        files = self._source.GetFileList() or []
        self._parts = files[1:] if self._source.GetDriver().ShortName == "VRT" else []
        self.tags: dict[str, str] = dict(self._source.GetMetadata() or {})
        self.width, self.height = self._source.RasterXSize, self._source.RasterYSize
        if is_of_colours(self._source):
            raise errors.RasterError(
                f"{path} holds numbers of colours in a table, not measured values.",
                "Convert it to red, green and blue, or use the image that it was made from.",
            )
        self._alpha = alpha_bands(self._source, len(band_names), rules.role_of)
        self.bands = self._name(band_names, rules)
        self.warnings = self._look_at()

    def dtype(self, bands: Sequence[Any]) -> np.dtype:
        """Return the type that holds all the bands."""
        return np.result_type(*(self._dtype(band.number) for band in bands))

    def scales(self, bands: Sequence[Any]) -> list[float]:
        """Return the file's scale of each band."""
        found = [self._source.GetRasterBand(band.number).GetScale() for band in bands]
        return [1.0 if value is None else value for value in found]

    def offsets(self, bands: Sequence[Any]) -> list[float]:
        """Return the file's offset of each band."""
        found = [self._source.GetRasterBand(band.number).GetOffset() for band in bands]
        return [0.0 if value is None else value for value in found]

    @property
    def described_by(self) -> str:
        """The path, and of a virtual raster one of the files that it is put together from."""
        return " ".join([self.path, *self._parts[:1]])

    @property
    def reference(self) -> Any:
        """The spatial reference; None where the file has none."""
        return self._source.GetSpatialRef()

    def sample(self, bands: Sequence[Any]) -> tuple[np.ndarray, float]:
        """Return raw values (C, n) of valid pixels in a lattice of windows, and their share."""
        found, seen = [], 0
        for row in _spread(self.height):
            for column in _spread(self.width):
                values, valid = self._read(row, column, bands)
                found.append(values[:, valid])
                seen += valid.size
        sample = np.concatenate(found, axis=1)
        return sample, sample.shape[1] / max(seen, 1)

    def black_share(self, sample: np.ndarray, bands: Sequence[Any]) -> float:
        """Return the share of pixels of a sample that are 0 in all bands, though not nodata."""
        nodata = [self._source.GetRasterBand(band.number).GetNoDataValue() for band in bands]
        declared = any(value is not None for value in nodata)
        return 0.0 if declared or not sample.size else float((~sample.any(axis=0)).mean())

    def pixel_metres(self) -> tuple[float, float] | None:
        """Return about how long a pixel's sides are in metres; None without a CRS."""
        crs = self.reference
        if crs is None:
            return None
        _, a, b, top, d, e = self._source.GetGeoTransform()
        width, height = math.hypot(a, d), math.hypot(b, e)
        if not crs.IsGeographic():
            metres = crs.GetLinearUnits()
            return width * metres, height * metres
        latitude = top + e * self.height / 2
        return width * _DEGREE_M * math.cos(math.radians(latitude)), height * _DEGREE_M

    def _look_at(self) -> list[str]:
        """Return what is unusual about the file."""
        found = []
        if self._source.GetGCPCount():
            found.append(
                "The scene has ground control points instead of a place: rectify it first, or the "
                "result will have no place either."
            )
        found += [
            f"Band {number} is called alpha, but holds measured values; it is taken for a band "
            "like the others."
            for number in called_alpha(self._source)
            if number not in self._alpha
        ]
        return found

    def _name(self, band_names: Sequence[str], rules: ModuleType) -> list[Any]:
        count = self._source.RasterCount
        numbers = [number for number in range(1, count + 1) if number not in self._alpha]
        if not numbers:
            raise errors.RasterError(f"{self.path} has no bands but alpha.")
        if len(numbers) > MAX_BANDS:
            raise errors.RasterError(
                f"{self.path} has {len(numbers)} bands; {MAX_BANDS} are allowed."
            )
        if band_names and len(band_names) != len(numbers):
            raise errors.OptionsError(
                f"--band-names names {len(band_names)} bands, {Path(self.path).name} has "
                f"{len(numbers)}."
            )
        described = [self._source.GetRasterBand(n).GetDescription() or None for n in numbers]
        descriptions = list(band_names) or described
        if not any(descriptions) and len(self._parts) == self._source.RasterCount:
            descriptions = [Path(self._parts[n - 1]).stem for n in numbers]
        named = rules.name_bands(descriptions, self.path)
        return [rules.Band(number, one.name, one.role) for number, one in zip(numbers, named)]

    def _dtype(self, number: int) -> np.dtype:
        kind = self._source.GetRasterBand(number).DataType
        return np.dtype(gdal_array.GDALTypeCodeToNumericTypeCode(kind))

    def _read(self, row: int, column: int, bands: Sequence[Any]) -> tuple[np.ndarray, np.ndarray]:
        width = min(_SIDE_PX, self.width - column)
        area = (column, row, width, min(_SIDE_PX, self.height - row))
        layers = [self._source.GetRasterBand(band.number) for band in bands]
        arrays = [layer.ReadAsArray(*area) for layer in layers]
        if any(array is None for array in arrays):
            raise errors.RasterError(f"{self.path} is damaged: a part of it cannot be read.")
        valid = np.ones(arrays[0].shape, bool)
        for array, layer in zip(arrays, layers):
            nodata = layer.GetNoDataValue()
            if nodata is not None and not math.isnan(nodata):
                valid &= array != nodata
        values = np.stack([array.astype(self.dtype(bands), copy=False) for array in arrays])
        if np.issubdtype(values.dtype, np.floating):
            with np.errstate(over="ignore"):
                valid &= np.isfinite(values.astype(np.float32, copy=False)).all(axis=0)
        for number in self._alpha:
            valid &= self._source.GetRasterBand(number).ReadAsArray(*area) > 0
        for number in masked(self._source, bands):
            valid &= self._source.GetRasterBand(number).GetMaskBand().ReadAsArray(*area) > 0
        return values, valid


def open_scene(path: str, band_names: Sequence[str] = ()) -> SceneFacts:
    """Open a scene; see `SceneFacts`. Main thread only."""
    return SceneFacts(path, band_names, engine_module("rasters.bands"))


def _open(path: str) -> Any:
    if _PRODUCT.match(os.path.basename(path)) or os.path.isdir(path):
        raise NotLookedAt("The bands of a whole product are put together when it is read.")
    is_tiff = path.lower().endswith((".tif", ".tiff"))
    gdal.PushErrorHandler("CPLQuietErrorHandler")
    try:
        source = gdal.OpenEx(path, gdal.OF_RASTER, ["GTiff"] if is_tiff else [])
    except RuntimeError:  # where somebody has told GDAL to raise
        source = None
    finally:
        gdal.PopErrorHandler()
    if source is None:
        raise errors.RasterError(f"{path} is not a raster that can be read.")
    if source.RasterCount == 0:
        names = [name for name, _ in source.GetSubDatasets()[:_SUBDATASETS_SHOWN]]
        hint = f"Choose one of its subdatasets: {', '.join(names)}." if names else ""
        raise errors.RasterError(f"{path} has no bands of its own.", hint)
    kinds = {source.GetRasterBand(n).DataType for n in range(1, source.RasterCount + 1)}
    if any(gdal.DataTypeIsComplex(kind) for kind in kinds):
        raise errors.RasterError(f"{path} holds complex numbers.", "Convert it to real ones.")
    columns, rows = source.GetRasterBand(1).GetBlockSize()
    is_mixed = (source.GetMetadata("IMAGE_STRUCTURE") or {}).get("INTERLEAVE") == "PIXEL"
    bytes_per_px = gdal.GetDataTypeSize(source.GetRasterBand(1).DataType) // 8
    if rows * columns * bytes_per_px * (source.RasterCount if is_mixed else 1) > MAX_BLOCK_BYTES:
        raise errors.RasterError(
            f"{path} is stored in blocks of {columns} x {rows} pixels, too large to read.",
            "Convert it to a tiled GeoTIFF with blocks of 512 pixels.",
        )
    return source


def _spread(size: int) -> list[int]:
    """Return offsets of windows, evenly over a size."""
    last = max(0, size - _SIDE_PX)
    return sorted({round(last * i / (_PER_SIDE - 1)) for i in range(_PER_SIDE)})
