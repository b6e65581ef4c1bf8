"""Against the worked example of Olofsson et al. (2014), doi:10.1016/j.rse.2014.02.015."""

import numpy as np
import pytest
from affine import Affine
from pyproj import Geod
from scipy import stats

from lulc_engine.evaluation.area import area_block, estimate
from lulc_engine.evaluation.class_map import ClassMap
from lulc_engine.evaluation.mapped_area import mapped_areas
from lulc_engine.feedback import Feedback
from lulc_engine.rasters.legend import make_legend

BY_MAP_CLASS = np.array([[66, 0, 5, 4], [0, 55, 8, 12], [1, 0, 153, 11], [2, 1, 9, 313]])
MAPPED_PIXELS = [200_000, 150_000, 3_200_000, 6_450_000]
LEGEND = make_legend([1, 2, 3, 4], ["deforestation", "forest gain", "forest", "non-forest"])


def block():
    return area_block(BY_MAP_CLASS.T, LEGEND, [900.0 * n for n in MAPPED_PIXELS])


def test_overall_accuracy_of_the_worked_example():
    overall = block()[0]["overall_accuracy"]
    assert overall["value"] == pytest.approx(0.947, abs=5e-4)
    assert overall["ci95"] == pytest.approx(0.018, abs=5e-4)


@pytest.mark.parametrize(
    ("key", "values", "intervals"),
    [
        ("users", [0.88, 0.73, 0.93, 0.96], [0.07, 0.10, 0.04, 0.02]),
        ("producers", [0.75, 0.85, 0.93, 0.96], [0.21, 0.25, 0.03, 0.02]),
    ],
)
def test_class_accuracies_of_the_worked_example(key, values, intervals):
    classes = block()[0]["classes"]
    assert [item[key]["value"] for item in classes] == pytest.approx(values, abs=5e-3)
    assert [item[key]["ci95"] for item in classes] == pytest.approx(intervals, abs=5e-3)


def test_area_of_deforestation_in_the_worked_example():
    hectares = block()[0]["classes"][0]["hectares"]  # 235,086 pixels of 30 m, 68,418 half width
    assert hectares["value"] == pytest.approx(235_086 * 0.09, abs=1)
    assert hectares["ci95"] == pytest.approx(68_418 * 0.09, abs=1)


def test_proportions_sum_to_one_and_areas_to_the_map():
    classes = block()[0]["classes"]
    assert sum(item["proportion"]["value"] for item in classes) == pytest.approx(1)
    assert sum(item["hectares"]["value"] for item in classes) == pytest.approx(900_000)


def test_few_errors_and_missing_points_are_said():
    counts = np.array([[30, 0, 0], [1, 20, 1], [0, 0, 0]])
    legend = make_legend([1, 2, 3], ["a", "b", "c"])
    result, notes = area_block(counts, legend, [60.0, 30.0, 10.0])
    assert result["classes"][2]["users"] == {"value": 0, "ci95": None}
    assert any("Only one sample point lies in the mapped “c”" in note for note in notes)
    assert any("of “a”, “b”, “c” rest on fewer than 5 points" in note for note in notes)

    result, notes = area_block(counts * [[1, 1, 0]], legend, [60.0, 30.0, 10.0])
    assert result["covered"] == pytest.approx(0.9)
    assert result["classes"][2]["users"] == {"value": None, "ci95": None}
    assert any("No sample point lies in the mapped “c”" in note for note in notes)


def test_a_class_with_one_point_does_not_take_the_intervals_of_all_others():
    """A class of 0.1 % of the map, as a hand-worked term: W^2 / 4 is added to the variance."""
    counts, areas = np.array([[45, 4, 0], [5, 46, 0], [0, 0, 0]]), [500.0, 500.0, 0.0]
    plain = estimate(counts, areas)
    counts[2, 2] = 1
    found = estimate(counts, [499.5, 499.5, 1.0])
    weight, z = 0.001, 1.959964
    expected = ((plain.overall.ci95 * (1 - weight)) ** 2 + (z * weight / 2) ** 2) ** 0.5
    assert found.overall.ci95 == pytest.approx(expected)
    assert found.users[2].ci95 is None
    assert all(item.ci95 is not None for item in (*found.producers, *found.proportion))


def test_errors_of_commission_do_not_make_an_interval_reliable():
    """Nine points are wrongly mapped as deforestation, but only three of it are missed."""
    _, notes = block()
    assert any("area of “deforestation”, “forest gain” rest on fewer" in note for note in notes)
    assert not any("No sample point is wrong" in note for note in notes)


def test_the_interval_of_a_class_with_few_omissions_is_too_narrow_and_is_said_to_be():
    """A class of 2 % of the map, of which 1 to 3 in 565 points elsewhere are to be expected."""
    rng, legend = np.random.default_rng(0), make_legend([1, 2], ["rare", "rest"])
    for expected, coverage, told in ((1, 0.74, 0.99), (2, 0.85, 0.94), (12, 0.94, 0.01)):
        share = expected / 565
        draws = zip(rng.binomial(75, 0.88, 2000), rng.binomial(565, share, 2000), strict=True)
        truth, covered, warned = 0.02 * 0.88 + 0.98 * share, 0, 0
        for found, missed in draws:
            counts = np.array([[found, missed], [75 - found, 565 - missed]])
            result, notes = area_block(counts, legend, [0.02, 0.98])
            area = result["classes"][0]["proportion"]
            covered += abs(area["value"] - truth) <= area["ci95"]
            warned += any("area of “rare”" in note for note in notes)
        assert covered / 2000 == pytest.approx(coverage, abs=0.025)
        assert warned / 2000 == pytest.approx(told, abs=0.03)


def test_a_class_without_a_wrong_point_is_not_certain():
    legend = make_legend([1, 2], ["a", "b"])
    _, notes = area_block(np.array([[30, 6], [0, 24]]), legend, [1.0, 1.0])
    exact = 1 - stats.binomtest(30, 30).proportion_ci(method="exact").low
    assert any(f"“a” (30: {100 * exact:.1f} %)" in note for note in notes)


def test_perfect_sample_has_no_error_and_no_width():
    result = estimate(np.diag([20, 30]), [1, 3])
    assert (result.overall.value, result.overall.ci95) == (1, 0)
    assert [item.value for item in result.proportion] == pytest.approx([0.25, 0.75])


SHARES = np.array([[0.9, 0.06, 0.04], [0.1, 0.85, 0.05], [0.08, 0.12, 0.8]])  # by map class
WEIGHTS = np.array([0.5, 0.3, 0.2])


def samples(design, draws):
    """Return counts (draws, K, K) by map class and reference class."""
    rng = np.random.default_rng(5)
    if design == "stratified":
        return np.stack([rng.multinomial(400, row, draws) for row in SHARES], axis=1)
    joint = (WEIGHTS[:, None] * SHARES).ravel()
    return rng.multinomial(1000, joint, draws).reshape(draws, 3, 3)


@pytest.mark.parametrize("design", ["stratified", "simple"])
def test_intervals_cover_the_truth_in_95_of_100_samples(design):
    truth = np.array([(WEIGHTS * SHARES.diagonal()).sum(), *SHARES.diagonal(), *WEIGHTS @ SHARES])
    found = [estimate(sample.T, WEIGHTS) for sample in samples(design, 2000)]
    estimates = [(item.overall, *item.users, *item.proportion) for item in found]
    values, widths = (
        np.array([[getattr(e, name) for e in row] for row in estimates])
        for name in ("value", "ci95")
    )
    covered = (np.abs(values - truth) <= widths).mean(axis=0)
    assert (covered >= 0.93).all(), covered
    assert (covered <= 0.97).all(), covered


def test_mapped_areas_on_the_ellipsoid_and_of_every_block(write_raster):
    values = np.zeros((2100, 3), np.uint8)
    values[:, 0], values[1000:, 1] = 1, 4
    step = 0.01
    path = write_raster(
        "map.tif", values, nodata=0, crs="EPSG:4326", transform=Affine(step, 0, 6, 0, -step, 10)
    )
    with ClassMap(path) as class_map:
        areas = mapped_areas(class_map, LEGEND, Feedback())
    lats = np.linspace(10 - 2100 * step, 10, 5000)
    ring = ([6] * 5000 + [6 + step] * 5000, [*lats, *lats[::-1]])
    whole, _ = Geod(ellps="WGS84").polygon_area_perimeter(*ring)
    assert areas[0] == pytest.approx(abs(whole), rel=1e-5)
    assert areas[1:3] == [0, 0]
    assert 0 < areas[3] < areas[0]
