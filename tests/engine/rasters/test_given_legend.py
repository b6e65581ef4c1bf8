"""Names and colours that users give to classes."""

import json

import pytest

from lulc_engine.errors import OptionsError
from lulc_engine.rasters.given_legend import with_given
from lulc_engine.rasters.legend import make_legend
from lulc_engine.training.focus import named_focus

LEGEND = make_legend([1, 2, 5], ["water", "forest", "built-up"])


def rows_of(legend):
    return [(c.id, c.name, c.hex_color) for c in legend.classes]


@pytest.mark.parametrize("given", ["", "  ", "[]"])
def test_nothing_given_changes_nothing(given):
    assert with_given(LEGEND, given) == LEGEND


def test_names_and_colours_are_taken_by_id():
    given = [{"id": 5, "name": "Town", "color": "#112233"}, {"id": 1, "color": "#0000ff"}]
    given.append({"id": "2", "name": "Wood"})
    forest = LEGEND.classes[1].hex_color
    assert rows_of(with_given(LEGEND, json.dumps(given))) == [
        (1, "water", "#0000ff"),
        (2, "Wood", forest),
        (5, "Town", "#112233"),
    ]


def test_rows_may_be_in_a_file_and_name_other_classes(tmp_path):
    path = tmp_path / "legend.json"
    path.write_text('[{"id": 9, "name": "ice"}, {"id": 2, "name": ""}]', encoding="utf-8")
    assert with_given(LEGEND, str(path)) == LEGEND


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("no/such/file.json", "cannot be read"),
        ("[1]", "not a list of rows"),
        ('[{"name": "lake"}]', "not a list of rows"),
        ("[", "not a list of rows"),
        ('[{"id": 1}, {"id": 1}]', "twice"),
        ('[{"id": 1, "colour": "#000000"}]', "'colour'"),
        ('[{"id": 1, "color": "blue"}]', "blue"),
        ('[{"id": 1, "name": "forest"}]', "several classes"),
    ],
)
def test_what_cannot_be_used_is_refused(given, words):
    with pytest.raises(OptionsError, match=words) as error:
        with_given(LEGEND, given)
    assert error.value.hint


def test_swapped_names_are_no_mistake():
    swapped = with_given(LEGEND, '[{"id": 1, "name": "forest"}, {"id": 2, "name": "water"}]')
    assert swapped.names == ("forest", "water", "built-up")


def test_focus_classes_may_stand_in_one_text():
    legend = make_legend([1, 2, 3], ["water", "bare, rocky", "forest"])
    assert named_focus(["forest, water"], legend) == (2, 0)
    assert named_focus(["bare, rocky"], legend) == (1,)
    assert named_focus(["2,forest"], legend) == (1, 2)
