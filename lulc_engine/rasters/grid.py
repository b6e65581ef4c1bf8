"""Grids and windows: where the pixels of a raster are, as value objects."""

from __future__ import annotations

import math
from dataclasses import dataclass

import rasterio
from affine import Affine
from rasterio.crs import CRS
from rasterio.windows import Window as RasterioWindow


@dataclass(frozen=True, slots=True)
class Window:
    """A rectangle of pixels: offsets from the raster's first row and column, and its size."""

    row_off: int
    col_off: int
    height: int
    width: int

    def __post_init__(self) -> None:
        if self.height < 0 or self.width < 0:
            raise ValueError(f"a window cannot have the size {self.height} x {self.width}")

    @property
    def row_stop(self) -> int:
        """The row after the last one."""
        return self.row_off + self.height

    @property
    def col_stop(self) -> int:
        """The column after the last one."""
        return self.col_off + self.width

    def intersect(self, other: Window) -> Window:
        """Return the common part; of size zero where there is none."""
        row, col = max(self.row_off, other.row_off), max(self.col_off, other.col_off)
        return Window(
            row,
            col,
            max(0, min(self.row_stop, other.row_stop) - row),
            max(0, min(self.col_stop, other.col_stop) - col),
        )

    def relative_to(self, other: Window) -> tuple[slice, slice]:
        """Return slices that cut this window out of an array that covers the other."""
        row, col = self.row_off - other.row_off, self.col_off - other.col_off
        return slice(row, row + self.height), slice(col, col + self.width)

    def to_rasterio(self) -> RasterioWindow:
        """Return the window as rasterio writes it."""
        return RasterioWindow(self.col_off, self.row_off, self.width, self.height)


@dataclass(frozen=True)
class Grid:
    """CRS, geotransform and size of a raster.

    ``crs`` is None where the raster has none; ``transform`` maps (column, row) to CRS coordinates
    and may be rotated or south-up.
    """

    crs: CRS | None
    transform: Affine
    width: int
    height: int

    @classmethod
    def of(cls, dataset: rasterio.DatasetReader) -> Grid:
        """Return the grid of an open raster."""
        return cls(dataset.crs, dataset.transform, dataset.width, dataset.height)

    @property
    def window(self) -> Window:
        """The whole raster as a window."""
        return Window(0, 0, self.height, self.width)

    def crop(self, window: Window) -> Grid:
        """Return the grid of a window."""
        shifted = self.transform * Affine.translation(window.col_off, window.row_off)
        return Grid(self.crs, shifted, window.width, window.height)

    def is_aligned_with(self, other: Grid) -> bool:
        """Return whether both have the same CRS and pixel lattice (up to 1 % of a pixel)."""
        if self.crs != other.crs:
            return False
        steps = ~self.transform * other.transform
        corner = steps * (other.width, other.height)
        wanted = (round(steps.c) + other.width, round(steps.f) + other.height)
        near = [
            abs(steps.c - round(steps.c)),
            abs(steps.f - round(steps.f)),
            abs(corner[0] - wanted[0]),
            abs(corner[1] - wanted[1]),
        ]
        return bool(max(near) < 0.01)

    def outline(self) -> list[tuple[float, float]]:
        """Return the corners in CRS coordinates, in ring order (right also when rotated)."""
        corners = ((0, 0), (self.width, 0), (self.width, self.height), (0, self.height))
        return [self.transform * corner for corner in corners]

    def bounds(self) -> tuple[float, float, float, float]:
        """Return the smallest and largest coordinates: west, south, east, north."""
        xs, ys = zip(*self.outline(), strict=True)
        return min(xs), min(ys), max(xs), max(ys)

    def pixel_size(self) -> tuple[float, float]:
        """Return the lengths of a pixel's sides along columns and rows, in CRS units."""
        t = self.transform
        return math.hypot(t.a, t.d), math.hypot(t.b, t.e)
