"""Drawing pixels of a map at random: every pixel of a stratum as likely as any other, none twice.

The pixels of a stratum are numbered as they are met, block by block and row by row in each. A draw
picks numbers; the census says in which block each lies, so that only blocks with points are read a
second time and memory does not grow with the map.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lulc_engine.evaluation.class_map import ClassMap, class_index
from lulc_engine.feedback import Feedback
from lulc_engine.sampling.census import Census

_Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Drawn:
    """The N drawn pixels in random order: row, column and class index, int64 (N,) each."""

    rows: _Indices
    columns: _Indices
    classes: _Indices


def draw_simple(
    class_map: ClassMap, census: Census, size: int, seed: int, feedback: Feedback
) -> Drawn:
    """Draw a simple random sample of a map's pixels that have a class."""
    return _draw(class_map, census, [slice(None)], [size], seed, feedback)


def draw_stratified(
    class_map: ClassMap, census: Census, sizes: _Indices, seed: int, feedback: Feedback
) -> Drawn:
    """Draw a random sample within each class.

    Args:
        class_map: the map.
        census: of that map.
        sizes: int64 (K,), points of each class; at most its pixels.
        seed: the same seed gives the same points.
        feedback: told how far it is; asked whether to stop.
    """
    strata = [slice(index, index + 1) for index in range(len(census.legend))]
    return _draw(class_map, census, strata, sizes.tolist(), seed, feedback)


def _draw(
    class_map: ClassMap,
    census: Census,
    strata: list[slice],
    sizes: list[int],
    seed: int,
    feedback: Feedback,
) -> Drawn:
    """Draw from each stratum, a range of class indices, as many pixels as its size says."""
    rng = np.random.default_rng(seed)
    ends = [census.counts[:, members].sum(axis=1).cumsum() for members in strata]
    ranks = [
        np.sort(rng.choice(int(end[-1]), size, replace=False, shuffle=False))
        for end, size in zip(ends, sizes, strict=True)
    ]
    found: list[npt.NDArray[np.int64]] = []
    for number, block in enumerate(census.blocks):
        feedback.check()
        feedback.progress(number / len(census.blocks), "Drawing points")
        here = [_within(rank, end, number) for rank, end in zip(ranks, ends, strict=True)]
        if not any(len(places) for places in here):
            continue
        index = class_index(class_map.read(block), census.legend.ids)
        for members, places in zip(strata, here, strict=True):
            if len(places):
                belongs = index == members.start if members.stop else index >= 0
                flat = np.flatnonzero(belongs)[places]
                row, column = np.divmod(flat, block.width)
                spots = (row + block.row_off, column + block.col_off, index.reshape(-1)[flat])
                found.append(np.stack(spots))
    points = np.concatenate([np.empty((3, 0), np.int64), *found], axis=1)
    # Shuffled, so that a number tells nothing about a point's place or class.
    rows, columns, classes = points[:, rng.permutation(points.shape[1])]
    return Drawn(rows, columns, classes)


def _within(ranks: _Indices, ends: _Indices, block: int) -> _Indices:
    """Return those ranks that lie in a block, counted from the block's first pixel."""
    start = int(ends[block - 1]) if block else 0
    first, stop = np.searchsorted(ranks, [start, int(ends[block])])
    return ranks[first:stop] - start
