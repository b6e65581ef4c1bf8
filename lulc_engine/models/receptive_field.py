"""How far a network looks, found by following a value that cannot be lost."""

from __future__ import annotations

import torch
from torch import nn

# A halo beyond this costs more than the map gains; such networks are overlapped instead.
LARGEST_HALO_PX = 256


def measure_halo(body: nn.Module, channels: int) -> int | None:
    """Return the reach of a body in pixels, or None if it is larger than `LARGEST_HALO_PX`.

    A row of NaN passes through convolutions, pooling, resizing and activations and marks every
    output that depends on it, whatever the weights are. Every position of the row relative to the
    body's stride is tried, because pooling makes the reach depend on it. Attention over the whole
    image and global pooling mark everything: their reach has no bound.

    Args:
        body: a network for normalised channels, with a ``stride``; left in eval mode as found.
        channels: its number of inputs.
    """
    stride = int(body.stride)  # type: ignore[arg-type]
    middle = -(-(LARGEST_HALO_PX + stride) // stride) * stride
    was_training = body.training
    body.eval()
    reach = 0
    try:
        with torch.inference_mode():
            for phase in range(0, stride, _phase_step(stride)):
                reached = _reached_rows(body, channels, middle + phase, 2 * middle, stride)
                if reached is None or reached > LARGEST_HALO_PX:
                    return None
                reach = max(reach, reached)
    finally:
        body.train(was_training)
    return reach


def _phase_step(stride: int) -> int:
    """Return the step between tried phases: all up to 8, then the two ends and some between."""
    return 1 if stride <= 8 else stride - 1


def _reached_rows(body: nn.Module, channels: int, row: int, height: int, stride: int) -> int | None:
    image = torch.zeros(1, channels, height, 2 * stride)
    image[:, :, row] = float("nan")
    marked = torch.isnan(body(image)).any(dim=1)[0].any(dim=1)
    rows = torch.nonzero(marked).flatten()
    if len(rows) == 0 or rows[0] == 0 or rows[-1] == height - 1:
        return None
    return int(max(row - rows[0], rows[-1] - row))
