import pytest

from lulc_engine.reports import plain_text


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
