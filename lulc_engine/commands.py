"""The commands of the engine: name, options and the function that runs each.

One entry here makes a command available on the command line and to the worker process. Functions
are named, not imported, so that asking for help or for one command loads nothing else.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lulc_engine import options
from lulc_engine.feedback import Feedback


@dataclass(frozen=True)
class Command:
    """A command: its options class and where its function lives, as ``module:function``."""

    options: type[options.Options]
    function: str

    def run(self, given: options.Options, feedback: Feedback) -> dict[str, Any]:
        """Run the command and return its result: output paths and numbers by lower-case name."""
        module, name = self.function.split(":")
        run: Callable[[options.Options, Feedback], dict[str, Any]]
        run = getattr(importlib.import_module(module), name)
        return run(given, feedback)


COMMANDS: dict[str, Command] = {
    "train-segmenter": Command(
        options.TrainSegmenterOptions, "lulc_engine.training.segmenter:train_segmenter"
    ),
    "classify": Command(options.ClassifyOptions, "lulc_engine.inference.classify:classify"),
    "assess": Command(options.AssessOptions, "lulc_engine.evaluation.assess:assess"),
    "info": Command(options.InfoOptions, "lulc_engine.models.info:info"),
}
