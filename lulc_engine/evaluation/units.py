"""Confusion counts by unit: by the polygon or spatial block that each reference pixel belongs to.

Pixels of one polygon resemble each other, and so do neighbours in a raster. What can be trusted in
a score therefore depends on how many polygons or blocks it rests on, not on how many pixels.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lulc_engine.evaluation.confusion import Counts, ValueCounts
from lulc_engine.rasters.grid import Window

POLYGONS = "polygons"
BLOCKS = "blocks"
_BLOCKS_PER_SIDE = 10
_LEAST_BLOCK_PX = 16

_Ints = npt.NDArray[np.integer[Any]]


@dataclass(frozen=True)
class Margins:
    """All that scores need of the confusion matrix of each unit, int64 (U, K) each.

    Attributes:
        hits: the diagonals: samples of each class that are right.
        reference: the row sums: reference samples of each class.
        mapped: the column sums: samples that the map gives each class.
    """

    hits: Counts
    reference: Counts
    mapped: Counts

    def __len__(self) -> int:
        return len(self.hits)

    def of_classes(self, kept: npt.NDArray[np.intp]) -> Margins:
        """Return the margins of some of the classes."""
        return Margins(self.hits[:, kept], self.reference[:, kept], self.mapped[:, kept])


class UnitCounts:
    """How often each reference class meets each map value, by unit.

    Args:
        kind: polygons or blocks.
        block_px: side of the blocks in pixels, 0 for polygons.
        n_classes: K, of the reference.
    """

    def __init__(self, kind: str, block_px: int, n_classes: int) -> None:
        self.kind, self.block_px = kind, block_px
        self._n_classes = n_classes
        self._blocks: dict[int, ValueCounts] = defaultdict(lambda: ValueCounts(n_classes))
        self._rows: list[npt.NDArray[np.int64]] = [np.empty((0, 4), np.int64)]

    def add(self, unit: int, reference: npt.NDArray[np.int16], values: _Ints) -> None:
        """Count pixels of any shape that all belong to one unit; -1 is no reference."""
        self._blocks[unit].add(reference, values)

    def add_mixed(self, units: _Ints, reference: npt.NDArray[np.int16], values: _Ints) -> None:
        """Count pixels of several units.

        Args:
            units: numbers of units, of the shape of the reference; looked at where it has a class.
            reference: class indices, -1 for none.
            values: the map's values, of the same shape.
        """
        labelled = reference >= 0
        which, unit = np.unique(units[labelled], return_inverse=True)
        present, value = np.unique(values[labelled], return_inverse=True)
        if not len(which):
            return
        codes = (unit * self._n_classes + reference[labelled]) * len(present) + value
        found, numbers = np.unique(codes, return_counts=True)
        rest, value = np.divmod(found, len(present))
        unit, index = np.divmod(rest, self._n_classes)
        self._rows.append(np.stack([which[unit], index, present[value], numbers], axis=1))

    def rows(self) -> npt.NDArray[np.int64]:
        """Return all counts as rows (R, 4) of unit, reference class, map value and number."""
        of_blocks = [
            (unit, index, value, number)
            for unit, counts in sorted(self._blocks.items())
            for value in counts.values
            for index, number in enumerate(counts.of(value).tolist())
            if number
        ]
        return np.concatenate([*self._rows, np.array(of_blocks, np.int64).reshape(-1, 4)])

    def total(self) -> ValueCounts:
        """Return the counts of all units together."""
        whole = ValueCounts(self._n_classes)
        for _, index, value, number in self.rows().tolist():
            whole.add_count(index, value, number)
        return whole

    def margins(
        self,
        reference_index: Sequence[int | None],
        value_index: Mapping[int, int],
        n_classes: int,
    ) -> Margins:
        """Return the margins of each unit's confusion matrix over a common legend.

        Args:
            reference_index: index in the legend of each class of the reference.
            value_index: index in the legend of each map value; other values are no class.
            n_classes: classes of the legend.
        """
        rows = self.rows()
        units, place = np.unique(rows[:, 0], return_inverse=True)
        shape = (len(units), n_classes)
        margins = Margins(*(np.zeros(shape, np.int64) for _ in range(3)))
        for unit, (_, index, value, number) in zip(place.tolist(), rows.tolist(), strict=True):
            row, column = reference_index[index], value_index.get(value)
            if row is None or column is None:
                continue
            margins.reference[unit, row] += number
            margins.mapped[unit, column] += number
            margins.hits[unit, row] += number * (row == column)
        known = margins.reference.any(axis=1)
        return Margins(margins.hits[known], margins.reference[known], margins.mapped[known])


def block_side(window: Window) -> int:
    """Return a side in pixels for about ten blocks along the longer side of a window."""
    return max(_LEAST_BLOCK_PX, -(-max(window.height, window.width) // _BLOCKS_PER_SIDE))


def split_by_blocks(window: Window, block_px: int) -> Iterator[tuple[int, Window]]:
    """Yield the number of each block that a window touches, and the part of it in the window."""
    for row in range(window.row_off // block_px, -(-window.row_stop // block_px)):
        for column in range(window.col_off // block_px, -(-window.col_stop // block_px)):
            block = Window(row * block_px, column * block_px, block_px, block_px)
            yield int(block_numbers(row, column)), block.intersect(window)


def block_numbers(rows: Any, columns: Any) -> Any:
    """Return the number of the block in a row and column of blocks."""
    return rows * 2**24 + columns
