"""Pictures of probabilities: reliability, abstaining, ROC and precision over recall."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from lulc_engine.rasters.legend import Legend
from lulc_engine.reports.drawing import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    Picture,
    grid,
    new_figure,
    picture,
    style,
    tick_name,
)
from lulc_engine.reports.plain_text import percent

# More lines than these cannot be told apart by their colours; they stay, without names.
_MOST_NAMED = 12
# The axis of accuracies reaches down to this at least, or a pixel or two would look like a cliff.
_SPAN_FROM = 0.95


def reliability_picture(
    calibration: Mapping[str, Any], temperature: float, several: bool = False
) -> Picture:
    """Draw how often answers are right against how sure they are (Guo et al. 2017, figure 1).

    Args:
        calibration: of the part ``probabilities`` of a metrics object.
        temperature: of the model; with 1 there is one panel.
        several: whether the answers are yes or no.
    """
    right, sure = ("yes", "mean probability") if several else ("right", "sure, on average")
    panels = [(f"Temperature {temperature:.3g}", calibration["scaled"])]
    if temperature != 1:
        panels.insert(0, ("As trained", calibration["unscaled"]))
    with style():
        figure = new_figure(3.3 * len(panels) + 0.5, 4.1, arranged=True)
        rows = figure.subplots(2, len(panels), squeeze=False, height_ratios=(3, 1), sharex=True)
        for (upper, lower), (title, part) in zip(rows.T, panels, strict=True):
            _draw_reliability(upper, lower, part, right, sure)
            lower.set_xlabel("how probable" if several else "how sure")
            upper.set_title(f"{title}: error {percent(part['ece'])}")
        rows[0, 0].set_ylabel(right)
        rows[1, 0].set_ylabel("samples")
        handles, labels = rows[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=2, fontsize=7.5)
        return picture(figure, "How often answers are right in each bin of how sure they are.")


def abstaining_picture(
    line: Sequence[Sequence[float]], levels: Sequence[Mapping[str, Any]]
) -> Picture:
    """Draw the accuracy of what is classified over the share that is left unclassified.

    Args:
        line: shares and accuracies.
        levels: rows of `abstention_curve` to mark.
    """
    with style():
        figure = new_figure(5.4, 2.9, arranged=True)
        axes = figure.subplots()
        axes.plot(line[0], line[1], color=BLUE, lw=2)
        last = -1.0
        for row in levels:
            if row["accuracy"] is None:
                continue
            axes.plot(row["unclassified"], row["accuracy"], "o", color=BLUE, ms=4)
            if row["unclassified"] - last > 0.06:  # else names would lie on each other
                last = row["unclassified"]
                axes.annotate(f"{row['min_confidence']} %", (last, row["accuracy"]), (0, -11),
                              textcoords="offset points", ha="center", fontsize=7.5,
                              color=GREY)  # fmt: skip
        lowest = min(_SPAN_FROM, *line[1])
        axes.set_ylim(lowest - 0.16 * (1 - lowest), 1 + 0.06 * (1 - lowest))
        axes.margins(x=0.04)
        axes.set(xlabel="unclassified", ylabel="right, of the rest",
                 title="What a smallest confidence leaves out")  # fmt: skip
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(PercentFormatter(1, decimals=None))
        grid(axes)
        return picture(figure, "Accuracy over the share that is left unclassified.")


def ranking_picture(curves: Mapping[str, Any], legend: Legend) -> Picture:
    """Draw ROC and precision over recall of every class, of all together and their mean.

    Args:
        curves: ``roc`` and ``precision_recall``, as `probability_block` makes them.
        legend: the K classes.
    """
    with style():
        named = len(legend) <= _MOST_NAMED
        rows = -(-(min(len(legend), _MOST_NAMED) + 2) // 3) if named else 1
        figure = new_figure(7.0, 3.4 + 0.19 * rows, arranged=True)
        panels = figure.subplots(1, 2)
        for axes, key in zip(panels, ("roc", "precision_recall"), strict=True):
            _draw_lines(axes, curves[key], legend, named, stairs=key != "roc")
            axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.02), aspect="equal")
            grid(axes)
        panels[0].plot([0, 1], [0, 1], color=GREY, lw=0.9, ls=":")
        panels[0].set(title="ROC", xlabel="false positive rate", ylabel="true positive rate")
        panels[1].set(title="Precision over recall", xlabel="recall", ylabel="precision")
        lines: dict[tuple[str, str], Any] = {}  # a class may have only one of the curves
        for axes in panels:
            for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
                lines.setdefault((label, str(handle.get_color())), handle)
        figure.legend(list(lines.values()), [label for label, _ in lines],
                      loc="outside lower center", ncols=3, fontsize=7.5)  # fmt: skip
        return picture(figure, "ROC curves, and precision over recall, of each class.")


def _draw_reliability(
    upper: Axes, lower: Axes, part: Mapping[str, Any], right: str, sure: str
) -> None:
    bins = part["reliability"]
    width = 1 / len(bins)
    middles = [(number + 0.5) * width for number in range(len(bins))]
    total = max(1, sum(item["n"] for item in bins))
    upper.bar(middles, [b["right"] or 0 for b in bins], 0.86 * width, color=BLUE, label=right)
    for middle, item in zip(middles, bins, strict=True):
        if item["n"]:
            label = sure if item is _first(bins) else None
            upper.plot([middle - 0.43 * width, middle + 0.43 * width], [item["said"]] * 2,
                       color=ORANGE, lw=2.4, label=label)  # fmt: skip
    upper.plot([0, 1], [0, 1], color=GREY, lw=0.9, ls=":")
    upper.set(xlim=(0, 1), ylim=(0, 1.02))
    lower.bar(middles, [item["n"] / total for item in bins], 0.86 * width, color="#9aa5b1")
    for axis in (upper.yaxis, lower.yaxis, lower.xaxis):
        axis.set_major_formatter(PercentFormatter(1, decimals=0))
    for axes in (upper, lower):
        grid(axes, "y")


def _first(bins: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    return next(item for item in bins if item["n"])


def _draw_lines(
    axes: Axes, lines: Mapping[str, Any], legend: Legend, named: bool, stairs: bool
) -> None:
    drawstyle = "steps-pre" if stairs else "default"
    for item, line in zip(legend.classes, lines["classes"], strict=False):
        if line is not None:
            label = tick_name(item.name, 1, 30) if named else None
            axes.plot(*line, color=item.hex_color, lw=1.1, label=label, drawstyle=drawstyle)
    for key, label, dashes in (("macro", "mean of classes", "--"), ("micro", "all together", "-")):
        if lines[key] is not None:
            axes.plot(*lines[key], color=INK, lw=2, ls=dashes, label=label)
