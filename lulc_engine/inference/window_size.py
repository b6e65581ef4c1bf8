"""How large the windows of a segmenter are: the larger, the less is computed twice in halos."""

from __future__ import annotations

import math

from lulc_engine.models.card import ModelSpec

# What one window may take, and all that are computed at once.
_WINDOW_BYTES = 400 * 2**20
_ALL_BYTES = 3 * 2**30
# What is read for one window; some wait while others are computed.
_READ_BYTES = 128 * 2**20
# Of models whose card does not say; the Mobile-UNet has 192.
_USUAL_FLOATS_PER_PX = 256
_SMALLEST_PX, _LARGEST_PX = 256, 2048
# Larger windows save little, and what a window needs no longer fits the processor's cache.
_LEAST_CORE_SHARE = 0.85


def window_side(spec: ModelSpec, margin: int, at_once: int) -> int:
    """Return the side of a segmenter's windows in pixels, a multiple of its stride.

    It is the largest that fits the memory in float32, but not larger than needed for cores to have
    most of the windows' area.

    Args:
        spec: the model.
        margin: pixels at each end of a window that are not kept: the network's reach.
        at_once: windows that are computed at the same time.
    """
    window_bytes = min(_WINDOW_BYTES, _ALL_BYTES // at_once)
    fits = math.isqrt(window_bytes // (4 * (spec.floats_per_px or _USUAL_FLOATS_PER_PX)))
    fits = min(fits, math.isqrt(_READ_BYTES // (4 * len(spec.bands))))
    enough = 2 * margin / (1 - math.sqrt(_LEAST_CORE_SHARE))
    side = min(max(min(fits, math.ceil(enough)), _SMALLEST_PX), _LARGEST_PX)
    return max(side // spec.stride, 1) * spec.stride
