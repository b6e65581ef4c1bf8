"""How much of a raster GDAL must keep, so that neighbouring windows do not decode the same blocks.

A file is decoded block by block, and blocks seldom end where windows do. The worst are files in
strips, as GDAL writes them unless told otherwise: a window of any width decodes whole rows, and a
cache that is a little smaller than a row of windows keeps nothing at all of use.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from lulc_engine.rasters.grid import Window

# A whole row of windows is kept where it takes no more than this, or saves much and takes not more
# than that.
_CHEAP_BYTES, _DEAR_BYTES = 128 * 2**20, 512 * 2**20
# Rasters whose neighbouring windows need more are decoded anew for each, which takes so much longer
# that this much memory is the lesser evil.
_LEAST_BYTES, _MOST_BYTES = 32 * 2**20, 1280 * 2**20
# How often a block may be decoded for the rows of windows that it reaches into. With blocks of 256
# and 512 px it is up to twice, a twentieth of what a network takes; the large blocks of JPEG 2000
# are slow to decode and reach into three.
_MOST_TIMES = 2.5
# GDAL counts more than the pixels, and masks are read besides.
_ROOM = 1.15


@dataclass(frozen=True, slots=True)
class BlockLayout:
    """How a raster is stored.

    Attributes:
        height: rows of the raster.
        width: columns of the raster.
        rows: rows of a block.
        columns: columns of a block.
        bytes_per_px: of all bands that are decoded together.
    """

    height: int
    width: int
    rows: int
    columns: int
    bytes_per_px: int

    @property
    def in_strips(self) -> bool:
        """Whether a block reaches over the whole width, and there are several."""
        return self.columns >= self.width and self.rows < self.height


@dataclass(frozen=True, slots=True)
class Reading:
    """How windows are to be read.

    Attributes:
        threads: threads that read, each with a handle and blocks of its own.
        cache_bytes: what GDAL may keep, for all of them.
        repeats: whether blocks are decoded again for every window all the same.
    """

    threads: int
    cache_bytes: int
    repeats: bool


def plan_reading(layout: BlockLayout, windows: Collection[Window], threads: int) -> Reading:
    """Return how windows of one size, given row by row, are read with little decoded twice.

    Strips are read by one thread, because each handle would decode all of them.

    Args:
        layout: of the raster.
        windows: what will be read; not empty.
        threads: how many may read.
    """
    first = next(iter(windows))
    threads = 1 if layout.in_strips else threads
    rows = _reach(first.height, layout.rows, layout.height)
    width = _reach(layout.width, layout.columns, layout.width)
    # One thread goes on with the neighbouring window, several leave it to each other.
    near = _reach((2 if threads == 1 else 1) * first.width, layout.columns, layout.width)
    near_bytes, row_bytes = (
        int(_ROOM * threads * rows * columns * layout.bytes_per_px) for columns in (near, width)
    )
    times = len({window.row_off for window in windows}) * (first.height + layout.rows)
    saves_much = times > _MOST_TIMES * layout.height
    keeps_row = row_bytes <= (_DEAR_BYTES if saves_much else _CHEAP_BYTES)
    wanted = row_bytes if keeps_row else near_bytes
    cache = min(max(wanted, _LEAST_BYTES), _MOST_BYTES)
    return Reading(threads, cache, near_bytes > _MOST_BYTES)


def _reach(size: int, block: int, whole: int) -> int:
    """Return the most pixels of the blocks that so many neighbouring pixels lie in."""
    blocks = (size - 2) // block + 2 if size > 1 else 1
    return min(blocks, -(-whole // block)) * block
