"""The value that unclassified pixels have, and the legend that marks it."""

import pytest

from lulc_engine.errors import DataError
from lulc_engine.rasters.geotiff import map_encoding
from lulc_engine.rasters.legend import Legend, make_legend
from lulc_engine.rasters.unclassified import legend_tag, read_legend_tag, with_unclassified


def legend_of(ids):
    return make_legend(ids, [f"class {i}" for i in ids])


@pytest.mark.parametrize(
    ("ids", "value", "dtype", "nodata"),
    [
        ((1, 2, 3), 255, "uint8", 0),
        ((0, 1, 2), 254, "uint8", 255),
        ((5, 254, 7), 255, "uint8", 0),
        ((0, 254, 7), 253, "uint8", 255),
        (tuple(range(1, 255)), 255, "uint8", 0),
        (tuple(range(255)), 255, "uint16", 65535),
        ((1, 300, 7), 301, "uint16", 0),
        ((0, 65534, 7), 65533, "uint16", 65535),
        ((3, 65534), 65535, "uint16", 0),
        ((-4, 3, 9), 10, "int32", 0),
        ((3, 2**31 - 1), 2**31 - 2, "int32", 0),
    ],
)
def test_the_value_is_no_class_and_not_nodata(ids, value, dtype, nodata):
    legend = legend_of(ids)
    found = with_unclassified(legend)
    assert found[:2] == (dtype, nodata)
    assert found[2].ids == (*ids, value)
    if len(ids) < 255:
        assert found[:2] == map_encoding(legend)
    assert len({item.color for item in found[2].classes}) == len(ids) + 1


def test_the_legend_marks_it_and_nothing_else():
    _, _, whole = with_unclassified(legend_of([4, 9]))
    text = legend_tag(whole, 255)
    assert Legend.from_json(text) == whole  # whoever does not know of the mark has a name for it
    legend, unsure = read_legend_tag(text)
    assert legend == legend_of([4, 9])
    assert unsure == {255}
    assert read_legend_tag(legend_tag(legend)) == (legend, frozenset())
    assert legend_tag(legend) == legend.to_json()


def test_a_class_of_that_name_stays_a_class():
    legend = make_legend([1, 255], ["crop", "unclassified"])
    assert read_legend_tag(legend.to_json()) == (legend, frozenset())
    assert with_unclassified(legend)[2].ids == (1, 255, 256)


@pytest.mark.parametrize("text", ["", "[]", '[{"id": 1}]', "{}", "7"])
def test_what_is_no_legend(text):
    with pytest.raises(DataError):
        read_legend_tag(text)
