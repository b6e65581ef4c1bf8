"""Pictures in a run folder, as files of their own: those that the report shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lulc_engine.rasters.legend import Legend
from lulc_engine.reports import curves as drawn
from lulc_engine.reports.drawing import svg_text
from lulc_engine.reports.multilabel import MultilabelSection, section_of
from lulc_engine.runs.record import CLASS_SCORES, CONFUSION, TOGETHER


def curves(history: Sequence[Mapping[str, Any]], best_epoch: int) -> str:
    """Return the learning curves of a training so far as SVG.

    Args:
        history: a row per epoch.
        best_epoch: counted from 1; 0 while there is none.
    """
    validation = history[-1].get("validation") or {}
    shown = drawn.SEGMENTER_SCORES
    if "average_precision" in validation:  # patches
        several = validation.get("kappa") is None
        shown = drawn.MULTILABEL_SCORES if several else drawn.PATCH_SCORES
    return svg_text(drawn.learning_curves(history, best_epoch or None, shown))


def result_pictures(metrics: Mapping[str, Any], legend: Legend) -> dict[str, str]:
    """Return the pictures of a metrics object as SVG by file name.

    One class per sample has a confusion matrix; several have the matrix of classes that occur
    together. Both have the scores by class.
    """
    section = section_of(metrics, legend)
    matrix = (TOGETHER, section.together) if isinstance(section, MultilabelSection) else (
        CONFUSION, section.confusion
    )  # fmt: skip
    return {CLASS_SCORES: svg_text(section.bars), matrix[0]: svg_text(matrix[1])}
