"""Pictures that put models side by side: scores by class, and score against size."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.ticker import LogLocator, NullLocator

from lulc_engine.reports.drawing import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    Picture,
    grid,
    new_figure,
    picture,
    style,
    tick_name,
)
from lulc_engine.reports.plain_text import thousands

# Colour and shape tell models apart; Okabe and Ito (2008), with shapes for readers without colour.
_LOOKS = (
    (BLUE, "o"), (ORANGE, "s"), (GREEN, "^"), ("#cc79a7", "D"), ("#56b4e9", "v"),
    ("#d55e00", "P"), (GREY, "X"), ("#000000", "*"),
)  # fmt: skip
MOST_MODELS = len(_LOOKS)
_MOST_CLASSES = 40


def class_picture(
    classes: Sequence[Mapping[str, Any]], models: Sequence[Mapping[str, Any]]
) -> Picture:
    """Draw F1 of every class, a mark per model.

    Args:
        classes: the ``classes`` of a comparison; of those with a score at most 40 are drawn.
        models: its ``models``; the first eight are drawn.
    """
    known = [row for row in classes if any(v is not None for v in row["f1"][:MOST_MODELS])]
    shown = known[:_MOST_CLASSES]
    legend_rows = -(-min(len(models), MOST_MODELS) // 2)
    above, below = 0.25 * legend_rows + 0.2, 0.5
    height = 0.34 * len(shown) + above + below
    with style():
        figure = new_figure(6.8, height)
        axes = figure.add_axes((0.27, below / height, 0.7, 1 - (above + below) / height))
        for place, row in enumerate(shown):
            values = [value for value in row["f1"][:MOST_MODELS] if value is not None]
            if values:
                axes.plot([min(values), max(values)], [place, place], color="#cbd2d9", lw=3)
        for number in reversed(range(min(len(models), MOST_MODELS))):  # the best lies on top
            color, shape = _LOOKS[number]
            values = [np.nan if row["f1"][number] is None else row["f1"][number] for row in shown]
            axes.scatter(values, range(len(shown)), c=color, marker=shape, s=38, linewidths=0,
                         label=tick_name(str(models[number]["name"]), 1, 34), zorder=3)  # fmt: skip
        axes.set_yticks(range(len(shown)), [tick_name(str(row["name"])) for row in shown])
        axes.set_ylim(len(shown) - 0.5, -0.5)
        axes.set_xlim(_start(shown) - 0.01, 1.01)
        axes.set_xlabel("F1")
        axes.tick_params(axis="y", length=0)
        grid(axes, "x")
        handles, labels = axes.get_legend_handles_labels()
        axes.legend(handles[::-1], labels[::-1], loc="lower left", bbox_to_anchor=(-0.3, 1),
                    ncols=2, borderaxespad=0.2, fontsize=8)  # fmt: skip
        return picture(figure, "F1 of each class, a mark per model.")


def _start(classes: Sequence[Mapping[str, Any]]) -> float:
    """Return where the axis begins: marks need no zero, and good models differ in little."""
    lowest = min(
        (v for row in classes for v in row["f1"][:MOST_MODELS] if v is not None), default=0
    )
    return max(0.0, math.floor(lowest * 10 - 0.5) / 10)


def cost_picture(
    models: Sequence[Mapping[str, Any]], metric: str, metric_name: str
) -> Picture | None:
    """Draw the score against the number of parameters; None where fewer than two are known.

    Args:
        models: the ``models`` of a comparison.
        metric: the score.
        metric_name: what it is called.
    """
    known = [
        (number, row)
        for number, row in enumerate(models[:MOST_MODELS])
        if row["parameters"] and row["scores"][metric] is not None
    ]
    if len({row["parameters"] for _, row in known}) < 2:
        return None
    with style():
        figure = new_figure(6.4, 2.9)
        axes = figure.add_axes((0.1, 0.18, 0.86, 0.78))
        for number, row in known:
            color, shape = _LOOKS[number]
            place = row["parameters"], row["scores"][metric]
            axes.scatter(*place, c=color, marker=shape, s=46, linewidths=0, zorder=3)
            axes.annotate(tick_name(str(row["name"]), 1, 24), place, (6, 4),
                          textcoords="offset points", fontsize=7.5)  # fmt: skip
        axes.set_xscale("log")
        axes.margins(x=0.25, y=0.2)
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))  # a decade alone may have no tick
        axes.xaxis.set_major_formatter(lambda value, _: thousands(value))  # never as a formula
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_xlabel("Trainable parameters")
        axes.set_ylabel(metric_name)
        grid(axes)
        return picture(figure, f"The {metric_name} of each model against its parameters.")
