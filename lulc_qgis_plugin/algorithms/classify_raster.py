"""lulc:classifyraster: a map of a scene, by a trained model."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingOutputNumber,
    QgsProcessingParameterExtent,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterRasterDestination,
    QgsProcessingParameterRasterLayer,
)

from ..engine_source import options
from ..run_history import classifying_kind, remember
from ..styling import FileStyle, MapStyle
from .base import EngineAlgorithm
from .parameters import SCENE, bands_parameter, model_help, model_parameter, suggested_layer


class ClassifyRaster(EngineAlgorithm):
    """Classify a scene with a trained model."""

    ID = "classifyraster"
    TITLE = "Classify raster"
    GROUP = "Apply"
    SUMMARY = "Classifies every pixel of a scene with a trained model."
    TAGS = ("classification", "segmentation", "predict", "inference", "map")
    COMMAND = "classify"
    OPTIONS = options.ClassifyOptions

    def initAlgorithm(self, configuration: Any = None) -> None:
        raster = QgsProcessing.SourceType.TypeRaster
        add = self.add_option
        scene = QgsProcessingParameterRasterLayer("INPUT", "Scene")
        add("INPUT", suggested_layer(scene, SCENE))
        add("MODEL", model_parameter(), model_help())
        add(
            "EXTENT",
            QgsProcessingParameterExtent("EXTENT", "Part to classify", optional=True),
            "Only this part of the scene is classified. Default: all of it.",
        )
        add(
            "MASK",
            QgsProcessingParameterMultipleLayers("MASK", "Mask", raster, optional=True),
            advanced=True,
        )
        add("MASK_VALUES", "Values of the mask to exclude", advanced=True)
        add("MIN_CONFIDENCE", "Smallest confidence in percent", advanced=True)
        add("BANDS", bands_parameter(of_model=True), advanced=True)
        add("BAND_NAMES", "Names or roles of all bands, in order", advanced=True)
        add("SCALE", "Scale to reflectance", advanced=True)
        add("OFFSET", "Offset to reflectance", advanced=True)
        add("DEVICE", "Compute on", advanced=True)
        add("THREADS", "Processor threads (0: all)", advanced=True)
        add("RUNTIME", "Software that executes the network", advanced=True)
        add("PRECISION", "Precision of the computation", advanced=True)
        add("TILE_PX", "Window size in pixels (0: automatic)", advanced=True)
        add("STRIDE", "Patches: step between windows in pixels", advanced=True)
        add("PER_PIXEL", "Patches: map in the scene's resolution", advanced=True)
        destination = QgsProcessingParameterRasterDestination
        add("OUTPUT", destination("OUTPUT", "Classified map"))
        add(
            "CONFIDENCE",
            destination("CONFIDENCE", "Confidence", optional=True, createByDefault=False),
        )
        add(
            "PROBABILITIES",
            destination("PROBABILITIES", "Probabilities", optional=True, createByDefault=False),
        )
        add(
            "AREAS",
            QgsProcessingParameterFileDestination(
                "AREAS", "Class areas", "CSV (*.csv)", optional=True, createByDefault=False
            ),
        )
        share = QgsProcessingOutputNumber("UNCLASSIFIED_SHARE", "Share of unclassified pixels")
        self.addOutput(share)

    def remember(self, result: dict[str, Any]) -> None:
        """Keep how fast this computer was with this network."""
        speed = result.get("speed")
        if speed:
            kind = classifying_kind(speed["network"], self._options.as_dict())
            remember(kind, speed["windows"], speed["before_s"], speed["windows_s"])

    def style(self, result: dict[str, Any], context: QgsProcessingContext) -> None:
        """Give the map its legend, and the rasters of shares a colour ramp."""
        scene = self.given("image")
        if result.get("multilabel"):  # no map: a pixel may have several classes
            self.style_output("OUTPUT", FileStyle(), scene, context, "Class probabilities")
        else:
            self.style_output("OUTPUT", MapStyle(result.get("legend") or []), scene, context)
        self.style_output("CONFIDENCE", FileStyle(), scene, context)
        self.style_output("PROBABILITIES", FileStyle(), scene, context)
