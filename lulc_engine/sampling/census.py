"""How many pixels of each class a map has, block by block: the frame for drawing samples."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lulc_engine.errors import DataError
from lulc_engine.evaluation.class_map import ClassMap
from lulc_engine.feedback import Feedback
from lulc_engine.inference.pipeline import ReadAhead
from lulc_engine.rasters import unclassified
from lulc_engine.rasters.grid import Window
from lulc_engine.rasters.legend import Legend, LegendClass
from lulc_engine.samples.labels import MAX_CLASSES

_BYTES = 256
_GREY = (158, 158, 158)


@dataclass(frozen=True)
class Census:
    """The classes of a map and where their pixels are.

    Attributes:
        legend: the classes that occur, in the map's order.
        blocks: the B windows that cover the map.
        counts: int64 (B, K), pixels of each class in each block.
    """

    legend: Legend
    blocks: tuple[Window, ...]
    counts: npt.NDArray[np.int64]

    @property
    def pixels(self) -> npt.NDArray[np.int64]:
        """The pixels (K,) of each class."""
        totals: npt.NDArray[np.int64] = self.counts.sum(axis=0)
        return totals


def take_census(class_map: ClassMap, feedback: Feedback, with_unclassified: bool = False) -> Census:
    """Count the classes of a whole map, reading it block by block.

    Args:
        class_map: the map.
        feedback: told how far it is; asked whether to stop.
        with_unclassified: whether what the map's model would not classify counts as a class, the
            last one.

    Raises:
        DataError: the map has no classes, or so many values that they are no classes.
        RasterError: the map cannot be read.
    """
    blocks = tuple(class_map.blocks(class_map.grid.window))
    found: list[dict[int, int]] = []
    values: set[int] = set()
    with ReadAhead(blocks, class_map.read) as reads:
        for number, (_, pixels) in enumerate(reads):
            feedback.check()
            feedback.progress(number / len(blocks), "Counting the classes of the map")
            found.append(_counted(pixels))
            values.update(found[-1])
            if len(values) > MAX_CLASSES + 1:
                raise DataError(
                    f"{class_map.path} has more than {MAX_CLASSES} different values.",
                    "Choose a classified raster, not an image.",
                )
    present = values - class_map.unclassified_values(values, set())
    if not present:
        raise DataError(
            f"{Path(class_map.path).name} has no class anywhere.", "Choose a classified raster."
        )
    legend = Legend(tuple(c for c in class_map.legend(present).classes if c.id in present))
    if with_unclassified:
        unsure = sorted(values & class_map.unsure)
        rows = (LegendClass(value, unclassified.NAME, _GREY) for value in unsure)
        legend = Legend((*legend.classes, *rows))
    counts = [[block.get(class_id, 0) for class_id in legend.ids] for block in found]
    return Census(legend, blocks, np.array(counts, np.int64))


def _counted(values: npt.NDArray[np.integer]) -> dict[int, int]:
    """Return how often each value occurs."""
    if values.dtype == np.uint8:
        counts = np.bincount(values.reshape(-1), minlength=_BYTES)
        return {int(value): int(counts[value]) for value in np.flatnonzero(counts)}
    present, numbers = np.unique(values, return_counts=True)
    return dict(zip(present.tolist(), numbers.tolist(), strict=True))
