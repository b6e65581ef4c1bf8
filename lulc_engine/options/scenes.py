"""Options of the commands that label every pixel of a scene, and what all scenes have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Tuple

from lulc_engine.errors import OptionsError
from lulc_engine.options.choices import (
    DEVICES,
    INDICES,
    LEGEND,
    LOSSES,
    MIN_CONFIDENCE,
    PRECISIONS,
    RECIPES,
    RUN_FOLDER,
    RUNTIMES,
    SEGMENTERS,
)
from lulc_engine.options.declare import Options, integer, number, switch, text, texts


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
    learning_rate: Optional[float] = number(
        "Largest step by which the weights change. Default: the recipe's.", None, 1e-8, 10
    )
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
        "Patch classifiers: step between windows in pixels. The map has a pixel per step and shows "
        "all of the scene. Default: 1 for windows up to 15 px, else the window's side (half of it "
        "with PER_PIXEL).",
        None,
        1,
        4096,
    )
    per_pixel: bool = switch(
        "Patch classifiers: average overlapping windows, so that the map has the scene's pixels "
        "whatever STRIDE is."
    )
