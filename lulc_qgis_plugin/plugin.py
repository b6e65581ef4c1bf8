"""The plugin object that QGIS makes: it registers the Processing provider and offers the set-up."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsApplication

from .provider import LulcProvider


class LulcPlugin:
    """Adds the provider to the Processing registry and takes it out again."""

    def __init__(self, iface: Any) -> None:
        self._iface = iface
        self._provider: LulcProvider | None = None
        self._desktop: Any = None

    def initProcessing(self) -> None:
        """Register the provider; qgis_process calls only this."""
        self._provider = LulcProvider()
        QgsApplication.processingRegistry().addProvider(self._provider)

    def initGui(self) -> None:
        """Register the provider in the desktop, and the way to the engine's set-up."""
        self.initProcessing()
        from .desktop import Desktop  # windows: nothing that qgis_process has

        self._desktop = Desktop(self._iface)

    def unload(self) -> None:
        """Take the provider out of the registry and the menu entry out of the menu."""
        if self._desktop is not None:
            self._desktop.unload()
            self._desktop = None
        if self._provider is not None:
            QgsApplication.processingRegistry().removeProvider(self._provider)
            self._provider = None
