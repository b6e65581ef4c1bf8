"""How well two classes can be told apart by their spectra.

The Jeffries-Matusita distance is JM = 2 (1 - exp(-B)), from 0 for equal to 2 for wholly separate
classes, with the distance B of Bhattacharyya (1943). Under normal distributions

    B = 1/8 d' S^-1 d + 1/2 ln(|S| / sqrt(|S1| |S2|)),  d = m1 - m2,  S = (S1 + S2) / 2

(Swain and Davis 1978, Remote Sensing: The Quantitative Approach; Bruzzone, Roli and Serpico 1995,
doi:10.1109/36.477187). Some authors write JM as the root of our value. It bounds the error of the
best classifier of single pixels from below and above; networks that also see texture can do better.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from lulc_engine.insight.samples import Floats, Samples

# Above the first, pairs are separated well; below the second, poorly (usual rules of thumb).
GOOD, POOR = 1.9, 1.7
# Added to the variances of standardised bands: a constant band has none, and no inverse.
RIDGE = 1e-6


@dataclass(frozen=True)
class Normal:
    """A normal distribution: mean (C,) and covariance (C, C), positive definite."""

    mean: Floats
    covariance: Floats


def bhattacharyya(first: Normal, second: Normal) -> float:
    """Return Bhattacharyya's distance of two normal distributions, from 0 upwards.

    Example:
        >>> one = np.eye(1)
        >>> bhattacharyya(Normal(np.zeros(1), one), Normal(np.full(1, 2.0), one))
        0.5
    """
    middle = (first.covariance + second.covariance) / 2
    apart = first.mean - second.mean
    by_means = apart @ np.linalg.solve(middle, apart) / 8
    logs = [np.linalg.slogdet(m)[1] for m in (middle, first.covariance, second.covariance)]
    return max(0.0, float(by_means + (logs[0] - (logs[1] + logs[2]) / 2) / 2))


def jeffries_matusita(distance: float) -> float:
    """Return the Jeffries-Matusita distance, 0 to 2, of a Bhattacharyya distance."""
    return -2 * math.expm1(-distance)


def standardised(values: Floats) -> Floats:
    """Return values (n, C) with mean 0 and variance 1 in every band that varies."""
    spread = values.std(axis=0)
    result: Floats = (values - values.mean(axis=0)) / np.where(spread > 0, spread, 1)
    return result


def fit_normal(values: Floats) -> Normal | None:
    """Return the normal distribution of standardised values (n, C).

    None where there are too few pixels: fewer than twice the bands, and than ten.
    """
    if len(values) < fewest_pixels(values.shape[1]):
        return None
    covariance = np.cov(values, rowvar=False).reshape(values.shape[1], -1)
    return Normal(values.mean(axis=0), covariance + RIDGE * np.eye(values.shape[1]))


def fewest_pixels(bands: int) -> int:
    """Return how many pixels a class needs for its covariance to mean something."""
    return max(10, 2 * bands)


def separability(samples: Samples) -> list[dict[str, Any]]:
    """Return a row per pair of classes, the hardest to separate first.

    Each has the ids ``a`` and ``b``, ``bhattacharyya`` and ``jeffries_matusita``. Classes with too
    few pixels are in none. Distances do not depend on the scale of the bands.
    """
    values = standardised(samples.values)
    classes = samples.legend.classes
    fitted = [fit_normal(values[samples.targets == k]) for k in range(len(classes))]
    rows = []
    for i, first in enumerate(fitted):
        for j in range(i + 1, len(fitted)):
            second = fitted[j]
            if first is None or second is None:
                continue
            distance = bhattacharyya(first, second)
            rows.append(
                {
                    "a": classes[i].id,
                    "b": classes[j].id,
                    "bhattacharyya": distance,
                    "jeffries_matusita": jeffries_matusita(distance),
                }
            )
    return sorted(rows, key=lambda row: row["bhattacharyya"])
