"""What words are called that may be chosen; see `choice_widget`.

A word means the same in all algorithms.
"""

from __future__ import annotations

from .translation import tr

# Words that are read as they are, such as "average", only begin with a capital letter.
LABELS = {
    "auto": "Automatic", "none": "None", "default": "Default", "published": "As published",
    "install": "Install, repair or update", "check": "Check", "move": "Move to another folder",
    "remove": "Remove",
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
    "ndvi": "NDVI: vegetation", "ndbi": "NDBI: built-up land", "evi": "EVI: dense vegetation",
    "savi": "SAVI: sparse vegetation", "ndwi": "NDWI: open water",
    "single": "Every band alone", "all": "All bands", "rgb": "Red, green, blue (rgb)",
    "cir": "Near infrared, red, green (cir)",
    "swir": "Short-wave infrared, near infrared, red (swir)",
    "metric": "Best score", "loss": "Lowest loss", "last": "Last epoch",
    "train": "Train", "train_test": "Train and test", "test": "Test",
    "mobile_unet": "Mobile-UNet", "unet": "U-Net", "unetplusplus": "U-Net++", "fpn": "FPN",
    "deeplabv3plus": "DeepLabV3+", "segformer": "SegFormer",
}  # fmt: skip


def label_of(word: str) -> str:
    """Return what a word is called, in the user's language; itself where it has no name."""
    return tr(LABELS.get(word, word))
