"""The command ``suggest-samples``: points to assess a map's accuracy by, or to label next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lulc_engine.errors import OptionsError
from lulc_engine.evaluation.area import Z95
from lulc_engine.evaluation.class_map import ClassMap
from lulc_engine.feedback import Feedback
from lulc_engine.options import SuggestSamplesOptions
from lulc_engine.outputs import Outputs, check_writable
from lulc_engine.rasters.files import gdal_settings
from lulc_engine.rasters.ground import pixel_areas
from lulc_engine.rasters.legend import Legend
from lulc_engine.reports.csv_table import Cell, csv_text
from lulc_engine.reports.plain_text import percent, thousands
from lulc_engine.sampling import points, size
from lulc_engine.sampling.census import Census, take_census
from lulc_engine.sampling.draw import Drawn, draw_simple, draw_stratified
from lulc_engine.sampling.expectations import expected_accuracies
from lulc_engine.sampling.learning import suggest_to_label
from lulc_engine.sampling.marking import UNCERTAIN

# Pixels whose areas differ more than this are not alike to an estimate of area.
_UNEQUAL = 1.05


def suggest_samples(options: SuggestSamplesOptions, feedback: Feedback) -> dict[str, Any]:
    """Draw a random sample of a map's pixels, or choose those worth a label, and write points.

    The map is read twice: once to count its classes, once where points lie or, with the raster of
    uncertainty, as a whole.

    Returns:
        The paths of what was written, the design as ``sampling``, the number of points as
        ``points`` and, of a random sample, the standard error of overall accuracy to expect as
        ``expected_error``.

    Raises:
        OptionsError: a path has the wrong ending, options contradict each other, an accuracy names
            no class of the map, or SIZE cannot hold the points that each class is to get.
        DataError: the map has no classes or cannot be read, or CONFIDENCE or PROBABILITIES do not
            fit it.
    """
    design = design_of(options)
    inputs = [path for path in (options.map, options.confidence, options.probabilities) if path]
    check_writable(options.output, points.SUFFIXES, inputs)
    if options.table:
        check_writable(options.table, (".csv",), inputs)
    with gdal_settings(), ClassMap(options.map) as class_map:
        points.check_place(class_map.grid)
        suggest = _to_learn if design == UNCERTAIN else _to_assess
        found = suggest(options, class_map, feedback)
        for note in class_map.notes:
            feedback.info(note)
    with Outputs(inputs) as outputs:
        points.write_points(options.output, found.layer, outputs)
        if options.table:
            outputs.write_text(options.table, csv_text(found.table), (".csv",))
    feedback.progress(1.0, "Done")
    return {
        "output": options.output,
        "table": options.table,
        "sampling": design,
        "points": len(found.layer.drawn.rows),
        "expected_error": found.expected_error,
        "legend": [{"id": c.id, "name": c.name} for c in found.legend.classes],
    }


def design_of(options: SuggestSamplesOptions) -> str:
    """Return the design that is asked for: simple, stratified or uncertain.

    Raises:
        OptionsError: options contradict each other.
    """
    given = [name for name in ("confidence", "probabilities") if getattr(options, name)]
    if len(given) == 2:
        raise OptionsError(
            "--confidence and --probabilities were both given; points follow from one of them.",
            "Leave out --confidence: probabilities tell more.",
        )
    design = options.sampling
    if design == "auto":
        design = UNCERTAIN if given else "stratified"
    if design == UNCERTAIN:
        if not given:
            raise OptionsError(
                "--sampling uncertain needs to know where the model is unsure.",
                "Give --confidence or --probabilities, which classify writes with the map.",
            )
        if options.expected_accuracy:
            raise OptionsError(
                "--expected-accuracy is for random samples, which a map is assessed by; "
                "--sampling uncertain chooses points to train with.",
                "Leave out one of them.",
            )
    elif given:
        raise OptionsError(
            f"--sampling {design} draws at random and has no use for --{given[0]}.",
            "Leave out one of them; points where the model is unsure are --sampling uncertain.",
        )
    elif options.min_distance is not None:
        raise OptionsError(
            f"--min-distance is for --sampling uncertain; {design} draws at random.",
            "Leave it out: a random sample has points close together too.",
        )
    return design


@dataclass(frozen=True)
class _Suggested:
    """What is written, the classes that people choose from, and the standard error to expect."""

    layer: points.SampleLayer
    table: list[list[Cell]]
    legend: Legend
    expected_error: float | None


def _to_learn(
    options: SuggestSamplesOptions, class_map: ClassMap, feedback: Feedback
) -> _Suggested:
    """Choose points to label next."""
    census = take_census(class_map, feedback.part(0, 0.3), with_unclassified=True)
    found = suggest_to_label(options, class_map, census, feedback.part(0.3, 0.95))
    layer = points.SampleLayer(
        class_map.grid, census.legend, found.drawn, options.map_class, found.unsure
    )
    # What is there may be a class that the map has nowhere
    choices = class_map.legend(set(census.legend.ids) - class_map.unsure)
    return _Suggested(layer, found.rows(census), choices, None)


def _to_assess(
    options: SuggestSamplesOptions, class_map: ClassMap, feedback: Feedback
) -> _Suggested:
    """Draw a random sample."""
    census = take_census(class_map, feedback.part(0, 0.5))
    expected = expected_accuracies(options.expected_accuracy, census.legend)
    draw = _draw_simple if options.sampling == "simple" else _draw_stratified
    drawn, error = draw(options, class_map, census, expected, feedback.part(0.5, 0.9))
    _warn_of_unequal_pixels(class_map, feedback)
    feedback.info(
        f"{thousands(len(drawn.rows))} points. If the map is as accurate as expected, its overall "
        f"accuracy will be known to ± {percent(Z95 * error)} (95 % confidence)."
    )
    counts = np.bincount(drawn.classes, minlength=len(census.legend))
    layer = points.SampleLayer(class_map.grid, census.legend, drawn, options.map_class)
    return _Suggested(layer, _rows(census, expected, counts), census.legend, error)


def _draw_simple(
    options: SuggestSamplesOptions,
    class_map: ClassMap,
    census: Census,
    expected: size.Rates,
    feedback: Feedback,
) -> tuple[Drawn, float]:
    """Return a simple random sample and the standard error to expect of it."""
    wanted = options.size or size.simple_size(census.pixels, expected, options.standard_error)
    drawn = draw_simple(class_map, census, _at_most(wanted, census), options.seed, feedback)
    return drawn, size.simple_error(census.pixels, expected, len(drawn.rows))


def _draw_stratified(
    options: SuggestSamplesOptions,
    class_map: ClassMap,
    census: Census,
    expected: size.Rates,
    feedback: Feedback,
) -> tuple[Drawn, float]:
    """Return a sample that is stratified by class and the standard error to expect of it."""
    needed = size.stratified_size(census.pixels, expected, options.standard_error)
    sizes = size.allocate(options.size or needed, census.pixels, options.min_per_class)
    if options.size and int(sizes.sum()) > options.size:
        raise OptionsError(
            f"--size {options.size} cannot hold {options.min_per_class} points for each of the "
            f"{len(sizes)} classes.",
            f"Give a size of at least {int(sizes.sum())}, or a smaller --min-per-class.",
        )
    _at_most(options.size or 0, census)
    drawn = draw_stratified(class_map, census, sizes, options.seed, feedback)
    return drawn, size.stratified_error(census.pixels, expected, sizes)


def _at_most(wanted: int, census: Census) -> int:
    """Return the number of points wanted; refuse more than the map has pixels."""
    pixels = int(census.pixels.sum())
    if wanted > pixels:
        raise OptionsError(
            f"--size {wanted} is more than the {pixels} pixels of the map that have a class.",
            "Give a smaller size.",
        )
    return wanted


def _warn_of_unequal_pixels(class_map: ClassMap, feedback: Feedback) -> None:
    """Say where pixels are of different size, as in degrees: they were drawn, not hectares."""
    areas = pixel_areas(class_map.grid)
    if areas is not None and areas.max() > _UNEQUAL * areas.min():
        more = areas.max() / areas.min() - 1
        feedback.warning(
            f"Pixels of this map differ in area by up to {percent(more, 0)}, but each is as likely "
            "to be drawn, so that estimates of area lean towards small pixels. Reproject the map "
            "to an equal-area CRS first."
        )


def _rows(census: Census, expected: size.Rates, counts: size.Pixels) -> list[list[Cell]]:
    """Return the table of the design: a row per class, with what estimators need."""
    header: list[Cell] = ["id", "name", "pixels", "share", "expected_accuracy", "points"]
    total = int(census.pixels.sum())
    columns = (census.pixels.tolist(), expected.tolist(), counts.tolist())
    return [header] + [
        [item.id, item.name, pixels, pixels / total, accuracy, number]
        for item, pixels, accuracy, number in zip(census.legend.classes, *columns, strict=True)
    ]
