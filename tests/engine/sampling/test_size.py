"""Against section 5.1 of Olofsson et al. (2014), doi:10.1016/j.rse.2014.02.015."""

import math

import numpy as np
import pytest

from lulc_engine.errors import OptionsError
from lulc_engine.rasters.legend import make_legend
from lulc_engine.sampling.expectations import expected_accuracies
from lulc_engine.sampling.size import (
    allocate,
    simple_error,
    simple_size,
    stratified_error,
    stratified_size,
)

# Deforestation, forest gain, stable forest, stable non-forest: W 0.020, 0.015, 0.320, 0.645
PIXELS = np.array([200_000, 150_000, 3_200_000, 6_450_000])
EXPECTED = np.array([0.70, 0.60, 0.90, 0.95])


def test_size_of_the_worked_example():
    assert stratified_size(PIXELS, EXPECTED, 0.01) == 641


def test_size_of_a_simple_sample_is_that_of_a_proportion():
    # Cochran (1977), 4.2: O (1 - O) / V for a map without end
    many = PIXELS * 10**6
    overall = float((PIXELS * EXPECTED).sum() / PIXELS.sum())
    expected = math.ceil(overall * (1 - overall) / 0.01**2)
    assert simple_size(many, EXPECTED, 0.01) == expected == 705
    # equation 12 with z = 1.96 and the half width d = 1.96 * 0.01 is the same
    assert math.ceil(1.96**2 * overall * (1 - overall) / 0.0196**2) == expected


def test_a_small_map_needs_fewer_points_than_it_has_pixels():
    small = np.array([20, 15, 320, 645])
    assert stratified_size(small, EXPECTED, 0.01) < 400
    assert simple_size(small, EXPECTED, 0.01) < 450
    assert simple_size(small, EXPECTED, 1e-6) == 1000  # a census has no error


@pytest.mark.parametrize(
    ("minimum", "printed", "rounding"),
    [
        (2, [13, 10, 205, 413], 0),  # proportional
        (100, [100, 100, 149, 292], 4),  # the paper's other columns are rounded by hand
        (75, [75, 75, 165, 325], 4),
        (50, [50, 50, 182, 358], 4),
    ],
)
def test_allocations_of_the_worked_example(minimum, printed, rounding):
    points = allocate(641, PIXELS, minimum)
    assert points.sum() == 641
    assert np.abs(points - printed).max() <= rounding


def test_no_class_gets_more_points_than_pixels_nor_fewer_than_the_minimum():
    rng = np.random.default_rng(0)
    for _ in range(300):
        pixels = np.exp(rng.uniform(0, 12, rng.integers(1, 9))).astype(np.int64)
        size, minimum = int(rng.integers(1, 2000)), int(rng.integers(2, 80))
        points = allocate(size, pixels, minimum)
        least = np.minimum(minimum, pixels)
        assert (points >= least).all()
        assert (points <= pixels).all()
        assert points.sum() == min(max(size, least.sum()), pixels.sum())


def test_the_error_to_expect_is_the_one_asked_for():
    # The optimal allocation n_i ~ W_i S_i is what equation 13 is derived for
    spread = PIXELS * np.sqrt(EXPECTED * (1 - EXPECTED))
    best = np.rint(641 * spread / spread.sum()).astype(np.int64)
    assert stratified_error(PIXELS, EXPECTED, best) == pytest.approx(0.01, rel=0.01)
    assert simple_error(PIXELS, EXPECTED, 705) == pytest.approx(0.01, rel=0.001)
    assert stratified_error(np.array([4, 6]), np.array([0.5, 0.5]), np.array([4, 6])) == 0


def test_accuracies_for_all_classes_and_for_one():
    legend = make_legend([1, 7, 8], ["water", "a=b", "crop"])
    assert expected_accuracies((), legend).tolist() == [0.85] * 3
    given = ("water=0.7", "0.9", "8=1", "a=b=0.6")
    assert expected_accuracies(given, legend).tolist() == [0.7, 0.6, 1.0]


@pytest.mark.parametrize("given", ["1.1", "-0.1", "water=high", "nan", "forest=0.9", ""])
def test_other_accuracies_are_refused(given):
    with pytest.raises(OptionsError, match="--expected-accuracy"):
        expected_accuracies((given,), make_legend([1], ["water"]))
