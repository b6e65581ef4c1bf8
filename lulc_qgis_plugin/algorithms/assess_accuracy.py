"""lulc:assessaccuracy: how well a map agrees with reference data."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingOutputNumber,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterRasterLayer,
)

from ..engine_source import options
from .base import EngineAlgorithm
from .parameters import (
    MAP,
    REFERENCE,
    SELECTED_ONLY,
    LabelsParameter,
    field_parameter,
    suggested_layer,
)

LABEL_TYPES = (
    QgsProcessing.SourceType.TypeVectorPolygon,
    QgsProcessing.SourceType.TypeVectorPoint,
    QgsProcessing.SourceType.TypeRaster,
)
SELECTED_HELP = (
    "Only the features that are selected in the project count, where {name} is a vector layer."
)


class AssessAccuracy(EngineAlgorithm):
    """Compare a map with reference data."""

    ID = "assessaccuracy"
    TITLE = "Assess accuracy"
    GROUP = "Assess"
    SUMMARY = "Compares a classified map with reference data and reports the accuracy per class."
    TAGS = ("confusion matrix", "kappa", "iou", "f1", "validation", "error matrix")
    COMMAND = "assess"
    OPTIONS = options.AssessOptions

    def initAlgorithm(self, configuration: Any = None) -> None:
        add = self.add_option
        assessed = QgsProcessingParameterRasterLayer("MAP", "Map to assess")
        add("MAP", suggested_layer(assessed, MAP))
        reference = LabelsParameter("REFERENCE", "Reference", types=list(LABEL_TYPES))
        add("REFERENCE", suggested_layer(reference, REFERENCE, unlike="MAP"))
        add(
            "CLASS_FIELD",
            field_parameter("CLASS_FIELD", "Class field", "REFERENCE"),
            "Field of a vector reference that holds the class, as a number or a name.",
        )
        add(
            "CLASS_NAME_FIELD", field_parameter("CLASS_NAME_FIELD", "Class name field", "REFERENCE")
        )
        self.add(
            QgsProcessingParameterBoolean(SELECTED_ONLY, "Selected features only", False),
            SELECTED_HELP.format(name="REFERENCE"),
        )
        add("SAMPLING", "Sampling of reference points", advanced=True)
        add("IGNORE_VALUE", "Value that means no reference", advanced=True)
        file = QgsProcessingParameterFileDestination
        add("REPORT", file("REPORT", "Accuracy report", "HTML (*.html)", optional=True))
        add(
            "METRICS",
            file("METRICS", "Metrics", "JSON (*.json)", optional=True, createByDefault=False),
        )
        add(
            "TABLE",
            file("TABLE", "Table of scores", "CSV (*.csv)", optional=True, createByDefault=False),
        )
        self.add_scores()
        share = QgsProcessingOutputNumber("UNCLASSIFIED_SHARE", "Share of unclassified reference")
        self.addOutput(share)
