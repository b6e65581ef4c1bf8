import numpy as np

from lulc_engine.evaluation.metrics import ReferenceInfo, build_metrics
from lulc_engine.rasters.legend import make_legend
from lulc_engine.reports import words


def plain(text):
    """Return a sentence without the marks that isolate the direction of names."""
    return text.replace("\u2068", "").replace("\u2069", "")


def metrics(matrix, **info):
    values = {"kind": "polygons", "independent": None, "split": None} | info
    matrix = np.array(matrix)
    legend = make_legend(range(len(matrix)), [f"class {'abcdef'[i]}" for i in range(len(matrix))])
    return build_metrics(matrix, legend, ReferenceInfo(n=int(matrix.sum()), **values))


def test_confused_pairs_are_ranked_by_the_share_of_both_classes():
    # a and b: 30 of 1130; b and c: 20 of 230
    pairs = words.confused_pairs(metrics([[970, 30, 0], [0, 110, 20], [0, 0, 100]]))
    assert [plain(text) for text in pairs] == [
        "20 of 130 pixels (15.4 %) of “class b” are mapped as “class c”.",
        "30 of 1\u202f000 pixels (3.0 %) of “class a” are mapped as “class b”.",
    ]
    assert words.confused_pairs(metrics([[5, 0], [0, 5]])) == []


def test_both_ways_in_one_sentence():
    (sentence,) = words.confused_pairs(metrics([[90, 10], [20, 80]], kind="points"))
    assert plain(sentence) == (
        "20 of 100 points (20.0 %) of “class b” are mapped as “class a”; "
        "10 of 100 points (10.0 %) of “class a” are mapped as “class b”."
    )


def test_warnings_in_plain_words():
    found = words.warnings(metrics([[100, 3, 0], [1, 10, 0], [0, 0, 0]], unclassified=12))
    assert len(found) == 3
    assert "no pixels of “class c”" in plain(found[0])
    assert "“class b” (11)" in plain(found[1])
    assert "12 reference pixels" in found[2]
    assert words.warnings(metrics([[100, 0], [0, 100]])) == []
    one = words.warnings(metrics([[100, 3], [0, 0]]))
    assert any("one class only" in text for text in one)
    trained = words.warnings(metrics([[100, 0], [0, 100]], independent=False))
    assert "optimistic" in trained[0]


def test_a_map_of_one_class_is_said():
    legend = make_legend([1, 2], ["water", "forest"])
    matrix = np.array([[90, 0], [110, 0]])
    info = ReferenceInfo("polygons", None, None, 200)
    found = words.warnings(build_metrics(matrix, legend, info))
    assert any("The map says “\u2068water\u2069” everywhere" in text for text in found)
