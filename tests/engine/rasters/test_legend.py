"""Legends: colours, JSON and what is refused."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lulc_engine.errors import DataError
from lulc_engine.rasters.legend import Legend, LegendClass, choose_colors, make_legend


@pytest.mark.parametrize(
    "names",
    [
        [f"class {i}" for i in range(300)],
        [f"forest {i}" for i in range(300)],
        ["water"] * 300,
        [f"{word} {i}" for i in range(60) for word in ("water", "urban", "x", "snow", "crop")],
        [f"{i}" for i in range(1000)],
    ],
)
def test_no_two_classes_look_alike(names):
    colors = choose_colors(names)
    assert len(set(colors)) == len(names)
    assert all(0 <= part <= 255 and isinstance(part, int) for color in colors for part in color)


@pytest.mark.parametrize(
    ("name", "as_other"),
    [
        ("Open Water", "lake"),
        ("Rainforest", "trees"),
        ("Wetland water", "wetland"),
        ("grassland", "grass"),
    ],
)
def test_known_words_give_the_usual_colour(name, as_other):
    assert choose_colors([name]) == choose_colors([as_other])


@pytest.mark.parametrize(
    ("name", "not_as"),
    [("rice", "ice"), ("street", "tree"), ("broad-leaved", "road"), ("disease", "sea")],
)
def test_parts_of_other_words_do_not(name, not_as):
    assert choose_colors([name]) != choose_colors([not_as])


def test_given_colours_are_kept():
    legend = make_legend([3, 1], ["water", "x"], {1: (1, 2, 3)})
    assert legend.classes[1] == LegendClass(1, "x", (1, 2, 3))
    assert legend.classes[1].hex_color == "#010203"


@given(
    st.lists(
        st.tuples(
            st.integers(-(2**31) + 1, 2**31 - 1),
            st.text(st.characters(exclude_categories=["Cs"])),
            st.tuples(*[st.integers(0, 255)] * 3),
        ),
        unique_by=lambda row: row[0],
    )
)
def test_json_round_trip(rows):
    legend = Legend(tuple(LegendClass(*row) for row in rows))
    assert Legend.from_json(legend.to_json()) == legend
    assert len(legend) == len(rows)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not json",
        "5",
        "null",
        "{}x",
        '[{"id": 1}]',
        '[{"id": 1, "name": "a"}]',
        '[{"id": "x", "name": "a", "color": "#000000"}]',
        '[{"id": null, "name": "a", "color": "#000000"}]',
        '[{"id": Infinity, "name": "a", "color": "#000000"}]',
        '[{"id": NaN, "name": "a", "color": "#000000"}]',
        '[{"id": 1, "name": "a", "color": "red"}]',
        '[{"id": 1, "name": "a", "color": "#12345"}]',
        '[{"id": 1, "name": "a", "color": "#gggggg"}]',
        "[1, 2]",
        '["a"]',
        '[{"id": 1, "name": "a", "color": "#000000"}, {"id": 1, "name": "b", "color": "#000001"}]',
    ],
)
def test_what_is_no_legend(text):
    with pytest.raises(DataError):
        Legend.from_json(text)


@pytest.mark.parametrize("ids", [[1, 1], [2**31], [-(2**31)], [3 * 10**9, 1]])
def test_ids_that_no_map_can_hold(ids):
    with pytest.raises(DataError, match="ids must"):
        make_legend(ids, [str(i) for i in ids])


def test_finding_a_class_by_name_or_id():
    legend = make_legend([7, 70000], ["water", "forest"])
    assert [legend.index_of(word) for word in ("forest", "70000", "water", "7")] == [1, 1, 0, 0]
    with pytest.raises(DataError, match="no class 'Water'") as caught:
        legend.index_of("Water")
    assert "water, forest" in caught.value.hint


def test_json_is_what_other_programs_read():
    rows = json.loads(make_legend([300], ["Wälder"], {300: (255, 0, 16)}).to_json())
    assert rows == [{"id": 300, "name": "Wälder", "color": "#ff0010"}]
