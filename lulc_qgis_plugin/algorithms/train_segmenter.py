"""lulc:trainsegmenter: a network that labels every pixel, learned from labelled scenes."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterString,
)

from ..engine_source import options
from ..translation import tr
from .assess_accuracy import LABEL_TYPES, SELECTED_HELP
from .parameters import (
    LABELS,
    MODEL_FILTER,
    SCENE,
    SELECTED_ONLY,
    LabelsParameter,
    bands_parameter,
    epochs_parameter,
    field_parameter,
    from_option,
    legend_parameter,
    option_fields,
    suggested_layer,
    with_widget,
)
from .training import TrainingAlgorithm

# What is offered; every other name of segmentation-models-pytorch may be typed.
_ENCODERS = ("mobilenet_v2", "resnet18", "resnet34", "resnet50", "efficientnet-b0")
# What the table of classes follows.
_FOLLOWED = {
    "labels": "LABELS",
    "field": "CLASS_FIELD",
    "names": "CLASS_NAME_FIELD",
    "selected": SELECTED_ONLY,
}


class TrainSegmenter(TrainingAlgorithm):
    """Train a network that labels every pixel of a scene."""

    ID = "trainsegmenter"
    TITLE = "Train segmenter"
    GROUP = "Train"
    SUMMARY = "Trains a network on scenes and labels; the model can then classify other scenes."
    TAGS = ("deep learning", "unet", "segmentation", "machine learning", "training")
    COMMAND = "train-segmenter"
    OPTIONS = options.TrainSegmenterOptions

    def initAlgorithm(self, configuration: Any = None) -> None:
        self._add_data()
        self._add_network()
        self._add_training()
        self._add_outputs()

    def _add_data(self) -> None:
        add = self.add_option
        raster = QgsProcessing.SourceType.TypeRaster
        several, labels = QgsProcessingParameterMultipleLayers, LabelsParameter
        add(
            "INPUT",
            suggested_layer(several("INPUT", "Scenes", raster), SCENE),
            "One or several rasters to learn from; several must have the same bands.",
        )
        drawn = labels("LABELS", "Labels", types=list(LABEL_TYPES))
        add("LABELS", suggested_layer(drawn, LABELS))
        add(
            "CLASS_FIELD",
            field_parameter("CLASS_FIELD", "Class field", "LABELS"),
            "Field of vector labels that holds the class, as a number or a name.",
        )
        add("CLASS_NAME_FIELD", field_parameter("CLASS_NAME_FIELD", "Class name field", "LABELS"))
        self.add(
            QgsProcessingParameterBoolean(SELECTED_ONLY, "Selected features only", False),
            SELECTED_HELP.format(name="LABELS"),
        )
        add("LEGEND", legend_parameter(**_FOLLOWED))
        add(
            "TEST_LABELS",
            labels("TEST_LABELS", "Test labels", optional=True, types=list(LABEL_TYPES)),
        )
        add("BANDS", bands_parameter())
        add("BAND_NAMES", "Names or roles of all bands, in order", advanced=True)
        add("SCALE", "Scale to reflectance", advanced=True)
        add("OFFSET", "Offset to reflectance", advanced=True)
        add("MASK", several("MASK", "Masks", raster, optional=True), advanced=True)
        add("MASK_VALUES", "Values of the mask to exclude", advanced=True)
        add("IGNORE_VALUE", "Value that means no label", advanced=True)
        add("VALIDATION_SHARE", "Share for validation", advanced=True)
        add("TEST_SHARE", "Share for the test", advanced=True)

    def _add_network(self) -> None:
        add = self.add_option
        add("INDICES", "Spectral indices to add", advanced=True)
        add("ARCHITECTURE", "Network")
        for name, label, usual in (
            ("ENCODER", "Encoder (not for Mobile-UNet)", _ENCODERS),
            ("ENCODER_WEIGHTS", "Pretrained weights of the encoder", ("none", "imagenet")),
        ):
            definition = from_option(option_fields(self.OPTIONS)[name], label)
            definition = with_widget(definition, "text_widget.TextWidget", suggestions=list(usual))
            add(name, definition, advanced=True)

    def _add_training(self) -> None:
        add = self.add_option
        add("RECIPE", "Recipe (preset of the training)", advanced=True)
        add("LOSS", "Loss", advanced=True)
        focus = QgsProcessingParameterString("FOCUS_CLASSES", "Focus classes", optional=True)
        focus = with_widget(focus, "class_widget.FocusWidget", **_FOLLOWED, legend="LEGEND")
        add("FOCUS_CLASSES", focus, advanced=True)
        add("CROSS_ENTROPY_SHARE", "Loss: weight of the cross entropy", advanced=True)
        add("FOCAL_SHARE", "Loss: weight of the focal term", advanced=True)
        add("TVERSKY_SHARE", "Loss: weight of the Tversky term", advanced=True)
        add("FOCAL_GAMMA", "Loss: focal gamma", advanced=True)
        add("FOCAL_ALPHA", "Loss: focal alpha", advanced=True)
        add("TVERSKY_ALPHA", "Loss: Tversky alpha (false positives)", advanced=True)
        add("TVERSKY_BETA", "Loss: Tversky beta (false negatives)", advanced=True)
        add("CLASS_WEIGHT_LOW", "Loss: lowest class weight", advanced=True)
        add("CLASS_WEIGHT_HIGH", "Loss: highest class weight", advanced=True)
        add("EPOCHS", epochs_parameter(self.COMMAND))
        add("BATCH_SIZE", "Batch size", advanced=True)
        add("WINDOW_PX", "Window size in pixels", advanced=True)
        add("LEARNING_RATE", "Learning rate", advanced=True)
        add("PATIENCE", "Patience in epochs", advanced=True)
        add("SEED", "Random seed", advanced=True)
        add("DEVICE", "Compute on", advanced=True)
        add("THREADS", "Processor threads (0: all)", advanced=True)
        add("KEEP_BEST", "Keep the best model when cancelled", advanced=True)
        add("RESUME", "Resume from the run folder", advanced=True)

    def _add_outputs(self) -> None:
        add, file = self.add_option, QgsProcessingParameterFileDestination
        add("MODEL", file("MODEL", "Model", tr(MODEL_FILTER)))
        add("REPORT", file("REPORT", "Training report", "HTML (*.html)", optional=True))
        add(
            "METRICS",
            file("METRICS", "Metrics", "JSON (*.json)", optional=True, createByDefault=False),
        )
        add(
            "TABLE",
            file("TABLE", "Table of scores", "CSV (*.csv)", optional=True, createByDefault=False),
        )
        self.add_run_and_scores()
