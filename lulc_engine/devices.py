"""Choosing where to compute, and making it repeatable."""

from __future__ import annotations

import contextlib
import ctypes
import os
import random
import sys
from typing import Any

import numpy as np
import torch

from lulc_engine.errors import EnvironmentFailure


def choose_device(wanted: str) -> torch.device:
    """Return the device for auto, cpu, cuda or mps.

    Raises:
        EnvironmentFailure: a wanted device is not there.
    """
    available = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if wanted == "auto":
        return torch.device(next(name for name, there in available.items() if there))
    if not available[wanted]:
        raise EnvironmentFailure(
            f"This machine has no {wanted} device that PyTorch can use.",
            "Choose auto or cpu; for a GPU of NVIDIA, set up the engine for CUDA.",
        )
    return torch.device(wanted)


def use_threads(count: int) -> int:
    """Set the number of processor threads, 0 meaning all cores; return the number."""
    chosen = count or len(os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else ())
    chosen = chosen or os.cpu_count() or 1
    torch.set_num_threads(chosen)
    _reuse_memory()
    return chosen


def _reuse_memory() -> None:
    """Keep freed memory for the next tensor instead of handing it back to the system.

    The C library of Linux maps and unmaps every large tensor anew, and clearing the pages takes
    more time than the network's arithmetic. Elsewhere nothing changes.
    """
    if not sys.platform.startswith("linux"):
        return
    trim_threshold, mmap_max = -1, -4
    with contextlib.suppress(OSError, AttributeError):  # another C library than glibc
        library = ctypes.CDLL(None)
        library.mallopt(mmap_max, 0)
        library.mallopt(trim_threshold, 2**31 - 1)


def make_repeatable(seed: int) -> np.random.Generator:
    """Seed everything and ask for deterministic kernels; return the generator to draw from.

    Same seed, same machine and same number of threads give the same model.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # what CUDA needs for it
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)
    torch.set_deterministic_debug_mode("warn")  # the other spelling loads a compiler first
    deterministic: Any = torch.utils.deterministic
    deterministic.fill_uninitialized_memory = False  # which only costs time
    return np.random.default_rng(seed)


def random_states(device: torch.device) -> dict[str, torch.Tensor]:
    """Return the states of torch's own generators, which dropout draws from."""
    states = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        states["cuda"] = torch.cuda.get_rng_state(device)
    return states


def restore_random_states(states: dict[str, torch.Tensor], device: torch.device) -> None:
    """Go on from the states of `random_states`."""
    torch.set_rng_state(states["cpu"])
    if device.type == "cuda" and "cuda" in states:
        torch.cuda.set_rng_state(states["cuda"], device)
