"""lulc:detectchange: what two maps of one area say has become of what."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingOutputNumber,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterRasterDestination,
    QgsProcessingParameterRasterLayer,
)

from ..engine_source import options
from ..styling import MapStyle
from .base import EngineAlgorithm
from .parameters import MAP, suggested_layer


class DetectChange(EngineAlgorithm):
    """Find what has become of what between two maps."""

    ID = "detectchange"
    TITLE = "Detect change"
    GROUP = "Assess"
    SUMMARY = "Compares two maps of one area and says what has become of what."
    TAGS = ("change detection", "transition", "from-to", "post-classification", "difference")
    COMMAND = "detect-change"
    OPTIONS = options.DetectChangeOptions

    def initAlgorithm(self, configuration: Any = None) -> None:
        add = self.add_option
        file = QgsProcessingParameterFileDestination
        before = QgsProcessingParameterRasterLayer("BEFORE", "Map before")
        after = QgsProcessingParameterRasterLayer("AFTER", "Map after")
        add("BEFORE", suggested_layer(before, MAP))
        add("AFTER", suggested_layer(after, MAP, unlike="BEFORE"))
        add("OUTPUT", QgsProcessingParameterRasterDestination("OUTPUT", "Change map"))
        add("REPORT", file("REPORT", "Change report", "HTML (*.html)", optional=True))
        add(
            "TABLE",
            file("TABLE", "From-to table", "CSV (*.csv)", optional=True, createByDefault=False),
        )
        self.addOutput(QgsProcessingOutputNumber("CHANGED_HECTARES", "Changed area in hectares"))
        self.addOutput(QgsProcessingOutputNumber("CHANGED_SHARE", "Changed share"))

    def style(self, result: dict[str, Any], context: QgsProcessingContext) -> None:
        """Show a name and a colour per transition."""
        style = MapStyle(result.get("legend") or [])
        self.style_output("OUTPUT", style, self.given("after"), context)
