"""Numbers of the from-to matrix."""

import numpy as np
import pytest

from lulc_engine.change.summary import ChangeSummary
from lulc_engine.rasters.legend import make_legend

LEGEND = make_legend([1, 2, 3], ["a", "b", "c"])


def test_no_change_is_exactly_none_whatever_the_areas():
    """The sum of all areas and that of the diagonal differ in their last digits."""
    legend = make_legend(range(1, 13), [f"class {number}" for number in range(1, 13)])
    for seed in range(50):
        areas = np.diag(np.random.default_rng(seed).uniform(0, 1000, 12).round(2))
        summary = ChangeSummary(legend, np.eye(12, dtype=np.int64), areas)
        assert (summary.changed_hectares, summary.changed_share) == (0.0, 0.0)


def test_little_change_keeps_its_digits():
    areas = np.diag([1e6 / 3, 2e6 / 3, 3e6 / 7])
    areas[0, 1] = 1e-4
    summary = ChangeSummary(LEGEND, np.ones((3, 3), np.int64), areas)
    assert summary.changed_hectares == 1e-4
    assert summary.changed_share == pytest.approx(1e-4 / areas.sum(), rel=1e-12)


def test_pixels_count_where_areas_are_unknown():
    summary = ChangeSummary(LEGEND, np.array([[1, 2, 0], [0, 3, 0], [1, 0, 1]]), None)
    assert (summary.changed_hectares, summary.changed_share) == (None, 3 / 8)
