"""The part of a metrics object on probabilities: their calibration, and what may be made of them.

The definitions: the expected calibration error has 15 bins of equal width (Guo et al. 2017). For
one class per sample it is of the likeliest class and its probability. For several it is of all n x
K yes/no answers and the probability of yes: how often a class is there against how probable it was.
ROC and precision over recall are of each class against the rest; ``micro`` takes all n x K answers
together, ``macro`` is the mean over classes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lulc_engine.evaluation import multilabel
from lulc_engine.evaluation.abstaining import LEVELS, abstention_curve, to_percent
from lulc_engine.evaluation.calibration import BINS, expected_calibration_error, reliability
from lulc_engine.evaluation.multilabel import Probabilities
from lulc_engine.evaluation.operating import Steps, area_under, average_of, mean_line, thinned
from lulc_engine.evaluation.scores import macro
from lulc_engine.evaluation.thresholds import decide
from lulc_engine.rasters.legend import Legend

KEY = "probabilities"
CURVES = "curves"
# More samples would not move a curve by the width of its line.
MOST_SAMPLES, MOST_NUMBERS = 200_000, 10_000_000
THRESHOLDS = tuple(step / 10 for step in range(1, 10))
_MOST_CURVES = 60


@dataclass(frozen=True)
class Probable:
    """What a model said of samples with labels.

    Attributes:
        targets: (n,) class indices, or (n, K) of 0 and 1 for several classes per sample.
        plain: probabilities (n, K) with a temperature of 1.
        scaled: probabilities (n, K) with the model's temperature.
        temperature: the model's.
        of: samples that there are, of which these may be some.
    """

    targets: npt.NDArray[Any]
    plain: Probabilities
    scaled: Probabilities
    temperature: float
    of: int


def most_samples(classes: int) -> int:
    """Return from how many samples the numbers are computed at most."""
    return min(MOST_SAMPLES, MOST_NUMBERS // classes)


def drawn(found: Probable) -> Probable:
    """Return at most `most_samples` of the samples, drawn at random, always the same ones."""
    n, most = len(found.targets), most_samples(found.scaled.shape[1])
    if n <= most:
        return found
    kept = np.sort(np.random.default_rng(0).choice(n, most, replace=False))
    return Probable(
        found.targets[kept], found.plain[kept], found.scaled[kept], found.temperature, found.of
    )


def probability_block(
    found: Probable, legend: Legend, thresholds: Sequence[float] = ()
) -> dict[str, Any]:
    """Return the part as JSON holds it; a number that was not measured is None.

    Args:
        found: answers for the K classes.
        legend: the K classes.
        thresholds: (K,) from which on a class is there, for several classes per sample; empty for
            0.5.

    Returns:
        ``n`` and ``of`` (samples used, and that there are), ``temperature``, ``calibration`` with
        ``bins`` and, for ``unscaled`` and ``scaled`` probabilities, ``ece``, ``said`` and ``right``
        (means) and the rows ``reliability``; ``roc_auc`` and ``average_precision`` with ``micro``
        and ``macro``, both for each of ``classes``; for one class per sample ``abstaining`` (see
        `abstaining.abstention_curve`, at some levels), for several ``thresholds``; and ``curves``,
        thinned for drawing.
    """
    found = drawn(found)
    several = found.targets.ndim == 2
    one_hot = found.targets if several else _one_hot(found.targets, len(legend))
    ranks = _ranks(one_hot, found.scaled, legend)
    rows: dict[str, Any]
    if several:
        rows = {"thresholds": threshold_rows(one_hot, found.scaled, thresholds)}
    else:
        percent = to_percent(found.scaled.max(axis=1))
        curve = abstention_curve(percent, found.scaled.argmax(axis=1) == found.targets)
        rows = {"abstaining": [curve[level] for level in LEVELS]}
        ranks[CURVES]["abstaining"] = _abstention_line(curve)
    return {
        "n": len(found.targets),
        "of": found.of,
        "temperature": found.temperature,
        "calibration": {
            "bins": BINS,
            "unscaled": _calibration(found.targets, found.plain),
            "scaled": _calibration(found.targets, found.scaled),
        },
        **rows,
        **ranks,
    }


def without_curves(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Return a metrics object without the points of curves, which a model card has no room for."""
    part = metrics.get(KEY)
    if part is None:
        return dict(metrics)
    return {**metrics, KEY: {key: value for key, value in part.items() if key != CURVES}}


def for_card(by_split: Mapping[str, Mapping[str, Any]]) -> tuple[float, dict[str, Any]]:
    """Return the temperature of a model and its metrics as its card holds them.

    The temperature is 1 where no split has probabilities.
    """
    parts = (metrics[KEY] for metrics in by_split.values() if KEY in metrics)
    temperature = next((float(part["temperature"]) for part in parts), 1.0)
    return temperature, {split: without_curves(metrics) for split, metrics in by_split.items()}


def threshold_rows(
    targets: npt.NDArray[Any], probabilities: Probabilities, tuned: Sequence[float] = ()
) -> list[dict[str, Any]]:
    """Return what the same threshold for all classes gives, from 0.1 to 0.9, and the tuned ones.

    Args:
        targets: (n, K) of 0 and 1.
        probabilities: (n, K).
        tuned: (K,), or none.

    Returns:
        Rows ``threshold`` (None for the tuned ones), ``precision``, ``recall``, ``f1`` of all
        answers together, ``macro_f1`` and ``without``, the share of samples that get no class.
    """
    levels: list[float | None] = [*THRESHOLDS, *([None] if len(tuned) else [])]
    rows = []
    for level in levels:
        said = decide(probabilities, tuned if level is None else [level] * targets.shape[1])
        tables = multilabel.binary_tables(targets, said)
        pooled = multilabel.table_scores(tables.sum(axis=0))
        by_class = [multilabel.table_scores(table) for table in tables]
        rows.append(
            {
                "threshold": level,
                "precision": pooled.precision,
                "recall": pooled.recall,
                "f1": pooled.f1,
                "macro_f1": macro(by_class, "f1"),
                "without": float((~said.any(axis=1)).mean()) if len(said) else None,
            }
        )
    return rows


def _calibration(targets: npt.NDArray[Any], probabilities: Probabilities) -> dict[str, Any]:
    if targets.ndim == 2:
        said, right = probabilities.ravel(), targets.ravel().astype(bool)
    else:
        said, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == targets
    bins = reliability(said, right)
    count = len(said)
    return {
        "ece": expected_calibration_error(bins),
        "said": float(said.mean(dtype=np.float64)) if count else None,
        "right": float(right.mean()) if count else None,
        "reliability": bins,
    }


def _ranks(one_hot: npt.NDArray[Any], scores: Probabilities, legend: Legend) -> dict[str, Any]:
    """Return areas under curves, and the curves of at most 60 classes."""
    steps = [Steps.of(t, s) for t, s in zip(one_hot.T, scores.T, strict=True)]
    together = Steps.of(one_hot.ravel(), scores.ravel())
    rocs, lines = [s.roc() for s in steps], [s.precision_recall() for s in steps]
    areas = [area_under(curve) for curve in rocs]
    averages = [average_of(curve) for curve in lines]
    columns = zip(legend.ids, legend.names, areas, averages, strict=True)
    keys = ("id", "name", "roc_auc", "average_precision")
    return {
        "roc_auc": {"micro": area_under(together.roc()), "macro": multilabel.mean(areas)},
        "average_precision": {
            "micro": average_of(together.precision_recall()),
            "macro": multilabel.mean(averages),
        },
        "classes": [dict(zip(keys, row, strict=True)) for row in columns],
        CURVES: {
            "roc": _lines(together.roc(), rocs, stairs=False),
            "precision_recall": _lines(together.precision_recall(), lines, stairs=True),
        },
    }


def _lines(micro: Any, curves: list[Any], stairs: bool) -> dict[str, Any]:
    return {
        "micro": thinned(micro),
        "macro": thinned(mean_line(curves, stairs)),
        "classes": [thinned(curve) for curve in curves[:_MOST_CURVES]],
    }


def _abstention_line(curve: Sequence[Mapping[str, Any]]) -> list[list[float]]:
    """Return the points of a curve where something is left: shares left out, and accuracies."""
    points = [
        (row["unclassified"], row["accuracy"]) for row in curve if row["accuracy"] is not None
    ]
    return [[round(point[axis], 4) for point in points] for axis in (0, 1)]


def _one_hot(targets: npt.NDArray[Any], classes: int) -> npt.NDArray[np.uint8]:
    hot = np.zeros((len(targets), classes), np.uint8)
    hot[np.arange(len(targets)), targets.astype(np.int64)] = 1
    return hot
