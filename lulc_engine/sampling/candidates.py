"""The pixels worth labelling of a whole map: the best ones of each class in each cell of a lattice.

A map may have 10^8 pixels, and the least sure of them are neighbours of each other. Of every class
only the best pixel in each cell is kept while the map is read in strips of rows, so that memory
depends on the cells, not on the map.

A pixel counts as much as its own uncertainty and the mean of the 5 x 5 pixels around it allow,
whichever is less. The borders of all fields and roads are unsure, because their pixels are mixed,
and nobody can label them; a mean over the surroundings leaves such lines behind places where the
model does not know what it sees. Beyond the map and where nothing is known nothing is unsure: at
the edges of a scene models lack context, not labels. The mean also prefers what there is more of,
the idea of density weighting: Settles and Craven (2008), An analysis of active learning strategies
for sequence labeling tasks, EMNLP 2008, 1070-1079.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lulc_engine.sampling.uncertainty import Shares

REACH_PX = 2
_DIGITS = 10_000  # scores are compared to four digits
_RANDOM_BITS = 16
_PLACE_BITS = 32

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Strip:
    """Whole rows of a map.

    Attributes:
        row_off: the first row.
        classes: (H, W), class indices, -1 for none.
        unsure: float32 (H, W), the uncertainty 0 to 1, NaN where unknown or without a class.
    """

    row_off: int
    classes: npt.NDArray[np.signedinteger]
    unsure: Shares


@dataclass(frozen=True)
class Candidates:
    """N pixels, the best first: row, column, class index, int64 (N,), and score (N,) 0 to 1."""

    rows: Indices
    columns: Indices
    classes: Indices
    scores: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.rows)


class BestOfCells:
    """Collects the best pixel of each class in each cell.

    Args:
        height: rows of the map.
        width: columns of the map.
        n_classes: K.
        cell: rows and columns of a cell, 1 to 32767 each.
        seed: chooses between pixels whose scores are the same to four digits.
    """

    def __init__(
        self, height: int, width: int, n_classes: int, cell: tuple[int, int], seed: int
    ) -> None:
        self._cell, self._n_classes = cell, n_classes
        self._across = -(-width // cell[1])
        # Score, random bits and place within the cell in one number: the largest is the best.
        self._best = np.full(-(-height // cell[0]) * self._across * n_classes, -1, np.int64)
        self._rng = np.random.default_rng(seed)

    def add(self, row_off: int, classes: npt.NDArray[np.signedinteger], score: Shares) -> None:
        """Look at whole rows (H, W), from above to below; pixels without a score above 0 count not.

        Args:
            row_off: the first row.
            classes: class indices, -1 for none.
            score: float32, 0 to 1 or NaN.
        """
        # Drawn for all pixels, so that a draw depends on nothing that was read.
        chance = self._rng.integers(0, 2**_RANDOM_BITS, score.shape, np.uint16)
        rows, columns = np.nonzero((classes >= 0) & (score > 0))
        graded = np.round(score[rows, columns] * _DIGITS).astype(np.int64)
        key = (graded << _RANDOM_BITS) | chance[rows, columns]
        index = classes[rows, columns].astype(np.int64)
        cell_row, row = np.divmod(rows + row_off, self._cell[0])
        cell_column, column = np.divmod(columns, self._cell[1])
        cell = (cell_row * self._across + cell_column) * self._n_classes + index
        np.maximum.at(self._best, cell, (key << _PLACE_BITS) | (row * self._cell[1] + column))

    def result(self) -> Candidates:
        """Return the candidates, the best first."""
        cells = np.flatnonzero(self._best >= 0)
        cells = cells[np.argsort(-self._best[cells], kind="stable")]
        key, place = np.divmod(self._best[cells], 2**_PLACE_BITS)
        cell, index = np.divmod(cells, self._n_classes)
        cell_row, cell_column = np.divmod(cell, self._across)
        row, column = np.divmod(place, self._cell[1])
        return Candidates(
            cell_row * self._cell[0] + row,
            cell_column * self._cell[1] + column,
            index,
            (key >> _RANDOM_BITS) / _DIGITS,
        )


def scored(strips: Iterable[Strip]) -> Iterator[tuple[Strip, Shares]]:
    """Yield each strip with the score float32 (H, W) of its pixels, NaN where there is none.

    Strips come from above to below, all but the last with at least `REACH_PX` rows; the rows that a
    strip needs of its neighbours are kept.
    """
    above = waiting = None
    for strip in strips:
        if waiting is not None:
            yield waiting, _score(above, waiting.unsure, strip.unsure[:REACH_PX])
            held = waiting.unsure if above is None else np.concatenate([above, waiting.unsure])
            above = held[-REACH_PX:]
        waiting = strip
    if waiting is not None:
        yield waiting, _score(above, waiting.unsure, None)


def _score(above: Shares | None, unsure: Shares, below: Shares | None) -> Shares:
    """Return the lesser of a pixel's uncertainty and the mean around it."""
    first = 0 if above is None else len(above)
    parts = [part for part in (above, unsure, below) if part is not None]
    rows = np.concatenate(parts) if len(parts) > 1 else unsure
    known = np.where(np.isfinite(rows), rows, np.float32(0))
    mean = _box_sum(known)[first : first + len(unsure)] / np.float32((2 * REACH_PX + 1) ** 2)
    score: Shares = np.minimum(unsure, mean)  # NaN stays
    return score


def _box_sum(values: Shares) -> Shares:
    """Return the sum float32 (H, W) over the square around each pixel, 0 beyond the edges."""
    for axis in (0, 1):
        width = [(REACH_PX, REACH_PX) if axis == a else (0, 0) for a in (0, 1)]
        padded = np.pad(values, width)
        length = values.shape[axis]
        shifted = [
            padded[shift : shift + length] if axis == 0 else padded[:, shift : shift + length]
            for shift in range(2 * REACH_PX + 1)
        ]
        values = shifted[0] + shifted[1]
        for part in shifted[2:]:
            values += part
    return values
