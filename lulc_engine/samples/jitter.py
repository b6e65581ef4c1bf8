"""Random changes of brightness, for every training loop."""

from __future__ import annotations

import torch
from torch import Tensor


def jittered(
    reflectance: Tensor, spread: Tensor, strength: float, noise: torch.Generator
) -> Tensor:
    """Return reflectance with a random gain per band and a random shift, per image.

    gain = 1 + s (c + b / 2), shift = s spread d / 2, with c normal per image and b, d normal per
    image and band: other light, and haze, which adds to some bands more than to others.

    Args:
        reflectance: (N, C, H, W) float32.
        spread: (C, 1, 1) standard deviation of each band.
        strength: s, as a share of reflectance; 0 changes nothing.
        noise: the source of chance, on the processor.
    """
    if not strength:
        return reflectance
    count, bands = reflectance.shape[:2]
    draw = torch.randn(2, count, bands, 1, 1, generator=noise).to(reflectance.device)
    common = torch.randn(count, 1, 1, 1, generator=noise).to(reflectance.device)
    gain = 1 + strength * (common + 0.5 * draw[0])
    changed: Tensor = reflectance * gain + 0.5 * strength * spread * draw[1]
    return changed
