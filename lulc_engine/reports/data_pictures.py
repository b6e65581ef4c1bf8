"""Pictures of training data: balance of the classes, spectra, histograms, separability."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lulc_engine.rasters.legend import Legend
from lulc_engine.reports.drawing import (
    GREY,
    INK,
    Picture,
    ink_on,
    new_figure,
    picture,
    style,
    tick_name,
)
from lulc_engine.reports.plain_text import decimal, percent

_COLUMNS = 3
MOST_CLASSES = 24  # in pictures; more cannot be told apart
_MOST_BANDS = 15
FEWEST_DRAWN = 40  # pixels of a class in a histogram: with fewer, single ones become peaks
_PAGE_IN = 9.2
# From separable to not: white, then orange that gets darker.
_MIXED = np.array([196, 88, 0], np.float64)
# Pale class colours (snow, sand) need a dark rim on white.
_RIM = [patheffects.Stroke(linewidth=3.2, foreground="#52606d"), patheffects.Normal()]


def balance_picture(rows: Sequence[Mapping[str, Any]], legend: Legend, unit: str) -> Picture:
    """Draw the share of each class in samples, and in units where there are some.

    Args:
        rows: the ``classes`` of a description.
        legend: their colours.
        unit: what the units are called, in plural.
    """
    shown = list(rows)[:60]
    by_unit = all(row["units"] is not None for row in shown)
    total = sum(row["units"] or 0 for row in shown)
    height = 0.4 * len(shown) + 0.8
    with style():
        figure = new_figure(6.8, height)
        axes = figure.add_axes((0.27, 0.35 / height, 0.67, 1 - 0.8 / height))
        places = np.arange(len(shown))
        shift, thick = (0.19, 0.34) if by_unit else (0.0, 0.6)
        colors = [item.hex_color for item in legend.classes[: len(shown)]]
        shares = [row["share"] for row in shown]
        axes.barh(places - shift, shares, thick, color=colors, edgecolor=GREY, linewidth=0.5)
        _write(axes, places - shift, shares)
        if by_unit:
            unit_shares = [row["units"] / total for row in shown]
            axes.barh(
                places + shift, unit_shares, thick, color="none", edgecolor=INK, linewidth=0.7
            )
            _write(axes, places + shift, unit_shares)
            axes.set_title(f"Filled: share of pixels. Outlined: share of {unit}.", fontsize=8.5)
        axes.set_yticks(places, [tick_name(row["name"]) for row in shown])
        axes.tick_params(axis="y", length=0)
        axes.set_ylim(len(shown) - 0.45, -0.55)
        axes.set_xlim(0, max(0.01, *shares) * 1.18)
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
        return picture(figure, "Bars: the share of each class.")


def signature_picture(
    statistics: Sequence[Mapping[str, Any]], legend: Legend, bands: Sequence[str]
) -> Picture:
    """Draw a panel per class: mean and spread in every band, other classes in grey.

    Args:
        statistics: the rows of `class_statistics`.
        legend: the classes.
        bands: names of the bands, in the order of the picture.
    """
    means, spreads = _arrays(statistics, legend, bands)
    shown = [k for k in range(len(legend)) if np.isfinite(means[k]).all()][:MOST_CLASSES]
    with style():
        figure, panels = _panels(len(shown), 1.9)
        low = float(np.nanmin(means[shown] - spreads[shown]))
        high = float(np.nanmax(means[shown] + spreads[shown]))
        places = np.arange(len(bands))
        for axes, k in zip(panels, shown, strict=True):
            for other in shown:
                axes.plot(places, means[other], color="#cbd2d9", lw=0.8, zorder=1)
            color = legend.classes[k].hex_color
            axes.fill_between(
                places, means[k] - spreads[k], means[k] + spreads[k], color=color, alpha=0.3, lw=0
            )
            axes.plot(places, means[k], color=color, lw=2, path_effects=_RIM, marker="o", ms=2.5)
            axes.set_title(tick_name(legend.names[k], 1, 30), fontsize=9)
            axes.set_xticks(places, list(bands), rotation=60, ha="right", fontsize=6.5)
            axes.set_ylim(low - 0.03 * (high - low), high + 0.03 * (high - low))
            axes.tick_params(axis="y", labelsize=7)
        return picture(figure, "Mean reflectance of each class in every band, with its spread.")


def histogram_picture(histograms: Sequence[Mapping[str, Any]], legend: Legend) -> Picture:
    """Draw a panel per band with the distribution of every class.

    Args:
        histograms: the ``histograms`` of a description.
        legend: the classes.
    """
    shown = list(histograms)[:_MOST_BANDS]
    with style():
        figure, panels = _panels(len(shown), 1.8)
        for axes, found in zip(panels, shown, strict=True):
            edges = np.array(found["edges"])
            for item, row in list(zip(legend.classes, found["classes"], strict=True))[
                :MOST_CLASSES
            ]:
                counts = np.array(row["counts"], np.float64)
                if counts.sum() >= FEWEST_DRAWN:
                    axes.stairs(counts / counts.sum(), edges, color=item.hex_color, lw=1.3)
            axes.set_title(tick_name(str(found["band"]), 1, 30), fontsize=9)
            axes.set_yticks([])
            axes.spines["left"].set_visible(False)
            axes.set_ylim(0, None)
            axes.tick_params(axis="x", labelsize=7)
        return picture(figure, "How the values of each class are distributed in every band.")


def separability_picture(pairs: Sequence[Mapping[str, Any]], legend: Legend) -> Picture:
    """Draw the Jeffries-Matusita distance of every pair; the darker, the harder to separate.

    Args:
        pairs: the ``separability`` of a description.
        legend: the classes; at most MOST_CLASSES are drawn.
    """
    ids = [id for id in legend.ids if any(id in (p["a"], p["b"]) for p in pairs)][:MOST_CLASSES]
    names = dict(zip(legend.ids, legend.names, strict=True))
    place = {id: number for number, id in enumerate(ids)}
    side = len(ids) * (0.55 if len(ids) <= 12 else 0.4)
    color = np.full((len(ids), len(ids), 3), 255, np.float64)
    with style():
        figure = new_figure(side + 2.1, side + 2.1)
        axes = figure.add_axes(
            (2.0 / (side + 2.1), 0.1 / (side + 2.1), side / (side + 2.1), side / (side + 2.1))
        )
        for pair in pairs:
            if pair["a"] not in place or pair["b"] not in place:
                continue
            distance = pair["jeffries_matusita"]
            for a, b in ((pair["a"], pair["b"]), (pair["b"], pair["a"])):
                cell = color[place[a], place[b]]
                cell += (_MIXED - 255) * (1 - distance / 2) ** 0.7
                axes.text(
                    place[b],
                    place[a],
                    decimal(distance, 2),
                    ha="center",
                    va="center",
                    fontsize=8 if len(ids) <= 12 else 6,
                    color=ink_on(cell),
                )
        color[np.arange(len(ids)), np.arange(len(ids))] = (228, 231, 235)
        axes.imshow(np.rint(color).astype(np.uint8), interpolation="nearest")
        _name_cells(axes, [names[id] for id in ids])
        return picture(figure, "Jeffries-Matusita distance of every two classes.")


def _panels(count: int, height_in: float) -> tuple[Figure, list[Axes]]:
    columns = min(_COLUMNS, count)
    rows = math.ceil(count / columns)
    figure = new_figure(_PAGE_IN * columns / _COLUMNS, rows * height_in)
    # By hand: the layout engines take ten times as long as the drawing.
    figure.subplots_adjust(left=0, right=1, bottom=0, top=1, wspace=0.2, hspace=0.65)
    panels = [figure.add_subplot(rows, columns, number + 1) for number in range(count)]
    return figure, panels


def _arrays(
    statistics: Sequence[Mapping[str, Any]], legend: Legend, bands: Sequence[str]
) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and spread (K, C); the mean of classes without pixels is NaN."""
    means = np.full((len(legend), len(bands)), np.nan)
    spreads = np.zeros_like(means)
    row_of = {id: k for k, id in enumerate(legend.ids)}
    column_of = {name: number for number, name in enumerate(bands)}
    for row in statistics:
        cell = row_of[row["id"]], column_of[row["band"]]
        means[cell], spreads[cell] = row["mean"], row["spread"] or 0.0
    return means, spreads


def _write(axes: Axes, places: np.ndarray, shares: Sequence[float]) -> None:
    for place, share in zip(places, shares, strict=True):
        axes.annotate(percent(share), (share, place), (4, 0), textcoords="offset points",
                      va="center", fontsize=7)  # fmt: skip


def _name_cells(axes: Axes, names: Sequence[str]) -> None:
    size = 8.5 if len(names) <= 12 else 7
    axes.set_yticks(range(len(names)), [tick_name(name) for name in names], fontsize=size)
    short = [tick_name(name, lines=1, width=28) for name in names]
    axes.set_xticks(
        range(len(names)), short, fontsize=size, rotation=38, ha="left", rotation_mode="anchor"
    )
    axes.tick_params(length=0, top=True, labeltop=True, bottom=False, labelbottom=False)
    axes.spines[:].set_visible(False)
