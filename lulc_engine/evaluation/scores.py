"""Scores of a confusion matrix, each a pure function of the counts.

A score whose denominator is zero is None, never 0 or -1: nothing was measured. Sums are exact
integers, so that maps of billions of pixels lose no digits.

Throughout, the matrix is int64 (K, K), rows reference, columns prediction.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass

from lulc_engine.evaluation.confusion import Counts

RATES = ("precision", "recall", "f1", "iou", "kappa")


@dataclass(frozen=True)
class ClassScores:
    """The scores of one class against all others; None where nothing was measured."""

    precision: float | None
    recall: float | None
    f1: float | None
    iou: float | None
    kappa: float | None
    support: int

    @classmethod
    def of(cls, hits: int, false_alarms: int, misses: int, rest: int) -> ClassScores:
        """Return the scores of a 2 x 2 table.

        Precision and recall are the user's and the producer's accuracy of map makers; IoU is
        Jaccard's index (Jaccard 1912, doi:10.1111/j.1469-8137.1912.tb05611.x); F1 is Dice's
        (Dice 1945, doi:10.2307/1932409); kappa is Cohen's (see `kappa`) of this table.
        """
        wrong = false_alarms + misses
        mapped, support = hits + false_alarms, hits + misses
        chance = mapped * (false_alarms + rest) + support * (misses + rest)
        return cls(
            precision=_ratio(hits, mapped),
            recall=_ratio(hits, support),
            f1=_ratio(2 * hits, 2 * hits + wrong),
            iou=_ratio(hits, hits + wrong),
            kappa=_ratio(2 * (hits * rest - false_alarms * misses), chance),
            support=support,
        )

    def as_dict(self) -> dict[str, float | int | None]:
        """Return the scores by name."""
        return dataclasses.asdict(self)


def overall_accuracy(matrix: Counts) -> float | None:
    """Return the share of samples that are right."""
    return _ratio(_trace(matrix), _total(matrix))


def kappa(matrix: Counts) -> float | None:
    """Return Cohen's kappa: agreement beyond chance.

    kappa = (p_o - p_e) / (1 - p_e), with the observed agreement p_o and the one expected from the
    margins p_e (Cohen 1960, doi:10.1177/001316446002000104). None where both sides hold one and
    the same class only: then chance explains everything.
    """
    total, expected = _total(matrix), _chance(matrix)
    return _ratio(_trace(matrix) * total - expected, total * total - expected)


def mcc(matrix: Counts) -> float | None:
    """Return Matthews' correlation coefficient for many classes, R_k.

    (n tr(M) - sum r_k c_k) / sqrt((n^2 - sum c_k^2) (n^2 - sum r_k^2)) with row sums r and column
    sums c (Gorodkin 2004, doi:10.1016/j.compbiolchem.2004.09.006). None where either side holds
    one class only.
    """
    total = _total(matrix)
    rows, columns = _margins(matrix)
    spread_rows = total * total - sum(value * value for value in rows)
    spread_columns = total * total - sum(value * value for value in columns)
    if spread_rows == 0 or spread_columns == 0:
        return None
    covariance = _trace(matrix) * total - _chance(matrix)
    return covariance / math.sqrt(spread_rows * spread_columns)


def class_scores(matrix: Counts) -> list[ClassScores]:
    """Return the scores of each class against all others, in matrix order.

    Example:
        >>> import numpy as np
        >>> first, second = class_scores(np.array([[3, 1], [0, 0]]))
        >>> first.recall, first.iou, second.recall, second.precision
        (0.75, 0.75, None, 0.0)
    """
    rows, columns = _margins(matrix)
    total = _total(matrix)
    scores = []
    for index, (support, mapped) in enumerate(zip(rows, columns, strict=True)):
        hits = int(matrix[index, index])
        rest = total - support - mapped + hits
        scores.append(ClassScores.of(hits, mapped - hits, support - hits, rest))
    return scores


def macro(scores: Sequence[ClassScores], name: str) -> float | None:
    """Return the mean of a score over the classes that have it; ``name`` is one of RATES."""
    values = [value for item in scores if (value := getattr(item, name)) is not None]
    return _ratio(math.fsum(values), len(values))


def weighted(scores: Sequence[ClassScores], name: str) -> float | None:
    """Return the mean of a score weighted by support, over the classes that have it."""
    pairs = [(getattr(item, name), item.support) for item in scores]
    measured = [(value, support) for value, support in pairs if value is not None]
    return _ratio(
        math.fsum(value * support for value, support in measured),
        sum(support for _, support in measured),
    )


def _ratio(part: float, whole: float) -> float | None:
    return None if whole == 0 else part / whole


def _total(matrix: Counts) -> int:
    return int(matrix.sum())


def _trace(matrix: Counts) -> int:
    return int(matrix.trace())


def _margins(matrix: Counts) -> tuple[list[int], list[int]]:
    """Return row and column sums as Python integers, whose products cannot overflow."""
    return matrix.sum(axis=1).tolist(), matrix.sum(axis=0).tolist()


def _chance(matrix: Counts) -> int:
    rows, columns = _margins(matrix)
    return sum(row * column for row, column in zip(rows, columns, strict=True))
