"""lulc:comparemodels: models side by side, by their scores and by what they cost."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingOutputFile,
    QgsProcessingOutputNumber,
    QgsProcessingOutputString,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterMultipleLayers,
)

from ..engine_source import options
from .base import EngineAlgorithm
from .parameters import with_widget


class CompareModels(EngineAlgorithm):
    """Compare models by their scores and by what they cost."""

    ID = "comparemodels"
    TITLE = "Compare models"
    GROUP = "Assess"
    SUMMARY = "Compares models or metrics files class by class and points at the best."
    TAGS = ("mcnemar", "benchmark", "experiments", "runs", "model selection", "ranking")
    COMMAND = "compare"
    OPTIONS = options.CompareOptions

    def initAlgorithm(self, configuration: Any = None) -> None:
        add, file = self.add_option, QgsProcessingParameterFileDestination
        add("MODELS", _models_parameter())
        add("METRIC", "Score that names the best")
        add("FILTER", "Only models for which this holds", advanced=True)
        add("SORT_BY", "Order of the list", advanced=True)
        add("REPORT", file("REPORT", "Comparison report", "HTML (*.html)", optional=True))
        add(
            "TABLE",
            file("TABLE", "Table of models", "CSV (*.csv)", optional=True, createByDefault=False),
        )
        self.addOutput(QgsProcessingOutputFile("BEST", "Best model"))
        self.addOutput(QgsProcessingOutputString("BEST_NAME", "Name of the best model"))
        self.addOutput(QgsProcessingOutputNumber("BEST_SCORE", "Score of the best model"))


def _models_parameter() -> QgsProcessingParameterMultipleLayers:
    """Return the parameter for files and folders."""
    kind = QgsProcessing.SourceType.TypeFile
    definition = QgsProcessingParameterMultipleLayers("MODELS", "Models or metrics", kind)
    return with_widget(
        definition,
        "files_widget.FilesWidget",
        folder=True,
        filter="Models, metrics and predictions (*.safetensors *.json *.npz)",
        placeholder="Files, or a folder of runs",
    )
