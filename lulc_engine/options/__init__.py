"""What each command can be asked to do: one frozen dataclass per command.

Standard library and Python 3.9 syntax only: the QGIS plugin imports this module.

These classes are the single declaration of every option. The command line makes its arguments from
them, the worker checks its request against them, and a Processing parameter X_Y is the field x_y
(INPUT is the field ``image``). A field left at None is decided by the engine, which says how.
"""

from __future__ import annotations

from lulc_engine.options.choices import (
    BAND_SETS,
    COMPARED_METRICS,
    DESIGNS,
    DEVICES,
    EXPLANATIONS,
    EXPORT_FORMATS,
    EXPORT_KINDS,
    IMAGE_FORMATS,
    INDICES,
    KEPT,
    LEGEND,
    LOSSES,
    MIN_CONFIDENCE,
    MODES,
    MULTILABEL_LOSSES,
    PATCH_CLASSIFIERS,
    PATCH_LOSSES,
    PATCH_METRICS,
    PRECISIONS,
    RECIPES,
    RESAMPLINGS,
    RUN_FOLDER,
    RUNTIMES,
    SAMPLINGS,
    SCHEDULES,
    SEGMENTERS,
    SORTED_BY,
    SPLITTING,
    TIMM_CLASSIFIER,
    TIMM_NAMES,
)
from lulc_engine.options.declare import Options, integer, number, option_name, switch, text, texts
from lulc_engine.options.models import (
    CompareOptions,
    ExplainOptions,
    ExportModelOptions,
    ImportModelOptions,
    InfoOptions,
)
from lulc_engine.options.patches import (
    ClassifyPatchesOptions,
    ExportPatchesOptions,
    PatchOptions,
    TrainPatchesOptions,
)
from lulc_engine.options.reference import (
    AssessOptions,
    DescribeOptions,
    DetectChangeOptions,
    SuggestSamplesOptions,
)
from lulc_engine.options.scenes import (
    ClassifyOptions,
    MachineOptions,
    SceneOptions,
    TrainSegmenterOptions,
)

__all__ = [
    "BAND_SETS",
    "COMPARED_METRICS",
    "DESIGNS",
    "DEVICES",
    "EXPLANATIONS",
    "EXPORT_FORMATS",
    "EXPORT_KINDS",
    "IMAGE_FORMATS",
    "INDICES",
    "KEPT",
    "LEGEND",
    "LOSSES",
    "MIN_CONFIDENCE",
    "MODES",
    "MULTILABEL_LOSSES",
    "PATCH_CLASSIFIERS",
    "PATCH_LOSSES",
    "PATCH_METRICS",
    "PRECISIONS",
    "RECIPES",
    "RESAMPLINGS",
    "RUNTIMES",
    "RUN_FOLDER",
    "SAMPLINGS",
    "SCHEDULES",
    "SEGMENTERS",
    "SORTED_BY",
    "SPLITTING",
    "TIMM_CLASSIFIER",
    "TIMM_NAMES",
    "AssessOptions",
    "ClassifyOptions",
    "ClassifyPatchesOptions",
    "CompareOptions",
    "DescribeOptions",
    "DetectChangeOptions",
    "ExplainOptions",
    "ExportModelOptions",
    "ExportPatchesOptions",
    "ImportModelOptions",
    "InfoOptions",
    "MachineOptions",
    "Options",
    "PatchOptions",
    "SceneOptions",
    "SuggestSamplesOptions",
    "TrainPatchesOptions",
    "TrainSegmenterOptions",
    "integer",
    "number",
    "option_name",
    "switch",
    "text",
    "texts",
]
