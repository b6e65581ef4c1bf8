import numpy as np
import pytest
from matplotlib.colors import to_rgb

from lulc_engine.reports import plain_text
from lulc_engine.reports.drawing import ink_on
from lulc_engine.reports.ranges import class_ranges


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.5, "50.0 %"),
        (1, "100.0 %"),
        (0, "0.0 %"),
        (0.99999, "99.9 %"),
        (1e-9, "0.1 %"),
        (None, "–"),  # noqa: RUF001 - the sign for no value
    ],
)
def test_percent_never_rounds_to_all_or_none(share, text):
    assert plain_text.percent(share) == text


def test_directions_and_controls_are_made_visible_and_scripts_stay():
    assert plain_text.one_line("a\u202eb\x1b[0m\ud800") == "a\\u202eb\\x1b[0m\\ud800"
    for name in ("غابة", "👩\u200d🌾 crop", "Ñandú", "水"):
        assert plain_text.one_line(name) == name


def test_words():
    assert plain_text.shorten("abcdef", 4) == "abc…"
    assert plain_text.joined(["a"]) == "a"
    assert plain_text.joined(["a", "b", "c"]) == "a, b and c"
    assert plain_text.thousands(1234567) == "1\u202f234\u202f567"
    assert plain_text.decimal(None) == "–"  # noqa: RUF001 - the sign for no value


@pytest.mark.parametrize(
    ("value", "text"), [(-0.0001, "0.00"), (0.0, "0.00"), (-0.006, "-0.01"), (-10.0, "-10.00")]
)
def test_nothing_is_minus_zero(value, text):
    assert plain_text.decimal(value, 2) == text
    assert plain_text.quantity(-0.04) == "0.0"


def test_ranges_with_a_minus_have_no_dash():
    metrics = {"classes": [{}], "intervals": {"classes": [{"kappa": [-0.02, 0.31]}]}}
    assert class_ranges(metrics)[0]["kappa"] == "-0.02 to 0.31"


def test_text_on_a_colour_can_be_read():
    """On every shade of the matrices at least 3.7 to 1; WCAG 2.1 asks for 3 in pictures."""
    for color in ((0, 84, 147), (196, 88, 0)):
        for strength in np.linspace(0, 1, 30):
            shade = 255 + (np.array(color) - 255) * strength
            light, dark = sorted((contrast_part(shade), contrast_part(ink_on(shade))))[::-1]
            assert (light + 0.05) / (dark + 0.05) > 3.7


def contrast_part(color):
    rgb = np.array(to_rgb(color) if isinstance(color, str) else color / 255)
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))
