"""Fitting a scene to a model: what no single scene can have."""

import pytest
from landscape import make_spec

from lulc_engine.errors import OptionsError
from lulc_engine.feedback import Feedback
from lulc_engine.inference.fitting import open_fitted
from lulc_engine.options import ClassifyOptions


def test_one_scene_has_one_mask():
    options = ClassifyOptions(image="s.tif", model="m", output="o.tif", mask=("a.tif", "b.tif"))
    with (
        pytest.raises(OptionsError, match="2 masks were given for one scene"),
        open_fitted(options, {}, make_spec(), Feedback()),
    ):
        pass
