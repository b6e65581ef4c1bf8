import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from lulc_engine.evaluation.thresholds import decide, tune_thresholds

BYTES = st.lists(
    st.tuples(st.booleans(), st.one_of(st.integers(0, 20), st.integers(0, 10**7))), min_size=1
)


def column(pairs):
    """Return labels and probabilities (n, 1), some of them closer than the digits kept."""
    truth = np.array([[pair[0]] for pair in pairs], np.uint8)
    return truth, np.array([[min(pair[1] / 10**7, 1)] for pair in pairs], np.float32)


def f1_of(truth, probabilities, threshold):
    return f1_score(truth, decide(probabilities, [threshold]), zero_division=0)


@given(BYTES)
def test_no_threshold_is_better(pairs):
    """All that a threshold of 6 digits can do is tried by brute force."""
    truth, p = column(pairs)
    (found,) = tune_thresholds(truth, p)
    assert 0 < found < 1
    assert found == round(found, 6)
    if truth.all() or not truth.any():
        assert found == 0.5
        return
    nearby = np.concatenate([np.floor(p * 1e6) / 1e6, np.ceil(p * 1e6 + 1e-9) / 1e6, [[0.5]]])
    tried = nearby.ravel().clip(1e-6, 1 - 1e-6)
    best = max(f1_of(truth, p, t) for t in tried)
    assert f1_of(truth, p, found) == pytest.approx(best)
    if f1_of(truth, p, 0.5) == pytest.approx(best, abs=1e-15):
        assert found == 0.5


def test_classes_are_tuned_one_by_one():
    truth = np.array([[1, 0], [1, 0], [0, 0], [0, 1], [0, 1]], np.uint8)
    p = np.array([[0.4, 0.7], [0.3, 0.7], [0.1, 0.8], [0.05, 0.9], [0.2, 0.95]])
    assert tune_thresholds(truth, p) == (0.25, 0.85)
    assert (decide(p, (0.25, 0.85)) == truth).all()


def test_a_class_without_contrast_keeps_one_half():
    p = np.array([[0.9, 0.9], [0.8, 0.1]])
    assert tune_thresholds(np.array([[0, 1], [0, 1]], np.uint8), p) == (0.5, 0.5)


def test_equally_good_ones_give_the_nearest_to_one_half_and_then_the_lower():
    truth = np.array([[1], [0]], np.uint8)
    assert tune_thresholds(truth, np.array([[0.9], [0.2]])) == (0.5,)  # 0.55 would do as well
    # Four taken with both hits, or one taken that is a hit: F1 = 2/3 at 0.3 and 0.7, less between.
    truth = np.array([[0], [1], [0], [0], [1]], np.uint8)
    p = np.array([[0.2], [0.4], [0.6], [0.6], [0.8]])
    assert f1_of(truth, p, 0.3) == f1_of(truth, p, 0.7) == pytest.approx(2 / 3)
    assert tune_thresholds(truth, p) == (0.3,)
    p[2:4] = 0.58
    assert tune_thresholds(truth, p) == (0.69,)


def test_order_of_patches_does_not_matter():
    rng = np.random.default_rng(3)
    truth = (rng.random((200, 4)) < 0.2).astype(np.uint8)
    p = (0.3 * truth + 0.7 * rng.random((200, 4))).astype(np.float32).round(2)
    order = rng.permutation(200)
    assert tune_thresholds(truth, p) == tune_thresholds(truth[order], p[order])


def test_the_threshold_itself_counts_as_there():
    assert decide(np.array([[0.5, 0.25]]), (0.5, 0.250001)).tolist() == [[True, False]]
    assert decide(np.array([[0.5, 0.49]], np.float32)).tolist() == [[True, False]]
