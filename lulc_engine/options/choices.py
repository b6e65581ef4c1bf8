"""What may be chosen, and words that several commands share."""

from __future__ import annotations

# Networks and losses by name, and where each is made, as ``module:function``. The functions are
# named, not imported: torch is not there where options are declared.
SEGMENTERS = {
    "mobile_unet": "lulc_engine.models.mobile_unet:make",
    "unet": "lulc_engine.models.smp_models:make_unet",
    "unetplusplus": "lulc_engine.models.smp_models:make_unetplusplus",
    "fpn": "lulc_engine.models.smp_models:make_fpn",
    "deeplabv3plus": "lulc_engine.models.smp_models:make_deeplabv3plus",
    "segformer": "lulc_engine.models.smp_models:make_segformer",
}
LOSSES = {
    "class_focused": "lulc_engine.losses.class_focused:loss",
    "cross_entropy": "lulc_engine.losses.cross_entropy:loss",
    "dice": "lulc_engine.losses.dice:loss",
    "focal": "lulc_engine.losses.focal:loss",
    "lovasz": "lulc_engine.losses.lovasz:loss",
}
# Patch classifiers of our own; every other name is one of timm.
PATCH_CLASSIFIERS = {
    "pixelnet": "lulc_engine.models.pixelnet:make",
    "dcnn5": "lulc_engine.models.dcnn5:make",
    "spectralnet": "lulc_engine.models.spectralnet:make",
    "small_resnet": "lulc_engine.models.small_resnet:make",
}
TIMM_CLASSIFIER = "lulc_engine.models.timm_models:make"
# Short names of the usual timm models, offered in this order after our own.
TIMM_NAMES = {
    "resnet18": "resnet18",
    "resnet50": "resnet50",
    "vgg16": "vgg16_bn",
    "vgg19": "vgg19_bn",
    "densenet121": "densenet121",
    "swin": "swin_tiny_patch4_window7_224",
    "vit": "vit_small_patch16_224",
    "wide_resnet50_2": "wide_resnet50_2",
    "efficientnet_b0": "efficientnet_b0",
}
PATCH_LOSSES = {
    "cross_entropy": "lulc_engine.losses.patch_losses:cross_entropy",
    "binary_cross_entropy": "lulc_engine.losses.patch_losses:binary_cross_entropy",
    "focal_bce": "lulc_engine.losses.patch_losses:focal_bce",
    "asymmetric": "lulc_engine.losses.patch_losses:asymmetric",
    "soft_f1": "lulc_engine.losses.patch_losses:soft_f1",
}
MULTILABEL_LOSSES = tuple(name for name in PATCH_LOSSES if name != "cross_entropy")
MIN_CONFIDENCE = (
    "Whole percent, as in CONFIDENCE. What the model is less sure of becomes unclassified, instead "
    "of the likeliest class. 0 classifies everything."
)
RUNTIMES = ("auto", "openvino", "onnxruntime", "torch")
PRECISIONS = ("auto", "f32", "bf16")
SCHEDULES = ("one_cycle", "plateau", "constant")
KEPT = ("metric", "loss", "last")
PATCH_METRICS = ("overall_accuracy", "macro_f1", "mean_iou", "kappa", "map")
COMPARED_METRICS = (
    "overall_accuracy",
    "kappa",
    "mean_iou",
    "macro_f1",
    "weighted_f1",
    "mcc",
    "map",
)
MODES = ("train", "train_test", "test")
SPLITTING = ("random", "contiguous")
RESAMPLINGS = ("cubic", "nearest", "bilinear", "cubic_spline", "lanczos", "average")
BAND_SETS = ("single", "rgb", "cir", "swir", "all")
EXPORT_FORMATS = ("auto", "onnx", "openvino")
EXPORT_KINDS = ("patches", "tiles")
IMAGE_FORMATS = ("tif", "png", "npy")
INDICES = ("ndvi", "ndbi", "evi", "savi", "ndwi")
RECIPES = ("default", "published")
DEVICES = ("auto", "cpu", "cuda", "mps")
DESIGNS = ("simple", "stratified")
SAMPLINGS = ("none", *DESIGNS)
SUGGESTIONS = ("auto", *DESIGNS, "uncertain")
EXPLANATIONS = ("gradcam", "occlusion", "activations")
# How a comparison may be sorted: the best, the highest or the newest first, texts from A to Z.
SORTED_BY = (
    "rank",
    "name",
    "date",
    "architecture",
    "seed",
    "split",
    "status",
    *COMPARED_METRICS,
    "parameters",
    "size_bytes",
    "training_s",
)
LEGEND = (
    "Names and colours of classes: JSON rows of id, name and color (#rrggbb), or a JSON file of "
    "them (full path). What is left out stays as the labels have it."
)
RUN_FOLDER = (
    "Folder to make for everything about the run: scores by epoch, curves, predictions, report, "
    "log, checkpoints and how to repeat it."
)
