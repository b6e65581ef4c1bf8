"""The parameters for labelled patches, the same wherever they are trained on or exported."""

from __future__ import annotations

from qgis.core import (
    QgsProcessing,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterFile,
    QgsProcessingParameterMultipleLayers,
)

from .assess_accuracy import LABEL_TYPES, SELECTED_HELP
from .base import EngineAlgorithm
from .parameters import (
    SELECTED_ONLY,
    Definition,
    LabelsParameter,
    field_parameter,
    with_widget,
)

NUMPY_FILTER = "NumPy (*.npy)"
_PATCH_FILES = (
    "Tables and images (*.csv *.tsv *.parquet *.tif *.tiff *.png *.jpg *.jpeg);;All files (*)"
)
_RASTER = QgsProcessing.SourceType.TypeRaster


class PatchAlgorithm(EngineAlgorithm):
    """An algorithm that takes labelled patches, in one of three ways."""

    def add_patches(self, advanced: bool = False) -> None:
        """Declare patches as files."""
        label, shown = "Patches (folder or table)", "Folder with one sub-folder per class"
        definition = patches_parameter(label, shown)
        self.add_option("PATCHES", definition, advanced=advanced)

    def add_scenes(self, scenes: str, labels: str) -> None:
        """Declare scenes with labels, from which patches are cut; the labels are as given."""
        add, several = self.add_option, QgsProcessingParameterMultipleLayers
        add("INPUT", several("INPUT", scenes, _RASTER, optional=True))
        layer = LabelsParameter("LABELS", labels, optional=True, types=list(LABEL_TYPES))
        add("LABELS", layer)
        add(
            "CLASS_FIELD",
            field_parameter("CLASS_FIELD", "Class field", "LABELS"),
            "Field of vector labels that holds the class, as a number or a name.",
        )
        self.add(
            QgsProcessingParameterBoolean(SELECTED_ONLY, "Selected features only", False),
            SELECTED_HELP.format(name="LABELS"),
        )

    def add_data_details(self, most: str = "Most patches of a class cut from scenes") -> None:
        """Declare what is rarely needed: patches as arrays, and how everything is read.

        Args:
            most: the label of MAX_PER_CLASS.
        """
        add = self.add_option
        several = QgsProcessingParameterMultipleLayers
        add("FEATURES", numpy_parameter("FEATURES", "Patches as a numpy file"), advanced=True)
        add("TARGETS", numpy_parameter("TARGETS", "Classes of the numpy patches"), advanced=True)
        add("CLASSES", "Names of the numpy classes, in order", advanced=True)
        add("SINGLE_LABEL", "The numpy classes are one-hot", advanced=True)
        add("MULTILABEL", "Patches have several classes", advanced=True)
        add(
            "CLASS_NAME_FIELD",
            field_parameter("CLASS_NAME_FIELD", "Class name field", "LABELS"),
            advanced=True,
        )
        add("IGNORE_VALUE", "Value that means no label", advanced=True)
        add("MASK", several("MASK", "Masks", _RASTER, optional=True), advanced=True)
        add("MASK_VALUES", "Values of the mask to exclude", advanced=True)
        add("MAX_PER_CLASS", most, advanced=True)
        add("BAND_NAMES", "Names or roles of all bands, in order", advanced=True)
        add("SCALE", "Scale to reflectance", advanced=True)
        add("OFFSET", "Offset to reflectance", advanced=True)
        add("RESAMPLING", "Resampling of coarser bands (BigEarthNet)", advanced=True)
        add("FRACTION", "Share of the patches to use", advanced=True)
        add("SPLIT", "How patches from files are divided", advanced=True)
        add("VALIDATION_SHARE", "Share for validation", advanced=True)
        add("TEST_SHARE", "Share for the test", advanced=True)
        add("SEED", "Random seed", advanced=True)


def patches_parameter(label: str, placeholder: str = "") -> Definition:
    """Return the parameter for patches: a folder, a table or an image."""
    folder = QgsProcessingParameterFile.Behavior.Folder  # only this one accepts any path
    definition = QgsProcessingParameterFile("PATCHES", label, folder, optional=True)
    return with_widget(
        definition,
        "text_widget.TextWidget",
        placeholder=placeholder,
        folder=True,
        filter=_PATCH_FILES,
    )


def numpy_parameter(name: str, label: str) -> Definition:
    """Return the parameter for an array in a file."""
    return QgsProcessingParameterFile(name, label, fileFilter=NUMPY_FILTER, optional=True)
