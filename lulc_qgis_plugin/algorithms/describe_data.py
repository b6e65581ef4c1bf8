"""lulc:describedata: what training data hold, before anything is trained."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsProcessingOutputNumber, QgsProcessingParameterFileDestination

from ..engine_source import options
from .parameters import bands_parameter
from .patch_data import PatchAlgorithm

_NUMBERS = {
    "CLASS_COUNT": "Number of classes",
    "SAMPLES": "Number of labelled pixels or patches",
    "SUSPICIOUS": "Number of suspicious labels",
    "DUPLICATES": "Number of exact copies",
    "REJECTED": "Number of unusable patches",
    "LOWEST_SEPARABILITY": "Smallest separability of two classes",
}


class DescribeData(PatchAlgorithm):
    """Show what training data hold."""

    ID = "describedata"
    TITLE = "Describe training data"
    GROUP = "Assess"
    SUMMARY = "Describes labels and their spectra: balance, separability, labels that may be wrong."
    TAGS = ("statistics", "signatures", "separability", "histogram", "quality", "labels")
    COMMAND = "describe"
    OPTIONS = options.DescribeOptions

    def initAlgorithm(self, configuration: Any = None) -> None:
        add = self.add_option
        self.add_scenes("Scenes", "Labels on the scenes")
        self.add_patches()
        add("BANDS", bands_parameter(), advanced=True)
        add("PATCH_PX", "Patch size in pixels", advanced=True)
        self.add_data_details("Most pixels of a class to compute from")
        file = QgsProcessingParameterFileDestination
        add("REPORT", file("REPORT", "Data report", "HTML (*.html)", optional=True))
        add(
            "METRICS",
            file("METRICS", "Numbers", "JSON (*.json)", optional=True, createByDefault=False),
        )
        add(
            "TABLE",
            file("TABLE", "Band statistics", "CSV (*.csv)", optional=True, createByDefault=False),
        )
        for name, label in _NUMBERS.items():
            self.addOutput(QgsProcessingOutputNumber(name, label))
