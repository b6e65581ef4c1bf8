import numpy as np
import pytest
from invented import fields, make_samples
from scipy import stats

from lulc_engine.insight.samples import band_names
from lulc_engine.insight.statistics import (
    BINS,
    PERCENTILES,
    band_statistics,
    class_statistics,
    histograms,
    summarise,
)
from lulc_engine.rasters.bands import Band


def test_agrees_with_scipy():
    values = np.random.default_rng(0).normal(size=(57, 4))
    expected = stats.describe(values, ddof=1)
    for number, row in enumerate(summarise(values)):
        assert row["n"] == 57
        assert row["mean"] == pytest.approx(expected.mean[number])
        assert row["spread"] == pytest.approx(np.sqrt(expected.variance[number]))
        lowest, highest = (end[number] for end in expected.minmax)
        assert (row["minimum"], row["maximum"]) == (lowest, highest)
        for percentile in PERCENTILES:
            expected_value = stats.scoreatpercentile(values[:, number], percentile)
            assert row[f"p{percentile:02d}"] == pytest.approx(expected_value)


def test_worked_by_hand():
    (row,) = summarise(np.array([[1.0], [2.0], [3.0], [4.0], [10.0]]))
    assert (row["mean"], row["minimum"], row["p25"], row["p50"], row["p75"]) == (4, 1, 2, 3, 4)
    assert row["spread"] == pytest.approx(np.sqrt((9 + 4 + 1 + 0 + 36) / 4))
    (single,) = summarise(np.array([[0.5]]))
    assert (single["mean"], single["spread"]) == (0.5, None)


def test_a_row_per_class_and_band_and_none_for_empty_classes():
    samples = make_samples(fields(), names=["a", "b", "c", "never"])
    rows = class_statistics(samples)
    assert [(r["id"], r["band"]) for r in rows[:4]] == [
        (1, "band 1"), (1, "band 2"), (1, "band 3"), (2, "band 1")
    ]  # fmt: skip
    assert len(rows) == 9
    assert rows[4]["mean"] == pytest.approx(samples.of_class(1)[:, 1].mean())
    assert [row["n"] for row in band_statistics(samples)] == [len(samples.values)] * 3


def test_histograms_count_nearly_everything_once():
    samples = make_samples(fields())
    for number, found in enumerate(histograms(samples)):
        assert found.counts.shape == (3, BINS)
        values = samples.values[:, number]
        inside = (values >= found.edges[0]) & (values <= found.edges[-1])
        assert found.counts.sum() == inside.sum() >= 0.98 * len(values)
        expected, _ = np.histogram(samples.of_class(2)[:, number], found.edges)
        assert found.counts[2].tolist() == expected.tolist()


def test_a_constant_band_has_a_histogram():
    (found,) = histograms(make_samples([(0, np.full((9, 1), 0.25))]))
    assert found.counts.sum() == 9
    assert found.edges[0] < 0.25 < found.edges[-1]


def test_bands_of_one_name_are_told_apart():
    bands = (Band(1, "a", "red"), Band(2, "b", "nir"), Band(5, "c", "nir"), Band(7, "d", None))
    assert band_names(bands) == ["red", "nir (2)", "nir (5)", "d"]
