"""Reading one band of any raster on the grid of another, by nearest neighbour."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import shapely
from rasterio._err import CPLE_BaseError
from rasterio.enums import ColorInterp, MaskFlags, Resampling
from rasterio.errors import CRSError, RasterioError
from rasterio.vrt import WarpedVRT
from rasterio.warp import transform_bounds

from lulc_engine.errors import RasterError
from lulc_engine.rasters.files import open_raster, readable_errors
from lulc_engine.rasters.grid import Grid, Window


class AlignedBand:
    """The first band of a raster as if it had another raster's grid.

    Rasters on the same pixel lattice are read directly; others are resampled by nearest neighbour,
    which never invents values. A raster without CRS must have the grid's size and is then taken to
    lie exactly on it.

    Attributes:
        notes: what the user should know: that it was resampled, or that there are more bands.

    Raises:
        RasterError: the raster cannot be read, is a picture, or cannot be placed on the grid.
    """

    def __init__(self, path: str | Path, grid: Grid) -> None:
        self.path = Path(path)
        self.grid = grid
        self._source = open_raster(path)
        self.notes: list[str] = []
        self._shift = (0, 0)
        self._warped: WarpedVRT | None = None
        with readable_errors(path):
            self.tags: dict[str, str] = dict(self._source.tags())
            uses = self._source.colorinterp
            self._alpha = next((n for n, u in enumerate(uses, 1) if u == ColorInterp.alpha), None)
            flags = self._source.mask_flag_enums[0]
            self._has_mask = MaskFlags.per_dataset in flags and MaskFlags.alpha not in flags
            self._look_at_bands()
            self._place()

    @property
    def dtype(self) -> np.dtype:
        """The type of the values."""
        dtype: np.dtype = np.dtype(self._source.dtypes[0])
        return dtype

    @property
    def nodata(self) -> float | None:
        """The nodata value of the file, or None."""
        nodata: float | None = self._source.nodatavals[0]
        return nodata

    def colormap(self) -> dict[int, tuple[int, int, int]]:
        """Return the colour table by value; empty where there is none."""
        try:
            table = self._source.colormap(1)
        except ValueError:
            return {}
        return {value: rgba[:3] for value, rgba in table.items()}

    def read(self, window: Window) -> tuple[np.ndarray, np.ndarray]:
        """Return values and coverage, both (H, W), of a window of the grid.

        Coverage is False outside the raster and where its alpha band is 0; nodata values are not
        looked at.
        """
        if self._warped is not None:
            return self._read_warped(self._warped, window)
        there = self._shifted(window, 1)
        inside = there.intersect(Grid.of(self._source).window)
        values = np.zeros((window.height, window.width), dtype=self.dtype)
        covered = np.zeros(values.shape, dtype=bool)
        if inside.height and inside.width:
            place = inside.relative_to(there)
            with readable_errors(self.path):
                values[place] = self._source.read(1, window=inside.to_rasterio())
                covered[place] = True
                if self._alpha is not None:
                    covered[place] = self._source.read(self._alpha, window=inside.to_rasterio()) > 0
                if self._has_mask:
                    covered[place] &= self._source.read_masks(1, window=inside.to_rasterio()) > 0
        return values, covered

    def overlaps(self) -> bool:
        """Return whether the raster lies on the grid, or may."""
        if self._warped is None:
            common = self._shifted(self.grid.window, 1).intersect(Grid.of(self._source).window)
            return common.height > 0 and common.width > 0
        own = Grid.of(self._source)
        try:
            there = transform_bounds(self.grid.crs, own.crs, *self.grid.bounds())
        except (RasterioError, CRSError, CPLE_BaseError):
            return True  # not known
        return bool(shapely.box(*there).intersects(shapely.box(*own.bounds())))

    def to_grid(self, window: Window) -> Window | None:
        """Return where a window of the file lies on the grid, None where the file is resampled."""
        return None if self._warped is not None else self._shifted(window, -1)

    def from_grid(self, window: Window) -> Window | None:
        """Return where a window of the grid lies in the file, None where the file is resampled."""
        return None if self._warped is not None else self._shifted(window, 1)

    def close(self) -> None:
        """Close the files."""
        if self._warped is not None:
            self._warped.close()
        self._source.close()

    def _shifted(self, window: Window, sign: int) -> Window:
        row, col = sign * self._shift[0], sign * self._shift[1]
        return Window(window.row_off + row, window.col_off + col, window.height, window.width)

    def _look_at_bands(self) -> None:
        """Refuse a picture, of which band 1 is the share of red; say that only one band is read."""
        colours = {ColorInterp.red, ColorInterp.green, ColorInterp.blue}
        if colours <= set(self._source.colorinterp):
            raise RasterError(
                f"{self.path} is a picture of red, green and blue, not one band of values.",
                "Give a raster of one band, such as class ids.",
            )
        count = self._source.count - (self._alpha is not None)
        if count > 1:
            self.notes.append(f"{self.path.name} has {count} bands; the first was read.")

    def _place(self) -> None:
        own = Grid.of(self._source)
        if own.crs is None or self.grid.crs is None:
            if (own.height, own.width) != (self.grid.height, self.grid.width):
                raise RasterError(
                    f"{self.path} cannot be placed: a coordinate reference system is missing.",
                    "Assign the right CRS to both rasters.",
                )
            self.notes.append(f"{self.path.name} has no CRS; it was taken to cover the grid.")
            return
        if own.is_aligned_with(self.grid):
            steps = ~own.transform * self.grid.transform
            self._shift = (round(steps.f), round(steps.c))
            return
        self.notes.append(f"{self.path.name} was brought to the grid by nearest neighbour.")
        try:
            self._warped = WarpedVRT(
                self._source,
                crs=self.grid.crs,
                transform=self.grid.transform,
                width=self.grid.width,
                height=self.grid.height,
                resampling=Resampling.nearest,
                src_nodata=None,
                nodata=None,
                add_alpha=self._alpha is None,
            )
        except (RasterioError, CRSError, CPLE_BaseError) as err:
            raise RasterError(
                f"{self.path} cannot be brought to the grid of the scene.", "Check the CRS of both."
            ) from err

    def _read_warped(self, warped: WarpedVRT, window: Window) -> tuple[np.ndarray, np.ndarray]:
        values = np.zeros((window.height, window.width), dtype=self.dtype)
        covered = np.zeros(values.shape, dtype=bool)
        inside = window.intersect(self.grid.window)
        if inside.height and inside.width:
            place = inside.relative_to(window)
            area = inside.to_rasterio()
            with readable_errors(self.path):
                values[place] = warped.read(1, window=area)
                covered[place] = warped.read(self._alpha or warped.count, window=area) > 0
        return values, covered
