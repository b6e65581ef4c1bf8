"""The plugin object that QGIS makes: it registers the providers and offers the set-up."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsApplication, QgsProcessingProvider
from qgis.PyQt.QtCore import QCoreApplication

from .examples import ExampleProvider
from .provider import LulcProvider
from .translation import install_translator


class LulcPlugin:
    """Adds the providers to the Processing registry and takes them out again."""

    def __init__(self, iface: Any) -> None:
        self._iface = iface
        self._providers: list[QgsProcessingProvider] = []
        self._desktop: Any = None
        self._translator = install_translator()  # before anything has a name

    def initProcessing(self) -> None:
        """Register the providers; qgis_process calls only this."""
        for provider in (LulcProvider(), ExampleProvider()):  # the models need the algorithms
            if QgsApplication.processingRegistry().addProvider(provider):
                self._providers.append(provider)

    def initGui(self) -> None:
        """Register the providers in the desktop, and the way to the engine's set-up."""
        self.initProcessing()
        from .desktop import Desktop  # windows: nothing that qgis_process has

        self._desktop = Desktop(self._iface)

    def unload(self) -> None:
        """Take the providers out of the registry and the menu entry out of the menu."""
        if self._desktop is not None:
            self._desktop.unload()
            self._desktop = None
        while self._providers:
            QgsApplication.processingRegistry().removeProvider(self._providers.pop())
        if self._translator is not None:
            QCoreApplication.removeTranslator(self._translator)
            self._translator = None
