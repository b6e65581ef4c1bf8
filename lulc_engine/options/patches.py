"""Options of the commands that take patches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Tuple

from lulc_engine.options.choices import (
    EXPORT_KINDS,
    IMAGE_FORMATS,
    INDICES,
    KEPT,
    LEGEND,
    MIN_CONFIDENCE,
    MODES,
    PATCH_LOSSES,
    PATCH_METRICS,
    RECIPES,
    RESAMPLINGS,
    RUN_FOLDER,
    SCHEDULES,
    SPLITTING,
)
from lulc_engine.options.declare import integer, number, switch, text, texts
from lulc_engine.options.scenes import MachineOptions, SceneOptions


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
        "Default: 0.2, or what the data's own split says; of scenes, 0.2 where every class has 5 "
        "polygons or blocks, else none.",
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
    label_smoothing: Optional[float] = number(
        "Share of each label that is spread over the other classes. Default: the recipe's.",
        None,
        0,
        0.5,
    )
    class_weights: str = text(
        "Weigh classes by their rarity.", "none", choices=("none", "balanced")
    )
    mixup: Optional[float] = number(
        "Share of batches in which patches are blended in pairs. Default: the recipe's.", None, 0, 1
    )
    cutmix: Optional[float] = number(
        "Share of batches in which parts of other patches are pasted. Default: the recipe's.",
        None,
        0,
        1,
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
    learning_rate: Optional[float] = number(
        "Largest step by which the weights change. Default: the recipe's.", None, 1e-8, 10
    )
    schedule: Optional[str] = text(
        "How the learning rate goes on: it rises and falls once, falls where the validation score "
        "rises no longer, or stays. Default: the recipe's.",
        None,
        choices=SCHEDULES,
    )
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
