"""What each command can be asked to do: one frozen dataclass per command.

Standard library and Python 3.9 syntax only: the QGIS plugin imports this module.

These classes are the single declaration of every option. The command line makes its arguments from
them, the worker checks its request against them, and a Processing parameter X_Y is the field x_y
(INPUT is the field ``image``). A field left at None is decided by the engine, which says how.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any, Dict, Mapping, Optional, Tuple, Type, TypeVar

from lulc_engine.errors import OptionsError

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

T = TypeVar("T", bound="Options")


def text(
    help: str, default: Any = "", required: bool = False, choices: Tuple[str, ...] = ()
) -> Any:
    """Declare a text, path or choice."""
    return _declare("text", help, default, required=required, choices=choices)


def texts(
    help: str, required: bool = False, choices: Tuple[str, ...] = (), commas: bool = False
) -> Any:
    """Declare a list of texts; with ``commas`` one text may hold several, separated by commas."""
    return _declare("texts", help, (), required=required, choices=choices, commas=commas)


def integer(help: str, default: Optional[int] = None, low: float = 0, high: float = 2**31) -> Any:
    """Declare a whole number from low to high; None leaves the choice to the engine."""
    return _declare("integer", help, default, low=low, high=high)


def number(
    help: str, default: Optional[float] = None, low: float = -1e30, high: float = 1e30
) -> Any:
    """Declare a number from low to high; None leaves the choice to the engine."""
    return _declare("number", help, default, low=low, high=high)


def switch(help: str, default: bool = False) -> Any:
    """Declare a yes/no option."""
    return _declare("switch", help, default)


def _declare(kind: str, help: str, default: Any, **metadata: Any) -> Any:
    return field(default=default, metadata={"kind": kind, "help": help, **metadata})


@dataclass(frozen=True)
class Options:
    """Common part of all options: values are checked when the object is made."""

    def __post_init__(self) -> None:
        for item in dataclasses.fields(self):
            value = getattr(self, item.name)
            if value is None or value == "":
                value = item.default
            value = _checked(item.name, value, item.metadata)
            object.__setattr__(self, item.name, value)

    @classmethod
    def from_mapping(cls: Type[T], values: Mapping[str, Any]) -> T:
        """Return options from a mapping of field names to values.

        Raises:
            OptionsError: a name is unknown, a value is not allowed or a required one is missing.
        """
        known = {item.name for item in dataclasses.fields(cls)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise OptionsError(
                f"Unknown option {', '.join(unknown)}.", f"Known are: {', '.join(sorted(known))}."
            )
        return cls(**values)

    def as_dict(self) -> Dict[str, Any]:
        """Return the options as plain values that JSON can hold."""
        return {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in dataclasses.asdict(self).items()
        }


@dataclass(frozen=True)
class SceneOptions(Options):
    """How the pixel values of scenes are to be read."""

    bands: Tuple[str, ...] = texts(
        "Bands to use, in this order: 1-based numbers, descriptions or roles such as red, nir, or "
        "a set: rgb, cir, all, or a sum: rgb+nir, rgb+swir, red+nir. Default: all but alpha.",
        commas=True,
    )
    band_names: Tuple[str, ...] = texts(
        "Roles or descriptions of all bands of the scene, in order, where the file has none.",
        commas=True,
    )
    scale: Optional[float] = number(
        "Reflectance = value * SCALE + OFFSET. Default: from the file's tags, name and values."
    )
    offset: Optional[float] = number("See SCALE. Sentinel-2 since 2022: -0.1 with scale 0.0001.")
    mask: Tuple[str, ...] = texts(
        "Rasters whose pixels exclude pixels of the scene (cloud, snow, Sentinel-2 SCL): one for "
        "all scenes or one per scene, on any grid."
    )
    mask_values: Tuple[str, ...] = texts(
        "Values of MASK that exclude a pixel. Default: every value other than 0, and for a raster "
        "that is recognised as Sentinel-2 SCL 0, 1, 3, 8, 9, 10 and 11.",
        commas=True,
    )


@dataclass(frozen=True)
class MachineOptions(Options):
    """Where the numbers are crunched."""

    device: str = text("Where to compute.", "auto", choices=DEVICES)
    threads: int = integer("Processor threads; 0 uses all cores.", 0, 0, 1024)


@dataclass(frozen=True)
class TrainSegmenterOptions(SceneOptions, MachineOptions):
    """Train a network that labels every pixel of a scene."""

    image: Tuple[str, ...] = texts("Scenes to learn from (INPUT).", required=True)
    labels: str = text("Polygons, points or a label raster.", required=True)
    class_field: str = text("Field of the vector labels that holds the class.")
    class_name_field: str = text("Field that holds the class names where CLASS_FIELD holds ids.")
    legend: str = text(LEGEND)
    ignore_value: str = text(
        "Value of a label raster that means no label; 'none' keeps every value. Default: the "
        "raster's nodata value, else 0."
    )
    test_labels: str = text("Labels of the same kind, kept apart for the final test.")
    validation_share: float = number(
        "Share of polygons or blocks held back for validation.", 0.25, 0.05, 0.5
    )
    test_share: Optional[float] = number(
        "Share of polygons or blocks held back for an untouched test; 0 holds none back. "
        "Default: 0.2 where every class has 5 polygons or blocks, else none.",
        low=0,
        high=0.5,
    )
    indices: Tuple[str, ...] = texts(
        "Spectral indices to add as channels.", choices=INDICES, commas=True
    )
    architecture: str = text("The network.", "mobile_unet", choices=tuple(SEGMENTERS))
    encoder: str = text("Encoder of the architectures other than mobile_unet.", "mobilenet_v2")
    encoder_weights: str = text(
        "Pretrained encoder weights, such as imagenet (needs a network connection once).", "none"
    )
    recipe: str = text(
        "Preset of the training: default, or the published one of the Mobile-UNet.",
        "default",
        choices=RECIPES,
    )
    loss: Optional[str] = text("The loss. Default: the recipe's.", None, choices=tuple(LOSSES))
    focus_classes: Tuple[str, ...] = texts(
        "Classes that the class-focused loss attends to: names or ids, separated by commas, or "
        "'auto' for the pair most confused on validation after 5 epochs, or 'none'."
    )
    cross_entropy_share: float = number("Weight of the cross entropy term.", 0.5, 0, 10)
    focal_share: float = number("Weight of the focal term.", 0.5, 0, 10)
    tversky_share: float = number("Weight of the Tversky term.", 0.3, 0, 10)
    focal_gamma: float = number("Focusing exponent of the focal term.", 2.5, 0, 10)
    focal_alpha: float = number("Constant factor of the focal term.", 0.5, 0, 10)
    tversky_alpha: float = number("Weight of false positives in the Tversky term.", 0.8, 0, 1)
    tversky_beta: float = number("Weight of false negatives in the Tversky term.", 0.2, 0, 1)
    class_weight_low: float = number("Lower bound of a class weight.", 0.9, 0, 1000)
    class_weight_high: float = number("Upper bound of a class weight.", 1.6, 0, 1000)
    epochs: Optional[int] = integer("Most epochs to train. Default: the recipe's.", None, 1, 100000)
    batch_size: Optional[int] = integer("Windows in a batch. Default: the recipe's.", None, 1, 4096)
    window_px: Optional[int] = integer(
        "Side of a training window in pixels. Default: the recipe's.", None, 16, 4096
    )
    learning_rate: Optional[float] = number("Default: the recipe's.", None, 1e-8, 10)
    patience: Optional[int] = integer(
        "Epochs without a better validation score before training stops. Default: the recipe's.",
        None,
        1,
        100000,
    )
    seed: int = integer("Seed of every random choice.", 0, 0, 2**32 - 1)
    keep_best: bool = switch("When cancelled, keep the best model so far (marked interrupted).")
    resume: bool = switch("Go on with the stopped training in RUN_FOLDER.")
    model: str = text("Model file to write (.safetensors).", required=True)
    report: str = text("HTML report to write.")
    metrics: str = text("JSON file of metrics to write.")
    table: str = text("CSV table of per-class scores to write.")
    run_folder: str = text(RUN_FOLDER)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.architecture != "mobile_unet" and self.batch_size == 1:
            raise OptionsError(
                f"--batch-size must be at least 2 for {self.architecture}, not 1.",
                "Its deepest batch norm sees one value per window.",
            )


@dataclass(frozen=True)
class ClassifyOptions(SceneOptions, MachineOptions):
    """Classify a scene with a trained model."""

    image: str = text("The scene (INPUT).", required=True)
    model: str = text("Model file.", required=True)
    output: str = text("Map to write (.tif).", required=True)
    confidence: str = text("Raster of the confidence in percent to write (.tif).")
    probabilities: str = text("Raster with a probability band per class to write (.tif).")
    areas: str = text("CSV table of class areas to write.")
    min_confidence: int = integer(MIN_CONFIDENCE, 0, 0, 100)
    extent: str = text(
        "Part to classify: 'xmin,xmax,ymin,ymax [CRS]'; CRS defaults to the scene's."
    )
    tile_px: int = integer("Side of the windows in pixels; 0 chooses it.", 0, 0, 16384)
    runtime: str = text(
        "What executes the network. auto: OpenVINO on processors (ONNX Runtime where it is not "
        "installed), PyTorch on GPUs and for patch classifiers.",
        "auto",
        choices=RUNTIMES,
    )
    precision: str = text(
        "f32 is exact. bf16 is up to three times as fast on processors that have it and on GPUs. "
        "auto: bf16 for large scenes, where it gives the same label to 99.5 % of the pixels of "
        "some windows.",
        "auto",
        choices=PRECISIONS,
    )
    stride: Optional[int] = integer(
        "Patch classifiers: step between windows in pixels. The map has a pixel per step. Default: "
        "1 for windows up to 15 px, else the window's side (half of it with PER_PIXEL).",
        None,
        1,
        4096,
    )
    per_pixel: bool = switch(
        "Patch classifiers: average overlapping windows, so that the map has the scene's pixels "
        "whatever STRIDE is."
    )


@dataclass(frozen=True)
class PatchOptions(SceneOptions):
    """Where labelled patches come from: files, arrays, or a scene with labels."""

    patches: str = text(
        "Patches: a folder with one sub-folder per class, a CSV or Parquet table of paths and "
        "labels, or a folder in the layout of BigEarthNet."
    )
    features: str = text("Patches as a numpy file (N, H, W, C).")
    targets: str = text(
        "Labels of FEATURES as a numpy file: class ids (N), or 0/1 (N, K) for several classes per "
        "patch."
    )
    single_label: bool = switch("TARGETS (N, K) are one-hot: each patch has one class.")
    multilabel: bool = switch("A patch may have several classes. Default: as the labels show.")
    classes: Tuple[str, ...] = texts(
        "Names of the classes of TARGETS, in the order of the ids or columns.", commas=True
    )
    image: Tuple[str, ...] = texts("Scenes to cut patches from, instead of PATCHES (INPUT).")
    labels: str = text("Polygons, points or a label raster that lie on the scenes.")
    class_field: str = text("Field of the vector labels that holds the class.")
    class_name_field: str = text("Field that holds the class names where CLASS_FIELD holds ids.")
    ignore_value: str = text(
        "Value of a label raster that means no label; 'none' keeps every value. Default: the "
        "raster's nodata value, else 0."
    )
    patch_px: Optional[int] = integer(
        "Side of a patch in pixels. Default: 5 for scenes, else that of most patches.",
        None,
        1,
        1024,
    )
    max_per_class: int = integer(
        "Most patches of a class that are cut from scenes, drawn at random.", 20000, 1, 10**7
    )
    resampling: str = text(
        "How bands of a coarser resolution are brought to the finest (BigEarthNet).",
        "cubic",
        choices=RESAMPLINGS,
    )
    fraction: float = number("Share of the patches of each class to use.", 1.0, 0.0001, 1)
    split: str = text(
        "How patches without a split of their own are divided: at random, or each class into "
        "contiguous parts in the order of the file (neighbours stay together).",
        "random",
        choices=SPLITTING,
    )
    validation_share: float = number(
        "Share of patches, polygons or blocks held back for validation.", 0.2, 0.01, 0.5
    )
    test_share: Optional[float] = number(
        "Share of patches, polygons or blocks held back for an untouched test; 0 holds none back. "
        "Default: 0.2, or what the data's own split says.",
        low=0,
        high=0.5,
    )
    seed: int = integer("Seed of every random choice.", 0, 0, 2**32 - 1)


@dataclass(frozen=True)
class TrainPatchesOptions(PatchOptions, MachineOptions):
    """Train a network that gives a patch its class, or several."""

    legend: str = text(LEGEND)
    stretch: Tuple[str, ...] = texts(
        "For patches of 8 bits: the reflectance that the values 0 and 255 stand for, such as "
        "0,0.3; scenes in reflectance are then stretched the same way.",
        commas=True,
    )
    indices: Tuple[str, ...] = texts(
        "Spectral indices to add as channels.", choices=INDICES, commas=True
    )
    architecture: str = text(
        "The network: pixelnet or dcnn5 for windows of a few pixels; spectralnet, "
        "small_resnet, resnet18, resnet50, vgg16, vgg19, densenet121, swin, vit, wide_resnet50_2, "
        "efficientnet_b0 or any other name of timm. Default: pixelnet up to 15 px, else "
        "spectralnet; dcnn5 with the published recipe."
    )
    weights: str = text(
        "Pretrained weights of a timm architecture: none, or imagenet (needs a network connection "
        "once).",
        "none",
        choices=("none", "imagenet"),
    )
    initial_model: str = text(
        "Model file to start from: a patch classifier of the same network and bands, trained "
        "earlier or on other patches. Other classes get a new head."
    )
    resize_px: Optional[int] = integer(
        "Resize patches to this side before the network. Default: not at all.", None, 8, 1024
    )
    freeze_epochs: int = integer(
        "Epochs in which only the head learns; then all weights do, at a lower rate.", 0, 0, 100000
    )
    recipe: str = text(
        "Preset of the training: default, or the published one of the 5x5 DCNN.",
        "default",
        choices=RECIPES,
    )
    loss: Optional[str] = text(
        "The loss. Default: cross_entropy, or focal_bce for several classes per patch.",
        None,
        choices=tuple(PATCH_LOSSES),
    )
    label_smoothing: Optional[float] = number("Default: the recipe's.", None, 0, 0.5)
    class_weights: str = text(
        "Weigh classes by their rarity.", "none", choices=("none", "balanced")
    )
    mixup: Optional[float] = number(
        "Share of batches with mixup. Default: the recipe's.", None, 0, 1
    )
    cutmix: Optional[float] = number(
        "Share of batches with cutmix. Default: the recipe's.", None, 0, 1
    )
    zoom: Optional[float] = number(
        "Half of the patches are enlarged or shrunk by up to this share (64 px and more gain"
        " from 0.2). Default: the recipe's.",
        None,
        0,
        0.5,
    )
    epochs: Optional[int] = integer("Most epochs to train. Default: the recipe's.", None, 1, 100000)
    batch_size: Optional[int] = integer("Patches in a batch. Default: the recipe's.", None, 2, 4096)
    learning_rate: Optional[float] = number("Default: the recipe's.", None, 1e-8, 10)
    schedule: Optional[str] = text("Default: the recipe's.", None, choices=SCHEDULES)
    patience: Optional[int] = integer(
        "Epochs without a better validation score before training stops. Default: the recipe's.",
        None,
        1,
        100000,
    )
    metric: Optional[str] = text(
        "Validation score that names the best epoch. Default: macro_f1, or map for several "
        "classes per patch.",
        None,
        choices=PATCH_METRICS,
    )
    keep: str = text(
        "Which network becomes MODEL: the best by METRIC, the best by validation loss, or the "
        "last.",
        "metric",
        choices=KEPT,
    )
    checkpoints: str = text(
        "Folder for best_metric, best_loss and last model files and the state to resume from."
    )
    resume: bool = switch("Go on from the state in CHECKPOINTS or RUN_FOLDER.")
    mode: str = text(
        "Train only, train and test, or test MODEL, which is then read, on the test split.",
        "train_test",
        choices=MODES,
    )
    band_sets: Tuple[str, ...] = texts(
        "Band study: train the same on each of these band sets and compare them in TABLE; MODEL "
        "is the best by validation. Each is a set of BANDS joined by +, or one of single (every "
        "band alone), rgb, cir, swir, all.",
        commas=True,
    )
    keep_best: bool = switch("When cancelled, keep the best model so far (marked interrupted).")
    model: str = text("Model file to write (.safetensors).", required=True)
    report: str = text("HTML report to write.")
    metrics: str = text("JSON file of metrics to write.")
    table: str = text("CSV table of per-class scores to write.")
    predictions: str = text("File of the test split's predictions to write (.npz).")
    run_folder: str = text(RUN_FOLDER + " It takes the place of CHECKPOINTS.")


@dataclass(frozen=True)
class ClassifyPatchesOptions(SceneOptions, MachineOptions):
    """Classify patches with a trained patch classifier."""

    patches: str = text(
        "Patches: one image, a folder (searched in depth), a CSV or Parquet table of paths, or a "
        "folder in the layout of BigEarthNet."
    )
    features: str = text("Patches as a numpy file (N, H, W, C).")
    model: str = text("Model file.", required=True)
    output: str = text("Table to write (.csv).", required=True)
    min_confidence: int = integer(MIN_CONFIDENCE, 0, 0, 100)
    resampling: str = text(
        "How bands of a coarser resolution are brought to the finest (BigEarthNet).",
        "cubic",
        choices=RESAMPLINGS,
    )


@dataclass(frozen=True)
class ImportModelOptions(Options):
    """Turn a published Keras model into a model file."""

    input: str = text("Keras model (.keras, .h5).", required=True)
    model: str = text("Model file to write (.safetensors).", required=True)
    bands: Tuple[str, ...] = texts("Roles or names of the model's inputs, in order.", commas=True)
    classes: Tuple[str, ...] = texts("Names of the model's classes, in order.", commas=True)
    scale: Optional[float] = number(
        "Input of the model = value * SCALE + OFFSET. Default: what is published for the network."
    )
    offset: Optional[float] = number("See SCALE.")
    license: str = text("Licence of the model, for its card.")


@dataclass(frozen=True)
class ExportModelOptions(Options):
    """Write a model for other software, as ONNX or OpenVINO."""

    model: str = text("Model file.", required=True)
    output: str = text("File to write: .onnx, or .xml for OpenVINO.", required=True)
    format: str = text("Default: by the ending of OUTPUT.", "auto", choices=EXPORT_FORMATS)
    tile_px: int = integer(
        "Side of the windows that other software will cut (Deepness), for segmenters.",
        512,
        32,
        4096,
    )


@dataclass(frozen=True)
class ExportPatchesOptions(PatchOptions):
    """Cut labelled patches, or tiles of image and label, for other tools."""

    output: str = text("Folder to make; it must not exist or be empty.", required=True)
    kind: str = text(
        "patches: one folder per class; tiles: images and label rasters side by side.",
        "patches",
        choices=EXPORT_KINDS,
    )
    format: str = text("Format of the images.", "tif", choices=IMAGE_FORMATS)
    tile_px: int = integer("Side of a tile in pixels.", 256, 16, 8192)
    overlap: float = number("Share of a tile's side that neighbouring tiles share.", 0.0, 0, 0.9)


@dataclass(frozen=True)
class AssessOptions(Options):
    """Compare a map with reference data."""

    map: str = text("Map to assess.", required=True)
    reference: str = text("Reference polygons, points or raster.", required=True)
    class_field: str = text("Field of the vector reference that holds the class.")
    class_name_field: str = text("Field that holds the class names where CLASS_FIELD holds ids.")
    ignore_value: str = text(
        "Value of a reference raster that means no label; 'none' keeps every value. Default: the "
        "raster's nodata value, else 0."
    )
    sampling: str = text(
        "How reference points were drawn, where they are a probability sample: simple or "
        "stratified (by the map's classes).",
        "none",
        choices=SAMPLINGS,
    )
    report: str = text("HTML report to write.")
    metrics: str = text("JSON file of metrics to write.")
    table: str = text("CSV table of per-class scores to write.")


@dataclass(frozen=True)
class SuggestSamplesOptions(Options):
    """Draw a random sample of points from a map, to assess its accuracy by."""

    map: str = text("Map to sample.", required=True)
    sampling: str = text(
        "simple: every pixel is as likely; stratified: so many in each class of the map.",
        "stratified",
        choices=DESIGNS,
    )
    size: Optional[int] = integer(
        "Points in all. Default: as many as STANDARD_ERROR asks for.", None, 1, 10**6
    )
    standard_error: float = number(
        "Standard error that overall accuracy shall have, as a share of 1: half of what stands "
        "after ± at 95 % confidence.",
        0.015,
        0.001,
        0.25,
    )
    expected_accuracy: Tuple[str, ...] = texts(
        "User's accuracy to expect, 0 to 1: a number for all classes, NAME=NUMBER or ID=NUMBER for "
        "one. Default: 0.85.",
        commas=True,
    )
    min_per_class: int = integer(
        "Stratified: points that each class gets at least, however rare.", 50, 2, 10**5
    )
    map_class: bool = switch(
        "Write what the map has at each point. Whoever labels the points should not see it."
    )
    seed: int = integer("Seed of every random choice.", 0, 0, 2**32 - 1)
    output: str = text("Points to write (.gpkg, or .geojson in degrees).", required=True)
    table: str = text("CSV table of classes, their shares and points to write.")


@dataclass(frozen=True)
class DetectChangeOptions(Options):
    """Find what has become of what between two maps."""

    before: str = text("Map of the first date.", required=True)
    after: str = text(
        "Map of the second date; where it is on another grid, it is brought to that of the first.",
        required=True,
    )
    output: str = text("Change map to write (.tif).", required=True)
    table: str = text("CSV table of what became of what, with areas, to write.")
    report: str = text("HTML report to write.")


@dataclass(frozen=True)
class DescribeOptions(PatchOptions):
    """Show what training data hold: balance, spectra, separability, labels that may be wrong."""

    patch_px: Optional[int] = integer(
        "Side of the patches in pixels, where it differs. Default: that of most patches.",
        None,
        1,
        1024,
    )
    max_per_class: int = integer(
        "Most pixels of a class that statistics are computed from, drawn at random.",
        20000,
        1,
        10**7,
    )
    report: str = text("HTML report to write.")
    metrics: str = text("JSON file of all numbers to write.")
    table: str = text("CSV table of statistics per class and band to write.")


@dataclass(frozen=True)
class CompareOptions(Options):
    """Compare models by their scores, class by class, and by what they cost."""

    models: Tuple[str, ...] = texts(
        "Two or more model files, metrics files (.json), predictions (.npz) or folders of them.",
        required=True,
    )
    metric: str = text("Score that names the best.", "macro_f1", choices=COMPARED_METRICS)
    filter: Tuple[str, ...] = texts(
        "Only models for which this holds: NAME=VALUE, or with !=, <, <=, > or >=; several must "
        f"all hold. Names: {', '.join(SORTED_BY)}.",
        commas=True,
    )
    sort_by: str = text("Order of the list.", "rank", choices=SORTED_BY)
    report: str = text("HTML report to write.")
    table: str = text("CSV table with a row per model to write.")


@dataclass(frozen=True)
class ExplainOptions(SceneOptions, MachineOptions):
    """Show what a model looks at: where in the image, and in which bands."""

    image: str = text("The scene (INPUT). Give it or PATCHES.")
    patches: str = text(
        "Patches, for patch classifiers: one image, a folder (searched in depth) or a CSV or "
        "Parquet table of paths."
    )
    model: str = text("Model file.", required=True)
    class_: str = text(
        "Name or id of the class to explain. Default: what the model says of each patch or "
        "window; for segmenters the class that it gives most pixels."
    )
    method: str = text(
        "gradcam: where the evidence for the class lies. occlusion: how much is lost without each "
        "band. activations: what a layer holds.",
        "gradcam",
        choices=EXPLANATIONS,
    )
    layer: str = text(
        "Name of the layer to look at. Default: the deepest map of a segmenter, the last one of a "
        "patch classifier."
    )
    channel: Optional[int] = integer(
        "Channel of the layer to show, from 0, for activations. Default: the mean of all.",
        None,
        0,
        65535,
    )
    extent: str = text("Part to explain: 'xmin,xmax,ymin,ymax [CRS]'; CRS defaults to the scene's.")
    max_patches: int = integer(
        "Most patches to explain, taken evenly from all of them.", 100, 1, 10**6
    )
    labels: str = text(
        "Polygons, points or a label raster on the scene: occlusion then also says how much "
        "accuracy is lost. For patches folders named like the classes do."
    )
    class_field: str = text("Field of the vector labels that holds the class.")
    class_name_field: str = text("Field that holds the class names where CLASS_FIELD holds ids.")
    ignore_value: str = text(
        "Value of a label raster that means no label; 'none' keeps every value. Default: the "
        "raster's nodata value, else 0."
    )
    output: str = text(
        "Result to write: a raster (.tif) for a scene; for patches a folder of pictures to make."
    )
    picture: str = text("Picture of the scene with the result over it to write (.png).")
    table: str = text("CSV table of the importance of each band to write, for occlusion.")
    report: str = text("HTML report to write.")


@dataclass(frozen=True)
class InfoOptions(Options):
    """Show what a model file says about itself."""

    model: str = text("Model file.", required=True)
    report: str = text("HTML page to write.")


def _checked(name: str, value: Any, rules: Mapping[str, Any]) -> Any:
    """Return the value in its proper type; raise OptionsError where it is not allowed."""
    kind = rules["kind"]
    if kind == "texts":
        value = _list(value, rules.get("commas", False))
    elif value is None or value == "":
        pass
    elif kind == "switch":
        value = _yes_no(name, value)
    elif kind in ("integer", "number"):
        value = _numeric(name, value, kind, rules["low"], rules["high"])
    elif not isinstance(value, str):
        raise OptionsError(f"{option_name(name)} must be text, not {value!r}.")
    if any("\0" in item for item in (value if isinstance(value, tuple) else (str(value),))):
        raise OptionsError(f"{option_name(name)} cannot hold the character NUL.")
    if rules.get("required") and not value:
        raise OptionsError(f"{option_name(name)} is missing.", str(rules["help"]))
    _check_choice(name, value, rules.get("choices", ()))
    return value


def _list(value: Any, commas: bool) -> Tuple[str, ...]:
    items = [value] if isinstance(value, (str, int, float)) else list(value)
    parts = [str(item) for item in items]
    if commas:
        parts = [piece for item in parts for piece in item.split(",")]
    return tuple(piece.strip() for piece in parts if piece.strip())


def _yes_no(name: str, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    try:
        return words[str(value).lower()]
    except KeyError:
        raise OptionsError(f"{option_name(name)} must be yes or no, not {value!r}.") from None


def _numeric(name: str, value: Any, kind: str, low: float, high: float) -> Any:
    span = f"from {low:g} to {high:g}" if high < 1e30 else "of any size"
    wanted = f"a whole number {span}" if kind == "integer" else f"a number {span}"
    try:
        parsed = float(value)
        whole = int(parsed)
    except (TypeError, ValueError, OverflowError):
        raise OptionsError(f"{option_name(name)} must be {wanted}, not {value!r}.") from None
    if not low <= parsed <= high or (kind == "integer" and whole != parsed):
        raise OptionsError(f"{option_name(name)} must be {wanted}, not {value!r}.")
    return whole if kind == "integer" else parsed


def _check_choice(name: str, value: Any, choices: Tuple[str, ...]) -> None:
    given = value if isinstance(value, tuple) else (value,)
    wrong = [item for item in given if choices and item and item not in choices]
    if wrong:
        raise OptionsError(
            f"{option_name(name)} cannot be {', '.join(map(repr, wrong))}.",
            f"Choose from: {', '.join(choices)}.",
        )


def option_name(field_name: str) -> str:
    """Return the option as the command line spells it: class_field becomes --class-field.

    A field that would be a word of Python ends in an underscore: class_ is --class.
    """
    return "--" + field_name.rstrip("_").replace("_", "-")
