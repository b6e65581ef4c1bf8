"""Confidence intervals as a report shows them beside the scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lulc_engine.evaluation.scores import RATES
from lulc_engine.reports.plain_text import decimal, percent, thousands
from lulc_engine.reports.words import PATCHES, unit

_HEADLINES = ("overall_accuracy", "kappa", "mean_iou", "macro_f1")
_SEVERAL = (*_HEADLINES, "micro_f1", "map", "hamming_loss", "one_error", "lrap")
_IN_PERCENT = {"overall_accuracy", "hamming_loss", "one_error"}
_OF_CLASS = (*RATES, "f2", "average_precision")


def headline_ranges(metrics: Mapping[str, Any]) -> dict[str, str]:
    """Return the interval of each headline score as text, '' where there is none.

    For a probability sample of points that is the one of the overall accuracy by its design; else
    those of ``intervals``.
    """
    if "area" in metrics:
        overall = metrics["area"]["overall_accuracy"]
        known = overall["ci95"] is not None
        text = f"± {decimal(100 * overall['ci95'], 1)} %" if known else ""
        return {**dict.fromkeys(_HEADLINES, ""), "overall_accuracy": text}
    found = metrics.get("intervals", {})
    return {
        name: (_percent_range if name in _IN_PERCENT else _range)(found.get(name))
        for name in (_SEVERAL if "multilabel" in metrics else _HEADLINES)
    }


def class_ranges(metrics: Mapping[str, Any]) -> list[Mapping[str, str]]:
    """Return the intervals of each class's scores by name, '' where there is none."""
    classes = metrics.get("intervals", {}).get("classes") or [{} for _ in metrics["classes"]]
    return [{name: _range(item.get(name)) for name in _OF_CLASS} for item in classes]


def explanation(metrics: Mapping[str, Any]) -> str:
    """Return what the intervals are, in plain words; '' where there are none."""
    if "area" in metrics:
        if metrics["area"]["overall_accuracy"]["ci95"] is None:
            return ""
        return (
            "± is the 95 % confidence interval by the design of the sample: of 100 samples drawn "
            "like this one, about 95 have the true accuracy of the map within it."
        )
    found = metrics.get("intervals", {})
    if found.get("overall_accuracy") is None:
        return ""
    if found["unit"] == PATCHES:
        return (
            "The ranges are 95 % confidence intervals: how much the scores would differ with other "
            f"patches like these. They come from resampling the {thousands(found['units'])} test "
            f"patches, {thousands(found['draws'])} times (bootstrap), which counts every patch as "
            "independent of the others: where patches lie side by side in one scene, the ranges "
            "are too narrow."
        )
    of = f" of {found['block_px']} pixels" if found.get("block_px") else ""
    return (
        "The ranges are 95 % confidence intervals: how much the scores would differ with other "
        f"{found['unit']} like these. They come from resampling the {thousands(found['units'])} "
        f"{found['unit']}{of} as wholes, {thousands(found['draws'])} times (bootstrap), because "
        f"{unit(metrics)} next to each other resemble each other. They hold for such places as the "
        "reference, not for the whole map."
    )


def _range(interval: Sequence[float] | None) -> str:
    if not interval:
        return ""
    low, high = (decimal(edge, 2) for edge in interval)
    dash = " to " if "-" in low + high else "–"  # noqa: RUF001 - the dash of ranges
    return f"{low}{dash}{high}"


def _percent_range(interval: Sequence[float] | None) -> str:
    if not interval:
        return ""
    low, high = (percent(edge) for edge in interval)
    return f"{low.removesuffix(' %')}–{high}"  # noqa: RUF001 - the dash of ranges
