"""The command ``assess``: compare a map with reference data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lulc_engine.errors import DataError, LabelError, OptionsError
from lulc_engine.evaluation import confusion
from lulc_engine.evaluation.area import area_block
from lulc_engine.evaluation.class_map import ClassMap
from lulc_engine.evaluation.confusion import Counts, ValueCounts
from lulc_engine.evaluation.intervals import unit_intervals
from lulc_engine.evaluation.mapped_area import mapped_areas
from lulc_engine.evaluation.matching import Matching, match_legends
from lulc_engine.evaluation.metrics import (
    ReferenceInfo,
    build_metrics,
    metrics_json,
    metrics_table,
)
from lulc_engine.evaluation.training_area import WITHIN_TRAINING, lies_within_training
from lulc_engine.evaluation.units import (
    BLOCKS,
    POLYGONS,
    Margins,
    UnitCounts,
    block_numbers,
    block_side,
    split_by_blocks,
)
from lulc_engine.feedback import Feedback
from lulc_engine.inference.pipeline import ReadAhead
from lulc_engine.options import AssessOptions
from lulc_engine.outputs import Outputs, check_writable, file_sha256
from lulc_engine.rasters.files import gdal_settings
from lulc_engine.rasters.legend import Legend
from lulc_engine.reports import words
from lulc_engine.reports.accuracy import AccuracyReport, render_accuracy_report
from lulc_engine.samples.label_files import open_labels
from lulc_engine.samples.labels import Labels
from lulc_engine.sampling.marking import are_chosen

_ENDINGS = {"report": (".html", ".htm"), "metrics": (".json",), "table": (".csv",)}
_CLASSIFIED_ONLY = (
    "Accuracies and areas are those of the classified part of the map. What its unclassified "
    "pixels are is in no estimate: for areas of the whole, assess a map made without "
    "MIN_CONFIDENCE."
)
_CHOSEN = (
    "The reference points were chosen where a model was unsure, to train with them. Scores at such "
    "places are lower than those of the map, or tell nothing if the model has learned from them: "
    "draw a random sample with suggest-samples."
)
HEADLINES = ("overall_accuracy", "kappa", "mean_iou", "macro_f1")


@dataclass(frozen=True)
class _Comparison:
    """Map and reference brought together: counts over the common legend, and by unit."""

    matching: Matching
    legend: Legend
    matrix: Counts
    unclassified: int
    abstained: int
    margins: Margins


def assess(options: AssessOptions, feedback: Feedback) -> dict[str, Any]:
    """Assess a map and write report, metrics and table where asked to.

    One confusion matrix is counted over all labelled pixels (or points) that the map classifies;
    everything else derives from it.

    Returns:
        Paths of what was written ('' where not asked for), the headline numbers,
        ``unclassified_share`` (of the labelled samples, where the map has no class), and the
        metrics object as ``scores``.

    Raises:
        OptionsError: a path has the wrong ending, or SAMPLING does not fit the reference.
        DataError: map and reference do not overlap, have no common classes or cannot be read.
    """
    reference_file = options.reference.split("|")[0]
    inputs = (options.map, reference_file)
    paths = {name: getattr(options, name) for name in _ENDINGS}
    for name, path in paths.items():
        if path:
            check_writable(path, _ENDINGS[name], inputs)
    with gdal_settings(), ClassMap(options.map) as class_map:
        metrics, legend = _measure(options, class_map, feedback)
    names = Path(options.map).name, Path(reference_file).name
    writers: dict[str, Callable[[], str]] = {
        "report": lambda: render_accuracy_report(AccuracyReport(metrics, legend, *names)),
        "metrics": lambda: metrics_json(metrics),
        "table": lambda: metrics_table(metrics),
    }
    with Outputs(inputs) as outputs:
        for name, path in paths.items():
            if path:  # pictures take a second: only for a report that is asked for
                outputs.write_text(path, writers[name](), _ENDINGS[name])
    feedback.progress(1.0, "Done")
    missing, n = metrics["reference"]["unclassified"], metrics["reference"]["n"]
    return {
        **paths,
        **{name: metrics[name] for name in HEADLINES},
        "unclassified_share": missing / (missing + n),
        "scores": metrics,
    }


def _measure(
    options: AssessOptions, class_map: ClassMap, feedback: Feedback
) -> tuple[dict[str, Any], Legend]:
    """Return the metrics object and the common legend."""
    feedback.progress(None, "Reading the reference")
    labels = open_labels(
        options.reference,
        class_map.grid,
        options.class_field,
        options.class_name_field,
        options.ignore_value,
        feedback,
    )
    if options.sampling != "none" and labels.kind != "points":
        raise OptionsError(
            f"--sampling {options.sampling} needs reference points, not {labels.kind}.",
            "Leave SAMPLING at none, or give the points of the sample.",
        )
    chosen = labels.kind == "points" and are_chosen(options.reference)
    if chosen and options.sampling != "none":
        raise OptionsError(
            f"--sampling {options.sampling} needs points that chance has drawn; those of "
            f"{Path(options.reference.split('|')[0]).name} were chosen where a model was unsure.",
            "Draw a random sample with suggest-samples, or leave SAMPLING at none.",
        )
    counts = _count(class_map, labels, feedback.part(0, 0.7))
    found = _compare(class_map, labels, counts)
    info = ReferenceInfo(
        kind=labels.kind,
        independent=_is_independent(class_map, options.reference.split("|")[0]),
        split=None,
        n=int(found.matrix.sum()),
        unclassified=found.unclassified,
        notes=(
            *labels.notes,
            *labels.edge_notes("map"),
            *labels.pixel_notes(),
            *class_map.notes,
        ),
        abstained=found.abstained,
    )
    metrics = build_metrics(found.matrix, found.legend, info)
    metrics |= {"matching": found.matching.by, "sampling": options.sampling}
    cautions = [*found.matching.notes, *([_CHOSEN] if chosen else [])]
    if options.sampling != "none":
        areas = mapped_areas(class_map, found.legend, feedback.part(0.7, 0.95))
        metrics["area"], unsure = area_block(found.matrix, found.legend, areas)
        cautions += unsure
        if found.abstained:
            cautions.append(_CLASSIFIED_ONLY)
    else:
        metrics["intervals"], unsure = unit_intervals(found.margins, found.legend, counts)
        cautions += unsure
        if info.independent is None and lies_within_training(class_map, labels.window):
            cautions.append(WITHIN_TRAINING)
    for note in info.notes:
        feedback.info(note)
    for caution in [*cautions, *words.on_unclassified(metrics)]:
        feedback.warning(caution)
    return {**metrics, "cautions": cautions}, found.legend


def _count(class_map: ClassMap, labels: Labels, feedback: Feedback) -> UnitCounts:
    """Count which reference class meets which map value in each polygon or spatial block.

    Points count one by one, also where two lie in one pixel.
    """
    side = 0 if labels.kind == POLYGONS else block_side(labels.window)
    counts = UnitCounts(BLOCKS if side else POLYGONS, side, len(labels.legend))
    points = labels.samples()
    if points is not None:
        rows, columns, classes = points
        units = block_numbers(rows // side, columns // side)
        counts.add_mixed(units, classes.astype(np.int16), class_map.read_at(rows, columns))
        return counts
    blocks = list(class_map.blocks(labels.window))
    # The map is read in one thread while the reference is read and both are counted in this one.
    with ReadAhead(blocks, class_map.read) as reads:
        for number, (block, values) in enumerate(reads):
            feedback.check()
            feedback.progress(number / len(blocks), "Comparing map and reference")
            reference, units = labels.read_with_units(block)
            if not (reference >= 0).any():
                continue
            if units is not None:
                counts.add_mixed(units, reference, values)
                continue
            for unit, part in split_by_blocks(block, side):
                place = part.relative_to(block)
                counts.add(unit, reference[place], values[place])
    return counts


def _compare(class_map: ClassMap, labels: Labels, by_unit: UnitCounts) -> _Comparison:
    """Match the legends and put the counts into one matrix, and its margins by unit.

    Raises:
        LabelError: no reference lies on the map.
        DataError: the map has no class under the reference, or the classes do not match.
    """
    counts = by_unit.total()
    by_class = counts.by_class
    used = {int(index) for index in np.flatnonzero(by_class)}
    if not used:
        raise LabelError(
            f"No pixel of {Path(class_map.path).name} lies under the reference.",
            "Choose a reference of this area; polygons must hold the centre of a pixel.",
        )
    values = set(counts.values)
    reference_ids = {labels.legend.ids[index] for index in used}
    empty = class_map.unclassified_values(values, reference_ids)
    if values == empty:
        raise DataError(
            f"{Path(class_map.path).name} has no class anywhere under the reference.",
            "Choose a reference of the area that the map covers.",
        )
    own = class_map.legend(values - empty)
    has_names = class_map.complete_legend is not None
    matching = match_legends(own, labels.legend, used, has_names)
    matrix = _matrix(counts, matching, own, values - empty)
    columns = {value: own.ids.index(value) for value in values - empty}
    margins = by_unit.margins(matching.reference_index, columns, len(matching.legend))
    kept = _kept(matrix, class_map.keeps_unused_classes)
    return _Comparison(
        matching=matching,
        legend=Legend(tuple(matching.legend.classes[i] for i in kept)),
        matrix=matrix[np.ix_(kept, kept)],
        unclassified=_number(counts, empty),
        abstained=_number(counts, empty & class_map.unsure),
        margins=margins.of_classes(kept),
    )


def _number(counts: ValueCounts, values: set[int]) -> int:
    """Return how many samples of the reference lie on some values of the map."""
    return sum(int(counts.of(value).sum()) for value in values)


def _matrix(counts: ValueCounts, matching: Matching, own: Legend, values: set[int]) -> Counts:
    matrix = confusion.empty(len(matching.legend))
    column = {item: index for index, item in enumerate(own.ids)}
    for value in values:
        for index, number in zip(matching.reference_index, counts.of(value), strict=True):
            if index is not None:
                matrix[index, column[value]] += number
    return matrix


def _kept(matrix: Counts, all_classes: bool) -> npt.NDArray[np.intp]:
    """Return the classes to report: those with a count, or all that the map's own legend lists."""
    occurs = (matrix.sum(axis=0) + matrix.sum(axis=1)) > 0
    return np.flatnonzero(occurs | all_classes)


def _is_independent(class_map: ClassMap, reference: str) -> bool | None:
    """Return False where the map's model learned from this very file; else it is not known."""
    hashes = class_map.training_hashes
    if hashes and Path(reference).is_file() and file_sha256(reference) in hashes:
        return False
    return None
