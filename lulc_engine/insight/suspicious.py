"""Labels that may be wrong: units whose spectrum fits another class better than their own.

Every class is a normal distribution of its pixels; that of a unit's own class leaves the unit out,
so that a wrong label does not vouch for itself. A unit is suspicious if more than half of its
pixels are likelier under another class. What this cannot see: a class of several kinds of surface
(dark and bright roofs) is not normal, and its units may be named without being wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lulc_engine.insight.samples import Floats, Samples, Unit
from lulc_engine.insight.separability import (
    RIDGE,
    Normal,
    fewest_pixels,
    fit_normal,
    standardised,
)


@dataclass(frozen=True)
class Suspicion:
    """A unit that fits another class better.

    Attributes:
        unit: the unit, with the index of its class.
        fits: index of the class that it fits best.
        share: share of its pixels that fit that class better than its own, above 0.5.
        margin: median over its pixels of ln p(x | fits) - ln p(x | own), above 0.
        pixels: how many of its pixels were looked at.
    """

    unit: Unit
    fits: int
    share: float
    margin: float
    pixels: int


class _Sums:
    """Count, sum and sum of products of a class, from which a unit can be taken away."""

    def __init__(self, values: Floats) -> None:
        self.count, self.sum, self.products = len(values), values.sum(axis=0), values.T @ values

    def without(self, values: Floats) -> Normal | None:
        """Return the distribution of what is left, None where that is too little."""
        count = self.count - len(values)
        if count < fewest_pixels(values.shape[1]):
            return None
        mean = (self.sum - values.sum(axis=0)) / count
        products = self.products - values.T @ values
        covariance = (products - count * np.outer(mean, mean)) / (count - 1)
        return Normal(mean, covariance + RIDGE * np.eye(len(mean)))


def log_likelihood(values: Floats, normal: Normal) -> Floats:
    """Return ln p (n,) of values (n, C) under a normal distribution, without the constant."""
    factor = np.linalg.cholesky(normal.covariance)
    scaled = np.linalg.solve(factor, (values - normal.mean).T)
    found: Floats = -0.5 * (scaled**2).sum(axis=0) - np.log(np.diag(factor)).sum()
    return found


def find_suspicious(
    samples: Samples, check: Callable[[], None]
) -> tuple[list[Suspicion], list[Unit]]:
    """Return the suspicious units, the clearest first, and those that could not be judged.

    A unit cannot be judged where its class has too few other pixels, such as a class of a single
    polygon, or where no other class has enough.

    Args:
        samples: labelled pixels with one class each.
        check: called once per unit; raises where the run is cancelled.
    """
    values = standardised(samples.values)
    samples_by_class = [values[samples.targets == k] for k in range(len(samples.legend))]
    sums = [_Sums(part) for part in samples_by_class]
    normals = [fit_normal(part) for part in samples_by_class]
    found, unjudged = [], []
    order = np.argsort(samples.unit_of, kind="stable")
    ends = np.cumsum(np.bincount(samples.unit_of, minlength=len(samples.units)))
    for unit, members in zip(samples.units, np.split(order, ends[:-1]), strict=True):
        check()
        own = sums[unit.target].without(values[members])
        others = {k: n for k, n in enumerate(normals) if n is not None and k != unit.target}
        if own is None or not others:
            unjudged.append(unit)
            continue
        suspicion = _judge(unit, values[members], own, others)
        if suspicion is not None:
            found.append(suspicion)
    return sorted(found, key=lambda item: -item.margin), unjudged


def _judge(unit: Unit, values: Floats, own: Normal, others: dict[int, Normal]) -> Suspicion | None:
    expected = log_likelihood(values, own)
    gains = {k: log_likelihood(values, normal) - expected for k, normal in others.items()}
    fits = max(gains, key=lambda k: float(np.median(gains[k])))
    share, margin = float((gains[fits] > 0).mean()), float(np.median(gains[fits]))
    if share <= 0.5:
        return None
    return Suspicion(unit, fits, share, margin, len(values))
