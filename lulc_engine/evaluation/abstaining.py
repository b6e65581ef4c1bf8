"""What is gained, and what is lost, where a model says nothing of what it is unsure of.

El-Yaniv and Wiener 2010, On the Foundations of Noise-free Selective Classification, JMLR 11: the
accuracy of the answers that are given, against the share of samples that get one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

# In percent, as MIN_CONFIDENCE. Below 50 there is little to leave out.
LEVELS = (0, 50, 60, 70, 80, 90, 95, 99)


def to_percent(confidence: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.uint8]:
    """Return confidence 0 to 1 in whole percent, rounded as in rasters of CONFIDENCE."""
    percent: npt.NDArray[np.uint8] = np.round(confidence * 100).clip(0, 100).astype(np.uint8)
    return percent


def abstention_curve(
    percent: npt.NDArray[np.uint8], right: npt.NDArray[np.bool_]
) -> list[dict[str, Any]]:
    """Return what every MIN_CONFIDENCE from 0 to 100 leaves out.

    Args:
        percent: (n,) confidence of the answers.
        right: (n,) whether they are right.

    Returns:
        101 rows ``min_confidence``, ``unclassified`` (share of samples with a lower confidence) and
        ``accuracy`` (share of the others that are right, None where there are none).

    Example:
        >>> rows = abstention_curve(np.array([90, 60], np.uint8), np.array([True, False]))
        >>> rows[61]
        {'min_confidence': 61, 'unclassified': 0.5, 'accuracy': 1.0}
    """
    count = np.bincount(percent, minlength=101)[::-1].cumsum()[::-1].tolist()
    hits = np.bincount(percent, right, 101)[::-1].cumsum()[::-1].tolist()
    n = len(percent)
    return [
        {
            "min_confidence": level,
            "unclassified": (n - count[level]) / n if n else None,
            "accuracy": hits[level] / count[level] if count[level] else None,
        }
        for level in range(101)
    ]
