"""Choosing the arithmetic of a training: 32 bits, or bfloat16 where that is faster."""

from __future__ import annotations

import contextlib

import torch

IN_BFLOAT16 = "Trained in bfloat16, for which this processor has instructions."
# Below this side of a patch, what autocast itself costs is more than what it saves.
_SMALLEST_PX = 32


def prefers_bfloat16(device: torch.device, size_px: int) -> bool:
    """Return whether the network's body should be trained in bfloat16.

    Only on processors with instructions for it (AVX-512 BF16, AMX), where a SpectralNet trains
    1.5 to 2 times as fast and a Mobile-UNet 2 to 2.5 times; weights, losses and statistics stay in
    float32. It is decided by what the processor is, never by a measurement, so that the same seed
    gives the same model.

    Args:
        device: where training runs.
        size_px: side of the patches or windows.
    """
    if device.type != "cpu" or size_px < _SMALLEST_PX:
        return False
    ask = getattr(torch.cpu, "get_capabilities", None)  # not in every torch
    can = ask() if ask is not None else {}
    return bool(can.get("avx512_bf16") or can.get("amx_bf16"))


def low_precision(device: torch.device, wanted: bool) -> contextlib.AbstractContextManager[object]:
    """Return a context in which networks compute in bfloat16, or one that changes nothing."""
    if not wanted:
        return contextlib.nullcontext()
    return torch.autocast(device.type, torch.bfloat16)
