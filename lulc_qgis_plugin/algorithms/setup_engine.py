"""lulc:setupengine: install what the engine needs into an environment of its own."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingOutputString,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFile,
    QgsProcessingParameterString,
)

from ..engine_source import errors
from ..installer import DEVICES, INDEX_VARIABLE, ORDINARY_INDEX, Wishes, set_up
from .base import LulcAlgorithm


class SetupEngine(LulcAlgorithm):
    """Install the engine's Python packages beside QGIS."""

    ID = "setupengine"
    TITLE = "Set up the engine"
    GROUP = "Set up"
    SUMMARY = "Installs the Python packages that the other algorithms need, beside QGIS."
    TAGS = ("install", "environment", "pytorch")

    def initAlgorithm(self, configuration: Any = None) -> None:
        self.add(
            QgsProcessingParameterEnum(
                "DEVICE", "Compute on", list(DEVICES), False, DEVICES[0], usesStaticStrings=True
            ),
            "cpu works everywhere and needs 1 to 2 GB; cuda is for NVIDIA cards and needs 6 GB.",
        )
        self.add(
            QgsProcessingParameterFile("PYTHON", "Python to build on", optional=True),
            "A Python 3.11 to 3.14, 64 bits. Default: the first one found on this computer.",
            advanced=True,
        )
        folder = QgsProcessingParameterFile.Behavior.Folder
        self.add(
            QgsProcessingParameterFile("FOLDER", "Folder to install in", folder, optional=True),
            "Default: a folder of this user, the same for all versions and profiles of QGIS.",
            advanced=True,
        )
        self.add(
            QgsProcessingParameterFile("WHEELS", "Folder of wheels", folder, optional=True),
            "Install from these files and download nothing, for computers without a network.",
            advanced=True,
        )
        self.add(
            QgsProcessingParameterString("TORCH_INDEX", "Package index of PyTorch", optional=True),
            f"Address of another package index for PyTorch; '{ORDINARY_INDEX}' takes it from where "
            f"the other packages come from. The variable {INDEX_VARIABLE} does the same.",
            advanced=True,
        )
        self.addOutput(QgsProcessingOutputString("ENGINE_PYTHON", "The engine's Python"))

    def processAlgorithm(
        self,
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
    ) -> dict[str, Any]:
        """Install; every failure raises QgsProcessingException."""
        device = self.parameterAsEnumString(parameters, "DEVICE", context)
        if device not in DEVICES:
            raise QgsProcessingException(f"DEVICE must be one of {', '.join(DEVICES)}.")
        wishes = Wishes(
            device=device,
            python=self.parameterAsString(parameters, "PYTHON", context),
            folder=self.parameterAsString(parameters, "FOLDER", context),
            wheels=self.parameterAsString(parameters, "WHEELS", context),
            torch_index=self.parameterAsString(parameters, "TORCH_INDEX", context),
        )
        try:
            python = set_up(wishes, feedback)
        except errors.LulcError as err:
            raise QgsProcessingException(str(err)) from err
        return {"ENGINE_PYTHON": python}
