"""lulc:modelinfo: what a model file says about itself."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsProcessingParameterFileDestination

from ..engine_source import options
from .base import EngineAlgorithm
from .parameters import model_help, model_parameter


class ModelInfo(EngineAlgorithm):
    """Show what a model file says about itself."""

    ID = "modelinfo"
    TITLE = "Model information"
    GROUP = "Assess"
    SUMMARY = "Shows the classes, bands, training and scores that a model file records."
    TAGS = ("model card", "metadata", "describe")
    COMMAND = "info"
    OPTIONS = options.InfoOptions

    def initAlgorithm(self, configuration: Any = None) -> None:
        add = self.add_option
        add("MODEL", model_parameter(), model_help())
        add(
            "REPORT",
            QgsProcessingParameterFileDestination(
                "REPORT", "Model card", "HTML (*.html)", optional=True
            ),
        )
