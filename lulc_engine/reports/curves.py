"""Learning curves of a training run, as a whole and class by class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from lulc_engine.rasters.legend import Legend
from lulc_engine.reports.drawing import (
    BLUE,
    GREEN,
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
from lulc_engine.reports.plain_text import decimal

_MOST_ROWS = 60

# Above the right end of the plot, where it hides no line.
_LEGEND: Any = {
    "loc": "lower right",
    "bbox_to_anchor": (1, 1),
    "borderaxespad": 0.1,
    "fontsize": 7.5,
    "columnspacing": 1.2,
}


SEGMENTER_SCORES = (("mean_iou", "mean IoU"), ("macro_f1", "macro F1"))
PATCH_SCORES = (("overall_accuracy", "accuracy"), ("macro_f1", "macro F1"))
MULTILABEL_SCORES = (("map", "mAP"), ("macro_f1", "macro F1"))


def learning_curves(
    history: Sequence[Mapping[str, Any]],
    best_epoch: int | None,
    scores_shown: Sequence[tuple[str, str]] = SEGMENTER_SCORES,
) -> Picture:
    """Draw loss and validation scores over the epochs.

    Args:
        history: per epoch ``epoch``, ``loss``, ``learning_rate`` and ``validation`` with
            the scores; what an epoch does not have is left out.
        best_epoch: the epoch whose weights were kept.
        scores_shown: key and label of the two scores.
    """
    epochs = [item["epoch"] for item in history]
    with_scores = any(is_validated(item) for item in history)
    with style():
        figure = new_figure(6.4, 4.9 if with_scores else 2.6, arranged=True)
        rows = 2 if with_scores else 1
        panels = list(figure.subplots(rows, 1, sharex=True, squeeze=False)[:, 0])
        _draw_losses(panels[0], epochs, history)
        if with_scores:
            _draw_scores(panels[1], epochs, history, scores_shown)
        for axes in panels:
            grid(axes, "y")
            axes.margins(x=0.02)
        _mark_epochs(panels, history, best_epoch)
        panels[-1].legend(ncols=4, **_LEGEND)
        panels[-1].set_xlabel("Epoch")
        panels[-1].xaxis.set_major_locator(MaxNLocator(integer=True))
        scores = " and validation scores" if with_scores else ""
        return picture(figure, f"Loss{scores} over the epochs of training.")


def is_validated(epoch: Mapping[str, Any]) -> bool:
    """Return whether an epoch of a history was judged: there were labels to validate with."""
    values = (epoch.get("validation") or {}).values()
    return any(isinstance(value, (int, float)) for value in values)


def _draw_losses(axes: Axes, epochs: list[int], history: Sequence[Mapping[str, Any]]) -> None:
    axes.plot(epochs, _series(history, "loss"), color=INK, label="training")
    held_back = _series(history, "validation", "loss")
    if not all(np.isnan(held_back)):
        axes.plot(epochs, held_back, color=BLUE, ls="--", label="validation")
        axes.legend(ncols=2, **_LEGEND)
    axes.set_title("Loss")


def _draw_scores(
    axes: Axes,
    epochs: list[int],
    history: Sequence[Mapping[str, Any]],
    shown: Sequence[tuple[str, str]],
) -> None:
    """Draw two scores; the first is wider, so that it is seen where both are the same."""
    for (name, label), color, width in zip(shown, (ORANGE, BLUE), (3.0, 1.5), strict=True):
        values = _series(history, "validation", name)
        axes.plot(epochs, values, color=color, label=label, lw=width)
    axes.set(title="Validation", ylim=(0, 1.02))


def class_curves(
    history: Sequence[Mapping[str, Any]], legend: Legend, best_epoch: int | None
) -> Picture | None:
    """Draw F1 of every class on validation over the epochs, one row per class, darker for more.

    Rows instead of lines: lines of twenty classes cannot be told apart.

    Args:
        history: as for `learning_curves`, with a list ``f1`` (K,) in ``validation``.
        legend: the K classes; at most 60 are drawn.
        best_epoch: the epoch whose weights were kept; its scores are written beside the rows.

    Returns:
        The picture, or None where no epoch has scores by class.
    """
    classes = min(len(legend), _MOST_ROWS)
    known = [item for item in history if (item.get("validation") or {}).get("f1")]
    f1 = np.array([item["validation"]["f1"][:classes] for item in known], np.float64).T
    if np.isnan(f1).all():
        return None
    epochs = [item["epoch"] for item in known]
    height = 0.26 * classes + 1.0
    with style():
        figure = new_figure(6.4, height)
        axes = figure.add_axes((0.27, 0.5 / height, 0.6, 1 - 1.0 / height))
        colors = mpl.colormaps["Blues"].with_extremes(bad="#d9dee3")
        edges = (epochs[0] - 0.5, epochs[-1] + 0.5, classes - 0.5, -0.5)
        shades = axes.imshow(f1, cmap=colors, vmin=0, vmax=1, aspect="auto",
                             interpolation="nearest", extent=edges)  # fmt: skip
        axes.set_yticks(range(classes), [tick_name(n, 1, 26) for n in legend.names[:classes]])
        axes.tick_params(axis="y", length=0)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set(xlabel="Epoch", title="F1 of each class on validation")
        bar = figure.colorbar(
            shades,
            cax=axes.inset_axes((0.7, 1 + 0.16 / (height - 1), 0.3, 0.1 / (height - 1))),
            orientation="horizontal",
        )
        bar.ax.tick_params(labelsize=7, top=True, labeltop=True, bottom=False, labelbottom=False)
        bar.outline.set_visible(False)
        if best_epoch is not None and best_epoch in epochs:
            axes.plot(best_epoch, 1.0, "v", color=GREEN, ms=5, clip_on=False,
                      transform=axes.get_xaxis_transform())  # fmt: skip
            _write_scores(axes, f1[:, epochs.index(best_epoch)], best_epoch)
        return picture(figure, "F1 of each class on the validation set over the epochs.")


def _write_scores(axes: Axes, scores: npt.NDArray[np.float64], epoch: int) -> None:
    """Write the scores of the best epoch at the right end of the rows."""
    for row, score in enumerate(scores):
        text = decimal(None if np.isnan(score) else float(score), 2)
        axes.annotate(text, (1, row), (6, 0), axes.get_yaxis_transform(),
                      textcoords="offset points", va="center", fontsize=7.5)  # fmt: skip
    axes.annotate(f"epoch {epoch}", (1, 0), (6, -12), "axes fraction", textcoords="offset points",
                  fontsize=7.5, color=GREEN)  # fmt: skip


def _mark_epochs(
    panels: Sequence[Axes], history: Sequence[Mapping[str, Any]], best_epoch: int | None
) -> None:
    """Mark the best epoch and those where the learning rate dropped."""
    for number, epoch in enumerate(_rate_drops(history)):
        for axes in panels:
            label = "learning rate drops" if number == 0 else None
            axes.axvline(epoch, color=GREY, lw=0.9, ls=":", label=label)
    if best_epoch and len(panels) > 1:
        for axes in panels:
            axes.axvline(best_epoch, color=GREEN, lw=1.4, label=f"best epoch ({best_epoch})")


def _rate_drops(history: Sequence[Mapping[str, Any]]) -> list[int]:
    """Return the epochs from which the learning rate was lower; none where it glides."""
    rates = _series(history, "learning_rate")
    if len(set(rates)) > max(2, len(rates) / 2):
        return []
    pairs = zip(history[1:], rates[1:], rates[:-1], strict=True)
    return [item["epoch"] for item, rate, before in pairs if rate < before * 0.75]


def _series(history: Sequence[Mapping[str, Any]], part: str, name: str = "") -> list[float]:
    """Return one number per epoch, NaN where an epoch has none."""
    values = []
    for item in history:
        source = (item.get(part) or {}) if part and name else item
        value = source.get(name or part)
        values.append(float("nan") if value is None else float(value))
    return values
