import math

import numpy as np
import pytest
from sklearn import metrics as sk

from lulc_engine.evaluation import scores
from lulc_engine.evaluation.confusion import count

CASES = range(60)


def random_case(seed):
    """Labels of up to 8 classes, some of which one side or both sides lack."""
    rng = np.random.default_rng(seed)
    n_classes = int(rng.integers(2, 9))
    size = int(rng.integers(1, 400))
    known = rng.choice(n_classes, rng.integers(1, n_classes + 1), replace=False)
    guessed = rng.choice(n_classes, rng.integers(1, n_classes + 1), replace=False)
    reference = rng.choice(known, size)
    right = np.isin(reference, guessed) & (rng.random(size) < 0.6)
    prediction = np.where(right, reference, rng.choice(guessed, size))
    return reference, prediction, n_classes


def same(ours, theirs):
    if ours is None:
        return math.isnan(theirs)
    return math.isclose(ours, theirs, rel_tol=0, abs_tol=1e-12)


@pytest.mark.parametrize("seed", CASES)
@pytest.mark.parametrize("name", ["precision", "recall", "f1"])
def test_rates_agree_with_scikit_learn(seed, name):
    reference, prediction, n_classes = random_case(seed)
    by_class = scores.class_scores(count(reference, prediction, n_classes))
    theirs = {"precision": sk.precision_score, "recall": sk.recall_score, "f1": sk.f1_score}[name]
    arguments = {"labels": range(n_classes), "zero_division": np.nan}

    expected = theirs(reference, prediction, average=None, **arguments)
    assert all(same(getattr(a, name), b) for a, b in zip(by_class, expected, strict=True))
    expected = theirs(reference, prediction, average="macro", **arguments)
    assert same(scores.macro(by_class, name), expected)
    measured = [item.support for item in by_class if getattr(item, name) is not None]
    if sum(measured) == 0:
        assert scores.weighted(by_class, name) is None  # 0/0; scikit-learn drops the weights
    else:
        expected = theirs(reference, prediction, average="weighted", **arguments)
        assert same(scores.weighted(by_class, name), expected)


@pytest.mark.parametrize("seed", CASES)
def test_overall_scores_agree_with_scikit_learn(seed):
    reference, prediction, n_classes = random_case(seed)
    matrix = count(reference, prediction, n_classes)
    assert same(scores.overall_accuracy(matrix), sk.accuracy_score(reference, prediction))
    both = set(reference) | set(prediction)
    if len(both) == 1:
        assert scores.kappa(matrix) is None
    else:
        assert same(scores.kappa(matrix), sk.cohen_kappa_score(reference, prediction))
    if len(set(reference)) == 1 or len(set(prediction)) == 1:
        assert scores.mcc(matrix) is None  # scikit-learn says 0, as if it had been measured
    else:
        assert same(scores.mcc(matrix), sk.matthews_corrcoef(reference, prediction))


@pytest.mark.parametrize("seed", CASES)
def test_iou_and_class_kappa_by_definition(seed):
    reference, prediction, n_classes = random_case(seed)
    by_class = scores.class_scores(count(reference, prediction, n_classes))
    for c, score in enumerate(by_class):
        a, b = reference == c, prediction == c
        union = (a | b).sum()
        assert score.support == a.sum()
        assert score.iou == (None if union == 0 else (a & b).sum() / union)
        if (a.all() and b.all()) or not (a.any() or b.any()):
            assert score.kappa is None
        else:
            assert same(score.kappa, sk.cohen_kappa_score(a, b))


def test_three_classes_worked_by_hand():
    matrix = np.array([[50, 3, 2], [5, 30, 5], [0, 2, 3]])
    water, forest, built = scores.class_scores(matrix)
    assert scores.overall_accuracy(matrix) == 0.83
    # chance: (55 * 55 + 40 * 35 + 5 * 10) / 100^2 = 0.4475
    assert scores.kappa(matrix) == pytest.approx((0.83 - 0.4475) / (1 - 0.4475), abs=1e-15)
    assert (water.precision, water.recall) == (50 / 55, 50 / 55)
    assert (forest.precision, forest.recall, forest.iou) == (30 / 35, 30 / 40, 30 / 45)
    assert (built.precision, built.recall, built.f1) == (3 / 10, 3 / 5, 6 / 15)
    # 2 x 2 table of built: 3, 7, 2, 88; chance (10 * 5 + 90 * 95) / 100^2 = 0.86
    assert built.kappa == pytest.approx((0.91 - 0.86) / (1 - 0.86), abs=1e-15)
    expected = (30 / 40 * 40 + 50 / 55 * 55 + 3 / 5 * 5) / 100
    assert scores.weighted([water, forest, built], "recall") == pytest.approx(expected, abs=1e-15)


def test_nothing_measured_is_none_and_never_zero():
    matrix = np.zeros((3, 3), np.int64)
    assert scores.overall_accuracy(matrix) is None
    assert scores.kappa(matrix) is None
    assert scores.mcc(matrix) is None
    by_class = scores.class_scores(matrix)
    for name in scores.RATES:
        assert [getattr(item, name) for item in by_class] == [None] * 3
        assert scores.macro(by_class, name) is None
        assert scores.weighted(by_class, name) is None


def test_a_class_that_is_only_predicted_has_no_recall_but_is_wrong():
    _, absent = scores.class_scores(np.array([[3, 1], [0, 0]]))
    assert absent.recall is None
    assert (absent.precision, absent.f1, absent.iou) == (0, 0, 0)


def test_perfect_and_worst():
    perfect = np.diag([5, 7, 9])
    assert (scores.kappa(perfect), scores.mcc(perfect)) == (1, 1)
    worst = np.array([[0, 5], [5, 0]])
    assert (scores.kappa(worst), scores.mcc(worst)) == (-1, -1)


def test_billions_of_pixels_do_not_overflow():
    small = np.array([[90, 10], [20, 80]])
    large = small * 10**14
    assert scores.kappa(large) == pytest.approx(scores.kappa(small), abs=1e-15)
    assert scores.mcc(large) == pytest.approx(scores.mcc(small), abs=1e-15)
    assert scores.class_scores(large)[0].kappa == scores.class_scores(small)[0].kappa
