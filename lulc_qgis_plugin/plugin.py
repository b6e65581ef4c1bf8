"""The plugin object that QGIS makes: it registers the Processing provider and nothing else."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsApplication

from .provider import LulcProvider


class LulcPlugin:
    """Adds the provider to the Processing registry and takes it out again."""

    def __init__(self, iface: Any) -> None:
        self._provider: LulcProvider | None = None

    def initProcessing(self) -> None:
        """Register the provider; qgis_process calls only this."""
        self._provider = LulcProvider()
        QgsApplication.processingRegistry().addProvider(self._provider)

    def initGui(self) -> None:
        """Register the provider in the desktop."""
        self.initProcessing()

    def unload(self) -> None:
        """Take the provider out of the registry."""
        if self._provider is not None:
            QgsApplication.processingRegistry().removeProvider(self._provider)
            self._provider = None
