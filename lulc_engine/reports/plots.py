"""Pictures of scores: the confusion matrix and the bars of each class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lulc_engine.evaluation.confusion import Counts
from lulc_engine.rasters.legend import Legend
from lulc_engine.reports.drawing import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    Picture,
    grid,
    ink_on,
    new_figure,
    picture,
    style,
    tick_name,
)
from lulc_engine.reports.plain_text import decimal, joined, percent, thousands

_RIGHT, _WRONG = (0, 84, 147), (196, 88, 0)
_OWN = (228, 231, 235)
_MARGIN_IN = 2.1  # for the names
_PAGE_IN = 7.0  # what a page is wide without them
_CELLS_WITH_SHARES = 10  # classes up to which both numbers fit into a cell
_CELLS_WITH_COUNTS = 24
_ROOMY_BARS = 12
_MOST_BARS = 60


def confusion_picture(matrix: Counts, legend: Legend, answerer: str = "map") -> Picture:
    """Draw a confusion matrix: counts in the cells, shaded by the share of the row.

    Args:
        matrix: int64 (K, K), rows reference, columns prediction.
        legend: the K classes.
        answerer: what the columns are the answers of.
    """
    return matrix_picture(
        matrix,
        legend,
        corner=f"Reference ↓    {answerer.capitalize()} →",
        words=f"Confusion matrix: rows are the reference, columns the {answerer}.",
    )


def matrix_picture(matrix: Counts, legend: Legend, corner: str, words: str) -> Picture:
    """Draw a matrix of classes by the same classes: numbers, shaded by the share of the row.

    Args:
        matrix: int64 (K, K).
        legend: the K classes.
        corner: says what rows and columns are.
        words: the picture in words.
    """
    with style():
        figure, axes = _square(len(legend))
        totals = matrix.sum(axis=1, keepdims=True)
        shares = np.divide(matrix, totals, where=totals > 0, out=np.zeros(matrix.shape))
        colors = _shaded(shares)
        axes.imshow(colors, aspect="equal", interpolation="nearest")
        if len(legend) <= _CELLS_WITH_COUNTS:
            _write_cells(axes, matrix, shares, colors)
        _label_matrix(axes, legend, corner)
        return picture(figure, words)


def cooccurrence_picture(counts: Counts, legend: Legend) -> Picture:
    """Draw which classes occur together: counts in the cells, shaded by the share of the row.

    Args:
        counts: int64 (K, K), patches that have both classes; the diagonal those that have one.
        legend: the K classes.
    """
    with style():
        figure, axes = _square(len(legend))
        totals = np.diag(counts)[:, None]
        shares = np.divide(counts, totals, where=totals > 0, out=np.zeros(counts.shape))
        others = np.where(np.eye(len(legend), dtype=bool), 0, shares)
        colors = _blend(np.broadcast_to(np.array(_RIGHT, np.float64), (*shares.shape, 3)), others)
        np.einsum("iic->ic", colors)[:] = _OWN
        axes.imshow(colors, aspect="equal", interpolation="nearest")
        if len(legend) <= _CELLS_WITH_COUNTS:
            _write_cells(axes, counts, shares, colors)
        _label_matrix(axes, legend, "Has this ↓    and also →")
        words = "How often two classes occur in the same patch, and on the diagonal one of them."
        return picture(figure, words)


def score_bars(
    classes: Sequence[Mapping[str, Any]],
    legend: Legend,
    scores: Sequence[tuple[str, str]] = (("f1", "F1"), ("iou", "IoU"), ("kappa", "kappa")),
) -> Picture:
    """Draw three scores of each class as horizontal bars.

    Args:
        classes: the ``classes`` of a metrics object; at most 60 are drawn.
        legend: their colours.
        scores: key and label of each of the three.
    """
    shown = list(classes)[:_MOST_BARS]
    height = (0.62 if len(shown) <= _ROOMY_BARS else 0.46) * len(shown) + 0.9
    with style():
        figure = new_figure(6.4, height)
        axes = figure.add_axes((0.27, 0.35 / height, 0.67, 1 - 0.9 / height))
        for place, ((name, label), color) in enumerate(
            zip(scores, (BLUE, ORANGE, GREEN), strict=True)
        ):
            rows = np.arange(len(shown)) + (place - 1) * 0.25
            values = [item[name] for item in shown]
            axes.barh(rows, [value or 0 for value in values], 0.23, color=color, label=label)
            for row, value in zip(rows, values, strict=True):
                axes.text(
                    max(value or 0, 0) + 0.01,
                    row,
                    decimal(value, 2),
                    va="center",
                    fontsize=7,
                    color=INK if value is not None else GREY,
                )
        lowest = min((item[name] or 0 for item in shown for name, _ in scores), default=0)
        _label_bars(axes, shown, legend, lowest)
        labels = joined([label for _, label in scores])
        return picture(figure, f"Bars of {labels} of each class.")


def _square(classes: int) -> tuple[Figure, Axes]:
    """Return a figure with square axes for a cell per pair of classes, and room for the names."""
    side = max(classes * _cell_in(classes), 1.6)
    whole = side + _MARGIN_IN
    figure = new_figure(whole, whole)
    return figure, figure.add_axes((1.9 / whole, 0.1 / whole, side / whole, side / whole))


def _cell_in(classes: int) -> float:
    """Return the side of a cell in inches: as wide as a page allows while counts are written."""
    if classes <= _CELLS_WITH_SHARES:
        return 0.78
    if classes <= _CELLS_WITH_COUNTS:
        return float(np.clip(_PAGE_IN / classes, 0.3, 0.5))
    return 0.22


def _shaded(shares: npt.NDArray[np.float64]) -> npt.NDArray[np.uint8]:
    """Return colours (K, K, 3): blue on the diagonal, orange off it, darker for larger shares."""
    ink = np.full((*shares.shape, 3), _WRONG, np.float64)
    np.einsum("iic->ic", ink)[:] = _RIGHT
    return _blend(ink, shares)


def _blend(ink: npt.NDArray[np.float64], shares: npt.NDArray[np.float64]) -> npt.NDArray[np.uint8]:
    """Return colours (K, K, 3) from white for a share of 0 to the ink for 1."""
    strength = shares[..., None] ** 0.7  # lifts small errors from the white
    return np.rint(255 + (ink - 255) * strength).astype(np.uint8)


def _write_cells(
    axes: Axes,
    matrix: Counts,
    shares: npt.NDArray[np.float64],
    colors: npt.NDArray[np.uint8],
) -> None:
    """Write counts, and shares where there is room.

    Args:
        axes: where.
        matrix: the counts (K, K); nothing is written for 0.
        shares: (K, K).
        colors: (K, K, 3) of the cells.
    """
    both = len(matrix) <= _CELLS_WITH_SHARES
    longest = 100_000 if _cell_in(len(matrix)) > 0.4 else 10_000
    for (row, column), cell in np.ndenumerate(matrix):
        number = int(cell)
        if number == 0:
            continue
        share = float(shares[row, column])
        text = thousands(number) if number < longest or both else f"{number / 1000:,.0f}k"
        axes.text(
            column,
            row,
            f"{text}\n{percent(share, 0 if share >= 0.1 else 1)}" if both else text,
            ha="center",
            va="center",
            fontsize=(8 if number < 1_000_000 else 7) if both else 6.5,
            linespacing=1.35,
            color=ink_on(colors[row, column]),
        )


def _label_matrix(axes: Axes, legend: Legend, corner: str) -> None:
    ticks = range(len(legend))
    crowded = len(legend) > _CELLS_WITH_COUNTS
    size = 8.5 if len(legend) <= _CELLS_WITH_SHARES else 6 if crowded else 7
    axes.set_yticks(ticks, [tick_name(name) for name in legend.names], fontsize=size)
    short = [tick_name(name, lines=1, width=28) for name in legend.names]
    axes.set_xticks(
        ticks,
        short,
        fontsize=size,
        rotation=90 if crowded else 38,
        ha="left",
        rotation_mode="anchor",
    )
    axes.tick_params(length=0, top=True, labeltop=True, bottom=False, labelbottom=False)
    axes.spines[:].set_visible(False)
    axes.set_xticks(np.arange(-0.5, len(legend)), minor=True)
    axes.set_yticks(np.arange(-0.5, len(legend)), minor=True)
    axes.grid(which="minor", color="#cbd2d9", lw=0.6)
    axes.tick_params(which="minor", length=0)
    axes.annotate(corner, (0, 1), (-8, 10), "axes fraction",
                  "offset points", ha="right", fontsize=8.5, color=GREY)  # fmt: skip


def _label_bars(
    axes: Axes, shown: Sequence[Mapping[str, Any]], legend: Legend, lowest: float
) -> None:
    colors = {item.id: item.hex_color for item in legend.classes}
    names = [tick_name(item["name"]) for item in shown]
    axes.set_yticks(range(len(shown)), names)
    axes.tick_params(axis="y", length=0, pad=16)
    axes.scatter(
        [-0.018] * len(shown),
        range(len(shown)),
        s=60,
        marker="s",
        c=[colors[item["id"]] for item in shown],
        edgecolors="#52606d",
        linewidths=0.5,
        transform=axes.get_yaxis_transform(),
        clip_on=False,
    )
    axes.set_ylim(len(shown) - 0.45, -0.55)
    axes.set_xlim(min(0, lowest) * 1.05, 1.08)
    axes.set_xticks(np.arange(0, 1.01, 0.2))
    grid(axes, "x")
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3, borderaxespad=0.2)
