"""The scores of patches that may have several classes, as a report shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lulc_engine.evaluation.thresholds import DEFAULT
from lulc_engine.rasters.legend import Legend
from lulc_engine.reports import plots, ranges, words
from lulc_engine.reports.drawing import Picture
from lulc_engine.reports.plain_text import percent, thousands
from lulc_engine.reports.probabilities import ProbabilitySection, probability_section
from lulc_engine.reports.sections import SPLITS, Section, legend_of, scores_section

_BARS = (("f1", "F1"), ("iou", "IoU"), ("average_precision", "average precision"))
_MOST_SENTENCES = 5


@dataclass(frozen=True)
class MultilabelSection:
    """The scores of one split, ready for a template.

    Attributes as in `Section`, and:
        rows: per class the scores of ``classes`` and ``multilabel.classes``, the counts ``hits``,
            ``misses``, ``alarms`` and ``rest``, and ``ranges``, the intervals as text by score.
        together: the picture of classes that occur in the same patch.
        errors: sentences on the classes with the most errors.
        ranges: intervals of the headline scores as text, '' where there is none.
        ranges_text: says what the intervals are.
    """

    metrics: Mapping[str, Any]
    unit: str
    colors: Mapping[int, str]
    rows: list[dict[str, Any]]
    bars: Picture
    together: Picture
    errors: list[str]
    warnings: list[str]
    title: str = ""
    label: str = ""
    optimistic: bool = False
    ranges: Mapping[str, str] = field(default_factory=dict)
    ranges_text: str = ""
    probabilities: ProbabilitySection | None = None
    multilabel: bool = True


def section_of(
    metrics: Mapping[str, Any], legend: Legend, split: str = ""
) -> Section | MultilabelSection:
    """Return the section that suits a metrics object: one class per sample, or several."""
    make = multilabel_section if "multilabel" in metrics else scores_section
    return make(metrics, legend, split)


def multilabel_section(
    metrics: Mapping[str, Any], legend: Legend, split: str = ""
) -> MultilabelSection:
    """Return the section for a metrics object with ``multilabel``.

    Args:
        metrics: as `patch_metrics` makes it.
        legend: gives the classes their colours; a test may hold classes it does not have.
        split: a key of `sections.SPLITS`, or ''.
    """
    legend = legend_of(metrics, legend)
    title, label = SPLITS.get(split, ("", ""))
    rows = _rows(metrics)
    together = np.array(metrics["multilabel"]["cooccurrence"], np.int64)
    return MultilabelSection(
        metrics=metrics,
        unit=words.unit(metrics),
        colors={item.id: item.hex_color for item in legend.classes},
        rows=rows,
        bars=plots.score_bars(rows, legend, _BARS),
        together=plots.cooccurrence_picture(together.reshape(len(legend), len(legend)), legend),
        errors=_errors(rows),
        warnings=[*words.warnings(metrics), *_on_thresholds(rows, split)],
        title=title,
        label=label,
        optimistic=split in ("validation", "training"),
        ranges=ranges.headline_ranges(metrics),
        ranges_text=ranges.explanation(metrics),
        probabilities=probability_section(metrics, legend, words.unit(metrics), split),
    )


def _rows(metrics: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = []
    parts = (
        metrics["classes"],
        metrics["multilabel"]["classes"],
        metrics["confusion"]["per_class"],
        ranges.class_ranges(metrics),
    )
    for scores, more, ((rest, alarms), (misses, hits)), of_class in zip(*parts, strict=True):
        counts = {"hits": hits, "misses": misses, "alarms": alarms, "rest": rest}
        rows.append({**scores, **more, **counts, "ranges": of_class})
    return rows


def _errors(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return sentences on the classes that have errors, the lowest F1 first."""
    wrong = [row for row in rows if row["f1"] is not None and row["f1"] < 1]
    wrong.sort(key=lambda row: row["f1"])
    return [_error(row) for row in wrong[:_MOST_SENTENCES]]


def _error(row: Mapping[str, Any]) -> str:
    name, support, said = words.quoted(row["name"]), row["support"], row["hits"] + row["alarms"]
    if not support:
        return f"No patch has {name}, but it is said of {thousands(said)} {_patches(said)}."
    missed = f"{name} is missed in {words.of(row['misses'], support, _patches(support))}"
    if not said:
        return f"{missed}: it is never said."
    if not row["alarms"]:
        return f"{missed}; there are no false alarms."
    share = percent(row["alarms"] / said)
    wrong = f"wrongly said of {thousands(row['alarms'])} of {thousands(said)} ({share})"
    if not row["misses"]:
        return f"{name} is never missed, but {wrong}."
    return f"{missed}, and {wrong}."


def _patches(count: int) -> str:
    return "patch" if count == 1 else "patches"


def _on_thresholds(rows: Sequence[Mapping[str, Any]], split: str) -> list[str]:
    if split != "validation" or all(row["threshold"] == DEFAULT for row in rows):
        return []
    return [
        "The thresholds were tuned on these patches for the highest F1 of each class: precision, "
        "recall and F1 flatter the model, most of all for rare classes. Average precision does not "
        "depend on thresholds."
    ]
