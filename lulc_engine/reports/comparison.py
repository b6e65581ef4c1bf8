"""The report that puts models side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import lulc_engine
from lulc_engine.reports import comparison_pictures, html
from lulc_engine.reports.plain_text import NO_VALUE, decimal, percent, thousands

METRIC_NAMES = {
    "overall_accuracy": "overall accuracy",
    "kappa": "kappa",
    "mean_iou": "mean IoU",
    "macro_f1": "macro F1",
    "weighted_f1": "weighted F1",
    "mcc": "Matthews' correlation",
    "map": "mean average precision",
}
# Column heads in two lines, so that all fit beside each other.
_HEADS = {
    "overall_accuracy": ("Overall", "accuracy"),
    "kappa": ("Kappa", "Cohen"),
    "mean_iou": ("Mean", "IoU"),
    "macro_f1": ("Macro", "F1"),
    "weighted_f1": ("Weighted", "F1"),
    "mcc": ("Correlation", "Matthews"),
    "map": ("Mean", "avg. precision"),
}
SPLIT_NAMES = {"test": "test", "validation": "validation", "training": "training", None: "own"}
_MOST_COLUMNS = 12
# How the list is ordered, in words that follow "The models, ".
_ORDERS = {
    "rank": "best first",
    "name": "by name",
    "date": "newest first",
    "architecture": "by architecture",
    "seed": "by seed",
    "split": "by split",
    "status": "by status",
    "parameters": "smallest first",
    "size_bytes": "smallest first",
    "training_s": "by the time that training took",
}


def render_comparison(comparison: Mapping[str, Any]) -> str:
    """Return the report as one HTML page that needs nothing else.

    Args:
        comparison: as the command ``compare`` makes it.
    """
    models = comparison["models"]
    ranked = sorted(models, key=lambda row: int(row["rank"]))
    metric = comparison["metric"]
    shown = [key for key in METRIC_NAMES if any(row["scores"][key] is not None for row in models)]
    return html.render(
        "comparison.html.j2",
        title="Comparison of models",
        summary=(
            f"{len(models)} models, ranked by {METRIC_NAMES[metric]}. The best is "
            f"{comparison['best']}."
        ),
        best=ranked[0],
        best_score=decimal(ranked[0]["scores"][metric]),
        metric_name=METRIC_NAMES[metric],
        lead=_lead(ranked, metric),
        same_samples=len({(row["n"], row["split"]) for row in ranked}) == 1,
        order=_order(comparison["sorted_by"]),
        models=models,
        metrics=[(key, *_HEADS[key]) for key in shown],
        split_names=SPLIT_NAMES,
        cautions=comparison["cautions"],
        rows=[_class_row(row) for row in comparison["classes"]],
        columns=models[:_MOST_COLUMNS],
        has_runs=any(row["date"] or row["parameters"] or row["size_bytes"] for row in models),
        runs=[_run(row) for row in models],
        unfinished=[{**row, "started": _day(row["started"])} for row in comparison["unfinished"]],
        tests=[_test(row) for row in models if row["versus_best"] is not None],
        by_class=comparison_pictures.class_picture(comparison["classes"], models),
        by_cost=comparison_pictures.cost_picture(models, metric, METRIC_NAMES[metric]),
        version=lulc_engine.__version__,
    )


def _order(sorted_by: str) -> str:
    return _ORDERS.get(sorted_by) or f"by {METRIC_NAMES[sorted_by]}"


def _lead(models: list[Mapping[str, Any]], metric: str) -> str:
    """Return how far the best is ahead of the next that is ranked in the same way."""
    first, second = models[0], models[1]
    if second["scores"][metric] is None or second["optimistic"] != first["optimistic"]:
        return NO_VALUE
    return decimal(first["scores"][metric] - second["scores"][metric])


def _class_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a class with F1 of every model, which is best, and between which they lie."""
    shown = row["f1"][:_MOST_COLUMNS]
    measured = [value for value in shown if value is not None]
    best = max(measured) if len(measured) > 1 and max(measured) > min(measured) else None
    return {
        "name": row["name"],
        "cells": [(decimal(value), best is not None and value == best) for value in shown],
        "spread": decimal(max(measured) - min(measured)) if len(measured) > 1 else decimal(None),
    }


def _run(row: Mapping[str, Any]) -> dict[str, str]:
    size, seconds, seed = row["size_bytes"], row["training_s"], row["seed"]
    return {
        "name": row["name"],
        "day": _day(row["date"]),
        "architecture": row["architecture"] or decimal(None),
        "seed": decimal(None) if seed is None else str(seed),
        "parameters": thousands(row["parameters"]),
        "size": decimal(None) if size is None else f"{size / 1e6:.1f} MB",
        "duration": decimal(None) if seconds is None else _duration(seconds),
    }


def _day(date: str | None) -> str:
    """Return the day and minute of a date in ISO form, or an en dash for none."""
    return date[:16].replace("T", " ") if date else decimal(None)


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def _test(row: Mapping[str, Any]) -> dict[str, Any]:
    test = row["versus_best"]
    p = test["p_holm"]
    return {
        "name": row["name"],
        "best_only": test["best_only"],
        "other_only": test["other_only"],
        "p": "< 0.001" if test["p"] < 0.001 else decimal(test["p"]),
        "p_holm": "< 0.001" if p < 0.001 else decimal(p),
        "how": "exact" if test["exact"] else "chi-squared",
        "share": percent(_share(test)),
    }


def _share(test: Mapping[str, Any]) -> float | None:
    both = test["best_only"] + test["other_only"]
    share: float | None = test["best_only"] / both if both else None
    return share
