import math

import pytest
from scipy import stats

from lulc_engine.insight.mcnemar import EXACT_BELOW, holm, mcnemar


@pytest.mark.parametrize(
    ("first", "second"), [(0, 0), (1, 0), (1, 5), (5, 1), (3, 3), (0, 10), (12, 12), (20, 4)]
)
def test_few_discordant_samples_are_exact(first, second):
    found = mcnemar(first, second)
    assert found.exact
    expected = stats.binomtest(first, first + second, 0.5).pvalue if first + second else 1.0
    assert found.p == pytest.approx(expected, abs=1e-14)


@pytest.mark.parametrize(("first", "second"), [(13, 12), (20, 5), (86, 150), (0, 40), (900, 1000)])
def test_many_are_approximated(first, second):
    found = mcnemar(first, second)
    assert not found.exact
    statistic = (abs(first - second) - 1) ** 2 / (first + second)
    assert found.p == pytest.approx(stats.chi2.sf(statistic, 1), rel=1e-12)


def test_worked_by_hand():
    # 6 samples, 1 on one side: 2 (C(6,0) + C(6,1)) / 2^6 = 14 / 64
    assert mcnemar(1, 5).p == 14 / 64
    # Edwards: (|59 - 6| - 1)^2 / 65 = 41.6
    assert mcnemar(59, 6).p == pytest.approx(math.erfc(math.sqrt(41.6 / 2)), rel=1e-12)


def test_both_ways_agree_where_one_takes_over():
    exact = mcnemar(8, EXACT_BELOW - 1 - 8)
    near = mcnemar(8, EXACT_BELOW - 8)
    assert (exact.exact, near.exact) == (True, False)
    for test in (exact, near):
        n = test.first_only + test.second_only
        assert test.p == pytest.approx(stats.binomtest(8, n, 0.5).pvalue, abs=0.02)


def test_equal_counts_are_no_difference():
    assert mcnemar(5, 5).p == 1
    assert mcnemar(500, 500).p == 1


def test_adjusting_for_many_tests():
    # Sorted 0.005, 0.01, 0.03, 0.04: times 4, 3, 2, 1, and never below the one before.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []
