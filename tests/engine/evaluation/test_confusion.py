import time

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix

from lulc_engine.evaluation.confusion import ValueCounts, count, count_pairs, empty


@pytest.mark.parametrize("n_classes", [1, 2, 7, 255, 256, 300])
def test_agrees_with_scikit_learn_and_leaves_out_pixels_without_label(n_classes):
    rng = np.random.default_rng(n_classes)
    reference = rng.integers(-1, n_classes, (40, 90)).astype(np.int16)
    prediction = rng.integers(-1, n_classes, (40, 90)).astype(np.int16)
    both = (reference >= 0) & (prediction >= 0)

    matrix = count(reference, prediction, n_classes)

    assert matrix.dtype == np.int64
    assert matrix.sum() == both.sum()
    expected = confusion_matrix(reference[both], prediction[both], labels=range(n_classes))
    np.testing.assert_array_equal(matrix, expected)


def test_rows_are_the_reference():
    matrix = count(np.array([0, 0, 0]), np.array([1, 1, 0]), 2)
    assert matrix.tolist() == [[1, 2], [0, 0]]


def test_parts_add_up_to_the_whole():
    rng = np.random.default_rng(0)
    reference, prediction = rng.integers(-1, 5, (2, 64, 64)).astype(np.int16)
    whole = count(reference, prediction, 5)
    parts = empty(5)
    for row in range(0, 64, 10):
        parts += count(reference[row : row + 10], prediction[row : row + 10], 5)
    np.testing.assert_array_equal(parts, whole)


def test_different_shapes_are_refused():
    with pytest.raises(ValueError, match="labels"):
        count(np.zeros((2, 3), np.int16), np.zeros((3, 2), np.int16), 2)


def test_pairs_of_bytes_over_several_passes():
    rng = np.random.default_rng(1)
    rows, columns = rng.integers(0, 256, (2, 700, 900)).astype(np.uint8)
    table = count_pairs(rows, columns)
    assert table.sum() == rows.size
    expected = np.zeros((256, 256), np.int64)
    np.add.at(expected, (rows.ravel(), columns.ravel()), 1)
    np.testing.assert_array_equal(table, expected)


def test_counts_more_than_60_megapixels_a_second():
    rng = np.random.default_rng(2)
    rows, columns = rng.integers(0, 20, (2, 4000, 4000)).astype(np.uint8)
    start = time.perf_counter()
    count_pairs(rows, columns)
    assert rows.size / 1e6 / (time.perf_counter() - start) > 60


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.int32, np.int64])
def test_values_of_any_type_are_counted_by_reference_class(dtype):
    rng = np.random.default_rng(4)
    reference = rng.integers(-1, 3, (30, 40)).astype(np.int16)
    values = rng.choice([0, 7, 100, 255 if dtype == np.uint8 else 30_000], (30, 40)).astype(dtype)
    counts = ValueCounts(3)
    counts.add(reference[:13], values[:13])
    counts.add(reference[13:], values[13:])
    for value in counts.values:
        expected = [((reference == c) & (values == value)).sum() for c in range(3)]
        assert counts.of(value).tolist() == expected
    assert counts.by_class.sum() == (reference >= 0).sum()
    assert counts.of(99).tolist() == [0, 0, 0]
