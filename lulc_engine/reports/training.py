"""The training report: what was learned from what, how well, and how to repeat it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import lulc_engine
from lulc_engine.rasters.legend import Legend
from lulc_engine.reports import curves as drawn
from lulc_engine.reports import html
from lulc_engine.reports.balance import balance_picture
from lulc_engine.reports.drawing import Picture
from lulc_engine.reports.examples import Examples
from lulc_engine.reports.multilabel import MultilabelSection, section_of
from lulc_engine.reports.plain_text import thousands
from lulc_engine.reports.sections import SPLITS, Section
from lulc_engine.reports.words import quoted

MOST_REJECTED = 200
_UNEQUAL = 3  # times as many samples of one class as of another
_SPLIT_TEXT = (
    "Whole {} were held back, never single pixels of them, so that neighbouring pixels cannot be "
    "learned and tested at the same time."
)


@dataclass(frozen=True)
class Table:
    """A table that a kind of training has besides, such as the comparison of band sets.

    Attributes:
        title: its heading.
        header: of the columns; the first column is text, the others numbers.
        rows: cells as they are to be read.
        text: what it shows, in a sentence or two.
        best: the row that stands out, or None.
    """

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    text: str = ""
    best: int | None = None


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
            each of ``training``, ``validation`` and ``test`` a mapping with ``units`` (where there
            is a split unit) and ``pixels`` or ``patches``. A split without any is left out of the
            table.
        split_unit: what was split, in plural: polygons or blocks; '' where the samples were.
        metrics_by_split: metrics objects by split: test, validation, training.
        command: the command line that repeats the run, or ''.
        facts: label and value of what else is needed to repeat it (seed, versions, data hashes).
        warnings: what keeps the model from being used as it is, in plain words.
        notes: what else happened (repaired geometries, ignored values, reprojections).
        sample_unit: what has labels, in plural: pixels, or patches of a patch classifier.
        split_text: how samples were divided; '' for the sentence on polygons and blocks.
        split_totals: patches by split where they can have several classes, else empty.
        kept: which epoch was kept, in words that follow "epoch 8, ".
        rejected: name and reason of the patches that were left out.
        tables: what else there is to show.
        examples: data that the model did not learn from, with what it says of them, or None.
        machine: label and value of what it ran on and for how long.
        repeat: the command that repeats the run with its run folder, or ''.
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
    sample_unit: str = "pixels"
    split_text: str = ""
    split_totals: Mapping[str, int] = field(default_factory=dict)
    kept: str = "the best on the validation labels"
    rejected: Sequence[tuple[str, str]] = ()
    tables: Sequence[Table] = ()
    examples: Examples | None = None
    machine: Mapping[str, str] = field(default_factory=dict)
    repeat: str = ""


def render_training_report(report: TrainingReport) -> str:
    """Return the report as one HTML page that needs nothing else.

    The headline is the untouched test where there is one, else the validation, which says so.
    """
    sections = [
        section_of(report.metrics_by_split[split], report.legend, split)
        for split in SPLITS
        if split in report.metrics_by_split
    ]
    names = _split_names(report)
    return html.render(
        "training.html.j2",
        title=f"Training of {report.model_name}",
        summary=_summary(report, sections),
        headline=sections[0] if sections else None,
        sample_unit=report.sample_unit,
        warnings=list(report.warnings),
        split_rows=_split_rows(report),
        has_remarks=any(row["status"] not in ("", "ok") for row in report.split_rows),
        split_names=names,
        split_unit=report.split_unit,
        split_text=report.split_text or _SPLIT_TEXT.format(report.split_unit),
        split_totals=[report.split_totals.get(name, 0) for name in names],
        has_totals=bool(report.split_totals),
        balance=balance_picture(report.split_rows, report.legend, report.sample_unit, names),
        balance_text=_balance_text(report),
        examples=report.examples,
        curves=_curves(report, sections),
        course=_course(report),
        sections=sections,
        command=report.command,
        repeat=report.repeat,
        facts=list(report.facts.items()),
        machine=list(report.machine.items()),
        tables=list(report.tables),
        rejected=list(report.rejected[:MOST_REJECTED]),
        rejected_text=_rejected_text(len(report.rejected)),
        notes=list(report.notes),
        version=lulc_engine.__version__,
    )


def _summary(report: TrainingReport, sections: Sequence[Section | MultilabelSection]) -> str:
    patches = report.sample_unit == "patches"
    learned = f"The model {report.model_name} {_ability(report, sections)}."
    if not sections:
        return f"{learned} It was not scored."
    if sections[0].optimistic:
        cure = "Test it with patches" if patches else "Assess a map with labels"
        return (
            f"{learned} No {'patches' if patches else 'labels'} were kept apart for a test: the "
            f"scores below flatter it. {cure} of {'their' if patches else 'its'} own before you "
            "rely on it."
        )
    used = "patches" if patches else "labels"
    return f"{learned} It was tested with {used} that were used for no choice during training."


def _ability(report: TrainingReport, sections: Sequence[Section | MultilabelSection]) -> str:
    classes = len(report.legend)
    if any(section.multilabel for section in sections):
        return f"tells which of {classes} classes a patch has; it may have several"
    if report.sample_unit == "patches":
        return f"gives a patch one of {classes} classes"
    return f"tells {classes} classes apart"


def _curves(
    report: TrainingReport, sections: Sequence[Section | MultilabelSection]
) -> list[Picture]:
    if not report.history:
        return []
    shown = drawn.SEGMENTER_SCORES
    if report.sample_unit == "patches":
        several = any(section.multilabel for section in sections)
        shown = drawn.MULTILABEL_SCORES if several else drawn.PATCH_SCORES
    whole = drawn.learning_curves(report.history, report.best_epoch, shown)
    by_class = drawn.class_curves(report.history, report.legend, report.best_epoch)
    return [whole] if by_class is None else [whole, by_class]


def _course(report: TrainingReport) -> str:
    epochs = len(report.history)
    text = f"Training ran for {epochs} epoch{'' if epochs == 1 else 's'}."
    if not report.best_epoch:
        return text
    if not any(drawn.is_validated(item) for item in report.history):
        kept = f"The weights of epoch {report.best_epoch} were kept"
        return f"{text} {kept}; there were no labels to validate with."
    return f"{text} The weights of epoch {report.best_epoch}, {report.kept}, were kept."


def _balance_text(report: TrainingReport) -> str:
    """Return how unequal the classes are in what was learned from, in a sentence."""
    unit = report.sample_unit
    counts = [
        (int(row.get("training", {}).get(unit) or 0), str(row["name"])) for row in report.split_rows
    ]
    learned = [item for item in counts if item[0]]
    if len(learned) < 2:
        return ""
    (fewest, rare), (most, frequent) = min(learned), max(learned)
    if most < _UNEQUAL * fewest:
        if len(learned) < len(counts):
            return ""
        return f"The classes are about equally frequent in training ({unit})."
    return (
        f"The classes are unequal in training: {quoted(frequent)} has {thousands(most)} {unit}, "
        f"{thousands(most / fewest)} times as many as {quoted(rare)} with {thousands(fewest)}. "
        "Scores of rare classes rest on little."
    )


def _split_names(report: TrainingReport) -> list[str]:
    order = ("training", "validation", "test")
    return [
        name
        for name in order
        if any(any(row[name].values()) for row in report.split_rows if name in row)
    ]


def _split_rows(report: TrainingReport) -> list[dict[str, Any]]:
    keys = ["units", report.sample_unit] if report.split_unit else [report.sample_unit]
    return [
        {
            "name": item.name,
            "color": item.hex_color,
            "cells": [
                row.get(name, {}).get(key, 0) for name in _split_names(report) for key in keys
            ],
            "status": "" if row["status"] == "ok" else row["status"],
        }
        for item, row in zip(report.legend.classes, report.split_rows, strict=True)
    ]


def _rejected_text(count: int) -> str:
    if count == 1:
        return "One patch was left out. It is in no number above."
    shown = f" The first {MOST_REJECTED} of them:" if count > MOST_REJECTED else ""
    return f"{thousands(count)} patches were left out. They are in no number above.{shown}"
