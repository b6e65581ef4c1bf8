import math

import numpy as np
import pytest
from invented import fields, make_samples
from scipy import integrate, stats

from lulc_engine.insight.separability import (
    Normal,
    bhattacharyya,
    fewest_pixels,
    fit_normal,
    jeffries_matusita,
    separability,
)


def normal(mean, *rows):
    return Normal(np.array(mean, float), np.array(rows, float))


def test_worked_by_hand_means_apart():
    # B = 1/8 * 2 * 1 * 2 = 1/2, the logarithm is of 1.
    distance = bhattacharyya(normal([0], [1]), normal([2], [1]))
    assert distance == pytest.approx(0.5, abs=1e-14)
    assert jeffries_matusita(distance) == pytest.approx(2 * (1 - math.exp(-0.5)), abs=1e-14)


def test_worked_by_hand_spreads_apart():
    # S = 2.5, B = 1/2 ln(2.5 / sqrt(1 * 4)) = 1/2 ln 1.25
    distance = bhattacharyya(normal([3], [1]), normal([3], [4]))
    assert distance == pytest.approx(math.log(1.25) / 2, abs=1e-14)


def test_worked_by_hand_in_two_bands():
    # d = (1, 2), S = diag(2, 3): d' S^-1 d = 1/2 + 4/3; |S| = 6, |S1| = 2, |S2| = 12
    distance = bhattacharyya(normal([0, 0], [1, 0], [0, 2]), normal([1, 2], [3, 0], [0, 4]))
    expected = (1 / 2 + 4 / 3) / 8 + math.log(6 / math.sqrt(2 * 12)) / 2
    assert distance == pytest.approx(expected, abs=1e-14)


def test_agrees_with_the_integral_that_defines_it():
    first, second = stats.norm(1.0, 0.7), stats.norm(2.5, 1.9)
    overlap, _ = integrate.quad(lambda x: math.sqrt(first.pdf(x) * second.pdf(x)), -20, 25)
    distance = bhattacharyya(normal([1.0], [0.49]), normal([2.5], [3.61]))
    assert distance == pytest.approx(-math.log(overlap), abs=1e-8)


def test_bounds():
    same = normal([1, 2], [2, 1], [1, 3])
    assert bhattacharyya(same, same) == 0
    assert jeffries_matusita(0) == 0
    assert jeffries_matusita(1000) == 2
    assert jeffries_matusita(1e-12) == pytest.approx(2e-12, rel=1e-9)  # no digits are lost


def test_pairs_come_hardest_first_and_fit_their_distributions():
    samples = make_samples(fields())
    rows = separability(samples)
    assert [(row["a"], row["b"]) for row in sorted(rows, key=lambda r: (r["a"], r["b"]))] == [
        (1, 2), (1, 3), (2, 3)
    ]  # fmt: skip
    distances = [row["jeffries_matusita"] for row in rows]
    assert distances == sorted(distances)
    parts = [samples.of_class(row) for row in (0, 1)]
    by_hand = bhattacharyya(*(Normal(p.mean(axis=0), np.cov(p, rowvar=False)) for p in parts))
    found = next(row for row in rows if (row["a"], row["b"]) == (1, 2))
    assert found["bhattacharyya"] == pytest.approx(by_hand, rel=1e-4)


def test_distances_do_not_depend_on_units():
    parts = fields()
    scaled = [(k, values * [10000, 0.1, 3] + [5, 1000, 0]) for k, values in parts]
    before, after = (separability(make_samples(p)) for p in (parts, scaled))
    assert [r["bhattacharyya"] for r in after] == pytest.approx(
        [r["bhattacharyya"] for r in before]
    )


def test_a_constant_band_and_a_class_with_few_pixels():
    parts = [(k, np.hstack([values, np.full((len(values), 1), 7.0)])) for k, values in fields()]
    rare = (3, np.random.default_rng(1).normal(size=(fewest_pixels(4) - 1, 4)))
    rows = separability(make_samples([*parts, rare]))
    assert len(rows) == 3
    assert all(0 <= row["jeffries_matusita"] <= 2 for row in rows)
    assert fit_normal(rare[1]) is None


def test_one_band():
    parts = [(k, values[:, :1]) for k, values in fields()]
    assert len(separability(make_samples(parts))) == 3
