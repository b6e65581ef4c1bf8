"""Small maps and references to assess."""

import numpy as np
import pytest

from lulc_engine.rasters.legend import make_legend


@pytest.fixture
def three_classes():
    return make_legend([1, 5, 9], ["water", "forest", "built-up"])


@pytest.fixture
def random_pair():
    """A map and a reference of 60 x 50 pixels with ids 1, 5 and 9; 0 is nodata in both."""
    rng = np.random.default_rng(3)
    reference = rng.choice([0, 1, 5, 9], (60, 50)).astype(np.uint8)
    wrong = rng.random(reference.shape) < 0.3
    prediction = np.where(wrong, rng.choice([1, 5, 9], reference.shape), reference)
    prediction[reference == 0] = 5
    prediction[:4] = 0
    return prediction.astype(np.uint8), reference
