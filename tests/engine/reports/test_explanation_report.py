"""Reports on what a model looks at: harmless whatever classes and files are called."""

import numpy as np
import pytest
from page_reader import NAMES, check_harmless

from lulc_engine.rasters.bands import Band
from lulc_engine.reports.explanation import (
    BandRow,
    ClassRow,
    ExplanationReport,
    render_explanation,
)
from lulc_engine.reports.explanation_colors import (
    activation_scale,
    drop_scale,
    heat_scale,
    overlay,
    true_colour,
)
from lulc_engine.reports.explanation_pictures import PatchView, patch_picture


def report(method, legend, name, **changes):
    image = np.full((4, 4, 3), 0.5)
    shares = np.full(len(legend), 1 / len(legend))
    shown = patch_picture(PatchView(name, image, np.eye(4), shares, 0), heat_scale(), legend, ["a"])
    values = {
        "method": method, "model": name, "source": name, "class_name": name, "layer": name,
        "channel": None, "cell_px": 8.0, "unit": "patches", "samples": 4, "given": 2,
        "probability": 0.75, "pictures": [(name, shown)], "bands": [], "by_class": [],
        "knows_means": True, "is_scene": False, "cautions": [name], "facts": [(name, name)],
    }  # fmt: skip
    return ExplanationReport(**{**values, **changes})


@pytest.mark.parametrize("method", ["gradcam", "occlusion", "activations"])
def test_names_do_no_harm(nasty_legend, method):
    rows = [BandRow(name, 0.9, 0.5, 0.4, 0.1) for name in NAMES]
    drops = [0.1] * len(NAMES)
    classes = [ClassRow(item.name, item.hex_color, 3, drops) for item in nasty_legend.classes]
    bands = {"bands": rows, "by_class": classes} if method == "occlusion" else {}
    for name in NAMES:
        page = check_harmless(render_explanation(report(method, nasty_legend, name, **bands)))
        assert "What it does not show" in page.words
    assert (
        "<script>alert(1)</script>"
        in check_harmless(render_explanation(report(method, nasty_legend, NAMES[0], **bands))).words
    )


def test_numbers_stand_in_the_cards(nasty_legend):
    rows = [BandRow("red", 0.9, 0.8, 0.1, None), BandRow("nir", 0.9, 0.3, 0.6, None)]
    page = check_harmless(
        render_explanation(report("occlusion", nasty_legend, "forest", bands=rows))
    )
    for words in ("50.0 %", "75.0 %", "nir the band that is missed most: 0.600", "needs labels"):
        assert words in page.words, words


def test_colours_of_a_scale_are_those_of_the_style():
    assert heat_scale().stops()[0] == (0.0, "#000004", 0)
    assert [value for value, _, _ in drop_scale(0.4).stops()] == pytest.approx(
        [-0.4, -0.2, 0, 0.2, 0.4]
    )
    assert drop_scale(0.4).stops()[2][2] == 0  # where nothing is lost nothing is covered
    assert activation_scale(1, 1).high > 1


def test_true_colour_finds_the_bands_by_role_and_greys_what_is_not_valid():
    bands = [Band(1, "B02", "blue"), Band(2, "B03", "green"), Band(3, "B04", "red")]
    values = np.zeros((3, 1, 3), np.float32)
    values[2, 0] = (0, 1, np.nan)
    picture = true_colour(values, bands, (np.zeros(3), np.ones(3)))
    np.testing.assert_allclose(picture[0], [[0, 0, 0], [1, 0, 0], [0.85] * 3])


def test_an_overlay_leaves_the_image_grey_where_there_is_no_evidence():
    image = np.full((1, 3, 3), (1.0, 0.0, 0.0))
    shown = overlay(image, np.array([[0.0, 1.0, np.nan]]), heat_scale())
    np.testing.assert_allclose(shown[0, 0], [0.299] * 3)
    np.testing.assert_allclose(shown[0, 2], [0.299] * 3)
    assert shown[0, 1, 0] > 0.8  # nearly the last colour, a pale yellow
