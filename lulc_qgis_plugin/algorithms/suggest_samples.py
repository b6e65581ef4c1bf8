"""lulc:suggestsamples: a random sample of a map's pixels to assess its accuracy by."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingOutputNumber,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterRasterLayer,
    QgsProcessingParameterVectorDestination,
)

from ..engine_source import options
from ..styling import ClassPickerStyle
from .base import EngineAlgorithm
from .parameters import MAP, suggested_layer


class PointsDestination(QgsProcessingParameterVectorDestination):
    """A layer of points to write, in one of the formats that the engine has."""

    def __init__(self, name: str, label: str) -> None:
        super().__init__(name, label, QgsProcessing.SourceType.TypeVectorPoint)

    def defaultFileExtension(self) -> str:
        return "gpkg"

    def createFileFilter(self) -> str:
        return "GeoPackage (*.gpkg);;GeoJSON (*.geojson)"


class SuggestSamples(EngineAlgorithm):
    """Draw a random sample of points from a map."""

    ID = "suggestsamples"
    TITLE = "Suggest samples"
    GROUP = "Assess"
    SUMMARY = "Draws a random sample of points from a map, to assess its accuracy by."
    TAGS = ("random points", "stratified", "sample size", "validation", "olofsson")
    COMMAND = "suggest-samples"
    OPTIONS = options.SuggestSamplesOptions

    def initAlgorithm(self, configuration: Any = None) -> None:
        add = self.add_option
        sampled = QgsProcessingParameterRasterLayer("MAP", "Map to sample")
        add("MAP", suggested_layer(sampled, MAP))
        add("SAMPLING", "Sampling design")
        add("STANDARD_ERROR", "Standard error of the overall accuracy")
        add("EXPECTED_ACCURACY", "Expected user's accuracy")
        add("MIN_PER_CLASS", "Least points per class")
        add("SIZE", "Number of points, instead of computing it")
        add("SEED", "Random seed", advanced=True)
        add("MAP_CLASS", "Write the class of the map", advanced=True)
        add("OUTPUT", PointsDestination("OUTPUT", "Sample points"))
        add(
            "TABLE",
            QgsProcessingParameterFileDestination(
                "TABLE", "Table of the design", "CSV (*.csv)", optional=True, createByDefault=False
            ),
        )
        self.addOutput(QgsProcessingOutputNumber("POINTS", "Number of points"))
        self.addOutput(QgsProcessingOutputNumber("EXPECTED_ERROR", "Standard error to expect"))

    def style(self, result: dict[str, Any], context: QgsProcessingContext) -> None:
        """Let the class of a point be picked from a list."""
        picker = ClassPickerStyle("class_id", result.get("legend") or [])
        self.style_output("OUTPUT", picker, self.given("map"), context)
