"""Options of the commands about models: importing, exporting, showing, comparing, explaining."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Tuple

from lulc_engine.options.choices import COMPARED_METRICS, EXPLANATIONS, EXPORT_FORMATS, SORTED_BY
from lulc_engine.options.declare import Options, integer, number, text, texts
from lulc_engine.options.scenes import MachineOptions, SceneOptions


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
