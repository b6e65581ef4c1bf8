import copy

import numpy as np
import pytest
from page_reader import NAMES, check_harmless

from lulc_engine.rasters.legend import make_legend
from lulc_engine.reports.data import render_data_report

BANDS = ["red", "nir"]


@pytest.fixture
def description(nasty_legend):
    ids = list(nasty_legend.ids)
    summary = {"n": 9, "mean": 0.1, "spread": 0.02, "minimum": 0.0, "p05": 0.05, "p25": 0.08,
               "p50": 0.1, "p75": 0.12, "p95": 0.15, "maximum": 0.3}  # fmt: skip
    parts = {"training": 60, "validation": 30, "test": 10}
    return {
        "kind": "scene", "scenes": [NAMES[0]], "labels": NAMES[7], "multilabel": False,
        "samples": 100 * len(ids), "unit": "polygon", "units": 10 * len(ids),
        "classes": [
            {"id": i, "name": n, "samples": 100 * (1 if i > 1 else 90), "units": i,
             "split": parts, "unit_split": parts, "share": 1 / len(ids)}
            for i, n in zip(ids, NAMES, strict=True)
        ],
        "bands": [{"number": 1, "name": NAMES[7], "role": None},
                  {"number": 2, "name": "B08", "role": "nir"}],
        "radiometry": "Reflectance = value * 0.0001 + 0 (as given).",
        "statistics": [
            {"id": i, "name": n, "band": band, **summary}
            for i, n in zip(ids, NAMES, strict=True) for band in BANDS
        ],
        "band_statistics": [{"band": band, **summary} for band in BANDS],
        "histograms": [
            {"band": band, "edges": np.linspace(0, 1, 5).tolist(),
             "classes": [{"id": i, "counts": [20, 30, 40, 10]} for i in ids]}
            for band in BANDS
        ],
        "separability": [
            {"a": 1, "b": 2, "bhattacharyya": 0.1, "jeffries_matusita": 0.19},
            {"a": 2, "b": 5, "bhattacharyya": 2.5, "jeffries_matusita": 1.84},
            {"a": 1, "b": 5, "bhattacharyya": 9.0, "jeffries_matusita": 1.9998},
        ],
        "suspicious": [{"unit": NAMES[6], "x": 500_001.25, "y": 5_200_000.0, "class": 1, "fits": 2,
                        "share": 0.97, "margin": 3.25, "pixels": 1234}],
        "unjudged": 3, "notes": [NAMES[0], NAMES[9]], "cooccurrence": None,
        "duplicates": [{"patches": [NAMES[0], NAMES[1]], "labels_differ": True,
                        "splits": ["training", "test"]}],
        "rejected": [{"patch": NAMES[6], "reason": "all values are 0"}],
    }  # fmt: skip


def test_names_that_try_to_do_harm_do_none(description, nasty_legend):
    words = check_harmless(render_data_report(description, nasty_legend, NAMES[7])).words
    for text in (
        "Before you train", "<script>alert(1)</script>", "hard to tell apart",
        "not wholly separate", "0.19", "97 %", "centre 500001, 5200000",
        "3 polygons could not be judged",
        "Unequal classes", "Few polygons", "exact copies with other labels", "all values are 0",
        "1 of 100 polygons (1.0 %) look more like another class",
    ):  # fmt: skip
        assert text in words, text


def test_patches_with_several_classes(description, nasty_legend):
    several = copy.deepcopy(description)
    several |= {"kind": "patches", "patches": NAMES[0], "size_px": 64, "split_by": "data",
                "multilabel": True, "unit": "patch", "separability": [], "suspicious": [],
                "cooccurrence": np.eye(len(NAMES), dtype=int).tolist()}  # fmt: skip
    for row in several["classes"]:
        row["units"] = None
    words = check_harmless(render_data_report(several, nasty_legend, "p")).words
    assert "What occurs together" in words
    assert "Labels that may be wrong" not in words
    assert "a patch may have several" in words


@pytest.mark.parametrize("classes", [1, 2, 30])
def test_any_number_of_classes(description, classes):
    found = copy.deepcopy(description)
    legend = make_legend(range(classes), [f"class {k}" for k in range(classes)])
    row, stat = found["classes"][0], found["statistics"][0]
    found["classes"] = [{**row, "id": i, "name": f"class {i}"} for i in range(classes)]
    found["statistics"] = [
        {**stat, "id": i, "band": band} for i in range(classes) for band in BANDS
    ]
    for histogram in found["histograms"]:
        histogram["classes"] = [{"id": i, "counts": [0, 0, 50, 0]} for i in range(classes)]
    found["separability"] = [
        {"a": a, "b": b, "bhattacharyya": 9.0, "jeffries_matusita": 1.999}
        for a in range(classes) for b in range(a + 1, classes)
    ]  # fmt: skip
    found["suspicious"] = []
    words = check_harmless(render_data_report(found, legend, "labels")).words
    expected = {1: "one class only", 2: "well separated", 30: "well separated"}[classes]
    assert expected in words


def test_a_long_list_of_suspicious_labels_is_put_into_perspective(description, nasty_legend):
    found = {**description, "suspicious": description["suspicious"] * 60}
    words = check_harmless(render_data_report(found, nasty_legend, "labels")).words
    assert "So many rather mean that classes look alike" in words
    assert "The first 40 of 60" in words


def test_degrees_keep_their_digits(description, nasty_legend):
    place = {**description["suspicious"][0], "x": 14.123456, "y": 46.05}
    words = check_harmless(
        render_data_report({**description, "suspicious": [place]}, nasty_legend, "labels")
    ).words
    assert "centre 14.12346, 46.05000" in words
