"""The provider of the example models, so that they show in the Toolbox without being added there.

One of its own, beside ``lulc``: a model finds its algorithms only once their provider is there.
"""

from __future__ import annotations

from qgis.core import QgsProcessingModelAlgorithm, QgsProcessingProvider
from qgis.PyQt.QtGui import QIcon

from .engine_source import resource
from .translation import tr


class ExampleProvider(QgsProcessingProvider):
    """Graphical models to run as they are, or to start from: right-click, *Edit Model*."""

    def id(self) -> str:
        return "lulcexamples"

    def name(self) -> str:
        return tr("Land cover examples")

    def icon(self) -> QIcon:
        return QIcon(self.svgIconPath())

    def svgIconPath(self) -> str:
        return str(resource("icons", "provider.svg"))

    def loadAlgorithms(self) -> None:
        for path in sorted(resource("models3").glob("*.model3")):
            model = QgsProcessingModelAlgorithm()
            if model.fromFile(str(path)):
                model.setSourceFilePath(str(path))
                self.addAlgorithm(model)
