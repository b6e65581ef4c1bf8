"""ROC and precision over recall against scikit-learn; what abstaining leaves, by hand."""

import numpy as np
import pytest
from sklearn import metrics as sk

from lulc_engine.evaluation.abstaining import LEVELS, abstention_curve, to_percent
from lulc_engine.evaluation.operating import (
    KEPT_POINTS,
    Steps,
    area_under,
    average_of,
    mean_line,
    thinned,
)
from lulc_engine.evaluation.probability_metrics import (
    CURVES,
    KEY,
    Probable,
    drawn,
    most_samples,
    probability_block,
    threshold_rows,
    without_curves,
)
from lulc_engine.protocol import to_json
from lulc_engine.rasters.legend import make_legend


def binary_case(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(5, 400))
    truth = rng.random(n) < 0.3
    truth[:2] = True, False
    scores = (0.5 * truth + rng.random(n)).astype(np.float32)
    return truth, scores.round(1) if seed % 2 else scores


@pytest.mark.parametrize("seed", range(10))
def test_curves_and_areas_are_scikit_learns(seed):
    truth, scores = binary_case(seed)
    false_rate, true_rate, _ = sk.roc_curve(truth, scores, drop_intermediate=False)
    found = Steps.of(truth, scores).roc()
    np.testing.assert_allclose(found[0], false_rate)
    np.testing.assert_allclose(found[1], true_rate)
    assert area_under(found) == pytest.approx(sk.roc_auc_score(truth, scores), abs=1e-12)
    precision, recall, _ = sk.precision_recall_curve(truth, scores)
    line = Steps.of(truth, scores).precision_recall()
    np.testing.assert_allclose(line[0], recall[-2::-1])
    np.testing.assert_allclose(line[1], precision[-2::-1])
    expected = sk.average_precision_score(truth, scores)
    assert average_of(line) == pytest.approx(expected, abs=1e-12)


def test_what_cannot_be_ranked_has_no_curve():
    scores = np.array([0.1, 0.9])
    assert Steps.of(np.array([1, 1]), scores).roc() is None
    assert Steps.of(np.array([0, 0]), scores).roc() is None
    assert Steps.of(np.zeros(0), np.zeros(0)).roc() is None
    assert Steps.of(np.array([0, 0]), scores).precision_recall() is None
    assert area_under(None) is average_of(None) is thinned(None) is None
    assert mean_line([None, None], stairs=True) is None


@pytest.mark.parametrize("stairs", [False, True])
def test_a_thinned_line_is_the_line(stairs):
    rng = np.random.default_rng(0)
    truth = rng.random(100_000) < 0.2
    steps = Steps.of(truth, truth * 0.7 + rng.normal(0, 1, len(truth)))
    curve = steps.precision_recall() if stairs else steps.roc()
    x, y = thinned(curve)
    assert len(x) <= KEPT_POINTS
    assert len(x) == len(y)
    assert (x[-1], y[-1]) == tuple(np.round([curve[0][-1], curve[1][-1]], 4))
    inside = curve[0] > 0.01  # precision begins wild
    assert abs(np.interp(curve[0], x, y) - curve[1])[inside].max() < 0.02
    grid, mean = mean_line([curve, None, curve], stairs)
    np.testing.assert_allclose(mean[5:], np.interp(grid, *curve)[5:], atol=0.01)


# --- the part of the metrics object --------------------------------------------------------------


def single_case(seed=0, n=600, classes=4):
    rng = np.random.default_rng(seed)
    targets = rng.integers(0, classes, n).astype(np.int16)
    logits = 2 * np.eye(classes)[targets] + rng.normal(0, 1.5, (n, classes))
    shares = [np.exp(logits / t) for t in (1.0, 2.0)]
    plain, scaled = (s / s.sum(axis=1, keepdims=True) for s in shares)
    legend = make_legend(range(classes), [f"class {i}" for i in range(classes)])
    return Probable(targets, plain, scaled, 2.0, n), legend


def several_case(seed=1, n=500, classes=5):
    rng = np.random.default_rng(seed)
    targets = (rng.random((n, classes)) < 0.3).astype(np.uint8)
    p = (0.4 * targets + 0.6 * rng.random(targets.shape)).astype(np.float32)
    legend = make_legend(range(classes), [f"class {i}" for i in range(classes)])
    return Probable(targets, p, p, 1.0, n), legend


def test_one_class_per_sample_is_each_against_the_rest():
    found, legend = single_case()
    block = probability_block(found, legend)
    one_hot = np.eye(4)[found.targets]
    for average in ("micro", "macro"):
        assert block["roc_auc"][average] == pytest.approx(
            sk.roc_auc_score(one_hot, found.scaled, average=average, multi_class="ovr")
        )
        assert block["average_precision"][average] == pytest.approx(
            sk.average_precision_score(one_hot, found.scaled, average=average)
        )
    for k, row in enumerate(block["classes"]):
        assert row["roc_auc"] == pytest.approx(sk.roc_auc_score(one_hot[:, k], found.scaled[:, k]))
    right = found.scaled.argmax(axis=1) == found.targets
    parts = block["calibration"]
    for name, p in (("unscaled", found.plain), ("scaled", found.scaled)):
        assert parts[name]["right"] == right.mean()
        assert parts[name]["said"] == pytest.approx(p.max(axis=1).mean())
        mean_gap = abs(p.max(axis=1).mean() - right.mean())
        assert parts[name]["ece"] >= mean_gap - 1e-12  # never below the gap of the means
    assert block["temperature"] == 2
    assert "thresholds" not in block


def test_several_classes_per_sample_are_questions_of_their_own():
    found, legend = several_case()
    tuned = (0.4, 0.5, 0.6, 0.5, 0.5)
    block = probability_block(found, legend, tuned)
    for average in ("micro", "macro"):
        assert block["roc_auc"][average] == pytest.approx(
            sk.roc_auc_score(found.targets, found.scaled, average=average)
        )
    assert "abstaining" not in block
    pooled = block["calibration"]["scaled"]
    assert pooled["right"] == pytest.approx(found.targets.mean())
    rows = block["thresholds"]
    assert [row["threshold"] for row in rows] == [*(i / 10 for i in range(1, 10)), None]
    for row in rows:
        said = found.scaled >= np.array(tuned if row["threshold"] is None else row["threshold"])
        options = {"average": "micro", "zero_division": np.nan}
        assert row["f1"] == pytest.approx(sk.f1_score(found.targets, said, **options), nan_ok=True)
        assert row["macro_f1"] == pytest.approx(
            np.nanmean(sk.f1_score(found.targets, said, average=None, zero_division=np.nan))
        )
        assert row["without"] == (~said.any(axis=1)).mean()


@pytest.mark.parametrize("make", [single_case, several_case])
def test_a_part_without_samples_is_empty(make):
    full, legend = make()
    none = Probable(full.targets[:0], full.plain[:0], full.scaled[:0], 1.0, 0)
    block = probability_block(none, legend)
    assert block["n"] == 0
    assert block["roc_auc"] == {"micro": None, "macro": None}
    assert block["calibration"]["scaled"]["ece"] is None


def test_large_sets_are_sampled_and_curves_stay_small():
    rng = np.random.default_rng(0)
    n, classes = 250_000, 43
    p = rng.random((n, classes), np.float32)
    found = Probable((p > 0.9).astype(np.uint8), p, p, 1.0, n)
    some = drawn(found)
    assert len(some.targets) == most_samples(classes) == 200_000
    assert (drawn(found).scaled == some.scaled).all()
    assert most_samples(1000) == 10_000
    small = Probable(found.targets[:9000], p[:9000], p[:9000], 1.0, n)
    legend = make_legend(range(classes), [f"class {i}" for i in range(classes)])
    metrics = {"other": 1, KEY: probability_block(small, legend)}
    assert metrics[KEY]["of"] == n
    assert len(to_json(metrics)) < 300_000
    assert len(to_json(without_curves(metrics))) < 20_000
    assert CURVES in metrics[KEY]
    assert without_curves({"other": 1}) == {"other": 1}


def test_abstaining_by_hand():
    percent = to_percent(np.array([0.995, 0.4949, 0.7, 0.7, 0.3]))
    assert percent.tolist() == [100, 49, 70, 70, 30]  # np.round: to even, as rasters are
    right = np.array([True, False, True, False, False])
    rows = abstention_curve(percent, right)
    assert len(rows) == 101
    assert rows[0] == {"min_confidence": 0, "unclassified": 0.0, "accuracy": 0.4}
    assert rows[50] == {"min_confidence": 50, "unclassified": 0.4, "accuracy": 2 / 3}
    assert rows[70] == {**rows[50], "min_confidence": 70}
    assert rows[71] == {"min_confidence": 71, "unclassified": 0.8, "accuracy": 1.0}
    empty = abstention_curve(percent[:0], right[:0])[0]
    assert empty == {"min_confidence": 0, "unclassified": None, "accuracy": None}
    assert LEVELS[0] == 0


def test_threshold_rows_without_tuned_ones():
    found, _ = several_case()
    assert all(row["threshold"] for row in threshold_rows(found.targets, found.scaled))
