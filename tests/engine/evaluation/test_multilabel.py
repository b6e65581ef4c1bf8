"""Multi-label scores against scikit-learn, on random labels with degenerate columns and rows."""

import numpy as np
import pytest
from sklearn import metrics as sk

from lulc_engine.evaluation import multilabel

CASES = range(12)


def random_case(seed):
    """Labels and probabilities with ties; some classes are nowhere, everywhere or never said."""
    rng = np.random.default_rng(seed)
    patches, classes = int(rng.integers(2, 60)), int(rng.integers(2, 8))
    targets = (rng.random((patches, classes)) < rng.random(classes)).astype(np.uint8)
    probabilities = rng.random((patches, classes)).astype(np.float32)
    if seed % 2:
        probabilities = probabilities.round(1)
    if seed % 3 == 0:
        targets[:, 0] = 0
    if seed % 3 == 1:
        targets[:, -1] = 1
    if seed % 4 == 0:
        probabilities[:, :2] = 0.01
    if seed % 5 == 0:
        targets[0] = 0
    return targets, probabilities


def numbers(values):
    """Return None as scikit-learn's NaN."""
    return [np.nan if value is None else value for value in values]


def same(found, expected):
    return found == pytest.approx(list(expected), nan_ok=True, abs=1e-12)


@pytest.mark.parametrize("seed", CASES)
def test_tables_and_rates_are_scikit_learns(seed):
    targets, probabilities = random_case(seed)
    said = probabilities >= 0.5
    tables = multilabel.binary_tables(targets, said)
    assert tables.dtype == np.int64
    assert (tables == sk.multilabel_confusion_matrix(targets, said)).all()
    scores = [multilabel.table_scores(table) for table in tables]
    options = {"average": None, "zero_division": np.nan}
    for name, function in (
        ("precision", sk.precision_score),
        ("recall", sk.recall_score),
        ("f1", sk.f1_score),
        ("iou", sk.jaccard_score),
    ):
        found = numbers(getattr(score, name) for score in scores)
        if name == "iou":  # scikit-learn knows no NaN here
            expected = function(targets, said, average=None, zero_division=0)
            expected = np.where(tables[:, 0, 0] == len(targets), np.nan, expected)
        else:
            expected = function(targets, said, **options)
        assert same(found, expected)
    f2 = numbers(multilabel.f_beta(table, 2) for table in tables)
    assert same(f2, sk.fbeta_score(targets, said, beta=2, **options))
    assert same(
        numbers(multilabel.f_beta(t, 1) for t in tables), sk.f1_score(targets, said, **options)
    )
    pooled = tables.sum(axis=0)
    micro = sk.fbeta_score(targets, said, beta=2, average="micro", zero_division=np.nan)
    assert same([multilabel.f_beta(pooled, 2)], [micro])


@pytest.mark.parametrize("seed", CASES)
def test_kappa_of_a_class_is_that_of_its_table(seed):
    targets, probabilities = random_case(seed)
    said = probabilities >= 0.5
    for k, table in enumerate(multilabel.binary_tables(targets, said)):
        found = multilabel.table_scores(table).kappa
        if len(np.unique(np.append(targets[:, k], said[:, k]))) == 1:
            assert found is None
        else:
            assert found == pytest.approx(sk.cohen_kappa_score(targets[:, k], said[:, k]))


@pytest.mark.parametrize("seed", CASES)
def test_losses_are_scikit_learns(seed):
    targets, probabilities = random_case(seed)
    said = probabilities >= 0.5
    assert multilabel.hamming_loss(targets, said) == pytest.approx(sk.hamming_loss(targets, said))
    expected = sk.accuracy_score(targets, said)
    assert multilabel.subset_accuracy(targets, said) == pytest.approx(expected)


@pytest.mark.parametrize("seed", CASES)
@pytest.mark.filterwarnings("ignore:No positive class found")
def test_average_precision_is_scikit_learns(seed):
    targets, probabilities = random_case(seed)
    found = multilabel.average_precisions(targets, probabilities)
    expected = sk.average_precision_score(targets, probabilities, average=None)
    present = targets.any(axis=0)
    assert [value is not None for value in found] == present.tolist()
    assert same(numbers(found), np.where(present, expected, np.nan))
    assert multilabel.mean(found) == pytest.approx(expected[present].mean())
    micro = multilabel.average_precision(targets.ravel(), probabilities.ravel())
    expected = sk.average_precision_score(targets, probabilities, average="micro")
    assert micro == pytest.approx(expected)


@pytest.mark.parametrize("seed", CASES)
def test_ranking_is_scikit_learns_for_patches_with_labels(seed, monkeypatch):
    targets, probabilities = random_case(seed)
    labelled = targets.any(axis=1)
    expected = sk.label_ranking_average_precision_score(targets[labelled], probabilities[labelled])
    for pairs in (1 << 22, 1, 130):  # in one pass and in many
        monkeypatch.setattr(multilabel, "_PAIRS", pairs)
        found = multilabel.ranking_average_precision(targets, probabilities)
        assert found == pytest.approx(expected)


def test_one_error_by_hand():
    """Right, wrong, a tie whose first class is wrong, and a patch without labels."""
    targets = np.array([[1, 0, 0], [1, 1, 0], [0, 1, 1], [0, 0, 0]], np.uint8)
    probabilities = np.array([[0.9, 0.8, 0.1], [0.1, 0.2, 0.3], [0.5, 0.5, 0.4], [0.9, 0.1, 0.1]])
    assert multilabel.one_error(targets, probabilities) == pytest.approx(2 / 3)


@pytest.mark.parametrize("seed", CASES)
def test_one_error_is_a_coverage_that_is_not_one(seed):
    """A patch's likeliest class is its own exactly if its own likeliest class is ranked first."""
    targets, _ = random_case(seed)
    probabilities = np.random.default_rng(seed).random(targets.shape)  # without ties
    labelled = targets.any(axis=1)
    firsts = [
        sk.coverage_error(np.eye(len(t), dtype=int)[[np.where(t, p, -1).argmax()]], [p])
        for t, p in zip(targets[labelled], probabilities[labelled], strict=True)
    ]
    expected = np.mean(np.array(firsts) > 1)
    assert multilabel.one_error(targets, probabilities) == pytest.approx(expected)


def test_f2_holds_misses_worse_than_false_alarms():
    misses, alarms = np.array([[5, 0], [4, 6]]), np.array([[5, 4], [0, 6]])
    assert multilabel.f_beta(misses, 1) == multilabel.f_beta(alarms, 1)
    assert multilabel.f_beta(misses, 2) < multilabel.f_beta(alarms, 2)


def test_without_patches_or_labels_nothing_is_measured():
    empty = np.zeros((0, 3), np.uint8), np.zeros((0, 3), np.float32)
    unlabelled = np.zeros((4, 3), np.uint8), np.full((4, 3), 0.2, np.float32)
    assert multilabel.hamming_loss(empty[0], empty[1] > 0) is None
    assert multilabel.subset_accuracy(empty[0], empty[1] > 0) is None
    for case in (empty, unlabelled):
        assert multilabel.one_error(*case) is None
        assert multilabel.ranking_average_precision(*case) is None
        assert multilabel.average_precisions(*case) == [None] * 3
    assert multilabel.mean([None, None]) is None
    assert multilabel.mean([None, 0.5, 0.25]) == 0.375


def test_cooccurrence_counts_patches_with_both():
    targets = np.array([[1, 1, 0], [1, 0, 0], [1, 1, 0]], np.uint8)
    assert multilabel.cooccurrence(targets).tolist() == [[3, 2, 0], [2, 2, 0], [0, 0, 0]]
    many = np.ones((300, 2), np.uint8)  # more than a byte holds
    assert multilabel.cooccurrence(many).tolist() == [[300, 300], [300, 300]]
