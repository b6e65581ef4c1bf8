"""How well probabilities rank samples: ROC and precision over recall, one class against the rest.

A curve of n samples has up to n corners. Areas are computed from all of them; what is kept for
drawing is thinned to a few that a picture can show.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Truth = npt.NDArray[Any]
Scores = npt.NDArray[np.floating[Any]]
Line = npt.NDArray[np.float64]

KEPT_POINTS = 100
_DIGITS = 4


class Steps(NamedTuple):
    """What is found as the threshold falls, at each of the values that occur.

    Attributes:
        hits: (m,) samples of the class that reach the threshold.
        alarms: (m,) others that do.
    """

    hits: npt.NDArray[np.int64]
    alarms: npt.NDArray[np.int64]

    @classmethod
    def of(cls, truth: Truth, scores: Scores) -> Steps:
        """Return the steps of (n,) 0 or 1 and (n,) scores; equal scores share a step."""
        order = np.argsort(-scores, kind="stable")
        values = scores[order]
        last = np.flatnonzero(np.append(values[1:] != values[:-1], True)) if len(values) else order
        hits = truth[order].astype(bool).cumsum(dtype=np.int64)[last]
        return cls(hits, last.astype(np.int64) + 1 - hits)

    def roc(self) -> tuple[Line, Line] | None:
        """Return false and true positive rates, from (0, 0) to (1, 1).

        None without samples of the class or without others.
        """
        if not len(self.hits) or self.hits[-1] == 0 or self.alarms[-1] == 0:
            return None
        rates = (np.append(0, part) / part[-1] for part in (self.alarms, self.hits))
        false_rate, true_rate = rates
        return false_rate, true_rate

    def precision_recall(self) -> tuple[Line, Line] | None:
        """Return recall, rising, and the precision at each of its steps; None without the class."""
        if not len(self.hits) or self.hits[-1] == 0:
            return None
        return self.hits / self.hits[-1], self.hits / (self.hits + self.alarms)


def area_under(curve: tuple[Line, Line] | None) -> float | None:
    """Return the area under a line of points x, rising, and y, by trapezoids; None without one.

    Of `Steps.roc` it is how often a sample of the class ranks before another; equal scores count
    half (Fawcett 2006, doi:10.1016/j.patrec.2005.10.010).
    """
    return None if curve is None else float(np.trapezoid(curve[1], curve[0]))


def average_of(curve: tuple[Line, Line] | None) -> float | None:
    """Return the average precision of `Steps.precision_recall`: the area under its stairs."""
    if curve is None:
        return None
    recall, precision = curve
    return float((np.diff(recall, prepend=0) * precision).sum())


def thinned(curve: tuple[Line, Line] | None) -> list[list[float]] | None:
    """Return a line by at most 100 of its points, spread evenly along it: [x, y], of 4 digits."""
    if curve is None:
        return None
    x, y = curve
    if len(x) > KEPT_POINTS:
        along = (abs(np.diff(x)) + abs(np.diff(y))).cumsum()
        wanted = np.linspace(0, along[-1], KEPT_POINTS)
        kept = np.unique(np.searchsorted(np.append(0, along), wanted).clip(max=len(x) - 1))
        x, y = x[kept], y[kept]
    return [np.round(values, _DIGITS).tolist() for values in (x, y)]


def mean_line(curves: list[tuple[Line, Line] | None], stairs: bool) -> tuple[Line, Line] | None:
    """Return the mean of lines over x from 0 to 1 (vertical averaging, Fawcett 2006).

    Args:
        curves: of the classes; those that have none are left out.
        stairs: whether y is that of the next point, as in precision over recall, or in between.
    """
    known = [curve for curve in curves if curve is not None]
    if not known:
        return None
    grid = np.linspace(0, 1, KEPT_POINTS + 1)
    if stairs:
        lines = [y[np.searchsorted(x, grid - 1e-12).clip(max=len(x) - 1)] for x, y in known]
    else:
        lines = [np.interp(grid, x, y) for x, y in known]
    return grid, np.mean(lines, axis=0)
