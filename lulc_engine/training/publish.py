"""What the training commands write, and where: the same for segmenters and patch classifiers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lulc_engine.evaluation.metrics import metrics_json, metrics_table
from lulc_engine.models.model_file import SUFFIXES
from lulc_engine.options import Options, TrainPatchesOptions
from lulc_engine.outputs import Outputs, friendly_write_errors

MODEL = {"model": SUFFIXES}
SCORES: dict[str, tuple[str, ...]] = {
    "report": (".html", ".htm"),
    "metrics": (".json",),
    "table": (".csv",),
}
PREDICTIONS: dict[str, tuple[str, ...]] = {"predictions": (".npz",)}
HEADLINE = ("overall_accuracy", "kappa", "mean_iou", "macro_f1")


def stage(
    options: Options, outputs: Outputs, allowed: Mapping[str, tuple[str, ...]]
) -> dict[str, Path]:
    """Reserve the outputs that the options name: a wrong folder must not cost a training.

    Args:
        options: has a field for each name in ``allowed``.
        outputs: where they are staged.
        allowed: endings by name of the output.

    Returns:
        The temporary path of each output that is wanted.
    """
    return {
        name: outputs.stage(getattr(options, name), suffixes)
        for name, suffixes in allowed.items()
        if getattr(options, name)
    }


def patch_inputs(options: TrainPatchesOptions) -> list[str]:
    """Return the files that are read, which no output may replace."""
    paths = [*options.image, *options.mask, options.labels, options.patches]
    paths += [options.features, options.targets, options.initial_model]
    return [path.split("|")[0] for path in paths if path]


def headline_split(by_split: Mapping[str, Any]) -> str:
    """Return the split whose scores may stand in front: the untouched test where there is one."""
    return "test" if "test" in by_split else "validation"


def write_scores(
    options: Options,
    parts: Mapping[str, Path],
    metrics: Mapping[str, Any],
    report: Callable[[], str],
    table: str | None = None,
) -> None:
    """Write metrics, table and report, those of them that are wanted.

    Args:
        options: name the final paths.
        parts: temporary paths by name.
        metrics: the metrics object of the headline.
        report: makes the HTML report.
        table: the CSV table; None for that of the scores by class.
    """
    texts: dict[str, Callable[[], str]] = {
        "metrics": lambda: metrics_json(metrics),
        "table": lambda: metrics_table(metrics) if table is None else table,
        "report": report,
    }
    for name, text in texts.items():
        if name in parts:
            with friendly_write_errors(getattr(options, name)):
                parts[name].write_text(text(), encoding="utf-8", newline="")
