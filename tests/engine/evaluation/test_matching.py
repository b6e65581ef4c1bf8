import pytest

from lulc_engine.errors import DataError
from lulc_engine.evaluation.matching import match_legends
from lulc_engine.rasters.legend import make_legend


def legend(**ids_by_name):
    return make_legend(list(ids_by_name.values()), list(ids_by_name))


def test_by_name_although_ids_differ():
    matching = match_legends(legend(a=1, b=2, c=3), legend(c=1, b=2, a=3), {0, 1, 2})
    assert matching.by == "name"
    assert matching.reference_index == (2, 1, 0)
    assert matching.notes == ()


def test_by_name_where_the_reference_has_fewer_classes():
    matching = match_legends(legend(a=1, b=2, c=3), legend(a=1, c=2), {0, 1})
    assert (matching.by, matching.reference_index) == ("name", (0, 2))


def test_case_and_spaces_do_not_matter():
    reference = make_legend([7, 8], ["Forest ", "WATER"])
    matching = match_legends(legend(water=1, forest=2), reference, {0, 1})
    assert (matching.by, matching.reference_index) == ("name", (1, 0))


def test_by_id_where_names_differ_and_the_reader_is_told():
    matching = match_legends(legend(forest=1, water=2), legend(wald=1, wasser=2), {0, 1})
    assert (matching.by, matching.reference_index) == ("id", (0, 1))
    assert "1: map “forest”, reference “wald”" in matching.notes[0]


def test_by_id_where_only_some_names_are_shared():
    matching = match_legends(legend(a=1, b=2, c=3), legend(b=1, a=2, x=3), {0, 1, 2})
    assert (matching.by, matching.reference_index) == ("id", (0, 1, 2))


def test_numbers_in_a_text_field_are_ids_and_not_their_order():
    own = make_legend([1, 2, 10, 12], ["forest", "water", "field", "town"])
    texts = make_legend([1, 2, 3], ["1", "10", "2"])  # code-point order, as text fields have it
    matching = match_legends(own, texts, {0, 1, 2})
    assert (matching.by, matching.reference_index) == ("id", (0, 2, 1))
    assert "10: map “field”, reference “10”" in matching.notes[0]


def test_a_map_of_a_text_field_of_numbers_meets_ids():
    own = make_legend([1, 2, 3], ["1", "10", "2"])
    ids = make_legend([1, 2, 10], ["class 1", "class 2", "class 10"])
    assert match_legends(own, ids, {0, 1, 2}).reference_index == (0, 2, 1)


def test_by_id_where_a_name_stands_twice():
    twice = make_legend([1, 2, 3], ["other", "other", "c"])
    assert match_legends(twice, legend(other=1, c=3), {0, 1}).by == "id"


def test_unused_classes_of_the_reference_do_not_matter():
    matching = match_legends(legend(a=1, b=2), legend(a=1, b=2, zebra=3), {0, 1})
    assert matching.by == "name"
    assert len(matching.legend) == 2
    assert matching.reference_index == (0, 1, None)


def test_a_used_class_that_the_map_lacks_is_an_error_of_the_map():
    matching = match_legends(legend(a=3, b=2), legend(a=1, b=2, new=3), {0, 1, 2})
    assert matching.by == "name"
    assert matching.legend.names == ("a", "b", "new")
    assert len(set(matching.legend.ids)) == 3
    assert "no class “new”" in matching.notes[0]


def test_a_map_without_names_takes_those_of_the_reference():
    bare = make_legend([1, 2], ["class 1", "class 2"])
    matching = match_legends(bare, legend(forest=1, water=2), {0, 1}, has_names=False)
    assert (matching.by, matching.legend.names) == ("id", ("forest", "water"))


def test_nothing_in_common_is_refused():
    with pytest.raises(DataError, match="neither names nor ids") as caught:
        match_legends(legend(a=1, b=2), legend(c=3, d=4), {0, 1})
    assert caught.value.exit_code == 3
