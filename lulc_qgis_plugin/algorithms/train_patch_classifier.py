"""lulc:trainpatchclassifier: a network that gives a patch its class, or several."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterFolderDestination,
    QgsProcessingParameterString,
)

from ..engine_source import options
from ..translation import tr
from .parameters import (
    MODEL_FILTER,
    SELECTED_ONLY,
    bands_parameter,
    epochs_parameter,
    legend_parameter,
    model_parameter,
    with_widget,
)
from .patch_data import PatchAlgorithm
from .training import TrainingAlgorithm


class TrainPatchClassifier(TrainingAlgorithm, PatchAlgorithm):
    """Train a network that gives a patch its class, or several."""

    ID = "trainpatchclassifier"
    TITLE = "Train patch classifier"
    GROUP = "Train"
    SUMMARY = "Trains a network that gives small images, or the windows of a scene, their class."
    TAGS = ("deep learning", "cnn", "vit", "resnet", "scene classification", "training", "timm")
    COMMAND = "train-patches"
    OPTIONS = options.TrainPatchesOptions

    def initAlgorithm(self, configuration: Any = None) -> None:
        add = self.add_option
        self.add_patches()
        self.add_scenes("Or scenes to cut patches from", "Labels on the scenes")
        followed = {"labels": "LABELS", "field": "CLASS_FIELD", "names": "CLASS_NAME_FIELD"}
        add("LEGEND", legend_parameter(**followed, selected=SELECTED_ONLY, patches="PATCHES"))
        add("PATCH_PX", "Patch size in pixels (5 on scenes)")
        add("BANDS", bands_parameter())
        add("ARCHITECTURE", architecture_parameter())
        add("EPOCHS", epochs_parameter(self.COMMAND))
        self.add_data_details()
        self._add_network()
        self._add_training()
        self._add_outputs()

    def _add_network(self) -> None:
        add = self.add_option
        add("STRETCH", "Reflectances of the 8-bit values 0 and 255", advanced=True)
        add("INDICES", "Spectral indices to add", advanced=True)
        add("WEIGHTS", "Pretrained weights", advanced=True)
        start = model_parameter("INITIAL_MODEL", "Model to start from", optional=True)
        add("INITIAL_MODEL", start, advanced=True)
        add("FREEZE_EPOCHS", "Epochs in which only the head learns", advanced=True)
        add("RESIZE_PX", "Resize patches to this size in pixels", advanced=True)

    def _add_training(self) -> None:
        add = self.add_option
        add("RECIPE", "Recipe (preset of the training)", advanced=True)
        add("LOSS", "Loss", advanced=True)
        add("LABEL_SMOOTHING", "Label smoothing", advanced=True)
        add("CLASS_WEIGHTS", "Class weights", advanced=True)
        add("MIXUP", "Share of batches with mixup", advanced=True)
        add("CUTMIX", "Share of batches with cutmix", advanced=True)
        add("ZOOM", "Random change of scale, as a share", advanced=True)
        add("BATCH_SIZE", "Batch size", advanced=True)
        add("LEARNING_RATE", "Learning rate", advanced=True)
        add("SCHEDULE", "Schedule of the learning rate", advanced=True)
        add("PATIENCE", "Patience in epochs", advanced=True)
        add("METRIC", "Score that names the best epoch", advanced=True)
        add("KEEP", "Which network to keep", advanced=True)
        add("MODE", "What to do", advanced=True)
        add("BAND_SETS", band_sets_parameter(), advanced=True)
        add("RESUME", "Resume from checkpoints or run folder", advanced=True)
        add("KEEP_BEST", "Keep the best model when cancelled", advanced=True)
        add("DEVICE", "Compute on", advanced=True)
        add("THREADS", "Processor threads (0: all)", advanced=True)

    def _add_outputs(self) -> None:
        add, file = self.add_option, QgsProcessingParameterFileDestination
        add("MODEL", file("MODEL", "Model", tr(MODEL_FILTER)))
        add("REPORT", file("REPORT", "Training report", "HTML (*.html)", optional=True))
        for name, label, kind in (
            ("METRICS", "Metrics", "JSON (*.json)"),
            ("TABLE", "Table of scores", "CSV (*.csv)"),
            ("PREDICTIONS", "Predictions of the test", "NumPy (*.npz)"),
        ):
            add(name, file(name, label, kind, optional=True, createByDefault=False))
        folder = QgsProcessingParameterFolderDestination
        add(
            "CHECKPOINTS",
            folder("CHECKPOINTS", "Checkpoints", optional=True, createByDefault=False),
        )
        self.add_run_and_scores()


def architecture_parameter() -> QgsProcessingParameterString:
    """Return the parameter for the network: our names, those of timm, or any other of timm."""
    definition = QgsProcessingParameterString("ARCHITECTURE", "Network", optional=True)
    return with_widget(
        definition,
        "text_widget.TextWidget",
        suggestions=[*options.PATCH_CLASSIFIERS, *options.TIMM_NAMES],
        placeholder="Chosen by the size of the patches",
    )


def band_sets_parameter() -> QgsProcessingParameterString:
    """Return the parameter for the sets of bands of a study, with the usual ones to tick."""
    label = "Band study: sets of bands to compare"
    definition = QgsProcessingParameterString("BAND_SETS", label, optional=True)
    empty = "None: one training with the bands above"
    return with_widget(definition, "band_sets_widget.BandSetsWidget", placeholder=empty)
