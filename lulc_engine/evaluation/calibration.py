"""Whether probabilities are as often right as they say, and the temperature that makes them so.

Guo, Pleiss, Sun and Weinberger 2017, On Calibration of Modern Neural Networks, arXiv:1706.04599.
Where patches may have several classes each probability is a yes/no answer of its own; there is one
temperature for all classes, which leaves the ranking and the decisions at 0.5 as they are. It
stretches or shrinks log odds and cannot shift them: where a loss pushes all of them to one side,
something of that stays.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.floating[Any]]
Targets = npt.NDArray[Any]

BINS = 15  # as in the paper
LOWEST, HIGHEST = 0.1, 10.0
_DIGITS = 4
_STEPS, _TOLERANCE = 60, 1e-9
_CHUNK = 1 << 20  # numbers per pass, which stay small beside the logits


def fit_temperature(logits: Numbers, targets: Targets) -> float:
    """Return the temperature T for which logits / T have the lowest negative log likelihood.

    The likelihood is convex in 1 / T, so its only minimum is where its derivative is zero; that is
    found by Newton's steps, halving the interval where a step would leave it.

    Args:
        logits: (n, K), finite.
        targets: (n,) class indices, or (n, K) of 0 and 1 for several classes per sample.

    Returns:
        A number from 0.1 to 10 of 4 digits. 1 where nothing tells: without samples, and where every
        answer is right, so that the likelihood would grow without end as T becomes small.
    """
    if len(logits) == 0 or _all_right(logits, targets):
        return 1.0
    low, high, inverse = 1 / HIGHEST, 1 / LOWEST, 1.0
    for _ in range(_STEPS):
        slope, curvature = _derivatives(logits, targets, inverse)
        low, high = (inverse, high) if slope < 0 else (low, inverse)
        step = inverse - slope / curvature if curvature > 0 else math.inf
        new = step if low < step < high else (low + high) / 2
        if abs(new - inverse) < _TOLERANCE:
            break
        inverse = new
    return round(min(max(1 / inverse, LOWEST), HIGHEST), _DIGITS)


def reliability(said: Numbers, right: npt.NDArray[np.bool_]) -> list[dict[str, Any]]:
    """Return bins of equal width of what was said, and how often it was right in each.

    Args:
        said: (n,) confidence of the answer; or the probabilities of yes/no answers.
        right: (n,) whether the answer is right; or whether it is yes.

    Returns:
        BINS rows ``n`` (samples), ``said`` (their mean) and ``right`` (share); both None where n is
        0. Bin m of M holds (m - 1, m] / M, the first one 0 as well.
    """
    values = said.astype(np.float64)
    place = np.clip(np.ceil(values * BINS).astype(np.int64) - 1, 0, BINS - 1)
    count = np.bincount(place, minlength=BINS)
    total = np.bincount(place, values, BINS)
    hits = np.bincount(place, right.astype(np.float64), BINS)
    return [
        {"n": n, "said": s / n if n else None, "right": r / n if n else None}
        for n, s, r in zip(count.tolist(), total.tolist(), hits.tolist(), strict=True)
    ]


def expected_calibration_error(bins: Sequence[Mapping[str, Any]]) -> float | None:
    """Return the mean distance of said and right over bins, weighted by samples (equation 3).

    Args:
        bins: of `reliability`.

    Example:
        >>> said, right = np.array([0.9, 0.9, 0.6]), np.array([True, False, True])
        >>> round(expected_calibration_error(reliability(said, right)), 3)
        0.4
    """
    count = sum(int(item["n"]) for item in bins)
    if count == 0:
        return None
    gaps: list[float] = [b["n"] * abs(b["right"] - b["said"]) for b in bins if b["n"]]
    return math.fsum(gaps) / count


def _derivatives(logits: Numbers, targets: Targets, inverse: float) -> tuple[float, float]:
    """Return the first two derivatives of the summed negative log likelihood by 1 / T."""
    slope = curvature = 0.0
    for z, y in _chunks(logits, targets):
        if y.ndim == 2:
            p = 1 / (1 + np.exp(-np.clip(z * inverse, -500, 500)))
            slope += float(((p - y) * z).sum())
            curvature += float((p * (1 - p) * z * z).sum())
            continue
        z = z - z.max(axis=1, keepdims=True)
        p = np.exp(z * inverse)
        p /= p.sum(axis=1, keepdims=True)
        mean = (p * z).sum(axis=1)
        slope += float((mean - z[np.arange(len(y)), y]).sum())
        curvature += float(((p * z * z).sum(axis=1) - mean * mean).sum())
    return slope, curvature


def _all_right(logits: Numbers, targets: Targets) -> bool:
    if targets.ndim == 2:
        return bool(((logits > 0) == targets.astype(bool)).all())
    return bool((logits.argmax(axis=1) == targets).all())


def _chunks(logits: Numbers, targets: Targets) -> Any:
    """Yield parts of logits (float64) and targets."""
    rows = max(_CHUNK // logits.shape[1], 1)
    for start in range(0, len(logits), rows):
        part = slice(start, start + rows)
        kind = np.int64 if targets.ndim == 1 else np.float64
        yield logits[part].astype(np.float64), targets[part].astype(kind)
