"""The scores of one split as a report shows them; shared by all reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lulc_engine.rasters.legend import Legend, make_legend
from lulc_engine.reports import plots, ranges, words
from lulc_engine.reports.drawing import Picture
from lulc_engine.reports.probabilities import ProbabilitySection, probability_section

# A larger matrix is shown as a picture only; its counts are in the metrics file.
_LARGEST_TABLE = 40

# What may be said about scores on each split: where they come from, and what they are worth.
SPLITS: dict[str, tuple[str, str]] = {
    "test": (
        "Scores on the test set",
        "Test: these labels were used for no choice during training.",
    ),
    "validation": (
        "Scores on the validation set",
        "Validation, optimistic: these labels chose the best epoch. A test on labels of their own "
        "would tell more.",
    ),
    "training": (
        "Scores on the training set",
        "Training, very optimistic: the model learned from these labels.",
    ),
}


@dataclass(frozen=True)
class Section:
    """The scores of one split, ready for a template.

    Attributes:
        metrics: the metrics object.
        unit: what is counted, in plural.
        answerer: what gave the answers: map or model.
        colors: by class id.
        names: of the classes.
        confusion: the picture of the matrix.
        bars: the picture of the classes' scores.
        pairs: sentences on the most confused pairs.
        warnings: what keeps a reader from taking the numbers at face value.
        title: heading.
        label: what the scores are worth.
        optimistic: whether the label is a caution.
        count_rows: name and counts by class, of matrices small enough for a table.
        top_k: a sentence on the likeliest classes, or ''.
        ranges: intervals of the headline scores as text, '' where there is none.
        class_ranges: the same by class, in the order of the classes.
        ranges_text: says what the intervals are.
        probabilities: what is said on them, where the metrics object has them.
        multilabel: tells these sections from those of `multilabel`.
    """

    metrics: Mapping[str, Any]
    unit: str
    answerer: str
    colors: Mapping[int, str]
    names: Sequence[str]
    confusion: Picture
    bars: Picture
    pairs: list[str]
    warnings: list[str]
    title: str = ""
    label: str = ""
    optimistic: bool = False
    count_rows: list[tuple[str, list[int]]] = field(default_factory=list)
    top_k: str = ""
    ranges: Mapping[str, str] = field(default_factory=dict)
    class_ranges: list[Mapping[str, str]] = field(default_factory=list)
    ranges_text: str = ""
    probabilities: ProbabilitySection | None = None
    multilabel: bool = False


def scores_section(metrics: Mapping[str, Any], legend: Legend, split: str = "") -> Section:
    """Return the section for a metrics object.

    Args:
        metrics: as `build_metrics` makes it.
        legend: gives the classes their colours; a test may hold classes it does not have.
        split: a key of SPLITS, or '' for a reference of its own.
    """
    legend = legend_of(metrics, legend)
    matrix = np.array(metrics["confusion"]["matrix"], np.int64).reshape(len(legend), len(legend))
    title, label = SPLITS.get(split, ("", ""))
    small = len(legend) <= _LARGEST_TABLE
    return Section(
        metrics=metrics,
        unit=words.unit(metrics),
        answerer=words.answerer(metrics),
        colors={item.id: item.hex_color for item in legend.classes},
        names=legend.names,
        confusion=plots.confusion_picture(matrix, legend, words.answerer(metrics)),
        bars=plots.score_bars(metrics["classes"], legend),
        pairs=words.confused_pairs(metrics),
        warnings=words.warnings(metrics),
        title=title,
        label=label,
        optimistic=split in ("validation", "training"),
        count_rows=list(zip(legend.names, matrix.tolist(), strict=True)) if small else [],
        top_k=words.top_k(metrics),
        ranges=ranges.headline_ranges(metrics),
        class_ranges=ranges.class_ranges(metrics),
        ranges_text=ranges.explanation(metrics),
        probabilities=probability_section(metrics, legend, words.unit(metrics), split),
    )


def legend_of(metrics: Mapping[str, Any], known: Legend) -> Legend:
    """Return the classes of a metrics object, in its order, with the known colours."""
    colors = {item.id: item.color for item in known.classes}
    ids = [item["id"] for item in metrics["classes"]]
    return make_legend(ids, [item["name"] for item in metrics["classes"]], colors)
