"""How the values of an explanation are coloured, and the image that they lie over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.colors import Colormap, LinearSegmentedColormap

from lulc_engine.rasters.bands import Band

_GREY_LEVEL = (0.299, 0.587, 0.114)
_GAMMA = 0.8
_NOTHING = 0.85  # grey of pixels without data


@dataclass(frozen=True)
class Scale:
    """How the values of a result are coloured.

    Attributes:
        low: value of the first colour.
        high: value of the last colour.
        label: what the values are.
        colors: of the values from low to high.
        strength: how much of the colour covers the image, at low, in the middle and at high.
    """

    low: float
    high: float
    label: str
    colors: tuple[str, ...]
    strength: tuple[float, float, float]

    def stops(self) -> list[tuple[float, str, int]]:
        """Return value, colour and opacity (0 to 255) for a style of QGIS."""
        count = len(self.colors)
        places = np.linspace(0, 1, count)
        opacity = np.interp(places, (0, 0.5, 1), self.strength)
        values = self.low + places * (self.high - self.low)
        return [
            (float(value), color, round(255 * float(share)))
            for value, color, share in zip(values, self.colors, opacity, strict=True)
        ]

    def colormap(self) -> Colormap:
        """Return the colours for matplotlib."""
        return LinearSegmentedColormap.from_list("explanation", self.colors)


# The inferno of matplotlib: readable with colour-blind eyes and in grey, and see-through below.
_HEAT = ("#000004", "#57106e", "#bc3754", "#f98e09", "#fcffa4")
_VIRIDIS = ("#440154", "#3b528b", "#21918c", "#5ec962", "#fde725")
_DROPS = ("#0072b2", "#7fb8d8", "#ffffff", "#e1ab7f", "#c45800")


def heat_scale() -> Scale:
    """Return the scale of Grad-CAM."""
    return Scale(0.0, 1.0, "Evidence for the class, as a share of the most", _HEAT, (0, 0.6, 0.85))


def drop_scale(largest: float) -> Scale:
    """Return the scale of drops of a probability, up to plus and minus the largest."""
    bound = max(largest, 1e-6)
    label = "Probability lost without the band (blue: gained)"
    return Scale(-bound, bound, label, _DROPS, (0.85, 0, 0.85))


def activation_scale(low: float, high: float) -> Scale:
    """Return the scale of what a layer holds."""
    return Scale(low, max(high, low + 1e-6), "What the layer holds", _VIRIDIS, (0.75, 0.75, 0.75))


def true_colour(
    values: np.ndarray, bands: Sequence[Band], span: tuple[np.ndarray, np.ndarray] | None = None
) -> np.ndarray:
    """Return (H, W, 3) colours 0 to 1 of values (bands, H, W), stretched for the eye.

    Args:
        values: NaN where not valid; grey in the picture.
        bands: red, green and blue are shown where the roles are known, else the first three, or
            one as grey.
        span: values (bands,) of black and of white; None takes those of these values.
    """
    shown = _three(bands)
    known = np.isfinite(values).all(axis=0)
    if not known.any():
        return np.full((*known.shape, 3), _NOTHING)
    low, high = span or value_span(values)
    three = np.moveaxis(values[shown].astype(np.float64), 0, -1)
    share = (three - low[shown]) / np.maximum(high - low, 1e-9)[shown]
    stretched: np.ndarray = np.clip(np.where(known[..., None], share, 0), 0, 1) ** _GAMMA
    stretched[~known] = _NOTHING
    return stretched


def value_span(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the 1st and 99th percentile (bands,) of values (bands, ...), NaN left out."""
    flat = values.reshape(len(values), -1)
    low, high = np.nanpercentile(flat, (1, 99), axis=1)
    return low, high


def _three(bands: Sequence[Band]) -> list[int]:
    """Return the positions of the bands to show as red, green and blue."""
    roles = [band.role for band in bands]
    if {"red", "green", "blue"} <= set(roles):
        return [roles.index(role) for role in ("red", "green", "blue")]
    return [0, 1, 2] if len(bands) >= 3 else [0, 0, 0]


def overlay(image: np.ndarray, values: np.ndarray, scale: Scale) -> np.ndarray:
    """Return the image (H, W, 3) in grey with values (H, W) over it in colour."""
    share = np.clip((values - scale.low) / (scale.high - scale.low), 0, 1)
    known = np.isfinite(share)
    share = np.where(known, share, 0)
    cover = np.where(known, np.interp(share, (0, 0.5, 1), scale.strength), 0)[..., None]
    grey = (image @ np.array(_GREY_LEVEL))[..., None]
    colored: np.ndarray = grey * (1 - cover) + scale.colormap()(share)[..., :3] * cover
    return colored
