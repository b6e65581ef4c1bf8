"""Accuracy and area of a map estimated from a probability sample of points.

The estimators of Olofsson et al. (2014), Good practices for estimating area and assessing accuracy
of land change, Remote Sensing of Environment 148, 42-57, doi:10.1016/j.rse.2014.02.015: each map
class is a stratum that is weighted with its share of the map. For points drawn stratified by the
map's classes this is the stratified estimator; for a simple random sample it is the
post-stratified one, which has the same form (their section 4.3).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lulc_engine.evaluation.confusion import Counts
from lulc_engine.rasters.legend import Legend
from lulc_engine.reports.plain_text import percent

Z95 = 1.959963984540054  # two-sided 95 % of the normal distribution
# Below so many points of a class that the map has put elsewhere, the interval of its producer's
# accuracy and area is too narrow: with 2 to be expected it holds the truth for 85 of 100 samples.
FEW_ERRORS = 5

_M2_PER_HA = 10_000.0
_LARGEST_VARIANCE = 0.25  # of a share, at one half
_TAIL = 0.025  # of the exact interval of Clopper and Pearson (1934) on either side
_Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """An estimate and the half width of its 95 % interval; None where it cannot be estimated."""

    value: float | None
    ci95: float | None

    @classmethod
    def of(cls, value: float, variance: float) -> Estimate:
        """Return the estimate with an interval of 1.96 standard errors to both sides."""
        known = math.isfinite(variance)
        return cls(
            value if math.isfinite(value) else None,
            Z95 * math.sqrt(max(variance, 0.0)) if known else None,
        )

    def scaled(self, factor: float) -> Estimate:
        """Return the estimate in another unit."""
        value = None if self.value is None else self.value * factor
        return Estimate(value, None if self.ci95 is None else self.ci95 * factor)

    def as_dict(self) -> dict[str, float | None]:
        """Return value and half width by name."""
        return {"value": self.value, "ci95": self.ci95}


@dataclass(frozen=True)
class AreaEstimates:
    """Estimates for a whole map: overall, and per class in legend order.

    ``covered`` is the share of the mapped area whose classes have sample points; the estimates
    hold for that part.
    """

    overall: Estimate
    users: tuple[Estimate, ...]
    producers: tuple[Estimate, ...]
    proportion: tuple[Estimate, ...]
    covered: float


def estimate(counts: Counts, mapped: Sequence[float]) -> AreaEstimates:
    """Return accuracies and area proportions from sample counts and mapped areas.

    With W_i the mapped share of class i, n_ij the sample points of map class i and reference class
    j, and u_ij = n_ij / n_i, the estimators are p_ij = W_i u_ij (their equation 4), overall
    accuracy sum p_ii (1), user's accuracy U_i = u_ii (2), producer's accuracy p_jj / p_.j (3) and
    area proportion p_.j (9); variances are their equations 5, 6, 7 and 10.

    Args:
        counts: int64 (K, K), rows **reference**, columns map class, as everywhere in the engine.
        mapped: the K mapped areas, in any one unit.

    Returns:
        The estimates. Map classes without sample points are left out of the population; those
        with a single point, whose variance cannot be estimated, count with the largest there is.

    Example:
        >>> sample = np.array([[66, 0, 1, 2], [0, 55, 0, 1], [5, 8, 153, 9], [4, 12, 11, 313]])
        >>> result = estimate(sample, [0.020, 0.015, 0.320, 0.645])
        >>> round(result.overall.value, 3), round(result.overall.ci95, 3)
        (0.947, 0.018)
    """
    sample = counts.T.astype(np.float64)
    points = sample.sum(axis=1)
    areas = np.asarray(mapped, np.float64)
    sampled = np.where(points > 0, areas, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        weights = sampled / sampled.sum()
        shares = np.where(points[:, None] > 0, sample / points[:, None], 0.0)
        # Variance of a share within a stratum; of a single point the largest there can be
        seen = shares * (1 - shares) / (points - 1)[:, None]
        spread = np.where(points[:, None] == 1, _LARGEST_VARIANCE, seen)
        spread = np.where(weights[:, None] > 0, spread, 0.0)
        covered = float(sampled.sum() / areas.sum())
    right = np.diagonal(shares)
    joint = weights[:, None] * shares
    within = np.diagonal(spread)
    proportion = joint.sum(axis=0)
    by_class = range(len(points))
    return AreaEstimates(
        overall=Estimate.of(float(joint.trace()), float((weights**2 * within).sum())),
        users=tuple(
            Estimate.of(float(right[i]), float(within[i]) if points[i] > 1 else math.nan)
            if points[i]
            else Estimate(None, None)
            for i in by_class
        ),
        producers=tuple(_producers(j, weights, shares, spread) for j in by_class),
        proportion=tuple(
            Estimate.of(float(proportion[j]), float((weights**2 * spread[:, j]).sum()))
            if points[j] or proportion[j] or not areas[j]
            else Estimate(None, None)  # mapped, but neither sampled nor found elsewhere
            for j in by_class
        ),
        covered=covered,
    )


def area_block(
    counts: Counts, legend: Legend, mapped_m2: Sequence[float]
) -> tuple[dict[str, Any], list[str]]:
    """Return the ``area`` part of the metrics object, and notes on what not to trust in it.

    Args:
        counts: int64 (K, K) sample points, rows reference, columns map class.
        legend: the K classes.
        mapped_m2: the K mapped areas in square metres.
    """
    result = estimate(counts, mapped_m2)
    hectares = float(np.sum(mapped_m2)) * result.covered / _M2_PER_HA
    classes = [
        {
            "id": item.id,
            "name": item.name,
            "users": result.users[i].as_dict(),
            "producers": result.producers[i].as_dict(),
            "proportion": result.proportion[i].as_dict(),
            "hectares": result.proportion[i].scaled(hectares).as_dict(),
            "mapped_hectares": float(mapped_m2[i]) / _M2_PER_HA,
        }
        for i, item in enumerate(legend.classes)
    ]
    block = {
        "overall_accuracy": result.overall.as_dict(),
        "classes": classes,
        "covered": result.covered,
    }
    return block, _cautions(counts, legend, mapped_m2, result.covered)


def _producers(j: int, weights: _Array, shares: _Array, spread: _Array) -> Estimate:
    """Return the producer's accuracy of class j; their equation 7, divided by the map's area."""
    column = float((weights * shares[:, j]).sum())
    if not column > 0:
        return Estimate(None, None)
    accuracy = float(weights[j] * shares[j, j]) / column
    others = weights**2 * spread[:, j]
    own = float(weights[j] ** 2 * spread[j, j]) * (1 - accuracy) ** 2
    elsewhere = accuracy**2 * float(np.delete(others, j).sum())
    return Estimate.of(accuracy, (own + elsewhere) / column**2)


def _cautions(counts: Counts, legend: Legend, mapped: Sequence[float], covered: float) -> list[str]:
    notes = []
    points = counts.sum(axis=0)
    unsampled = [
        c.name for c, n, m in zip(legend.classes, points, mapped, strict=True) if m and not n
    ]
    if unsampled:
        notes.append(
            f"No sample point lies in the mapped {_quoted(unsampled)}: the area estimates hold for "
            f"the other {percent(covered)} of the map."
        )
    single = [c.name for c, n in zip(legend.classes, points, strict=True) if n == 1]
    if single:
        notes.append(
            f"Only one sample point lies in the mapped {_quoted(single)}: its user's accuracy has "
            "no interval, and in the others it counts with the largest variance there can be. Two "
            "points are the least, 50 are usual."
        )
    omitted = counts.sum(axis=1) - np.diagonal(counts)
    few = [c.name for c, n in zip(legend.classes, omitted, strict=True) if n < FEW_ERRORS]
    if few:
        notes.append(
            f"The intervals of the producer's accuracy and area of {_quoted(few)} rest on fewer "
            f"than {FEW_ERRORS} points that the map has put into another class, and are "
            "unreliable: probably too narrow."
        )
    return [*notes, *_on_perfect(counts, legend)]


def _on_perfect(counts: Counts, legend: Legend) -> list[str]:
    """Say what an interval without width leaves open."""
    points, right = counts.sum(axis=0), np.diagonal(counts)
    perfect = [
        f"“{item.name}” ({n}: {percent(1 - _TAIL ** (1 / n))})"
        for item, n, hits in zip(legend.classes, points.tolist(), right.tolist(), strict=True)
        if n > 1 and hits == n
    ]
    if not perfect:
        return []
    return [
        "No sample point is wrong in the mapped "
        f"{', '.join(perfect)}. Their user's accuracy has an interval without width, but so many "
        "points still allow for the share in brackets to be wrong (exact 95 % bound)."
    ]


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f"“{name}”" for name in names)
