"""How long a classification took, told so that the next one on the same computer can be foreseen.

Standard library and Python 3.9 syntax only: the QGIS plugin imports this module.

Work is counted in windows: what a segmenter labels, a pixel, and what a patch classifier labels, a
patch. Time is what comes before the first window, whatever the scene, and a rate after it.
"""

from __future__ import annotations

from typing import Any, Dict, Optional

# Up to this side a window of a patch classifier stands for the pixel in its middle.
SMALL_PX = 15


def network_name(spec: Any) -> str:
    """Return what decides the speed of a network: its name, its encoder, the size of its patches.

    Args:
        spec: a `models.card.ModelSpec`.
    """
    parts = [spec.architecture, str(spec.settings.get("encoder", ""))]
    if spec.patch is not None:
        parts.append(f"{spec.settings.get('resize_px') or spec.patch.size_px} px")
    return " ".join(part for part in parts if part)


def step_px(spec: Any, stride: Optional[int], per_pixel: bool) -> int:
    """Return the step between windows in pixels; 1 for segmenters.

    Args:
        spec: a `models.card.ModelSpec`.
        stride: STRIDE, None where it is not given.
        per_pixel: PER_PIXEL.
    """
    if spec.patch is None:
        return 1
    if stride is not None:
        return stride
    size = int(spec.patch.size_px)
    if size <= SMALL_PX:
        return 1
    return size // 2 if per_pixel else size


def told(network: str, windows: float, before_s: float, windows_s: float) -> Dict[str, Any]:
    """Return what a result says of its speed.

    Args:
        network: see `network_name`.
        windows: how many were classified.
        before_s: seconds until the first one began.
        windows_s: seconds from there to the last one.
    """
    return {
        "network": network,
        "windows": windows,
        "before_s": round(before_s, 3),
        "windows_s": round(windows_s, 3),
    }
