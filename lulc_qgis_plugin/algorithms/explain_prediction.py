"""lulc:explainprediction: what a model looks at, in a scene or in patches."""

from __future__ import annotations

import os
from typing import Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingOutputNumber,
    QgsProcessingOutputString,
    QgsProcessingParameterExtent,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterRasterDestination,
    QgsProcessingParameterRasterLayer,
)

from ..engine_source import options
from ..styling import FileStyle
from .assess_accuracy import LABEL_TYPES
from .base import EngineAlgorithm
from .parameter_reader import ParameterReader
from .parameters import (
    LabelsParameter,
    bands_parameter,
    field_parameter,
    model_help,
    model_parameter,
)
from .patch_data import patches_parameter

_OUTPUT_HELP = (
    "Raster of the result, for a scene. For patches a folder of pictures: the name without its "
    "ending."
)
_TITLES = {"gradcam": "Grad-CAM", "occlusion": "Band importance", "activations": "Activations"}


class ExplainPrediction(EngineAlgorithm):
    """Show what a model looks at."""

    ID = "explainprediction"
    TITLE = "Explain prediction"
    GROUP = "Assess"
    SUMMARY = "Shows where a model finds the evidence for a class, and in which bands."
    TAGS = (
        "grad-cam",
        "explainable",
        "xai",
        "occlusion",
        "band importance",
        "saliency",
        "heat map",
    )
    COMMAND = "explain"
    OPTIONS = options.ExplainOptions

    def initAlgorithm(self, configuration: Any = None) -> None:
        add, file = self.add_option, QgsProcessingParameterFileDestination
        several, raster = QgsProcessingParameterMultipleLayers, QgsProcessing.SourceType.TypeRaster
        add("INPUT", QgsProcessingParameterRasterLayer("INPUT", "Scene", optional=True))
        extent = QgsProcessingParameterExtent("EXTENT", "Part of the scene", optional=True)
        add("EXTENT", extent, "Only this part of the scene is explained. Default: all of it.")
        label, shown = "or patches (folder, table or image)", "Folder of images"
        add("PATCHES", patches_parameter(label.capitalize(), shown))
        add("MODEL", model_parameter(), model_help())
        add("CLASS", "Class to explain (name or id)")
        add("METHOD", "Method")
        add("LAYER", "Layer of the network", advanced=True)
        add("CHANNEL", "Channel of the layer", advanced=True)
        add("MAX_PATCHES", "Most patches to explain", advanced=True)
        labels = LabelsParameter("LABELS", "Labels on the scene", optional=True,
                                 types=list(LABEL_TYPES))  # fmt: skip
        add("LABELS", labels, advanced=True)
        for name, text in (
            ("CLASS_FIELD", "Class field"),
            ("CLASS_NAME_FIELD", "Class name field"),
        ):
            add(name, field_parameter(name, text, "LABELS"), advanced=True)
        add("IGNORE_VALUE", "Value that means no label", advanced=True)
        add("MASK", several("MASK", "Mask", raster, optional=True), advanced=True)
        add("MASK_VALUES", "Values of the mask to exclude", advanced=True)
        add("BANDS", bands_parameter(of_model=True), advanced=True)
        add("BAND_NAMES", "Names or roles of all bands, in order", advanced=True)
        add("SCALE", "Scale to reflectance", advanced=True)
        add("OFFSET", "Offset to reflectance", advanced=True)
        add("DEVICE", "Compute on", advanced=True)
        add("THREADS", "Processor threads (0: all)", advanced=True)
        output = QgsProcessingParameterRasterDestination("OUTPUT", "Explanation", optional=True)
        add("OUTPUT", output, _OUTPUT_HELP)
        add("REPORT", file("REPORT", "Explanation report", "HTML (*.html)", optional=True))
        picture = file("PICTURE", "Picture", "PNG (*.png)", optional=True, createByDefault=False)
        add("PICTURE", picture)
        table = file("TABLE", "Band table", "CSV (*.csv)", optional=True, createByDefault=False)
        add("TABLE", table)
        self.addOutput(QgsProcessingOutputString("EXPLAINED_CLASS", "Class that was explained"))
        self.addOutput(QgsProcessingOutputNumber("PROBABILITY", "Mean probability of the class"))
        self.addOutput(QgsProcessingOutputString("TOP_BAND", "Most important band"))
        self.addOutput(QgsProcessingOutputNumber("TOP_DROP", "Probability lost without it"))

    def _read(self, destinations: bool, reader: ParameterReader) -> dict[str, Any]:
        """Return the options; for patches OUTPUT is a folder, which QGIS must not load."""
        values = super()._read(destinations, reader)
        output = values.get("output", "")
        if destinations and self._inputs.get("patches") and output.lower().endswith(".tif"):
            values["output"] = os.path.splitext(output)[0]
        return values

    def style(self, result: dict[str, Any], context: QgsProcessingContext) -> None:
        """Name the layer and give it the colours that lie beside it in a file."""
        if self.given("patches"):
            loaded = context.layersToLoadOnCompletion()
            loaded.pop(self._layer_ids.get("OUTPUT", ""), None)
            context.setLayersToLoadOnCompletion(loaded)
            return
        title = _TITLES[self.given("method")]
        name = result.get("explained_class")
        self.style_output("OUTPUT", FileStyle(), self.given("image"), context,
                          f"{title} of {name}" if name else title)  # fmt: skip
