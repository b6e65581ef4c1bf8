"""Scores of patches that may have several classes, each a pure function of labels and answers.

A score whose denominator is zero is None, never 0: nothing was measured. A patch without any label
has nothing to rank, so it is in no ranking score; a class without positives has no average
precision.

Throughout, targets are uint8 or bool (N, K) of 0 and 1, predictions bool (N, K), probabilities
float (N, K).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from lulc_engine.evaluation.confusion import Counts
from lulc_engine.evaluation.scores import ClassScores

Labels = npt.NDArray[np.uint8] | npt.NDArray[np.bool_]
Decisions = npt.NDArray[np.bool_]
Probabilities = npt.NDArray[np.floating[Any]]

_PAIRS = 1 << 22  # pairs of classes per pass, which fit into memory


def binary_tables(targets: Labels, predictions: Decisions) -> Counts:
    """Return the 2 x 2 tables of the classes: int64 (K, 2, 2), each [[tn, fp], [fn, tp]].

    Example:
        >>> binary_tables(np.array([[1], [0], [1]]), np.array([[True], [True], [False]])).tolist()
        [[[0, 1], [1, 1]]]
    """
    truth = targets.astype(bool)
    cells = [
        (~truth & ~predictions, ~truth & predictions),
        (truth & ~predictions, truth & predictions),
    ]
    tables = [[cell.sum(axis=0, dtype=np.int64) for cell in row] for row in cells]
    return np.moveaxis(np.array(tables), 2, 0)


def table_scores(table: Counts) -> ClassScores:
    """Return the scores of a 2 x 2 table of `binary_tables`."""
    (rest, alarms), (misses, hits) = table.tolist()
    return ClassScores.of(hits, alarms, misses, rest)


def f_beta(table: Counts, beta: float) -> float | None:
    """Return (1 + b^2) TP / ((1 + b^2) TP + b^2 FN + FP): F2 holds misses worse than alarms.

    van Rijsbergen 1979, Information Retrieval, chapter 7.
    """
    (_, alarms), (misses, hits) = table.tolist()
    square = beta * beta
    return _ratio((1 + square) * hits, (1 + square) * hits + square * misses + alarms)


def subset_accuracy(targets: Labels, predictions: Decisions) -> float | None:
    """Return the share of patches whose classes are all right, none missing and none too many."""
    right = (targets.astype(bool) == predictions).all(axis=1)
    return _ratio(int(right.sum()), len(right))


def hamming_loss(targets: Labels, predictions: Decisions) -> float | None:
    """Return the share of wrong answers among all N x K of them."""
    wrong = targets.astype(bool) != predictions
    return _ratio(int(wrong.sum()), wrong.size)


def one_error(targets: Labels, probabilities: Probabilities) -> float | None:
    """Return the share of patches that do not have the class found likeliest.

    Schapire and Singer 2000, doi:10.1023/A:1007649029923. Of equally likely classes the first
    counts. Patches without any label are left out.
    """
    labelled = targets.astype(bool).any(axis=1)
    likeliest = probabilities[labelled].argmax(axis=1)
    hits = np.take_along_axis(targets[labelled].astype(bool), likeliest[:, None], axis=1)
    return _ratio(int((~hits).sum()), len(hits))


def average_precision(truth: Labels, probabilities: Probabilities) -> float | None:
    """Return the average precision of one class: sum over thresholds of (R_n - R_n-1) P_n.

    The area under the stairs of precision over recall, without interpolation, as scikit-learn
    defines it. Equal probabilities share a threshold, so their order does not matter.

    Args:
        truth: (n,) 0 or 1.
        probabilities: (n,), or any scores.
    """
    positives = int(truth.astype(bool).sum())
    if positives == 0:
        return None
    order = np.argsort(-probabilities, kind="stable")
    values = probabilities[order]
    last = np.flatnonzero(np.append(values[1:] != values[:-1], True))
    hits = truth[order].astype(bool).cumsum()[last]
    steps = np.diff(hits, prepend=0) / positives
    return math.fsum(steps * (hits / (last + 1)))


def average_precisions(targets: Labels, probabilities: Probabilities) -> list[float | None]:
    """Return the average precision of each class."""
    return [average_precision(t, p) for t, p in zip(targets.T, probabilities.T, strict=True)]


def ranking_average_precision(targets: Labels, probabilities: Probabilities) -> float | None:
    """Return the label ranking average precision (Schapire and Singer 2000).

    For each class that a patch has: of the classes found at least as likely, the share that it has
    too; averaged over its classes, then over the patches. 1 where all classes of every patch are
    ahead of all others. As in scikit-learn, but that patches without any label are left out.
    """
    by_patch = ranking_of_patches(targets, probabilities)
    measured = by_patch[~np.isnan(by_patch)]
    return _ratio(math.fsum(measured), len(measured))


def ranking_of_patches(targets: Labels, probabilities: Probabilities) -> npt.NDArray[np.float64]:
    """Return the label ranking average precision (N,) of each patch, NaN of one without a label."""
    by_patch = np.full(len(targets), np.nan)
    step = max(_PAIRS // max(targets.shape[1], 1) ** 2, 1)
    for start in range(0, len(targets), step):
        truth = targets[start : start + step].astype(bool)
        labelled = np.flatnonzero(truth.any(axis=1))
        truth, p = truth[labelled], probabilities[start : start + step][labelled]
        ahead = p[:, None, :] >= p[:, :, None]  # (n, K, K): whether the last is ahead of the second
        rank = ahead.sum(axis=2)
        found = (ahead & truth[:, None, :]).sum(axis=2)
        by_patch[start + labelled] = (found / rank * truth).sum(axis=1) / truth.sum(axis=1)
    return by_patch


def cooccurrence(targets: Labels) -> Counts:
    """Return how many patches have both of two classes: int64 (K, K), the diagonal their counts."""
    truth = targets.astype(np.float64)  # exact, and multiplied by a fast library
    counts: Counts = np.rint(truth.T @ truth).astype(np.int64)
    return counts


def mean(values: Sequence[float | None]) -> float | None:
    """Return the mean of the values that were measured."""
    measured = [value for value in values if value is not None]
    return _ratio(math.fsum(measured), len(measured))


def _ratio(part: float, whole: float) -> float | None:
    return None if whole == 0 else part / whole
