"""Choosing the focus classes of the class-focused loss."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lulc_engine.rasters.legend import Legend

AUTO, NONE = "auto", "none"
AUTO_AFTER_EPOCHS = 5


def named_focus(words: Sequence[str], legend: Legend) -> tuple[int, ...] | None:
    """Return the indices of named focus classes; None where they are to be found by validation.

    A word may name several classes, separated by commas, unless it is the name of one.

    Raises:
        DataError: a class is not in the legend.
    """
    if not words or list(words) == [AUTO]:
        return None
    if list(words) == [NONE]:
        return ()
    single = [part for word in words for part in _parts(word, legend)]
    return tuple(dict.fromkeys(legend.index_of(part) for part in single))


def _parts(word: str, legend: Legend) -> list[str]:
    if word in legend.names:
        return [word]
    return [part.strip() for part in word.split(",") if part.strip()]


def most_confused_pair(matrix: np.ndarray) -> tuple[int, ...]:
    """Return the pair (i, j) with the highest (n_ij + n_ji) / (support_i + support_j).

    Args:
        matrix: (K, K) confusion counts of validation, rows reference.

    Returns:
        The two indices, or none where nothing is confused.
    """
    support = matrix.sum(axis=1)
    best: tuple[float, tuple[int, ...]] = (0.0, ())
    for i in range(len(matrix)):
        for j in range(i + 1, len(matrix)):
            total = support[i] + support[j]
            share = (matrix[i, j] + matrix[j, i]) / total if total else 0.0
            if share > best[0]:
                best = (float(share), (i, j))
    return best[1]
