"""lulc:setupengine: install what the engine needs in an environment of its own; look after it."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingOutputString,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFile,
    QgsProcessingParameterString,
)

from .. import maintenance
from ..engine_source import errors
from ..installer import set_up
from ..network_settings import Proxy, qgis_proxy
from ..pip_steps import DEVICES, INDEX_VARIABLE, ORDINARY_INDEX, Wishes
from .base import LulcAlgorithm
from .parameters import CHOICE, with_widget

INSTALL, CHECK, MOVE, REMOVE = ACTIONS = ("install", "check", "move", "remove")


class SetupEngine(LulcAlgorithm):
    """Install the engine's Python packages beside QGIS."""

    ID = "setupengine"
    TITLE = "Set up the engine"
    GROUP = "Set up"
    SUMMARY = "Installs the Python packages that the other algorithms need, beside QGIS."
    TAGS = ("install", "environment", "pytorch", "repair", "update", "remove")

    def __init__(self) -> None:
        super().__init__()
        self._proxy = Proxy()

    def initAlgorithm(self, configuration: Any = None) -> None:
        self.add(
            _choice("DEVICE", "Compute on", DEVICES),
            "cpu works everywhere and needs about 1.1 GB; cuda is for NVIDIA cards and needs about "
            "6 GB.",
        )
        self.add(
            _choice("ACTION", "What to do", ACTIONS),
            "install makes a new environment, which also repairs or updates one; check classifies "
            "an image with the one there is; move brings it into FOLDER; remove deletes it.",
            advanced=True,
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

    def prepareAlgorithm(
        self,
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
    ) -> bool:
        """Read QGIS's proxy, on the main thread because its password store may ask something."""
        self._proxy = qgis_proxy()
        return True

    def processAlgorithm(
        self,
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
    ) -> dict[str, Any]:
        """Do it; every failure raises QgsProcessingException."""
        wishes = Wishes(
            device=self._chosen("DEVICE", DEVICES, parameters, context),
            python=self.parameterAsString(parameters, "PYTHON", context),
            folder=self.parameterAsString(parameters, "FOLDER", context),
            wheels=self.parameterAsString(parameters, "WHEELS", context),
            torch_index=self.parameterAsString(parameters, "TORCH_INDEX", context),
        )
        action = self._chosen("ACTION", ACTIONS, parameters, context)
        try:
            return {"ENGINE_PYTHON": self._do(action, wishes, feedback)}
        except errors.LulcError as err:
            raise QgsProcessingException(str(err)) from err

    def _do(self, action: str, wishes: Wishes, feedback: QgsProcessingFeedback) -> str:
        if action == CHECK:
            return maintenance.check(feedback)
        if action == MOVE:
            return maintenance.move(wishes.folder, feedback)
        if action == REMOVE:
            maintenance.remove(feedback)
            return ""
        return set_up(wishes, feedback, self._proxy)

    def _chosen(
        self,
        name: str,
        allowed: tuple[str, ...],
        parameters: dict[str, Any],
        context: QgsProcessingContext,
    ) -> str:
        value = self.parameterAsEnumString(parameters, name, context)
        if value not in allowed:
            raise QgsProcessingException(f"{name} must be one of {', '.join(allowed)}.")
        return value


def _choice(name: str, label: str, words: tuple[str, ...]) -> QgsProcessingParameterDefinition:
    """Return the parameter for one of some words, of which the first is the default."""
    definition = QgsProcessingParameterEnum(
        name, label, list(words), False, words[0], usesStaticStrings=True
    )
    return with_widget(definition, CHOICE)
