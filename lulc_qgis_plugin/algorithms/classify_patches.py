"""lulc:classifypatches: a table with the class of every patch."""

from __future__ import annotations

import csv
import os
from typing import Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingOutputNumber,
    QgsProcessingParameterMultipleLayers,
)

from ..engine_source import options
from ..styling import LayerStyle
from .base import EngineAlgorithm
from .parameters import TableDestination, bands_parameter, model_help, model_parameter
from .patch_data import numpy_parameter, patches_parameter


class ClassifyPatches(EngineAlgorithm):
    """Classify patches with a trained patch classifier."""

    ID = "classifypatches"
    TITLE = "Classify patches"
    GROUP = "Apply"
    SUMMARY = "Gives every patch its class, or its classes, in a table."
    TAGS = ("classification", "scene classification", "predict", "inference", "table")
    COMMAND = "classify-patches"
    OPTIONS = options.ClassifyPatchesOptions

    def initAlgorithm(self, configuration: Any = None) -> None:
        add = self.add_option
        several, raster = QgsProcessingParameterMultipleLayers, QgsProcessing.SourceType.TypeRaster
        add("PATCHES", patches_parameter("Patches (folder, table or image)", "Folder of images"))
        add("MODEL", model_parameter(patches_only=True), model_help())
        add("FEATURES", numpy_parameter("FEATURES", "Patches as a numpy file"), advanced=True)
        add("BANDS", bands_parameter(of_model=True), advanced=True)
        add("BAND_NAMES", "Names or roles of all bands, in order", advanced=True)
        add("SCALE", "Scale to reflectance", advanced=True)
        add("OFFSET", "Offset to reflectance", advanced=True)
        add("MASK", several("MASK", "Masks", raster, optional=True), advanced=True)
        add("MASK_VALUES", "Values of the mask to exclude", advanced=True)
        add("MIN_CONFIDENCE", "Smallest confidence in percent", advanced=True)
        add("RESAMPLING", "Resampling of coarser bands (BigEarthNet)", advanced=True)
        add("DEVICE", "Compute on", advanced=True)
        add("THREADS", "Processor threads (0: all)", advanced=True)
        add("OUTPUT", TableDestination("OUTPUT", "Classified patches"))
        count = QgsProcessingOutputNumber("UNCLASSIFIED", "Number of unclassified patches")
        self.addOutput(count)

    def style(self, result: dict[str, Any], context: QgsProcessingContext) -> None:
        """Give the columns their types and name the layer after the patches."""
        write_column_types(self.given("output"), self.given("min_confidence") > 0)
        source = self.given("patches") or self.given("features")
        self.style_output("OUTPUT", LayerStyle(), source, context)


def write_column_types(table: str, abstains: bool = False) -> None:
    """Write the types of a patch table's columns beside it, or every number is a text in QGIS.

    QGIS before 3.40 does not look at the values; the ``.csvt`` file is GDAL's way of telling them.

    Args:
        table: path of the table.
        abstains: whether an empty id is that of a patch that the model was not sure enough of;
            elsewhere it is one of several classes, of which a patch may have none.
    """
    with open(table, encoding="utf-8", newline="") as stream:
        rows = csv.DictReader(stream)
        names = rows.fieldnames or []
        answers = [row["class_id"] for row in rows]
    several = any("|" in ids for ids in answers) or (not abstains and not all(answers))
    kinds = {"patch": "String", "class": "String", "class_id": "String" if several else "Integer"}
    types = ",".join(f'"{kinds.get(name, "Real")}"' for name in names)
    with open(os.path.splitext(table)[0] + ".csvt", "w", encoding="utf-8") as stream:
        stream.write(types + "\n")
