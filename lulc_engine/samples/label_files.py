"""Opening a label file, whatever it holds: polygons, points or a label raster."""

from __future__ import annotations

from pathlib import Path

from lulc_engine.errors import LabelError
from lulc_engine.feedback import Feedback
from lulc_engine.rasters.files import is_raster
from lulc_engine.rasters.grid import Grid
from lulc_engine.samples.labels import Labels, LabelSource
from lulc_engine.samples.raster_labels import RasterSource
from lulc_engine.samples.vector_file import NoVectorFileError
from lulc_engine.samples.vector_labels import VectorSource

RASTER_SUFFIXES = {".tif", ".tiff", ".vrt", ".img", ".jp2", ".asc", ".png", ".nc", ".kea"}


def open_source(
    path: str,
    class_field: str = "",
    class_name_field: str = "",
    ignore_value: str = "",
    feedback: Feedback | None = None,
) -> LabelSource:
    """Open a label file: a raster by its ending or its contents, else a vector file.

    Args:
        path: the file; a layer of it as ``path|layername=NAME`` (see `vector_file`).
        class_field: field with class ids or names; needed for vectors.
        class_name_field: field with names where ``class_field`` holds ids.
        ignore_value: value of a raster that means no label, or ``none``.
        feedback: told about unusual things in the file.

    Raises:
        LabelError: the file cannot be used as labels.
    """
    file = path.split("|")[0]
    if not Path(file).exists() and ":" not in file[2:] and not file.startswith("/vsi"):
        raise LabelError(f"The label file {file} does not exist.", "Check the path.")
    if Path(file).suffix.lower() in RASTER_SUFFIXES:
        return RasterSource(file, ignore_value, feedback or Feedback())
    try:
        return VectorSource(path, class_field, class_name_field)
    except NoVectorFileError:
        if not is_raster(file):
            raise
        return RasterSource(file, ignore_value, feedback or Feedback())


def open_labels(
    path: str,
    grid: Grid,
    class_field: str = "",
    class_name_field: str = "",
    ignore_value: str = "",
    feedback: Feedback | None = None,
) -> Labels:
    """Open a label file and lay it on a grid; see `open_source` and `LabelSource.on`."""
    return open_source(path, class_field, class_name_field, ignore_value, feedback).on(grid)
