"""The widget for one of several words: a list that shows what each is called.

The words themselves are what `qgis_process`, models and histories hold, and what an algorithm gets.
QGIS's own widget can only show them as they are.
"""

from __future__ import annotations

from typing import Any

from qgis.core import NULL, QgsProcessingContext, QgsProcessingParameterDefinition
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QComboBox, QWidget

from .own_widget import OwnWidget, OwnWrapper
from .translation import tr

# Words that are read as they are, such as "average", only begin with a capital letter.
LABELS = {
    "auto": "Automatic", "none": "None", "default": "Default", "published": "As published",
    "cpu": "Processor", "cuda": "NVIDIA graphics card (CUDA)", "mps": "Apple graphics (MPS)",
    "openvino": "OpenVINO", "onnxruntime": "ONNX Runtime", "torch": "PyTorch", "onnx": "ONNX",
    "f32": "32 bits, exact", "bf16": "16 bits (bfloat16)",
    "simple": "Simple random", "stratified": "Stratified by class",
    "uncertain": "Where the map is uncertain",
    "cubic": "Cubic", "nearest": "Nearest neighbour", "bilinear": "Bilinear",
    "cubic_spline": "Cubic spline", "lanczos": "Lanczos", "average": "Average",
    "overall_accuracy": "Overall accuracy", "kappa": "Kappa", "mean_iou": "Mean IoU",
    "macro_f1": "Macro F1", "weighted_f1": "Weighted F1", "mcc": "Matthews correlation (MCC)",
    "map": "Mean average precision (mAP)",
    "rank": "Rank", "name": "Name", "date": "Date", "architecture": "Architecture",
    "seed": "Seed", "split": "Split", "status": "Status", "parameters": "Number of parameters",
    "size_bytes": "Size of the file", "training_s": "Time of the training",
    "random": "Random", "contiguous": "Contiguous",
    "gradcam": "Grad-CAM", "occlusion": "Occlusion", "activations": "Activations",
    "patches": "Patches", "tiles": "Tiles",
    "tif": "GeoTIFF", "png": "PNG", "npy": "NumPy",
    "imagenet": "ImageNet", "balanced": "Balanced",
    "class_focused": "Class-focused", "cross_entropy": "Cross-entropy", "dice": "Dice",
    "focal": "Focal", "lovasz": "Lovász", "binary_cross_entropy": "Binary cross-entropy",
    "focal_bce": "Focal binary cross-entropy", "asymmetric": "Asymmetric", "soft_f1": "Soft F1",
    "one_cycle": "One cycle", "plateau": "Lower on plateaus", "constant": "Constant",
    "metric": "Best score", "loss": "Lowest loss", "last": "Last epoch",
    "train": "Train", "train_test": "Train and test", "test": "Test",
    "mobile_unet": "Mobile-UNet", "unet": "U-Net", "unetplusplus": "U-Net++", "fpn": "FPN",
    "deeplabv3plus": "DeepLabV3+", "segformer": "SegFormer",
}  # fmt: skip


class ChoiceWrapper(OwnWrapper):
    """A list of choices under their names; the word itself is the tool tip of each."""

    def createWidget(self) -> QWidget:
        definition = self.parameterDefinition()
        box = QComboBox()
        if definition.flags() & QgsProcessingParameterDefinition.Flag.FlagOptional:
            box.addItem(tr("Not chosen: the default"), None)
        for word in definition.options():
            box.addItem(tr(LABELS.get(word, word)), word)
            box.setItemData(box.count() - 1, word, Qt.ItemDataRole.ToolTipRole)
        box.setToolTip(definition.toolTip())
        box.currentIndexChanged.connect(self._announce)
        return box

    def setWidgetValue(self, value: Any, context: QgsProcessingContext) -> None:
        box = self.wrappedWidget()
        word = None if value is None or value == NULL or value == "" else str(value)
        words = [box.itemData(place) for place in range(box.count())]
        if word not in words:  # a history of another version: the default is what would be run
            word = self.parameterDefinition().defaultValue()
        box.setCurrentIndex(words.index(word) if word in words else -1)

    def widgetValue(self) -> Any:
        return self.wrappedWidget().currentData()

    def _announce(self, place: int) -> None:
        self.widgetValueHasChanged.emit(self)


class ChoiceWidget(OwnWidget):
    """What QGIS calls to get the widget of a choice."""

    WRAPPER = ChoiceWrapper
