"""Reports with names that try to do harm."""

import numpy as np
import pytest
from page_reader import NAMES

from lulc_engine.evaluation.metrics import ReferenceInfo, build_metrics
from lulc_engine.rasters.legend import make_legend


@pytest.fixture
def nasty_legend():
    return make_legend(range(1, len(NAMES) + 1), NAMES)


@pytest.fixture
def nasty_metrics(nasty_legend):
    rng = np.random.default_rng(0)
    size = len(nasty_legend)
    matrix = rng.integers(0, 9, (size, size)) + np.diag(rng.integers(5, 900, size))
    matrix[3] = 0
    matrix[:, 3] = 0
    notes = (NAMES[0], NAMES[9])
    info = ReferenceInfo("polygons", False, None, int(matrix.sum()), 17, notes)
    return build_metrics(matrix, nasty_legend, info)


@pytest.fixture
def nice_metrics():
    """Return a function that makes metrics and legend of any number of classes."""

    def make(classes, split=None, scale=1000):
        rng = np.random.default_rng(classes)
        matrix = rng.integers(0, 20, (classes, classes)) + np.diag([scale] * classes)
        legend = make_legend(range(classes), [f"class {i}" for i in range(classes)])
        info = ReferenceInfo("raster", None, split, int(matrix.sum()))
        return build_metrics(matrix, legend, info), legend

    return make
