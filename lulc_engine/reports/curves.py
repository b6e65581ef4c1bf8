"""Learning curves of a training run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lulc_engine.reports.drawing import BLUE, GREEN, GREY, INK, ORANGE, Picture, picture, style

# Above the right end of the plot, where it hides no line.
_LEGEND: Any = {
    "loc": "lower right",
    "bbox_to_anchor": (1, 1),
    "borderaxespad": 0.1,
    "fontsize": 7.5,
    "columnspacing": 1.2,
}


def learning_curves(history: Sequence[Mapping[str, Any]], best_epoch: int | None) -> Picture:
    """Draw loss and validation scores over the epochs.

    Args:
        history: per epoch ``epoch``, ``loss``, ``learning_rate`` and ``validation`` with
            ``mean_iou`` and ``macro_f1``; what an epoch does not have is left out.
        best_epoch: the epoch whose weights were kept.
    """
    epochs = [item["epoch"] for item in history]
    with style():
        figure = Figure(figsize=(6.4, 4.9), layout="constrained")
        losses, scores = figure.subplots(2, 1, sharex=True)
        losses.plot(epochs, _series(history, "loss"), color=INK, label="training")
        held_back = _series(history, "validation", "loss")
        if not all(np.isnan(held_back)):
            losses.plot(epochs, held_back, color=BLUE, ls="--", label="validation")
            losses.legend(ncols=2, **_LEGEND)
        losses.set_title("Loss")
        scores.plot(epochs, _series(history, "validation", "mean_iou"), color=ORANGE,
                    label="mean IoU")  # fmt: skip
        scores.plot(epochs, _series(history, "validation", "macro_f1"), color=BLUE,
                    label="macro F1")  # fmt: skip
        scores.set(title="Validation", xlabel="Epoch", ylim=(0, 1.02))
        for axes in (losses, scores):
            axes.grid(axis="y", color="#e4e7eb", lw=0.8)
            axes.margins(x=0.02)
        _mark_epochs(losses, scores, history, best_epoch)
        scores.legend(ncols=4, **_LEGEND)
        scores.xaxis.get_major_locator().set_params(integer=True)
        return picture(figure, "Loss and validation scores over the epochs of training.")


def _mark_epochs(
    losses: Axes, scores: Axes, history: Sequence[Mapping[str, Any]], best_epoch: int | None
) -> None:
    """Mark the best epoch and those where the learning rate dropped."""
    for number, epoch in enumerate(_rate_drops(history)):
        for axes in (losses, scores):
            label = "learning rate drops" if number == 0 else None
            axes.axvline(epoch, color=GREY, lw=0.9, ls=":", label=label)
    if best_epoch:
        for axes in (losses, scores):
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
