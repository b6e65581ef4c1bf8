"""The training report: what was learned from what, how well, and how to repeat it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import lulc_engine
from lulc_engine.rasters.legend import Legend
from lulc_engine.reports import html
from lulc_engine.reports.curves import learning_curves
from lulc_engine.reports.sections import SPLITS, Section, scores_section

_NONE = {"units": 0, "pixels": 0}


@dataclass(frozen=True)
class TrainingReport:
    """What a training report shows.

    Attributes:
        model_name: name of the model, without folders.
        legend: the classes that the model tells apart.
        history: one mapping per epoch: ``epoch``, ``loss``, ``learning_rate`` and ``validation``,
            a mapping with ``mean_iou``, ``macro_f1`` and, if there is one, ``loss``.
        best_epoch: the epoch whose weights were kept; None or 0 if no epoch was chosen.
        split_rows: one mapping per class, in the legend's order, as `Split.describe` makes them:
            ``status`` (ok, or a remark such as "cannot be validated: only one polygon"), and for
            each of ``training``, ``validation`` and ``test`` a mapping with ``units`` and
            ``pixels``. A split without any is left out of the table.
        split_unit: what was split, in plural: polygons or blocks.
        metrics_by_split: metrics objects by split: test, validation, training.
        command: the command line that repeats the run, or ''.
        facts: label and value of what else is needed to repeat it (seed, versions, data hashes).
        warnings: what keeps the model from being used as it is, in plain words.
        notes: what else happened (repaired geometries, ignored values, reprojections).
    """

    model_name: str
    legend: Legend
    history: Sequence[Mapping[str, Any]]
    best_epoch: int | None
    split_rows: Sequence[Mapping[str, Any]]
    split_unit: str
    metrics_by_split: Mapping[str, Mapping[str, Any]]
    command: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    warnings: Sequence[str] = ()
    notes: Sequence[str] = ()


def render_training_report(report: TrainingReport) -> str:
    """Return the report as one HTML page that needs nothing else.

    The headline is the untouched test where there is one, else the validation, which says so.
    """
    sections = [
        scores_section(report.metrics_by_split[split], report.legend, split)
        for split in SPLITS
        if split in report.metrics_by_split
    ]
    curves = learning_curves(report.history, report.best_epoch) if report.history else None
    return html.render(
        "training.html.j2",
        title=f"Training of {report.model_name}",
        summary=_summary(report, sections),
        headline=sections[0] if sections else None,
        warnings=list(report.warnings),
        split_rows=_split_rows(report),
        split_names=_split_names(report),
        split_unit=report.split_unit,
        curves=curves,
        course=_course(report),
        sections=sections,
        command=report.command,
        facts=list(report.facts.items()),
        notes=list(report.notes),
        version=lulc_engine.__version__,
    )


def _summary(report: TrainingReport, sections: Sequence[Section]) -> str:
    learned = f"The model {report.model_name} tells {len(report.legend)} classes apart."
    if not sections:
        return f"{learned} It was not scored."
    if sections[0].optimistic:
        return (
            f"{learned} No labels were kept apart for a test: the scores below flatter it. Assess "
            "a map with labels of its own before you rely on it."
        )
    return f"{learned} It was tested with labels that were used for no choice during training."


def _course(report: TrainingReport) -> str:
    epochs = len(report.history)
    text = f"Training ran for {epochs} epoch{'' if epochs == 1 else 's'}."
    if not report.best_epoch:
        return text
    return (
        f"{text} The weights of epoch {report.best_epoch}, the best on the validation labels, were "
        "kept."
    )


def _split_names(report: TrainingReport) -> list[str]:
    order = ("training", "validation", "test")
    return [
        name for name in order if any(row.get(name, _NONE)["units"] for row in report.split_rows)
    ]


def _split_rows(report: TrainingReport) -> list[dict[str, Any]]:
    names = _split_names(report)
    return [
        {
            "name": item.name,
            "color": item.hex_color,
            "cells": [row.get(name, _NONE) for name in names],
            "status": "" if row["status"] == "ok" else row["status"],
        }
        for item, row in zip(report.legend.classes, report.split_rows, strict=True)
    ]
