"""lulc:exportpatches: labelled patches or tiles as files for other tools."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessingFeedback,
    QgsProcessingOutputFile,
    QgsProcessingParameterFolderDestination,
)

from ..engine_source import options
from .parameters import bands_parameter
from .patch_data import PatchAlgorithm


class ExportPatches(PatchAlgorithm):
    """Cut labelled patches, or tiles of image and label, for other tools."""

    ID = "exportpatches"
    TITLE = "Export patches"
    GROUP = "Exchange"
    SUMMARY = "Cuts labelled patches, or tiles of images and labels, into files for other tools."
    TAGS = ("chips", "tiles", "training data", "dataset")
    COMMAND = "export-patches"
    OPTIONS = options.ExportPatchesOptions

    def initAlgorithm(self, configuration: Any = None) -> None:
        add = self.add_option
        self.add_scenes("Scenes", "Labels on the scenes")
        add("KIND", "What to cut")
        add("PATCH_PX", "Patch size in pixels (5 on scenes)")
        add("TILE_PX", "Tile size in pixels")
        add("OVERLAP", "Overlap of tiles (share of the size)")
        add("FORMAT", "Format of the images")
        add("BANDS", bands_parameter(), advanced=True)
        self.add_patches(advanced=True)
        self.add_data_details()
        add("OUTPUT", QgsProcessingParameterFolderDestination("OUTPUT", "Folder of patches"))
        self.addOutput(QgsProcessingOutputFile("MANIFEST", "Manifest"))

    def warn(self, feedback: QgsProcessingFeedback) -> None:
        """Say that a temporary folder will be lost."""
        self.warn_if_temporary("OUTPUT", feedback)
