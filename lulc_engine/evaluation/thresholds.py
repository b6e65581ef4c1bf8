"""From which probability on a patch is said to have a class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lulc_engine.evaluation.multilabel import Decisions, Labels, Probabilities

DEFAULT = 0.5
_STEPS = 10**6  # thresholds are whole multiples of a millionth


def decide(probabilities: Probabilities, thresholds: Sequence[float] = ()) -> Decisions:
    """Return which classes patches are said to have: bool (N, K), probability >= threshold.

    Args:
        probabilities: (N, K).
        thresholds: (K,); empty for 0.5 everywhere.
    """
    limits = np.asarray(thresholds if len(thresholds) else DEFAULT, np.float64)
    decided: Decisions = probabilities.astype(np.float64) >= limits
    return decided


def tune_thresholds(targets: Labels, probabilities: Probabilities) -> tuple[float, ...]:
    """Return for each class the threshold with the highest F1.

    It is found by search (Lipton et al. 2014, doi:10.1007/978-3-662-44851-9_15). Candidates are 0.5
    and the middles between neighbouring probabilities that occur; of equally good ones the nearest
    to 0.5 is taken, then the lower. A class without positives, or without negatives, gets 0.5.

    Tune on validation patches and report on others: a threshold is one number fitted per class,
    and where a class has only a few positives it fits those few. F1 on the patches it was tuned
    on is therefore optimistic, the more so the rarer the class.

    Args:
        targets: (N, K) uint8 of 0 and 1.
        probabilities: (N, K) from 0 to 1.

    Returns:
        K numbers within 0.000001 and 0.999999, of 6 digits.
    """
    return tuple(_best(t, p) for t, p in zip(targets.T, probabilities.T, strict=True))


def _best(truth: Labels, probabilities: Probabilities) -> float:
    positives = int(truth.astype(bool).sum())
    if positives in (0, len(truth)):
        return DEFAULT
    order = np.argsort(probabilities, kind="stable")
    p = probabilities[order].astype(np.float64)
    # Each candidate is judged as it will be used: rounded.
    middles = (np.append(0, p[:-1]) + p) / 2
    steps = np.rint(np.append(middles, DEFAULT) * _STEPS).clip(1, _STEPS - 1)
    candidates = np.unique(steps) / _STEPS
    below = np.searchsorted(p, candidates)  # so many are not taken for the class
    hits = positives - np.append(0, truth[order].astype(np.int64).cumsum())[below]
    score = 2 * hits / (len(p) - below + positives)  # equal fractions are equal floats
    best = candidates[score == score.max()]
    distance = np.abs(np.rint(best * _STEPS) - DEFAULT * _STEPS)
    return float(best[distance.argmin()])
