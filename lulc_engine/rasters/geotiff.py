"""Writing GeoTIFFs strip by strip, and publishing them as Cloud Optimized GeoTIFFs.

A raster is first written to a plain tiled file beside its destination, in rows of whole blocks,
with a digest of every row; then it is copied to the Cloud Optimized layout with overviews, and the
copy is read back and compared with the digests before it gets its final name. An exception is not
enough to notice a full disk: libraries have been seen to close such files without one.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

import numpy as np
import rasterio
import rasterio.shutil
from rasterio._err import CPLE_BaseError
from rasterio.errors import RasterioError

from lulc_engine.errors import EnvironmentFailure, RasterError
from lulc_engine.outputs import Outputs, friendly_write_errors
from lulc_engine.rasters.grid import Grid
from lulc_engine.rasters.legend import Legend

SUFFIXES = (".tif", ".tiff")
# What GDAL may have left beside an older file of the name, and would believe over the new one.
SIDECARS = (".aux.xml", ".ovr", ".msk")
BLOCK_PX = 512
_FREE_SPACE_HINT = "Free some disk space or choose another folder."


@dataclass(frozen=True)
class Layout:
    """What kind of raster is written.

    Attributes:
        dtype: type of the values.
        nodata: value of pixels without a result.
        bands: number of bands.
        overviews: how overviews are made: mode for classes, average for numbers.
        descriptions: a name per band, or none.
        tags: metadata of the file.
        legend: classes whose colours become the colour table, for one band of bytes or uint16.
        block_px: side of a block.
    """

    dtype: str
    nodata: float
    bands: int = 1
    overviews: str = "mode"
    descriptions: Sequence[str] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    legend: Legend | None = None
    block_px: int = BLOCK_PX


class StripWriter:
    """Writes one raster, given in tiles in row order; use as a context manager.

    Args:
        path: the final path.
        grid: CRS, transform and size of the raster.
        layout: the kind of raster.
        outputs: the set of files that it is published with.

    Raises:
        RasterError: a GeoTIFF cannot hold the grid's CRS.
    """

    def __init__(self, path: str, grid: Grid, layout: Layout, outputs: Outputs) -> None:
        _check_storable(grid)
        self._path, self._grid, self._layout = path, grid, layout
        self._cog = outputs.stage(path, SUFFIXES, self._verify, SIDECARS)
        self._plain = self._cog.with_name(self._cog.name + ".plain.tif")
        self._is_float = np.issubdtype(layout.dtype, np.floating)
        self._digests: list[bytes] = []
        self._buffer_start = 0
        self._buffer = self._empty(0)
        self._target = self._create()

    def __enter__(self) -> StripWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self._finish()
        finally:
            self._close_quietly()
            self._plain.unlink(missing_ok=True)

    def put(self, row_off: int, col_off: int, values: np.ndarray) -> None:
        """Place values (bands, H, W) or (H, W) of a tile; tiles come in row order."""
        values = values.reshape(self._layout.bands, *values.shape[-2:])
        stop = row_off + values.shape[1]
        self._extend_buffer(stop)
        rows = slice(row_off - self._buffer_start, stop - self._buffer_start)
        self._buffer[:, rows, col_off : col_off + values.shape[2]] = values

    def complete_rows(self, row_stop: int) -> None:
        """Say that all tiles above a row have been placed; whole rows of blocks are written."""
        block = self._layout.block_px
        self._extend_buffer(row_stop)  # where no tile of the last rows held anything
        while self._buffer_start + block <= row_stop or (
            row_stop >= self._grid.height and self._buffer_start < self._grid.height
        ):
            count = min(block, self._grid.height - self._buffer_start)
            self._write_strip(self._buffer[:, :count])
            self._buffer = self._buffer[:, count:]
            self._buffer_start += count

    def _extend_buffer(self, row_stop: int) -> None:
        missing = row_stop - self._buffer_start - self._buffer.shape[1]
        if missing > 0:
            self._buffer = np.concatenate([self._buffer, self._empty(missing)], axis=1)

    def _empty(self, rows: int) -> np.ndarray:
        shape = (self._layout.bands, rows, self._grid.width)
        return np.full(shape, self._layout.nodata, dtype=self._layout.dtype)

    def _create(self) -> rasterio.io.DatasetWriter:
        layout, grid = self._layout, self._grid
        try:
            target = rasterio.open(
                self._plain,
                "w",
                driver="GTiff",
                dtype=layout.dtype,
                count=layout.bands,
                width=grid.width,
                height=grid.height,
                crs=grid.crs,
                transform=grid.transform,
                nodata=layout.nodata,
                tiled=True,
                blockxsize=layout.block_px,
                blockysize=layout.block_px,
                interleave="band",
                compress="deflate",
                zlevel=1,
                sparse_ok=True,
                bigtiff="if_safer",
            )
        except (RasterioError, OSError) as err:
            raise EnvironmentFailure(
                f"{self._path} could not be created.", _FREE_SPACE_HINT
            ) from err
        target.update_tags(**layout.tags)
        for number, text in enumerate(layout.descriptions, start=1):
            target.set_band_description(number, text)
        if layout.legend is not None and layout.dtype in ("uint8", "uint16"):
            target.write_colormap(1, {c.id: (*c.color, 255) for c in layout.legend.classes})
        return target

    def _write_strip(self, strip: np.ndarray) -> None:
        strip = np.ascontiguousarray(strip)
        self._digests.append(hashlib.sha256(strip.tobytes()).digest())
        area = ((self._buffer_start, self._buffer_start + strip.shape[1]), (0, self._grid.width))
        if np.array_equal(strip, self._empty(strip.shape[1]), equal_nan=self._is_float):
            return  # blocks that are never written read as nodata and take no space
        with write_errors(self._path):
            self._target.write(strip, window=area)

    def _finish(self) -> None:
        self.complete_rows(self._grid.height)
        with write_errors(self._path):
            self._target.close()
            rasterio.shutil.copy(
                self._plain,
                self._cog,
                driver="COG",
                COMPRESS="DEFLATE",
                LEVEL="6",
                PREDICTOR="NO" if self._layout.legend is not None else "YES",
                BLOCKSIZE=str(self._layout.block_px),
                OVERVIEW_RESAMPLING=self._layout.overviews.upper(),
                OVERVIEWS="AUTO",
                SPARSE_OK="YES",
                BIGTIFF="IF_SAFER",
                NUM_THREADS="1",
            )

    def _close_quietly(self) -> None:
        if not self._target.closed:
            # The file is thrown away; what went wrong is already being raised.
            with contextlib.suppress(RasterioError, CPLE_BaseError, OSError):
                self._target.close()

    def _verify(self, part: Path) -> None:
        """Compare the finished file with what was written."""
        with write_errors(self._path), rasterio.open(part, driver="GTiff") as written:
            same = self._is_as_described(written)
            row = 0
            for digest in self._digests:
                stop = min(row + self._layout.block_px, self._grid.height)
                strip = written.read(window=((row, stop), (0, self._grid.width)))
                same = same and hashlib.sha256(strip.tobytes()).digest() == digest
                row = stop
            if not same or row != self._grid.height:
                raise EnvironmentFailure(
                    f"{self._path} was not stored as it was written; the disk may be full.",
                    _FREE_SPACE_HINT,
                )

    def _is_as_described(self, written: rasterio.DatasetReader) -> bool:
        grid = Grid.of(written)
        place = (grid.width, grid.height, grid.transform)
        return (
            place == (self._grid.width, self._grid.height, self._grid.transform)
            # Not compared further: some come back in other words, such as CRS84 as EPSG:4326.
            and (grid.crs is None) == (self._grid.crs is None)
            and written.dtypes == (self._layout.dtype,) * self._layout.bands
        )


def _check_storable(grid: Grid) -> None:
    """Refuse a CRS that GDAL would put into a file of its own, beside the temporary one."""
    with rasterio.Env(GDAL_PAM_ENABLED="NO"), rasterio.MemoryFile() as memory:
        options = {"driver": "GTiff", "dtype": "uint8", "count": 1, "width": 1, "height": 1}
        with memory.open(crs=grid.crs, transform=grid.transform, **options):
            pass
        with memory.open() as stored:
            lost = grid.crs is not None and stored.crs is None
    if lost:
        raise RasterError(
            "The scene's coordinate reference system cannot be stored in a GeoTIFF.",
            "Reproject the scene, for example to UTM.",
        )


def write_errors(path: str | Path) -> contextlib.AbstractContextManager[None]:
    """Turn GDAL's errors of writing, too, into one that names the file and the cure."""
    return friendly_write_errors(path, RasterioError, CPLE_BaseError)


def map_encoding(legend: Legend) -> tuple[str, int]:
    """Return type and nodata value of a map: 0 is nodata unless it is a class.

    Bytes for ids up to 254, uint16 up to 65534, int32 beyond and for negative ids.
    """
    low, high = min(legend.ids), max(legend.ids)
    if low < 0 or high > 65534:
        return "int32", 0 if 0 not in legend.ids else -(2**31)
    dtype, largest = ("uint8", 255) if high <= 254 else ("uint16", 65535)
    return dtype, 0 if 0 not in legend.ids else largest
