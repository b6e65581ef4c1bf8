"""Confusion counts: integers, pooled over everything assessed; every score derives from them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.int64]

# Pixels per pass: the codes of one pass and their table stay in the processor's cache.
_CHUNK = 1 << 18
_BYTES = 256


def empty(n_classes: int) -> Counts:
    """Return a matrix without counts: int64 (K, K), rows reference, columns prediction."""
    return np.zeros((n_classes, n_classes), np.int64)


def count(
    reference: npt.NDArray[np.integer[Any]],
    prediction: npt.NDArray[np.integer[Any]],
    n_classes: int,
) -> Counts:
    """Count how often each reference class meets each predicted class.

    Args:
        reference: class indices 0 to K-1, -1 for none, of any shape; usually int16.
        prediction: class indices likewise, of the same shape.
        n_classes: K.

    Returns:
        int64 (K, K), rows reference, columns prediction. Pixels where either has none are left out.

    Raises:
        ValueError: the shapes differ.

    Example:
        >>> count(np.array([0, 0, 1, -1]), np.array([0, 1, 1, 1]), 2).tolist()
        [[1, 1], [0, 1]]
    """
    if reference.shape != prediction.shape:
        raise ValueError(f"{reference.shape} reference and {prediction.shape} predicted labels")
    if n_classes < _BYTES:  # as unsigned bytes, -1 is 255, which is no class here
        pairs = count_pairs(reference.astype(np.uint8), prediction.astype(np.uint8))
        return pairs[:n_classes, :n_classes]
    both = (reference >= 0) & (prediction >= 0)
    codes = reference[both].astype(np.int64) * n_classes + prediction[both]
    return np.bincount(codes, minlength=n_classes**2).reshape(n_classes, n_classes)


def count_pairs(rows: npt.NDArray[np.uint8], columns: npt.NDArray[np.uint8]) -> Counts:
    """Count the pairs of two byte rasters by one 16-bit joint code per pixel.

    The fast path for rasters of any meaning: ids are mapped to classes in the finished table, not
    pixel by pixel.

    Args:
        rows: uint8 of any shape.
        columns: uint8 of the same shape.

    Returns:
        int64 (256, 256): how often each value of ``rows`` meets each value of ``columns``.
    """
    flat_rows, flat_columns = rows.reshape(-1), columns.reshape(-1)
    table = np.zeros(_BYTES * _BYTES, np.int64)
    for start in range(0, flat_rows.size, _CHUNK):
        part = slice(start, start + _CHUNK)
        codes = flat_rows[part].astype(np.uint16)
        codes <<= 8
        codes |= flat_columns[part]
        table += np.bincount(codes, minlength=table.size)
    return table.reshape(_BYTES, _BYTES)


class ValueCounts:
    """How often each reference class meets each raw value of a map, whatever its data type.

    The map's legend, its nodata value and values that no legend knows are looked at afterwards, in
    a table of a few rows instead of in every pixel.
    """

    def __init__(self, n_classes: int) -> None:
        self._n_classes = n_classes
        self._by_value: dict[int, Counts] = {}

    def add(
        self, reference: npt.NDArray[np.int16], values: npt.NDArray[np.generic], times: int = 1
    ) -> None:
        """Count one block.

        Args:
            reference: int16 class indices, -1 for none.
            values: whole numbers of any data type, of the same shape.
            times: 1 to add, -1 to take away.
        """
        if values.dtype == np.uint8 and self._n_classes < _BYTES:
            table = count_pairs(reference.astype(np.uint8), values.astype(np.uint8, copy=False))
            present = np.flatnonzero(table[: self._n_classes].sum(axis=0))
            self._merge(present, table[: self._n_classes, present], times)
            return
        labelled = reference >= 0
        present, position = np.unique(values[labelled], return_inverse=True)
        codes = reference[labelled].astype(np.int64) * len(present) + position
        table = np.bincount(codes, minlength=self._n_classes * len(present))
        self._merge(present, table.reshape(self._n_classes, len(present)), times)

    def add_count(self, index: int, value: int, number: int) -> None:
        """Add what was counted elsewhere of one reference class and one map value."""
        column = self.of(value).copy()
        column[index] += number
        self._by_value[value] = column

    @property
    def values(self) -> tuple[int, ...]:
        """The map values met under the reference, in order."""
        return tuple(sorted(value for value, column in self._by_value.items() if column.any()))

    def of(self, value: int) -> Counts:
        """Return the counts of a map value: int64 (K,), one per reference class."""
        return self._by_value.get(value, np.zeros(self._n_classes, np.int64))

    @property
    def by_class(self) -> Counts:
        """The reference pixels per class, int64 (K,), wherever the map has a value or not."""
        return sum((self.of(value) for value in self.values), np.zeros(self._n_classes, np.int64))

    def _merge(self, present: npt.NDArray[Any], table: Counts, times: int) -> None:
        for value, column in zip(present.tolist(), table.T, strict=True):
            self._by_value[int(value)] = self.of(int(value)) + times * column
