"""A raster opened by QGIS's GDAL, with the face that the engine's rules know.

See `lulc_engine.rasters.source.RasterSource`: names and meaning are rasterio's.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from osgeo import gdal, gdal_array, osr

from .engine_source import errors

_MASK_FLAGS = (gdal.GMF_ALL_VALID, gdal.GMF_PER_DATASET, gdal.GMF_ALPHA, gdal.GMF_NODATA)
_OUTSIDE = (math.inf,) * 4


class GdalSource:
    """An open raster; used by one thread.

    Raises:
        RasterError: it cannot be opened.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._dataset = _open(path)
        self.driver = self._dataset.GetDriver().ShortName
        self.count = self._dataset.RasterCount
        self.width, self.height = self._dataset.RasterXSize, self._dataset.RasterYSize
        self.files: list[str] = self._dataset.GetFileList() or []
        self.subdatasets = [name for name, _ in self._dataset.GetSubDatasets()]
        bands = [self._dataset.GetRasterBand(number) for number in range(1, self.count + 1)]
        self.dtypes = [_dtype(band) for band in bands]
        self.descriptions = [band.GetDescription() or None for band in bands]
        self.nodatavals = [_nodata(band, dtype) for band, dtype in zip(bands, self.dtypes)]
        self.colorinterp = [int(band.GetColorInterpretation()) for band in bands]
        flags = [band.GetMaskFlags() for band in bands]
        self.mask_flag_enums = [[one for one in _MASK_FLAGS if own & one] for own in flags]
        self.block_shapes = [tuple(reversed(band.GetBlockSize())) for band in bands]
        self.scales = [_or(band.GetScale(), 1.0) for band in bands]
        self.offsets = [_or(band.GetOffset(), 0.0) for band in bands]

    @property
    def crs(self) -> Any:
        """The spatial reference; None where the file has none."""
        return self._dataset.GetSpatialRef()

    @property
    def transform(self) -> tuple[float, ...]:
        """What takes column and row to x (a, b, c) and y (d, e, f)."""
        c, a, b, f, d, e = self._dataset.GetGeoTransform()
        return a, b, c, d, e, f

    @property
    def has_gcps(self) -> bool:
        """Whether points say where it lies."""
        return self._dataset.GetGCPCount() > 0

    def tags(self, *, ns: str | None = None) -> dict[str, str]:
        """Return the metadata of a domain."""
        return dict(self._dataset.GetMetadata(ns or "") or {})

    def read(self, number: int, *, window: Sequence[Sequence[int]]) -> np.ndarray:
        """Return the values (H, W) of a part of a band."""
        return self._read(self._dataset.GetRasterBand(number), window)

    def read_masks(self, number: int, *, window: Sequence[Sequence[int]]) -> np.ndarray:
        """Return the mask (H, W) of a part of a band, 0 where it is not valid."""
        return self._read(self._dataset.GetRasterBand(number).GetMaskBand(), window)

    def _read(self, band: Any, window: Sequence[Sequence[int]]) -> np.ndarray:
        (top, bottom), (left, right) = window
        values = band.ReadAsArray(left, top, right - left, bottom - top)
        if values is None:
            raise errors.RasterError(f"{self._path} is damaged: a part of it cannot be read.")
        return values


class Earth:
    """The ellipsoid under a projected coordinate system, as the engine's pixel sizes ask for it."""

    def __init__(self, crs: Any) -> None:
        geographic = crs.CloneGeogCS()
        self.semi_major_m = geographic.GetSemiMajor()
        self.inverse_flattening = geographic.GetInvFlattening()
        self._degrees = math.degrees(geographic.GetAngularUnits())
        plane = crs.Clone()
        for one in (plane, geographic):
            one.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
        self._transformation = osr.CoordinateTransformation(plane, geographic)

    def to_degrees(self, xs: Sequence[float], ys: Sequence[float]) -> tuple[Any, Any]:
        """Return longitudes and latitudes of points; infinite outside the world."""
        try:
            found = [self._transformation.TransformPoint(x, y)[:2] for x, y in zip(xs, ys)]
        except RuntimeError:  # where somebody has told GDAL to raise
            return _OUTSIDE, _OUTSIDE
        return [lon * self._degrees for lon, _ in found], [lat * self._degrees for _, lat in found]


def _open(path: str) -> Any:
    is_tiff = path.lower().endswith((".tif", ".tiff"))
    gdal.PushErrorHandler("CPLQuietErrorHandler")
    try:
        dataset = gdal.OpenEx(path, gdal.OF_RASTER, ["GTiff"] if is_tiff else [])
    except RuntimeError:  # where somebody has told GDAL to raise
        dataset = None
    finally:
        gdal.PopErrorHandler()
    if dataset is None:
        raise errors.RasterError(f"{path} is not a raster that can be read.")
    return dataset


def _dtype(band: Any) -> str:
    return np.dtype(gdal_array.GDALTypeCodeToNumericTypeCode(band.DataType)).name


def _nodata(band: Any, dtype: str) -> float | None:
    """Return the nodata value; like rasterio, none where the type cannot hold it."""
    value = band.GetNoDataValue()
    if value is None or np.dtype(dtype).kind not in "iu":
        return value
    limits = np.iinfo(dtype)
    return value if limits.min <= value <= limits.max else None


def _or(value: float | None, usual: float) -> float:
    return usual if value is None else value
