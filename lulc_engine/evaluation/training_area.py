"""Whether a reference lies where the model was trained."""

from __future__ import annotations

from pyproj import Transformer
from pyproj.exceptions import ProjError

from lulc_engine.evaluation.class_map import ClassMap
from lulc_engine.rasters.grid import Window

WITHIN_TRAINING = (
    "The reference lies inside the area of the labels that the model was trained with: these "
    "scores tell how good the map is there. In other places it may be worse."
)
_MOST = 0.5  # of the reference's extent


def lies_within_training(class_map: ClassMap, window: Window) -> bool:
    """Return whether most of the extent of a reference is inside that of the training labels.

    Args:
        class_map: remembers the extent of the labels of its model, if that was recorded.
        window: the extent of the reference, in pixels of the map.
    """
    area, crs = class_map.training_area, class_map.grid.crs
    if not area or crs is None:
        return False
    left, bottom, right, top = class_map.grid.crop(window).bounds()
    try:
        to_degrees = Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
        west, south, east, north = to_degrees.transform_bounds(left, bottom, right, top)
    except ProjError:
        return False
    wide = max(0.0, min(east, area[2]) - max(west, area[0]))
    high = max(0.0, min(north, area[3]) - max(south, area[1]))
    return wide * high > _MOST * (east - west) * (north - south)
