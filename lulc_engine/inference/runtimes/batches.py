"""Applying a prepared patch classifier to windows of an image, in batches of one shape."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from lulc_engine.inference.runtimes import Prediction, Wanted
from lulc_engine.inference.runtimes.prepared import Prepared

# Pixels of a batch: enough to be busy with, and features stay near the processor's cache.
_BATCH_PX = 2**16
_LARGEST_BATCH = 512


def batch_size(size: int) -> int:
    """Return how many windows of some side are computed at once."""
    return min(max(_BATCH_PX // size**2, 1), _LARGEST_BATCH)


class BatchRuntime:
    """Cuts windows out of an image and executes them, each batch in a thread of its own.

    Args:
        prepared: executes batches of ``batch_size(size)`` windows.
        wanted: what it gives.
        size: side of the windows.
        step: pixels from one window to the next.
        threads: batches that are computed at the same time.
        check: called now and then; raises to stop.
    """

    streams = 1

    def __init__(
        self,
        prepared: Prepared,
        wanted: Wanted,
        size: int,
        step: int,
        threads: int,
        check: Callable[[], None],
    ) -> None:
        self._prepared, self._wanted, self._check = prepared, wanted, check
        self._size, self._step, self._count = size, step, batch_size(size)
        self._pool = ThreadPoolExecutor(threads)

    def run(self, values: np.ndarray, valid: np.ndarray, known: np.ndarray) -> Prediction:
        """Return a result for each window (n, m) of the values; 0 where not known."""
        rows, columns = np.nonzero(known)
        starts = range(0, len(rows), self._count)
        shape, step = (self._size, self._size), self._step
        # (n, m, C, k, k) and (n, m, k, k), without a copy
        windows = np.lib.stride_tricks.sliding_window_view(values, shape, (1, 2))
        windows = np.moveaxis(windows[:, ::step, ::step], 0, 2)
        inside = np.lib.stride_tricks.sliding_window_view(valid, shape)[::step, ::step]

        def batch(start: int) -> list[np.ndarray]:
            self._check()
            some = slice(start, start + self._count)
            places = (rows[some], columns[some])
            return self._infer(windows[places], inside[places])

        found = list(self._pool.map(batch, starts))
        return Prediction.of(
            (_placed(known, np.concatenate(parts)) for parts in zip(*found, strict=True)),
            self._wanted,
        )

    def _infer(self, values: np.ndarray, valid: np.ndarray) -> list[np.ndarray]:
        """Return the outputs for some windows, at most a batch."""
        count = len(values)
        if count < self._count:
            more = np.zeros((self._count - count, *values.shape[1:]), values.dtype)
            values = np.concatenate([values, more])
            valid = np.concatenate([valid, more[:, 0] != 0])
        return [part[:count] for part in self._prepared.infer(values, valid)]


def _placed(known: np.ndarray, results: np.ndarray) -> np.ndarray:
    """Return results (N) or (N, K) at the N places that are known: (n, m) or (K, n, m)."""
    whole = np.zeros((*results.shape[1:], *known.shape), results.dtype)
    whole[..., known] = results.T
    return whole
