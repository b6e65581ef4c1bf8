"""The metrics object of patches: one class per patch, or several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from lulc_engine.evaluation import confusion, multilabel
from lulc_engine.evaluation.confusion import Counts
from lulc_engine.evaluation.metrics import ReferenceInfo, build_metrics, class_block
from lulc_engine.evaluation.multilabel import Labels, Probabilities
from lulc_engine.evaluation.thresholds import DEFAULT, decide
from lulc_engine.rasters.legend import Legend

_TOPS = (2, 3, 5)


def patch_metrics(
    targets: npt.NDArray[Any],
    probabilities: Probabilities,
    legend: Legend,
    info: ReferenceInfo,
    thresholds: Sequence[float] = (),
) -> dict[str, Any]:
    """Return the metrics object of patches, as JSON holds it; 0/0 is None.

    One class per patch: as for maps, the likeliest class being the answer (of equally likely ones
    the first), and ``top_k``. Several: each class is a yes/no question of its own, so that there
    is no matrix but a 2 x 2 table per class, ``overall_accuracy`` is the subset accuracy, kappa and
    mcc are None, and ``multilabel`` holds what only such patches have.

    Args:
        targets: (N,) class indices, or (N, K) of 0 and 1 for several classes per patch.
        probabilities: (N, K), finite.
        legend: the K classes.
        info: what the patches are.
        thresholds: (K,) probability from which on a class is there; empty for 0.5. Only for
            several classes.
    """
    if targets.ndim == 2:
        return _several(targets, probabilities, legend, info, thresholds)
    answers = probabilities.argmax(axis=1)
    metrics = build_metrics(confusion.count(targets, answers, len(legend)), legend, info)
    return {**metrics, "top_k": top_k(targets, probabilities)}


def top_k(targets: npt.NDArray[Any], probabilities: Probabilities) -> dict[str, float | None]:
    """Return the share of patches whose class is among the k likeliest, k = 2, 3, 5 below K.

    Of equally likely classes the first in the legend is ahead.

    Args:
        targets: (N,) class indices.
        probabilities: (N, K).
    """
    count, classes = probabilities.shape
    own = np.take_along_axis(probabilities, targets[:, None].astype(np.int64), axis=1)
    before = np.arange(classes) < targets[:, None]
    rank = ((probabilities > own) | ((probabilities == own) & before)).sum(axis=1)
    return {str(k): int((rank < k).sum()) / count if count else None for k in _TOPS if k < classes}


def _several(
    targets: Labels,
    probabilities: Probabilities,
    legend: Legend,
    info: ReferenceInfo,
    thresholds: Sequence[float],
) -> dict[str, Any]:
    limits = [float(t) for t in thresholds] or [DEFAULT] * len(legend)
    predictions = decide(probabilities, limits)
    tables = multilabel.binary_tables(targets, predictions)
    by_class = class_block([multilabel.table_scores(table) for table in tables], legend)
    subset_accuracy = multilabel.subset_accuracy(targets, predictions)
    f2 = [multilabel.f_beta(table, 2) for table in tables]
    precisions = multilabel.average_precisions(targets, probabilities)
    columns = (legend.ids, legend.names, f2, precisions, limits)
    keys = ("id", "name", "f2", "average_precision", "threshold")
    pooled = micro_scores(targets, probabilities, tables.sum(axis=0))
    macro = {"f2": multilabel.mean(f2), "map": multilabel.mean(precisions)}
    return {
        "overall_accuracy": subset_accuracy,
        "kappa": None,
        "mcc": None,
        **by_class,
        "confusion": {"labels": list(legend.ids), "matrix": None, "per_class": tables.tolist()},
        "reference": info.as_dict(),
        "multilabel": {
            **macro,
            "subset_accuracy": subset_accuracy,
            "hamming_loss": multilabel.hamming_loss(targets, predictions),
            "one_error": multilabel.one_error(targets, probabilities),
            "lrap": multilabel.ranking_average_precision(targets, probabilities),
            "micro": pooled,
            "macro": {name: {**by_class["macro"], **macro}[name] for name in pooled},
            "classes": [dict(zip(keys, row, strict=True)) for row in zip(*columns, strict=True)],
            "cooccurrence": multilabel.cooccurrence(targets).tolist(),
        },
    }


def micro_scores(
    targets: Labels, probabilities: Probabilities, pooled: Counts
) -> dict[str, float | None]:
    """Return the scores of all N x K yes/no questions taken together.

    Args:
        targets: (N, K) of 0 and 1.
        probabilities: (N, K).
        pooled: the sum of the classes' 2 x 2 tables.
    """
    rates = multilabel.table_scores(pooled)
    return {
        "precision": rates.precision,
        "recall": rates.recall,
        "f1": rates.f1,
        "f2": multilabel.f_beta(pooled, 2),
        "iou": rates.iou,
        "map": multilabel.average_precision(targets.ravel(), probabilities.ravel()),
    }
