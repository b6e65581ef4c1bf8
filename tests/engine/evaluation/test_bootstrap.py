"""Intervals by resampling polygons, against scipy, the plain scores and simulated truth."""

import numpy as np
import pytest
from scipy import stats

from lulc_engine.evaluation import scores
from lulc_engine.evaluation.bootstrap import (
    HEADLINES,
    _scores,
    bootstrap_block,
    expanded_levels,
    student_quantile,
)
from lulc_engine.evaluation.units import Margins, UnitCounts
from lulc_engine.rasters.legend import make_legend


def margins_of(matrices):
    """Return the margins of confusion matrices (U, K, K)."""
    matrices = np.asarray(matrices)
    hits = np.einsum("uii->ui", matrices)
    return Margins(hits, matrices.sum(axis=2), matrices.sum(axis=1))


def legend(classes):
    return make_legend(range(classes), [f"c{i}" for i in range(classes)])


@pytest.fixture
def matrices():
    rng = np.random.default_rng(1)
    right = rng.uniform(0.6, 1, 30)[:, None, None]
    sizes = rng.integers(5, 80, (30, 3, 3))
    return (sizes * np.where(np.eye(3, dtype=bool), right * 8, 1 - right)).astype(np.int64)


@pytest.mark.parametrize("degrees", [1, 2, 3, 4, 7, 10, 51, 400, 5000])
@pytest.mark.parametrize("probability", [0.6, 0.975, 0.9995])
def test_quantiles_of_student(degrees, probability):
    expected = stats.t.ppf(probability, degrees)
    assert student_quantile(probability, degrees) == pytest.approx(expected, rel=2e-3)


def test_levels_are_widened_for_few_units_only():
    # Table 5 of Hesterberg (2015): with n = 10 the percentiles are 1 and 99, not 2.5 and 97.5
    assert expanded_levels(10)[0] == pytest.approx(0.0086, abs=5e-4)
    assert expanded_levels(10**6)[0] == pytest.approx(0.025, abs=1e-4)
    low, high = expanded_levels(5)
    assert low + high == pytest.approx(1)


def test_scores_of_margins_are_those_of_the_matrix(matrices):
    whole = matrices.sum(axis=0)
    margins = margins_of(whole[None])
    found = _scores(*(part.astype(float) for part in
                      (margins.hits, margins.reference, margins.mapped)))  # fmt: skip
    by_class = scores.class_scores(whole)
    assert found["overall_accuracy"].item() == pytest.approx(scores.overall_accuracy(whole))
    assert found["kappa"].item() == pytest.approx(scores.kappa(whole))
    assert found["mean_iou"].item() == pytest.approx(scores.macro(by_class, "iou"))
    assert found["macro_f1"].item() == pytest.approx(scores.macro(by_class, "f1"))
    for i, item in enumerate(by_class):
        assert found["class kappa"][0, i] == pytest.approx(item.kappa)
        for name in ("precision", "recall", "f1", "iou"):
            assert found[name][0, i] == pytest.approx(getattr(item, name))


def test_interval_of_overall_accuracy_agrees_with_scipy(matrices):
    hits, totals = np.einsum("uii->u", matrices), matrices.sum(axis=(1, 2))
    low, high = expanded_levels(len(matrices))
    expected = stats.bootstrap(
        (hits, totals), lambda a, b, axis: a.sum(axis=axis) / b.sum(axis=axis), paired=True,
        method="percentile", n_resamples=5000, confidence_level=high - low, rng=0,
    ).confidence_interval  # fmt: skip
    found = bootstrap_block(margins_of(matrices), legend(3), draws=5000)["overall_accuracy"]
    width = expected.high - expected.low
    assert found == pytest.approx([expected.low, expected.high], abs=0.1 * width)


def test_same_seed_same_interval_and_the_value_lies_within(matrices):
    margins = margins_of(matrices)
    one, two, other = (bootstrap_block(margins, legend(3), 500, seed) for seed in (0, 0, 1))
    assert one == two
    assert one["kappa"] != other["kappa"]
    whole = matrices.sum(axis=0)
    assert one["kappa"][0] < scores.kappa(whole) < one["kappa"][1]
    for item, score in zip(one["classes"], scores.class_scores(whole), strict=True):
        for name in scores.RATES:
            assert item[name][0] < getattr(score, name) < item[name][1]


def test_pixels_of_a_polygon_do_not_narrow_an_interval(matrices):
    few, many = (bootstrap_block(margins_of(n * matrices), legend(3)) for n in (1, 1000))
    for name in HEADLINES:
        assert few[name] == pytest.approx(many[name])


def test_a_perfect_map_is_not_certain():
    perfect = np.zeros((12, 2, 2), np.int64)
    perfect[:6, 0, 0], perfect[6:, 1, 1] = 500, 900
    found = bootstrap_block(margins_of(perfect), legend(2))
    exact = stats.binomtest(12, 12).proportion_ci(method="exact").low
    assert found["overall_accuracy"] == pytest.approx([exact, 1])
    assert found["classes"][0]["recall"] == pytest.approx([0.025 ** (1 / 6), 1])
    assert found["kappa"] is None

    wrong = bootstrap_block(margins_of(perfect[:, ::-1]), legend(2))
    assert wrong["overall_accuracy"] == pytest.approx([0, 1 - exact])


def test_one_polygon_of_a_class_gives_no_interval():
    matrices = np.zeros((7, 2, 2), np.int64)
    matrices[:, 0, 0], matrices[:6, 0, 1] = 50, range(6)
    matrices[6] = [[0, 0], [3, 30]]
    found = bootstrap_block(margins_of(matrices), legend(2))
    assert [item["units"] for item in found["classes"]] == [6, 1]
    assert found["classes"][1]["recall"] is None
    assert found["classes"][0]["recall"] is not None
    single = bootstrap_block(margins_of(matrices[:1]), legend(2))
    assert single["overall_accuracy"] is None
    assert single["units"] == 1


def test_intervals_cover_the_truth():
    """Forty polygons whose accuracies and sizes differ: 2,000 sets of them."""
    rng = np.random.default_rng(7)
    units, sets = 40, 2000
    truth = 0.8  # sizes and accuracies are independent
    covered = 0
    for _ in range(sets):
        size = rng.integers(20, 60, units)
        right = rng.binomial(size, rng.beta(8, 2, units))
        matrices = np.zeros((units, 2, 2), np.int64)
        matrices[:, 0, 0], matrices[:, 0, 1] = right, size - right
        low, high = bootstrap_block(margins_of(matrices), legend(2), 200)["overall_accuracy"]
        covered += low <= truth <= high
    assert 0.93 <= covered / sets <= 0.97


def test_counts_by_unit_whatever_way_they_come():
    rng = np.random.default_rng(3)
    reference = rng.integers(-1, 3, (40, 30)).astype(np.int16)
    values = rng.choice([7, 8, 300], (40, 30))
    units = rng.integers(0, 5, (40, 30))
    mixed, alone = UnitCounts("polygons", 0, 3), UnitCounts("blocks", 16, 3)
    for rows in (slice(0, 25), slice(25, 40)):  # a polygon may lie in two blocks of reading
        mixed.add_mixed(units[rows], reference[rows], values[rows])
    for unit in range(5):
        alone.add(unit, reference[units == unit], values[units == unit])
    index = {7: 0, 8: 2, 300: 1}
    for counts in (mixed, alone):
        total = counts.total()
        for value in index:
            expected = [((reference == i) & (values == value)).sum() for i in range(3)]
            assert total.of(value).tolist() == expected
        margins = counts.margins((0, 1, None), {7: 0, 8: 2}, 3)
        for unit in range(5):
            here = (units == unit) & np.isin(values, [7, 8])
            assert margins.reference[unit].tolist() == [
                (here & (reference == 0)).sum(), (here & (reference == 1)).sum(), 0
            ]  # fmt: skip
            known = here & np.isin(reference, [0, 1])
            assert margins.mapped[unit].tolist() == [
                (known & (values == 7)).sum(), 0, (known & (values == 8)).sum()
            ]  # fmt: skip
            assert margins.hits[unit].tolist() == [
                (here & (reference == 0) & (values == 7)).sum(), 0, 0
            ]  # fmt: skip
