"""What a training ran on, for whoever wants to know what its time means."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import torch

_GIB = 2**30


def describe_hardware(device: torch.device) -> dict[str, str | int | float | None]:
    """Return ``processor``, ``cores``, ``memory_gib``, ``gpu`` and ``system`` of this machine.

    What cannot be found out is None; ``gpu`` is the device that was computed on, if it is one.
    """
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gib": _memory_gib(),
        "gpu": _gpu(device),
        "system": f"{platform.system()} {platform.release()}",
    }


def _processor() -> str | None:
    """Return the processor's name; Linux tells it in a file only."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return next(iter(names), "") or platform.processor() or platform.machine() or None


def _memory_gib() -> float | None:
    try:
        size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # Windows has no such question
        return None
    return round(size / _GIB, 1)


def _gpu(device: torch.device) -> str | None:
    if device.type == "cuda":
        return str(torch.cuda.get_device_name(device))
    return "Apple GPU" if device.type == "mps" else None
