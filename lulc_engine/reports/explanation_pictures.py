"""Pictures of what a model looks at: image and heat side by side, bars of the bands."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from lulc_engine.rasters.legend import Legend
from lulc_engine.reports.drawing import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    Picture,
    new_figure,
    picture,
    style,
    tick_name,
)
from lulc_engine.reports.explanation_colors import Scale, overlay
from lulc_engine.reports.plain_text import decimal, percent, shorten

_WIDTH_IN, _TALLEST_IN = 9.2, 9.0
_PNG_DPI = 130
_MOST_BARS = 5
_UNSEEN = 0.02  # of the longest bar: a shorter one cannot be seen


def scene_figure(
    image: np.ndarray, values: np.ndarray, scale: Scale, titles: Sequence[str]
) -> Figure:
    """Draw a part of a scene and, beside or below it, the values over it.

    Args:
        image: (H, W, 3) colours.
        values: (H, W), NaN where there are none.
        scale: their colours.
        titles: of both.
    """
    height, width = image.shape[:2]
    beside = width < 1.8 * height
    panel = _WIDTH_IN / 2 - 0.1 if beside else _WIDTH_IN
    tall = panel * height / width
    shrink = min(1.0, _TALLEST_IN / tall)
    panel, tall = panel * shrink, tall * shrink
    whole = (2 * panel + 0.2, tall + 1.0) if beside else (panel, 2 * tall + 1.4)
    figure = new_figure(*whole)
    corners = [(0, 0.65), (panel + 0.2, 0.65)] if beside else [(0, tall + 1.05), (0, 0.65)]
    shown = (image, overlay(image, values, scale))
    for corner, pixels, title in zip(corners, shown, titles, strict=True):
        box = (corner[0] / whole[0], corner[1] / whole[1], panel / whole[0], tall / whole[1])
        _show(figure.add_axes(box), pixels, title)
    _color_bar(figure, scale, whole, panel)
    return figure


def scene_picture(
    image: np.ndarray, values: np.ndarray, scale: Scale, titles: Sequence[str], words: str
) -> Picture:
    """Return `scene_figure` for a page."""
    with style():
        return picture(scene_figure(image, values, scale, titles), words)


def scene_png(image: np.ndarray, values: np.ndarray, scale: Scale, titles: Sequence[str]) -> bytes:
    """Return `scene_figure` as a PNG file."""
    with style():
        return _png(scene_figure(image, values, scale, titles))


@dataclass(frozen=True)
class PatchView:
    """What is shown of a patch.

    Attributes:
        name: of the patch.
        image: (k, k, 3) colours.
        values: (k, k) of the result, or drops (bands,).
        shares: probabilities (K,).
        explained: index of the class that is explained.
    """

    name: str
    image: np.ndarray
    values: np.ndarray
    shares: np.ndarray
    explained: int


def patch_figure(view: PatchView, scale: Scale, legend: Legend, bands: Sequence[str]) -> Figure:
    """Draw a patch, the result over it or the bars of its bands, and its likeliest classes."""
    figure = new_figure(7.2, 2.45)
    first, second, third = (
        figure.add_axes(box)
        for box in ((0.0, 0.02, 0.295, 0.84), (0.315, 0.02, 0.295, 0.84), (0.79, 0.1, 0.17, 0.72))
    )
    name = legend.names[view.explained]
    _show(first, view.image, shorten(PurePosixPath(view.name).name, 24))
    if view.values.ndim == 2:
        _show(second, overlay(view.image, view.values, scale), f"for {shorten(name, 20)}")
    else:
        second.set_position((0.4, 0.1, 0.18, 0.72))
        _bars(second, view.values.tolist(), list(bands), 6.5)
        second.set_title("Lost without the band", fontsize=8)
    _probabilities(third, view.shares, view.explained, legend)
    return figure


def patch_picture(view: PatchView, scale: Scale, legend: Legend, bands: Sequence[str]) -> Picture:
    """Return `patch_figure` for a page."""
    name = legend.names[view.explained]
    words = (
        f"{view.name}: what speaks for {name}, with probability {view.shares[view.explained]:.2f}."
    )
    with style():
        return picture(patch_figure(view, scale, legend, bands), words)


def patch_png(view: PatchView, scale: Scale, legend: Legend, bands: Sequence[str]) -> bytes:
    """Return `patch_figure` as a PNG file."""
    with style():
        return _png(patch_figure(view, scale, legend, bands))


def importance_picture(
    bands: Sequence[str], drops: Sequence[float], accuracy: Sequence[float] | None
) -> Picture:
    """Draw how much probability, and accuracy where it is known, is lost without each band.

    Args:
        bands: names of the bands.
        drops: of the probability.
        accuracy: drops of the accuracy, or None.
    """
    height = 0.36 * len(bands) + 0.9
    count = 1 if accuracy is None else 2
    with style():
        figure = new_figure(4.4 * count + 0.6, height)
        for number, values in enumerate([drops] if accuracy is None else [drops, accuracy]):
            left = 0.24 if count == 1 else 0.14 + 0.47 * number
            box = (left, 0.35 / height, 0.66 / count + 0.04, 1 - 0.75 / height)
            axes = figure.add_axes(box)
            _bars(axes, list(values), list(bands) if number == 0 else [], 8.5)
            axes.set_title(("Probability lost", "Accuracy lost")[number], fontsize=9.5)
        return picture(figure, "Bars: what is lost without each band.")


def _show(axes: Axes, pixels: np.ndarray, title: str) -> None:
    axes.imshow(np.clip(pixels, 0, 1), interpolation="none")
    axes.set_title(title, fontsize=8.5)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)


def _color_bar(figure: Figure, scale: Scale, whole: tuple[float, float], panel: float) -> None:
    wide = min(panel, 3.6)
    box = ((whole[0] - wide) / whole[0], 0.4 / whole[1], wide / whole[0], 0.13 / whole[1])
    axes = figure.add_axes(box)
    colors = ScalarMappable(Normalize(scale.low, scale.high), scale.colormap())
    bar = figure.colorbar(colors, cax=axes, orientation="horizontal")
    bar.outline.set_visible(False)
    bar.set_ticks([scale.low, (scale.low + scale.high) / 2, scale.high])
    bar.ax.tick_params(labelsize=7, length=2)
    bar.ax.xaxis.set_major_formatter(lambda value, _: f"{value:.3g}")
    bar.set_label(scale.label, fontsize=7.5)


def _bars(axes: Axes, values: list[float], names: list[str], size: float) -> None:
    places = np.arange(len(values))
    axes.barh(places, values, 0.62, color=[ORANGE if value >= 0 else BLUE for value in values])
    span = max(0.01, max(values), -min(values))
    for place, value in zip(places, values, strict=True):
        # To the right of the axis also where the bar goes to the left, where the names are
        axes.annotate(decimal(value), (max(value, 0), place), (4, 0),
                      textcoords="offset points", va="center", fontsize=size - 1.5)  # fmt: skip
    axes.axvline(0, color=GREY, lw=0.8)
    lowest = 1.08 * min(values) if min(values) < -_UNSEEN * span else 0
    axes.set_xlim(lowest, max(max(values), 0.2 * span) + 0.35 * span)
    axes.set_ylim(len(values) - 0.4, -0.6)
    axes.set_yticks(places, [tick_name(name, 1, 22) for name in names] or [""] * len(places))
    axes.tick_params(axis="y", length=0, labelsize=size)
    axes.tick_params(axis="x", labelsize=size - 1.5)
    axes.locator_params(axis="x", nbins=4)


def _probabilities(axes: Axes, shares: np.ndarray, explained: int, legend: Legend) -> None:
    """Draw the likeliest classes, and the explained one where it is not among them."""
    order = np.argsort(-shares, kind="stable")[:_MOST_BARS].tolist()
    if explained not in order:
        order = [*order[:-1], explained]
    places = np.arange(len(order))
    colors = [legend.classes[k].hex_color for k in order]
    axes.barh(places, shares[order], 0.6, color=colors, edgecolor=GREY, linewidth=0.5)
    for place, k in zip(places, order, strict=True):
        axes.annotate(percent(float(shares[k])), (float(shares[k]), place), (3, 0),
                      textcoords="offset points", va="center", fontsize=6.5)  # fmt: skip
    axes.set_yticks(places, [tick_name(legend.names[k], 1, 20) for k in order], fontsize=7)
    for text, k in zip(axes.get_yticklabels(), order, strict=True):
        text.set_fontweight("bold" if k == explained else "normal")
    axes.set_xlim(0, 1.2)
    axes.set_ylim(_MOST_BARS - 0.4, -0.6)
    axes.set_xticks([])
    axes.tick_params(axis="y", length=0)
    axes.spines["bottom"].set_visible(False)
    axes.set_title("Probability", fontsize=8, color=INK)


def _png(figure: Figure) -> bytes:
    stream = io.BytesIO()
    with mpl.rc_context({"savefig.facecolor": "white"}):
        figure.savefig(
            stream, format="png", dpi=_PNG_DPI, bbox_inches="tight", metadata={"Software": None}
        )
    return stream.getvalue()
