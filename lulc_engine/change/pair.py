"""Two maps of one area on the grid of the first, read block by block."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Generator
from pathlib import Path
from types import TracebackType

import numpy as np
import numpy.typing as npt

from lulc_engine.errors import DataError, RasterError
from lulc_engine.evaluation.class_map import MASKED, ClassMap
from lulc_engine.evaluation.confusion import count_pairs
from lulc_engine.feedback import Feedback
from lulc_engine.inference.pipeline import ReadAhead
from lulc_engine.rasters.align import AlignedBand
from lulc_engine.rasters.grid import Window

Values = npt.NDArray[np.integer]

_MOST_PAIRS = 250_000


class MapPair:
    """The map before and the map after, which is brought to the grid of the one before.

    A map on the same pixel lattice is read as it is; another one by nearest neighbour, which never
    invents classes.

    Attributes:
        before: the first map.
        after: the second one, on a grid of its own.
        notes: what was done to bring them together.

    Raises:
        RasterError: a map cannot be read, or the second one cannot be placed on the first.
    """

    def __init__(self, before: str, after: str) -> None:
        self.before = ClassMap(before)
        try:
            self.after = ClassMap(after)
        except RasterError:
            self.before.close()
            raise
        try:
            self._band = AlignedBand(after, self.before.grid)
        except RasterError:
            self.before.close()
            self.after.close()
            raise
        self.notes = self._band.notes

    def __enter__(self) -> MapPair:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for part in (self.before, self.after, self._band):
            part.close()

    def blocks(self) -> Generator[tuple[float, Window, Values, Values], None, None]:
        """Yield share of the work done, window, and both maps' values (H, W) in it.

        Values are of any integer type; pixels that a map does not cover are MASKED. To be closed
        before the maps are.
        """
        windows = list(self.before.blocks(self.before.grid.window))

        def read(window: Window) -> tuple[Values, Values]:
            return self.before.read(window), self._after(window)

        with ReadAhead(windows, read) as reads:
            for number, (window, (before, after)) in enumerate(reads):
                yield number / len(windows), window, before, after

    def count(self, feedback: Feedback) -> Counter[tuple[int, int]]:
        """Return how often each value of the first map meets each value of the second.

        Raises:
            DataError: the maps do not overlap, or have so many values that they are no classes.
        """
        counts: Counter[tuple[int, int]] = Counter()
        with contextlib.closing(self.blocks()) as blocks:
            for share, _, before, after in blocks:
                feedback.check()
                feedback.progress(share, "Comparing the maps")
                counts.update(_pairs(before, after))
                if len(counts) > _MOST_PAIRS:
                    raise DataError(
                        f"{Path(self.before.path).name} and {Path(self.after.path).name} have too "
                        "many different values.",
                        "Choose classified rasters, not images.",
                    )
        if all(after == MASKED for _, after in counts):
            raise DataError(
                f"{Path(self.after.path).name} does not overlap {Path(self.before.path).name}.",
                "Choose maps of one area and check the CRS of both.",
            )
        return counts

    def _after(self, window: Window) -> Values:
        """Return the second map's values in a window of the first one's grid."""
        there = self._band.from_grid(window)
        if there is None:
            values, covered = self._band.read(window)
            if covered.all() and values.dtype.kind in "iu":
                return values
            return np.where(covered, self.after.whole_numbers(values), MASKED)
        inside = there.intersect(self.after.grid.window)
        if inside == there:
            return self.after.read(there)
        whole = np.full((window.height, window.width), MASKED, np.int64)
        if inside.height and inside.width:
            whole[inside.relative_to(there)] = self.after.read(inside)
        return whole


def _pairs(before: Values, after: Values) -> dict[tuple[int, int], int]:
    """Return how often each pair of values occurs in two arrays of one shape."""
    if before.dtype == np.uint8 and after.dtype == np.uint8:
        table = count_pairs(before.astype(np.uint8, copy=False), after.astype(np.uint8, copy=False))
        rows, columns = np.nonzero(table)
        keys = zip(rows.tolist(), columns.tolist(), strict=True)
        return dict(zip(keys, table[rows, columns].tolist(), strict=True))
    first, first_place = np.unique(before, return_inverse=True)
    second, second_place = np.unique(after, return_inverse=True)
    codes = first_place.reshape(-1) * len(second) + second_place.reshape(-1)
    present, numbers = np.unique(codes, return_counts=True)
    return {
        (int(first[code // len(second)]), int(second[code % len(second)])): int(number)
        for code, number in zip(present.tolist(), numbers.tolist(), strict=True)
    }
