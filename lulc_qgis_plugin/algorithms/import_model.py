"""lulc:importmodel: a model file from a published Keras model."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessingFeedback,
    QgsProcessingParameterFile,
    QgsProcessingParameterFileDestination,
)

from ..engine_source import options
from ..translation import tr
from .base import EngineAlgorithm
from .parameters import MODEL_FILTER

KERAS_FILTER = "Keras model (*.keras *.h5 *.hdf5)"


class ImportModel(EngineAlgorithm):
    """Turn a published Keras model into a model file."""

    ID = "importmodel"
    TITLE = "Import model"
    GROUP = "Exchange"
    SUMMARY = "Turns a published Keras model into a model file; TensorFlow is not needed."
    TAGS = ("keras", "hdf5", "tensorflow", "convert")
    COMMAND = "import-model"
    OPTIONS = options.ImportModelOptions

    def initAlgorithm(self, configuration: Any = None) -> None:
        add = self.add_option
        add(
            "INPUT", QgsProcessingParameterFile("INPUT", "Keras model", fileFilter=tr(KERAS_FILTER))
        )
        add("BANDS", "Bands, in order (names or roles)")
        add("CLASSES", "Class names, in order")
        add("SCALE", "Scale of the input", advanced=True)
        add("OFFSET", "Offset of the input", advanced=True)
        add("LICENSE", "Licence of the model", advanced=True)
        add("MODEL", QgsProcessingParameterFileDestination("MODEL", "Model", tr(MODEL_FILTER)))

    def warn(self, feedback: QgsProcessingFeedback) -> None:
        """Say that a model in a temporary file will be lost."""
        self.warn_if_temporary("MODEL", feedback)
