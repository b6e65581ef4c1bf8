"""Confidence intervals of scores by resampling whole polygons or blocks.

The cluster bootstrap (Davison and Hinkley 1997, Bootstrap methods and their application, section
3.8, doi:10.1017/CBO9780511802843): as many units are drawn with replacement as there are, all
scores are computed from their pooled counts, and this is repeated. The interval is the expanded
percentile interval of Hesterberg (2015, What teachers should know about the bootstrap, section 5.2,
doi:10.1080/00031305.2015.1089789), whose levels are widened as Student's t is wider than the normal
distribution; the plain one is too narrow for few units.

It says how much a score would change with other polygons drawn in the same way. It does not say
how accurate the whole map is: that takes a probability sample (see `area`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt

from lulc_engine.evaluation.scores import RATES
from lulc_engine.evaluation.units import Margins
from lulc_engine.rasters.legend import Legend

LEVEL = 0.95
DRAWS = 2000
SEED = 0
LEAST_UNITS = 2
HEADLINES = ("overall_accuracy", "kappa", "mean_iou", "macro_f1")

_OF_CLASS = {"kappa": "class kappa"}  # the one score that has the same name for both

_Values = npt.NDArray[np.float64]
Interval = tuple[float, float]
_CELLS = 4_000_000  # drawn weights held at a time
_NORMAL = NormalDist()
_MANY_DEGREES = 2000  # from which on t and normal differ by less than 0.1 %


def bootstrap_block(
    margins: Margins, legend: Legend, draws: int = DRAWS, seed: int = SEED
) -> dict[str, Any]:
    """Return the ``intervals`` part of a metrics object, by the names of the scores.

    An interval is a pair of numbers, or None where fewer than two units tell about the score.
    Where every unit agrees that a share is 1 (or 0), resampling cannot show what is uncertain; the
    bound is then the exact one for as many independent samples as there are units (Clopper and
    Pearson 1934, doi:10.1093/biomet/26.4.404).

    Args:
        margins: counts of U units and K classes.
        legend: the K classes.
        draws: how often units are drawn anew.
        seed: of the draws.
    """
    replicates = _replicates(margins, draws, seed)
    observed = _scores(*(part.sum(axis=0, keepdims=True) for part in _floats(margins)))
    units = _telling_units(margins)

    def of(name: str, index: int | None = None) -> list[float] | None:
        key, column = (name, 0) if index is None else (_OF_CLASS.get(name, name), index)
        value = float(observed[key][0, column])
        return interval(replicates[key][:, column], value, int(units[key][column]), name)

    return {
        "level": LEVEL,
        "draws": draws,
        "seed": seed,
        "units": len(margins),
        **{name: of(name) for name in HEADLINES},
        "classes": [
            {
                "id": item.id,
                "name": item.name,
                "units": int((margins.reference[:, i] > 0).sum()),
                **{name: of(name, i) for name in RATES},
            }
            for i, item in enumerate(legend.classes)
        ],
    }


def expanded_levels(units: int, level: float = LEVEL) -> Interval:
    """Return the quantiles of the replicates between which the interval lies.

    Phi(-+ sqrt(n / (n - 1)) t) with Student's t of n - 1 degrees of freedom.

    Args:
        units: n, at least 2.
        level: of confidence.
    """
    tail = _NORMAL.cdf(-_widened_t(units, level))
    return tail, 1 - tail


def _widened_t(units: int, level: float = LEVEL) -> float:
    return student_quantile(0.5 + level / 2, units - 1) * float((units / (units - 1)) ** 0.5)


def student_quantile(probability: float, degrees: int) -> float:
    """Return a quantile of Student's t, by bisection of its distribution function.

    Args:
        probability: from 0.5 to below 1.
        degrees: of freedom, from 1.
    """
    if degrees > _MANY_DEGREES:
        return _NORMAL.inv_cdf(probability)
    low, high = 0.0, 1e3
    while high - low > 1e-9 * (1 + high):
        middle = (low + high) / 2
        low, high = (middle, high) if _student_cdf(middle, degrees) < probability else (low, middle)
    return (low + high) / 2


def _student_cdf(t: float, degrees: int) -> float:
    """Return P(T < t) for t >= 0 (Abramowitz and Stegun 1964, 26.7.3 and 26.7.4)."""
    angle = np.arctan2(t, degrees**0.5)
    squared = float(np.cos(angle)) ** 2
    odd = degrees % 2
    term, total = 1.0, 1.0 if degrees > 1 else 0.0
    for k in range(2 + odd, degrees - 1, 2):
        term *= squared * (k - 1) / k
        total += term
    if odd:
        area = 2 / np.pi * (angle + np.sin(angle) * np.cos(angle) * total)
    else:
        area = np.sin(angle) * total
    return float(0.5 + area / 2)


def interval(
    drawn: npt.NDArray[np.float64], value: float, units: int, name: str
) -> list[float] | None:
    """Return the interval of one score from its replicates.

    Args:
        drawn: (B,) the score of every draw, NaN where nothing was measured.
        value: the score itself, NaN where nothing was measured.
        units: from how many it comes.
        name: of the score.

    Returns:
        A pair of numbers; None where fewer than two units tell about the score.
    """
    known = drawn[np.isfinite(drawn)]
    if not np.isfinite(value) or units < LEAST_UNITS or len(known) < len(drawn) / 2:
        return None
    tail, head = expanded_levels(units)
    low, high = (float(edge) for edge in np.quantile(known, [tail, head]))
    if high - low > 1e-12:
        return [low, high]
    if name == "kappa":
        return None  # it has no smallest value that the exact bound could start from
    bound = ((1 - LEVEL) / 2) ** (1 / units)
    return {1.0: [bound, 1.0], 0.0: [0.0, 1 - bound]}.get(round(value, 12))


def logit_interval(
    drawn: npt.NDArray[np.float64], value: float, units: int, name: str
) -> list[float] | None:
    """Return an interval that is symmetric on the logit scale, for scores above 0 and below 1.

    logit(v) +- t sqrt(n / (n - 1)) s / (v (1 - v)), s the standard deviation of the draws, widened
    as in `expanded_levels`. Arguments and result are those of `interval`.
    """
    known = drawn[np.isfinite(drawn)]
    plain = interval(drawn, value, units, name)
    if plain is None or not 0 < value < 1:
        return plain
    logit = np.log(value / (1 - value))
    reach = _widened_t(units) * float(known.std()) / (value * (1 - value))
    return [float(0.5 + 0.5 * np.tanh(edge / 2)) for edge in (logit - reach, logit + reach)]


def times_drawn(
    units: int, draws: int, seed: int, cells: int = _CELLS
) -> Iterator[npt.NDArray[np.float64]]:
    """Yield how often each unit is drawn: (b, U), until there are as many rows as draws.

    Args:
        units: U.
        draws: how often all units are drawn anew.
        seed: of the draws.
        cells: largest size of a part.
    """
    rng = np.random.default_rng(seed)
    step = max(1, cells // units)
    for start in range(0, draws, step):
        size = min(step, draws - start)
        # Counting places is faster than multinomial draws
        places = rng.integers(0, units, (size, units)) + units * np.arange(size)[:, None]
        times = np.bincount(places.reshape(-1), minlength=size * units).reshape(size, units)
        yield times.astype(np.float64)


def _replicates(margins: Margins, draws: int, seed: int) -> Mapping[str, _Values]:
    """Return every score of every draw: (B, 1) for all classes together, (B, K) by class."""
    parts = _floats(margins)
    drawn = times_drawn(len(margins), draws, seed)
    found = [_scores(*(times @ part for part in parts)) for times in drawn]
    return {name: np.concatenate([part[name] for part in found]) for name in found[0]}


def _floats(margins: Margins) -> list[_Values]:
    return [part.astype(np.float64) for part in (margins.hits, margins.reference, margins.mapped)]


def rates(hits: _Values, reference: _Values, mapped: _Values, total: _Values) -> dict[str, _Values]:
    """Return the scores of classes by the names of `RATES`; NaN where nothing was measured.

    Args:
        hits: (B, K) samples of a class that are right.
        reference: (B, K) samples of the class.
        mapped: (B, K) samples that are said to be of it.
        total: (B, 1) samples.
    """
    rest = total - reference - mapped + hits
    wrong, missed = mapped - hits, reference - hits
    with np.errstate(divide="ignore", invalid="ignore"):
        return {
            "precision": hits / mapped,
            "recall": hits / reference,
            "f1": 2 * hits / (reference + mapped),
            "iou": hits / (reference + mapped - hits),
            "kappa": 2
            * (hits * rest - wrong * missed)
            / (mapped * (wrong + rest) + reference * (missed + rest)),
        }


def mean_of_classes(values: _Values) -> _Values:
    """Return the mean (B, 1) over the classes that have a value."""
    known = np.isfinite(values)
    total = np.where(known, values, 0).sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean: _Values = total / known.sum(axis=1, keepdims=True)
    return mean


def _scores(hits: _Values, reference: _Values, mapped: _Values) -> dict[str, _Values]:
    """Return all scores of margins (B, K); NaN where nothing was measured. See `scores`."""
    total = reference.sum(axis=1, keepdims=True)
    by_class = rates(hits, reference, mapped, total)
    with np.errstate(divide="ignore", invalid="ignore"):
        chance = (reference * mapped).sum(axis=1, keepdims=True)
        right = hits.sum(axis=1, keepdims=True)
        return {
            **{_OF_CLASS.get(name, name): values for name, values in by_class.items()},
            "overall_accuracy": right / total,
            "kappa": (right * total - chance) / (total**2 - chance),
            "mean_iou": mean_of_classes(by_class["iou"]),
            "macro_f1": mean_of_classes(by_class["f1"]),
        }


def _telling_units(margins: Margins) -> dict[str, npt.NDArray[np.int64]]:
    """Return from how many units each score comes: (1,), or (K,) by class."""
    in_map, in_reference = margins.mapped > 0, margins.reference > 0
    either = (in_map | in_reference).sum(axis=0)
    return {
        "precision": in_map.sum(axis=0),
        "recall": in_reference.sum(axis=0),
        "f1": either,
        "iou": either,
        "class kappa": either,
        **dict.fromkeys(HEADLINES, np.array([len(margins)])),
    }
