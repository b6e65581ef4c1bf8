"""The commands of the engine: name, options and the function that runs each.

One entry here makes a command available on the command line and to the worker process. Functions
are named, not imported, so that asking for help or for one command loads nothing else.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lulc_engine import options as declared
from lulc_engine.feedback import Feedback
from lulc_engine.options import Options

Run = Callable[[Options, Feedback], dict[str, Any]]


@dataclass(frozen=True)
class Command:
    """A command: its options class and where its function lives, as ``module:function``."""

    options: type[Options]
    function: str

    def load(self) -> Run:
        """Return the function, with all that it needs loaded; for PyTorch that takes seconds."""
        module, name = self.function.split(":")
        run: Run = getattr(importlib.import_module(module), name)
        return run

    def run(self, given: Options, feedback: Feedback) -> dict[str, Any]:
        """Run the command and return its result: output paths and numbers by lower-case name."""
        return self.load()(given, feedback)


COMMANDS: dict[str, Command] = {
    "train-segmenter": Command(
        declared.TrainSegmenterOptions, "lulc_engine.training.segmenter:train_segmenter"
    ),
    "train-patches": Command(
        declared.TrainPatchesOptions, "lulc_engine.training.patches:train_patches"
    ),
    "classify": Command(declared.ClassifyOptions, "lulc_engine.inference.classify:classify"),
    "classify-patches": Command(
        declared.ClassifyPatchesOptions, "lulc_engine.inference.patch_table:classify_patches"
    ),
    "assess": Command(declared.AssessOptions, "lulc_engine.evaluation.assess:assess"),
    "suggest-samples": Command(
        declared.SuggestSamplesOptions, "lulc_engine.sampling.suggest:suggest_samples"
    ),
    "detect-change": Command(
        declared.DetectChangeOptions, "lulc_engine.change.detect:detect_change"
    ),
    "describe": Command(declared.DescribeOptions, "lulc_engine.insight.describe:describe"),
    "compare": Command(declared.CompareOptions, "lulc_engine.insight.compare:compare"),
    "explain": Command(declared.ExplainOptions, "lulc_engine.explain.command:explain"),
    "info": Command(declared.InfoOptions, "lulc_engine.models.info:info"),
    "export-patches": Command(
        declared.ExportPatchesOptions, "lulc_engine.samples.patches.export:export_patches"
    ),
    "import-model": Command(
        declared.ImportModelOptions, "lulc_engine.models.keras_import:import_model"
    ),
    "export-model": Command(declared.ExportModelOptions, "lulc_engine.models.export:export_model"),
}
