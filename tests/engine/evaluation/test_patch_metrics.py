import csv
import io
import json

import numpy as np
import pytest
from sklearn import metrics as sk

from lulc_engine.evaluation.metrics import (
    TEST,
    ReferenceInfo,
    build_metrics,
    metrics_json,
    metrics_table,
)
from lulc_engine.evaluation.patch_metrics import patch_metrics, top_k
from lulc_engine.rasters.legend import make_legend

LEGEND = make_legend([10, 20, 30, 40], ["water", "forest", "crop", "city"])
OUTER = {
    *("overall_accuracy", "kappa", "mcc", "mean_iou", "macro_f1", "macro", "weighted", "classes"),
    *("confusion", "reference"),
}


def info(count):
    return ReferenceInfo("patches", True, TEST, count)


@pytest.fixture
def one_label():
    rng = np.random.default_rng(2)
    targets = rng.integers(0, 4, 70).astype(np.int16)
    logits = rng.normal(0, 1, (70, 4)) + 1.5 * np.eye(4)[targets]
    return targets, np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


@pytest.fixture
def several():
    """Labels and probabilities; the last class is nowhere, patch 0 has no class."""
    rng = np.random.default_rng(4)
    targets = (rng.random((90, 4)) < (0.3, 0.5, 0.1, 0)).astype(np.uint8)
    targets[0] = 0
    return targets, (0.3 * targets + 0.7 * rng.random((90, 4))).astype(np.float32)


def test_one_label_is_scored_like_maps_and_has_top_k(one_label):
    targets, probabilities = one_label
    found = patch_metrics(targets, probabilities, LEGEND, info(70))
    answers = probabilities.argmax(axis=1)
    matrix = sk.confusion_matrix(targets, answers, labels=range(4))
    assert found == {
        **build_metrics(matrix, LEGEND, info(70)),
        "top_k": {
            str(k): pytest.approx(sk.top_k_accuracy_score(targets, probabilities, k=k))
            for k in (2, 3)
        },
    }
    assert found["kappa"] == pytest.approx(sk.cohen_kappa_score(targets, answers))
    assert found["reference"]["kind"] == "patches"


def test_top_k_of_equal_probabilities_puts_the_first_class_ahead():
    probabilities = np.full((6, 6), 1 / 6)
    found = top_k(np.arange(6), probabilities)
    assert found == {"2": 2 / 6, "3": 3 / 6, "5": 5 / 6}
    assert top_k(np.array([0, 1]), np.array([[0.5, 0.5], [0.5, 0.5]])) == {}
    assert top_k(np.zeros(0, np.int16), np.zeros((0, 4))) == {"2": None, "3": None}


def test_top_k_agrees_with_the_answer(one_label):
    """The k likeliest are the answers of an argmax that is asked k times."""
    targets, probabilities = one_label
    probabilities = probabilities.round(1)
    left = probabilities.copy()
    hit = np.zeros(70, bool)
    for asked in range(1, 4):
        answers = left.argmax(axis=1)
        hit |= answers == targets
        left[np.arange(70), answers] = -1
        if asked > 1:
            assert top_k(targets, probabilities)[str(asked)] == hit.mean()


@pytest.mark.parametrize("thresholds", [(), (0.4, 0.6, 0.3, 0.5)])
def test_several_labels(several, thresholds):
    targets, p = several
    said = p >= np.array(thresholds or [0.5] * 4)
    found = patch_metrics(targets, p, LEGEND, info(90), thresholds)
    assert set(found) == OUTER | {"multilabel"}
    assert found["kappa"] is None
    assert found["mcc"] is None
    assert found["overall_accuracy"] == pytest.approx(sk.accuracy_score(targets, said))
    nan = {"zero_division": np.nan}
    assert found["macro_f1"] == pytest.approx(sk.f1_score(targets, said, average="macro", **nan))
    weighted = sk.recall_score(targets[:, :3], said[:, :3], average="weighted", **nan)
    assert found["weighted"]["recall"] == pytest.approx(weighted)
    assert [row["id"] for row in found["classes"]] == [10, 20, 30, 40]
    assert [row["support"] for row in found["classes"]] == targets.sum(axis=0).tolist()
    assert found["classes"][3]["recall"] is None
    tables = sk.multilabel_confusion_matrix(targets, said).tolist()
    assert found["confusion"] == {"labels": [10, 20, 30, 40], "matrix": None, "per_class": tables}

    part = found["multilabel"]
    assert part["subset_accuracy"] == found["overall_accuracy"]
    assert part["hamming_loss"] == pytest.approx(sk.hamming_loss(targets, said))
    labelled = targets.any(axis=1)
    ranking = sk.label_ranking_average_precision_score(targets[labelled], p[labelled])
    assert part["lrap"] == pytest.approx(ranking)
    precisions = sk.average_precision_score(targets[:, :3], p[:, :3], average=None)
    assert part["map"] == part["macro"]["map"] == pytest.approx(precisions.mean())
    assert [row["average_precision"] for row in part["classes"]][3] is None
    assert part["micro"]["map"] == pytest.approx(
        sk.average_precision_score(targets, p, average="micro")
    )
    for average in ("micro", "macro"):
        assert list(part[average]) == ["precision", "recall", "f1", "f2", "iou", "map"]
        for name, function in (("precision", sk.precision_score), ("recall", sk.recall_score)):
            expected = function(targets, said, average=average, **nan)
            assert part[average][name] == pytest.approx(expected)
        expected = sk.fbeta_score(targets, said, beta=2, average=average, **nan)
        assert part[average]["f2"] == pytest.approx(expected)
    assert part["f2"] == part["macro"]["f2"]
    assert part["micro"]["iou"] == pytest.approx(sk.jaccard_score(targets, said, average="micro"))
    assert [row["threshold"] for row in part["classes"]] == list(thresholds or [0.5] * 4)
    assert np.diag(part["cooccurrence"]).tolist() == targets.sum(axis=0).tolist()


@pytest.mark.parametrize("count", [0, 1])
def test_hardly_any_patches(count):
    targets, p = np.zeros((count, 4), np.uint8), np.full((count, 4), 0.9, np.float32)
    found = patch_metrics(targets, p, LEGEND, info(count))
    assert found["multilabel"]["map"] is None
    assert found["multilabel"]["lrap"] is None
    assert found["multilabel"]["micro"]["recall"] is None
    assert found["overall_accuracy"] == (0 if count else None)
    single = patch_metrics(targets[:, 0].astype(np.int16), p, LEGEND, info(count))
    assert single["overall_accuracy"] == (1 if count else None)


def test_files_of_several_labels(several):
    found = patch_metrics(*several, LEGEND, info(90))
    text = metrics_json(found)
    assert json.loads(text) == found
    assert "NaN" not in text
    rows = list(csv.reader(io.StringIO(metrics_table(found))))
    assert rows[0] == ["id", "name", "precision", "recall", "f1", "iou", "kappa", "support"]
    assert [row[0] for row in rows[1:]] == ["10", "20", "30", "40", "macro", "weighted"]
    assert float(rows[5][4]) == found["macro_f1"]
    assert rows[4][3] == ""
