"""lulc:suggestsamples: points of a map to assess its accuracy by, or to label next."""

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
from ..styling import ClassPickerStyle, RankedPickerStyle
from ..translation import tr
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
    """Draw a random sample of points from a map, or choose those worth a label."""

    ID = "suggestsamples"
    TITLE = "Suggest samples"
    GROUP = "Assess"
    SUMMARY = (
        "Suggests points to label: a random sample to assess a map, or where a model is unsure."
    )
    TAGS = (
        "random points",
        "stratified",
        "sample size",
        "validation",
        "olofsson",
        "active learning",
        "uncertainty",
        "training samples",
    )
    COMMAND = "suggest-samples"
    OPTIONS = options.SuggestSamplesOptions

    def initAlgorithm(self, configuration: Any = None) -> None:
        add = self.add_option
        sampled = QgsProcessingParameterRasterLayer("MAP", "Map to sample")
        add("MAP", suggested_layer(sampled, MAP))
        raster = QgsProcessingParameterRasterLayer
        add("CONFIDENCE", raster("CONFIDENCE", "Confidence of the map", optional=True))
        add("PROBABILITIES", raster("PROBABILITIES", "Or its probabilities", optional=True))
        add("SAMPLING", "Sampling design")
        add("SIZE", "Number of points")
        add("STANDARD_ERROR", "Standard error of the overall accuracy")
        add("EXPECTED_ACCURACY", "Expected user's accuracy")
        add("MIN_PER_CLASS", "Least points per class")
        add("MIN_DISTANCE", "Least distance between points in metres", advanced=True)
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
        """Let the class of a point be picked from a list; show the order to label points in."""
        to_learn = result.get("sampling") == "uncertain"
        style = RankedPickerStyle if to_learn else ClassPickerStyle
        picker = style("class_id", result.get("legend") or [])
        title = tr("Points to label next") if to_learn else ""
        self.style_output("OUTPUT", picker, self.given("map"), context, title)
