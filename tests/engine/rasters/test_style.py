"""Style files beside a map, with names that try to break them."""

from xml.etree import ElementTree

import pytest

from lulc_engine.rasters.legend import make_legend
from lulc_engine.rasters.style import category_names, qml
from lulc_engine.samples.raster_labels import class_names

NAMES = [
    "water",
    "a & <b>",
    "\"quoted\" and 'single'",
    "]]> <!-- -->",
    "Wälder 森 🌲",
    "tab\tand\nline",
    "bell\x07 and nul\x00",
    "half \ud800 a pair",
    "beyond \ufffe \uffff",
    "&amp; &#65; %s {0}",
    " spaces ",
    "",
]


@pytest.fixture
def legend():
    return make_legend(range(3, 3 + len(NAMES)), NAMES)


def parse(text):
    return ElementTree.fromstring(text.encode())  # noqa: S314 - our own


def clean(name):
    return "".join(" " if c < " " or 0xD800 <= ord(c) < 0xE000 or c in "\ufffe\uffff" else c
                   for c in name)  # fmt: skip


def test_qml_holds_names_and_colours(legend):
    root = parse(qml(legend))
    (renderer,) = root.iter("rasterrenderer")
    assert renderer.attrib["type"] == "paletted"
    entries = [entry.attrib for entry in root.iter("paletteEntry")]
    assert [int(entry["value"]) for entry in entries] == list(legend.ids)
    assert [entry["label"] for entry in entries] == [clean(name) for name in NAMES]
    assert [entry["color"] for entry in entries] == [c.hex_color for c in legend.classes]


def test_categories_stand_at_their_ids(legend):
    root = parse(category_names(legend))
    categories = [element.text or "" for element in root.iter("Category")]
    assert categories == [""] * 3 + [clean(name) for name in NAMES]


def test_categories_are_read_back_as_class_names(legend, tmp_path):
    (tmp_path / "map.tif.aux.xml").write_text(category_names(legend), "utf-8")
    found = class_names({}, str(tmp_path / "map.tif"))
    expected = {i: clean(name).strip() for i, name in zip(legend.ids, NAMES, strict=True)}
    assert found == {i: name for i, name in expected.items() if name}


@pytest.mark.parametrize("ids", [[-1, 2], [0, 70000], [4096]])
def test_no_list_for_ids_that_do_not_suit_one(ids):
    assert category_names(make_legend(ids, [str(i) for i in ids])) is None


def test_a_list_may_begin_with_0():
    root = parse(category_names(make_legend([0, 2], ["a", "b"])))
    assert [element.text or "" for element in root.iter("Category")] == ["a", "", "b"]
