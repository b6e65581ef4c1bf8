"""What algorithms that train have in common: the last outputs, and what is kept of a run."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessingFeedback,
    QgsProcessingOutputString,
    QgsProcessingParameterFolderDestination,
)

from ..run_history import remember_training
from .base import EngineAlgorithm


class TrainingAlgorithm(EngineAlgorithm):
    """An algorithm that trains a model."""

    def add_run_and_scores(self) -> None:
        """Declare the run folder, and the scores with what they are of."""
        folder = QgsProcessingParameterFolderDestination(
            "RUN_FOLDER", "Run folder", optional=True, createByDefault=False
        )
        # Not advanced: the modeler of QGIS 3.22 fails at an output that is.
        self.add_option("RUN_FOLDER", folder)
        self.add_scores()
        self.addOutput(QgsProcessingOutputString("SPLIT", "Data that the scores are for"))

    def remember(self, result: dict[str, Any]) -> None:
        """Keep how long an epoch took on this computer."""
        speed = getattr(result, "training_speed", {})
        remember_training(self.COMMAND, self._options.as_dict(), speed)

    def warn(self, feedback: QgsProcessingFeedback) -> None:
        """Say that a model in a temporary file will be lost."""
        self.warn_if_temporary("MODEL", feedback)
