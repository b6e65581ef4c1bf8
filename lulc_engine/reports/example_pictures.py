"""Small pictures of data for reports: an image in colours, and classes in those of the legend."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.image import imsave

from lulc_engine.rasters.bands import Band
from lulc_engine.rasters.legend import Legend

# Colour composites, the first whose bands are all there: as the eye sees it, else colour infrared.
_COMPOSITES = (("red", "green", "blue"), ("nir", "red", "green"), ("nir08", "red", "green"))
_LOW, _HIGH = 2, 98  # percentiles between which values become dark to bright
_GAMMA = 0.75  # below 1 shows more in the dark, as of forest and water
NOT_LABELLED = (238, 240, 243)

Colors = npt.NDArray[np.uint8]


def composite(bands: Sequence[Band]) -> tuple[tuple[int, ...], str]:
    """Return which bands are shown, three or one, and what that is called.

    Args:
        bands: of the images, in their order.
    """
    places = {band.role: number for number, band in enumerate(bands) if band.role}
    for roles in _COMPOSITES:
        if all(role in places for role in roles):
            return tuple(places[role] for role in roles), ", ".join(roles)
    shown = tuple(range(3)) if len(bands) >= 3 else (0,)
    return shown, ", ".join(bands[number].role or bands[number].name for number in shown)


def stretched(images: Sequence[np.ndarray], shown: Sequence[int]) -> list[Colors]:
    """Return images (H, W, 3) in colours that are the same for all of them.

    Bytes stay as they are. Other values are stretched between the 2nd and 98th percentile of each
    band over all images, so that images can be compared. What is not finite is white.

    Args:
        images: (C, H, W) each, NaN where not valid.
        shown: three bands, or one for grey.
    """
    picked = [np.asarray(image)[list(shown)] for image in images]
    if all(image.dtype == np.uint8 for image in picked):
        return [_rgb(image) for image in picked]
    values = np.concatenate([image.reshape(len(shown), -1) for image in picked], axis=1)
    values = np.where(np.isfinite(values), values.astype(np.float64), np.nan)
    known = [row[np.isfinite(row)] for row in values]
    edges = [np.percentile(row, [_LOW, _HIGH]) if len(row) else (0.0, 1.0) for row in known]
    found = []
    for image in picked:
        scaled = [
            (band.astype(np.float64) - low) / max(high - low, 1e-12)
            for band, (low, high) in zip(image, edges, strict=True)
        ]
        bytes_ = np.nan_to_num(np.clip(np.stack(scaled), 0, 1) ** _GAMMA, nan=1.0) * 255
        found.append(_rgb(np.rint(bytes_).astype(np.uint8)))
    return found


def painted(labels: np.ndarray, legend: Legend) -> Colors:
    """Return class indices (H, W) as colours (H, W, 3); what has no label is light grey.

    Args:
        labels: -1 for no label.
        legend: the classes.
    """
    table = np.array([*(item.color[:3] for item in legend.classes), NOT_LABELLED], np.uint8)
    colors: Colors = table[np.where(labels < 0, len(legend), labels)]
    return colors


def png_address(colors: Colors) -> str:
    """Return an image (H, W, 3) as the address of a PNG that a page holds itself."""
    stream = io.BytesIO()
    imsave(stream, colors, format="png")
    return f"data:image/png;base64,{base64.b64encode(stream.getvalue()).decode('ascii')}"


def _rgb(bands: np.ndarray) -> Colors:
    """Return one or three bands (n, H, W) as (H, W, 3)."""
    three = np.broadcast_to(bands, (3, *bands.shape[1:])) if len(bands) == 1 else bands
    return np.ascontiguousarray(np.moveaxis(three, 0, -1))
