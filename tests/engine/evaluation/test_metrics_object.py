import csv
import io
import json

import numpy as np
import pytest

from lulc_engine.evaluation.metrics import (
    ReferenceInfo,
    build_metrics,
    metrics_json,
    metrics_table,
)
from lulc_engine.rasters.legend import make_legend

MATRIX = np.array([[50, 3, 0], [5, 30, 0], [0, 0, 0]])
INFO = ReferenceInfo("polygons", None, None, 88)
KEYS = ["id", "name", "precision", "recall", "f1", "iou", "kappa", "support"]


def metrics(names=("water", "forest", "ice"), info=INFO):
    return build_metrics(MATRIX, make_legend([1, 70000, 0], names), info)


def test_has_every_key_of_the_contract():
    result = metrics()
    for key in ("overall_accuracy", "kappa", "mcc", "mean_iou", "macro_f1"):
        assert isinstance(result[key], float)
    for average in ("macro", "weighted"):
        assert list(result[average]) == ["precision", "recall", "f1", "iou", "kappa"]
    assert [list(item) for item in result["classes"]] == [KEYS] * 3
    assert result["confusion"] == {"labels": [1, 70000, 0], "matrix": MATRIX.tolist()}
    assert {"kind", "independent", "split", "n"} <= set(result["reference"])
    assert result["mean_iou"] == result["macro"]["iou"]
    assert result["macro_f1"] == result["macro"]["f1"]


def test_json_is_strict_and_unmeasured_is_null():
    read = json.loads(metrics_json(metrics()), parse_constant=pytest.fail)
    assert read["classes"][2]["f1"] is None
    assert read == metrics()


def test_table_has_a_row_per_class_then_the_averages():
    rows = list(csv.DictReader(io.StringIO(metrics_table(metrics()))))
    assert list(rows[0]) == KEYS
    assert [row["name"] for row in rows] == ["water", "forest", "ice", "macro", "weighted"]
    assert float(rows[0]["precision"]) == 50 / 55
    assert rows[2]["precision"] == ""
    assert float(rows[3]["iou"]) == metrics()["macro"]["iou"]


@pytest.mark.parametrize("name", ['=HYPERLINK("http://x","y")', "+1+1", "-2+3", "@SUM(A1)", "\t=1"])
def test_names_that_a_spreadsheet_would_run_are_disarmed(name):
    rows = list(csv.DictReader(io.StringIO(metrics_table(metrics((name, "b", "c"))))))
    assert rows[0]["name"].startswith("'")


@pytest.mark.parametrize(
    ("info", "optimistic"),
    [
        (ReferenceInfo("polygons", None, None, 1), False),
        (ReferenceInfo("polygons", True, "test", 1), False),
        (ReferenceInfo("polygons", False, None, 1), True),
        (ReferenceInfo("raster", None, "validation", 1), True),
        (ReferenceInfo("raster", None, "training", 1), True),
    ],
)
def test_says_whether_scores_flatter_the_model(info, optimistic):
    assert metrics(info=info)["reference"]["optimistic"] is optimistic


def test_matrix_and_legend_of_different_size_are_refused():
    with pytest.raises(ValueError, match="2 classes"):
        build_metrics(MATRIX, make_legend([1, 2], ["a", "b"]), INFO)
