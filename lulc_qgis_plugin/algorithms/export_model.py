"""lulc:exportmodel: a model as ONNX or OpenVINO for other software."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsProcessingFeedback, QgsProcessingParameterFileDestination

from ..engine_source import options
from .base import EngineAlgorithm
from .parameters import model_help, model_parameter

EXPORT_FILTER = "ONNX (*.onnx);;OpenVINO (*.xml)"


class ExportModel(EngineAlgorithm):
    """Write a model for other software, as ONNX or OpenVINO."""

    ID = "exportmodel"
    TITLE = "Export model"
    GROUP = "Exchange"
    SUMMARY = "Writes a model as ONNX or OpenVINO, for other software such as Deepness."
    TAGS = ("onnx", "openvino", "deepness", "convert")
    COMMAND = "export-model"
    OPTIONS = options.ExportModelOptions

    def initAlgorithm(self, configuration: Any = None) -> None:
        add = self.add_option
        add("MODEL", model_parameter(), model_help())
        add("FORMAT", "Format", advanced=True)
        add("TILE_PX", "Window size in pixels (segmenters)", advanced=True)
        file = QgsProcessingParameterFileDestination
        add("OUTPUT", file("OUTPUT", "Exported model", EXPORT_FILTER))

    def warn(self, feedback: QgsProcessingFeedback) -> None:
        """Say that a model in a temporary file will be lost."""
        self.warn_if_temporary("OUTPUT", feedback)
