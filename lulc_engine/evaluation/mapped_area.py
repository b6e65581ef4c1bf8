"""How much area each class covers on a map: the strata weights of the area estimators."""

from __future__ import annotations

import numpy as np

from lulc_engine.errors import RasterError
from lulc_engine.evaluation.class_map import ClassMap, class_index
from lulc_engine.feedback import Feedback
from lulc_engine.rasters.ground import pixel_areas
from lulc_engine.rasters.legend import Legend


def mapped_areas(class_map: ClassMap, legend: Legend, feedback: Feedback) -> list[float]:
    """Return the mapped area of each class of a legend in square metres.

    Args:
        class_map: the map; all of it is read.
        legend: classes with the ids of the map.
        feedback: told how far it is; asked whether to stop.

    Raises:
        RasterError: the map has no coordinate reference system.
    """
    row_areas = pixel_areas(class_map.grid)
    if row_areas is None:
        raise RasterError(
            f"{class_map.path} has no coordinate reference system, so that areas are not known.",
            "Assign the right CRS to the map.",
        )
    totals = np.zeros(len(legend))
    blocks = list(class_map.blocks(class_map.grid.window))
    for number, block in enumerate(blocks):
        feedback.check()
        feedback.progress(number / len(blocks), "Measuring the mapped areas")
        index = class_index(class_map.read(block), legend.ids)
        for row, area in enumerate(row_areas[block.row_off : block.row_stop]):
            found = index[row][index[row] >= 0]
            totals += area * np.bincount(found, minlength=len(legend))
    return [float(area) for area in totals]
