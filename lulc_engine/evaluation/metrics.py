"""The metrics object: every score of one confusion matrix, as the JSON file and the table hold it.

Training and assessing build it here, so that a number means the same wherever it is printed. What
patches have besides stands in `patch_metrics`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lulc_engine.evaluation import scores
from lulc_engine.evaluation.confusion import Counts
from lulc_engine.protocol import to_json
from lulc_engine.rasters.legend import Legend
from lulc_engine.reports.csv_table import csv_text

TRAINING = "training"
VALIDATION = "validation"
TEST = "test"


@dataclass(frozen=True)
class ReferenceInfo:
    """What the labels are that a prediction was compared with.

    Attributes:
        kind: polygons, points, raster or patches.
        independent: whether nothing of it was used to make the prediction; None if not known.
        split: the role in training (training, validation, test), None for a reference of its own.
        n: labelled samples (pixels, points or patches) with a prediction.
        unclassified: labelled samples without a prediction; they are in no score.
        notes: what a reader of the numbers must know.
        abstained: how many of the unclassified ones the map's model looked at and was not sure
            enough of (MIN_CONFIDENCE); elsewhere the map has no data.
    """

    kind: str
    independent: bool | None
    split: str | None
    n: int
    unclassified: int = 0
    notes: tuple[str, ...] = ()
    abstained: int = 0

    @property
    def optimistic(self) -> bool:
        """Whether the samples took part in making the model, so that scores flatter it."""
        return self.independent is False or self.split in (TRAINING, VALIDATION)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values that JSON can hold."""
        values = dataclasses.asdict(self)
        return {**values, "notes": list(self.notes), "optimistic": self.optimistic}


def build_metrics(matrix: Counts, legend: Legend, reference: ReferenceInfo) -> dict[str, Any]:
    """Return the metrics object of a confusion matrix.

    Args:
        matrix: int64 (K, K), rows reference, columns prediction, in the legend's order.
        legend: the K classes.
        reference: what the rows come from.

    Returns:
        Plain values as JSON holds them; a score that was not measured (0/0) is None.

    Raises:
        ValueError: matrix and legend differ in size.
    """
    if matrix.shape != (len(legend), len(legend)):
        raise ValueError(f"a matrix of {matrix.shape} for {len(legend)} classes")
    return {
        "overall_accuracy": scores.overall_accuracy(matrix),
        "kappa": scores.kappa(matrix),
        "mcc": scores.mcc(matrix),
        **class_block(scores.class_scores(matrix), legend),
        "confusion": {"labels": list(legend.ids), "matrix": matrix.tolist()},
        "reference": reference.as_dict(),
    }


def class_block(by_class: Sequence[scores.ClassScores], legend: Legend) -> dict[str, Any]:
    """Return the part of a metrics object that holds the classes' scores and their means."""
    macro = {name: scores.macro(by_class, name) for name in scores.RATES}
    return {
        "mean_iou": macro["iou"],
        "macro_f1": macro["f1"],
        "macro": macro,
        "weighted": {name: scores.weighted(by_class, name) for name in scores.RATES},
        "classes": [
            {"id": item.id, "name": item.name, **score.as_dict()}
            for item, score in zip(legend.classes, by_class, strict=True)
        ],
    }


def metrics_json(metrics: Mapping[str, Any]) -> str:
    """Return the text of the metrics file: strict JSON, where NaN is null."""
    return to_json(metrics, indent=1) + "\n"


def metrics_table(metrics: Mapping[str, Any]) -> str:
    """Return the CSV table: a row per class, then ``macro`` and ``weighted``.

    Empty cells are scores that were not measured. Names that a spreadsheet would run as a formula
    are disarmed (see `csv_text`).
    """
    header = ["id", "name", *scores.RATES, "support"]
    rows: list[list[Any]] = [header]
    rows += [[item[key] for key in header] for item in metrics["classes"]]
    support = sum(item["support"] for item in metrics["classes"])
    for average in ("macro", "weighted"):
        values = [metrics[average][name] for name in scores.RATES]
        rows.append([average, average, *values, support])
    return csv_text(rows)
