"""Applying what gives a result for each window at regular steps, block by block.

The image goes through the network in blocks whose features stay in the cache of a core, and threads
never wait for each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from lulc_engine.inference.runtimes import Prediction

# Side of a block in pixels, without what its last windows reach over.
BLOCK_PX = 128


class BlockRuntime:
    """Executes blocks of one shape, each in a thread of its own.

    Args:
        block: from values (C, H, W) and validity (H, W) to a result for each window in them.
        cells: side of a block in windows; at the end of the image it is continued by nothing. None
            to take the whole image for one block.
        size: side of the windows.
        step: pixels from one window to the next.
        pool: the threads.
        check: called now and then; raises to stop.
    """

    streams = 1

    def __init__(
        self,
        block: Callable[[np.ndarray, np.ndarray], Prediction],
        cells: int | None,
        size: int,
        step: int,
        pool: ThreadPoolExecutor,
        check: Callable[[], None],
    ) -> None:
        self._block, self._cells, self._pool, self._check = block, cells, pool, check
        self._size, self._step = size, step

    def run(self, values: np.ndarray, valid: np.ndarray, known: np.ndarray) -> Prediction:
        """Return a result for each window (n, m) of the values; 0 in blocks without a known one."""
        height, width = known.shape
        every = _blocks(height, width, self._cells or max(height, width))
        blocks = [block for block in every if known[block].any()]
        found = list(self._pool.map(lambda block: self._run_block(values, valid, block), blocks))
        return _joined(known.shape, blocks, found)

    def _run_block(
        self, values: np.ndarray, valid: np.ndarray, block: tuple[slice, slice]
    ) -> Prediction:
        self._check()
        height, width = (part.stop - part.start for part in block)
        some = tuple(self._pixels(part.start, part.stop) for part in block)
        values, valid = values[(slice(None), *some)], valid[some]
        if self._cells is not None:
            full = self._pixels(0, self._cells).stop
            missing = tuple((0, full - length) for length in valid.shape)
            values, valid = np.pad(values, ((0, 0), *missing)), np.pad(valid, missing)
        return self._block(values, valid).cut((slice(0, height), slice(0, width)))

    def _pixels(self, first: int, stop: int) -> slice:
        """Return the pixels that windows see along a side."""
        return slice(first * self._step, (stop - 1) * self._step + self._size)


def _blocks(height: int, width: int, side: int) -> Iterator[tuple[slice, slice]]:
    """Yield parts of (height, width)."""
    for row in range(0, height, side):
        for column in range(0, width, side):
            yield slice(row, min(row + side, height)), slice(column, min(column + side, width))


def _joined(
    shape: tuple[int, ...], blocks: list[tuple[slice, slice]], found: list[Prediction]
) -> Prediction:
    """Return the blocks in one, 0 where there is none."""

    def join(parts: list[np.ndarray | None]) -> np.ndarray | None:
        first = parts[0]
        if first is None:
            return None
        whole = np.zeros((*first.shape[:-2], *shape), first.dtype)
        for block, part in zip(blocks, parts, strict=True):
            whole[(..., *block)] = part
        return whole

    return Prediction(
        join([one.classes for one in found]),
        join([one.confidence for one in found]),
        join([one.probabilities for one in found]),
    )
