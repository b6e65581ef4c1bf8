"""Spatial blocks: the units that points and label rasters are split by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from rasterio.warp import transform as transform_points

from lulc_engine.rasters.grid import Grid, Window

_BLOCKS_PER_SIDE = 6
_SIDE_PX = (16, 256)


@dataclass(frozen=True)
class BlockLattice:
    """Square blocks on the grid of one scene, which number pixels of every scene.

    A place keeps its block in every scene, so that two dates of one area never end up on both
    sides of a split.

    Attributes:
        grid: grid of the first scene.
        block_px: side of a block in its pixels.
    """

    grid: Grid
    block_px: int

    def units(self, grid: Grid, window: Window) -> np.ndarray:
        """Return block numbers (H, W) int64 of a window of any grid; negative ones are valid."""
        here = grid.crop(window)
        columns, rows = np.meshgrid(np.arange(window.width) + 0.5, np.arange(window.height) + 0.5)
        steps = ~self.grid.transform
        if grid.crs == self.grid.crs or grid.crs is None or self.grid.crs is None:
            own_columns, own_rows = (steps * here.transform) * (columns, rows)
        else:
            xs, ys = here.transform * (columns.ravel(), rows.ravel())
            moved = transform_points(grid.crs, self.grid.crs, xs, ys)
            own = steps * (np.array(moved[0]), np.array(moved[1]))
            own_columns, own_rows = (part.reshape(columns.shape) for part in own)
        row_number = np.floor(own_rows / self.block_px).astype(np.int64)
        col_number = np.floor(own_columns / self.block_px).astype(np.int64)
        numbers: np.ndarray = row_number * 2**24 + col_number
        return numbers


def choose_block_px(window: Window) -> int:
    """Return a block side so that the labels' extent holds about six by six blocks."""
    side = min(window.height, window.width) // _BLOCKS_PER_SIDE
    return max(_SIDE_PX[0], min(_SIDE_PX[1], side))
