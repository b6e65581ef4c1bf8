"""What a process of the engine sets before any library is loaded."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
import warnings

# Of mallopt(3).
_M_ARENA_MAX = -8
_ARENAS = 2
# Warnings of rasterio about rasters without a place, of which the engine tells in its own words.
_SAID_BETTER = ("Dataset has no geotransform", "The given matrix is equal to Affine.identity")


def prepare_process() -> None:
    """Set what libraries do not set well by themselves; what the user has set is left alone."""
    _let_idle_threads_sleep()
    _share_arenas()
    for text in _SAID_BETTER:
        warnings.filterwarnings("ignore", message=text)


def _let_idle_threads_sleep() -> None:
    """Let idle threads sleep instead of spin.

    Threads that wait for each other in a busy loop cost little on an idle machine and ruin
    everything on a busy one: two trainings at once on two cores were ten times slower each.
    Measured with `benchmarks/waiting_threads.py`. OpenMP reads the variable when it is loaded.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def _share_arenas() -> None:
    """Let all threads take memory from two arenas, on Linux with the GNU C library.

    By default it has up to eight per core, each of which keeps what its threads have freed: memory
    then grows with the number of windows. Measured with `benchmarks/memory.py`.
    """
    if sys.platform != "linux" or "MALLOC_ARENA_MAX" in os.environ:
        return
    with contextlib.suppress(OSError, AttributeError):  # another C library
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, _ARENAS)
