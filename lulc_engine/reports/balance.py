"""The picture of how many samples each class has, and in which part of the data they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lulc_engine.rasters.legend import Legend
from lulc_engine.reports.drawing import (
    BLUE,
    GREEN,
    ORANGE,
    Picture,
    new_figure,
    picture,
    style,
    tick_name,
)
from lulc_engine.reports.plain_text import percent, thousands

_MOST_CLASSES = 60
_COLORS = {"training": BLUE, "validation": ORANGE, "test": GREEN}


def balance_picture(
    rows: Sequence[Mapping[str, Any]], legend: Legend, unit: str, splits: Sequence[str]
) -> Picture | None:
    """Draw the samples of each class, by split; None where there are none.

    Args:
        rows: a mapping per class, as in `TrainingReport.split_rows`; at most 60 are drawn.
        legend: the classes.
        unit: the key of the numbers, what has labels: pixels or patches.
        splits: those that there are.
    """
    shown = list(rows)[:_MOST_CLASSES]
    counts = np.array([[row.get(s, {}).get(unit) or 0 for row in shown] for s in splits], float)
    total = counts.sum()
    if not total:
        return None
    height = 0.3 * len(shown) + 0.75
    with style():
        figure = new_figure(6.4, height)
        axes = figure.add_axes((0.27, 0.3 / height, 0.6, 1 - 0.65 / height))
        left = np.zeros(len(shown))
        for split, numbers in zip(splits, counts, strict=True):
            axes.barh(range(len(shown)), numbers, 0.66, left=left, label=split,
                      color=_COLORS.get(split), edgecolor="white", linewidth=0.6)  # fmt: skip
            left += numbers
        for place, number in enumerate(left):
            text = f"{thousands(number)} ({percent(number / total)})"
            axes.annotate(text, (number, place), (4, 0), textcoords="offset points",
                          va="center", fontsize=7.5)  # fmt: skip
        names = [tick_name(item.name, 1, 26) for item in legend.classes[: len(shown)]]
        axes.set_yticks(range(len(shown)), names)
        axes.tick_params(axis="y", length=0)
        axes.set_ylim(len(shown) - 0.45, -0.55)
        axes.set_xlim(0, left.max() * 1.02)
        axes.xaxis.set_major_formatter(lambda value, _: thousands(value))
        axes.locator_params(axis="x", nbins=5)
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3, borderaxespad=0.2)
        return picture(figure, f"Labelled {unit} of each class by split.")
