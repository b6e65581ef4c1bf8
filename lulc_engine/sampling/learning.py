"""Points to label next: where a model is unsure of its map, spread over classes and places.

Active learning in batches: classify, label the points suggested, train again with them beside the
labels there were, classify again. What makes a pixel worth a label stands in `uncertainty` and
`candidates`, how the points are spread in `spread`.

What the model left unclassified (MIN_CONFIDENCE) counts as a class of its own: it is where the
model itself gave up.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lulc_engine.errors import DataError, RasterError
from lulc_engine.evaluation.class_map import ClassMap, class_index
from lulc_engine.feedback import Feedback
from lulc_engine.inference.pipeline import ReadAhead
from lulc_engine.options import SuggestSamplesOptions
from lulc_engine.rasters.grid import Grid, Window
from lulc_engine.rasters.ground import pixel_metres
from lulc_engine.reports.csv_table import Cell
from lulc_engine.reports.plain_text import thousands
from lulc_engine.sampling.candidates import BestOfCells, Candidates, Strip, scored
from lulc_engine.sampling.census import Census
from lulc_engine.sampling.draw import Drawn
from lulc_engine.sampling.spread import Spacing, choose
from lulc_engine.sampling.uncertainty import Uncertainty

DEFAULT_SIZE = 50
_STRIP_PIXELS = 2**22
_LEAST_ROWS, _MOST_ROWS = 32, 512
# Cells are a quarter as wide as points are to be apart, and no more than memory has room for.
_CELLS_PER_DISTANCE = 4
_MOST_CANDIDATES = 2**21
_LARGEST_CELL = 2**15 - 1


@dataclass(frozen=True)
class ToLabel:
    """The points to label, the first one first.

    Attributes:
        drawn: the pixels; classes are those of the census.
        unsure: float64 (N,), the uncertainty at each, 0 to 1.
        mean_unsure: float64 (K,), the mean uncertainty of all pixels of each class.
    """

    drawn: Drawn
    unsure: npt.NDArray[np.float64]
    mean_unsure: npt.NDArray[np.float64]

    def rows(self, census: Census) -> list[list[Cell]]:
        """Return a table: a row per class, with its pixels, its mean uncertainty and its points."""
        points = np.bincount(self.drawn.classes, minlength=len(census.legend))
        total = int(census.pixels.sum())
        means = [mean if math.isfinite(mean) else None for mean in self.mean_unsure.tolist()]
        columns = (census.pixels.tolist(), means, points.tolist())
        header: list[Cell] = ["id", "name", "pixels", "share", "mean_uncertainty", "points"]
        return [header] + [
            [item.id, item.name, pixels, pixels / total, mean, number]
            for item, pixels, mean, number in zip(census.legend.classes, *columns, strict=True)
        ]


def suggest_to_label(
    options: SuggestSamplesOptions, class_map: ClassMap, census: Census, feedback: Feedback
) -> ToLabel:
    """Choose the points of a map that are worth a label most.

    The map and the raster of uncertainty are read once, in strips of rows.

    Args:
        options: with CONFIDENCE or PROBABILITIES.
        class_map: the map.
        census: of that map, with what is unclassified.
        feedback: told how far it is; asked whether to stop.

    Raises:
        RasterError: CONFIDENCE or PROBABILITIES cannot be read or do not fit the map, or a distance
            in metres is asked for on a grid that has none.
        DataError: the model is wholly sure everywhere.
    """
    size = options.size or DEFAULT_SIZE
    spacing = _spacing(options.min_distance, size, class_map.grid, int(census.pixels.sum()))
    path = options.probabilities or options.confidence
    with Uncertainty(path, bool(options.probabilities), class_map.grid) as source:
        if source.model_sha256 != class_map.model_sha256 and "" not in (
            source.model_sha256,
            class_map.model_sha256,
        ):
            feedback.warning(f"{path} was written by another model than the map.")
        found, mean = _survey(class_map, source, census, spacing, options.seed, feedback)
        if not len(found):
            raise DataError(
                f"The model is wholly sure of all of the map, or {path} has no values there.",
                "Check that it was written together with the map; else draw a random sample.",
            )
        choice = choose(found, len(census.legend), size, spacing)
        picked = choice.positions
        drawn = Drawn(found.rows[picked], found.columns[picked], found.classes[picked])
        unsure = [
            float(source.read(Window(row, column, 1, 1))[0, 0])
            for row, column in zip(drawn.rows.tolist(), drawn.columns.tolist(), strict=True)
        ]
    _tell(len(picked), size, choice.distance, options.min_distance is not None, feedback)
    return ToLabel(drawn, np.array(unsure), mean)


def _tell(points: int, wanted: int, distance: float, fixed: bool, feedback: Feedback) -> None:
    apart = f", at least {distance:,.0f} m apart" if points > 1 and distance >= 1 else ""
    feedback.info(f"{thousands(points)} points to label{apart}, in the order to label them in.")
    feedback.info(
        "They are where the model is unsure, not a random sample: train with them, and assess the "
        "map with others."
    )
    if points < wanted:
        hint = "Give a smaller --min-distance" if fixed else "There are no others of which it is"
        rest = " for more." if fixed else " unsure."
        feedback.warning(f"Only {points} of {wanted} points were found. {hint}{rest}")


def _spacing(given: float | None, size: int, grid: Grid, pixels: int) -> Spacing:
    """Return how far apart points are to be: as given, or half the spacing of an even spread."""
    sides = pixel_metres(grid)
    if sides is None:
        if given:
            raise RasterError(
                "--min-distance is in metres, which the coordinate system of the map has not.",
                "Leave it out, or assign the right CRS to the map.",
            )
        sides = (1.0, 1.0)
    width, height = sides
    even = math.sqrt(pixels * width * height / size)
    return Spacing(even / 2 if given is None else given, (height, width), given is not None)


def _survey(
    class_map: ClassMap,
    source: Uncertainty,
    census: Census,
    spacing: Spacing,
    seed: int,
    feedback: Feedback,
) -> tuple[Candidates, npt.NDArray[np.float64]]:
    """Return the candidates and the mean uncertainty (K,) of each class, NaN where unknown."""
    grid, n_classes = class_map.grid, len(census.legend)
    cell = _cell(spacing, grid, n_classes)
    best = BestOfCells(grid.height, grid.width, n_classes, cell, seed)
    total, number = np.zeros(n_classes), np.zeros(n_classes)

    def read(window: Window) -> Strip:
        classes = class_index(class_map.read(window), census.legend.ids)
        unsure = source.read(window)
        return Strip(window.row_off, classes, np.where(classes >= 0, unsure, np.float32("nan")))

    def strips() -> Iterator[Strip]:
        with ReadAhead(_windows(grid), read, depth=2) as reads:
            for window, strip in reads:
                feedback.check()
                feedback.progress(window.row_off / grid.height, "Looking for what is unsure")
                yield strip

    for strip, score in scored(strips()):
        best.add(strip.row_off, strip.classes, score)
        known = np.isfinite(strip.unsure)
        index = strip.classes[known]
        total += np.bincount(index, strip.unsure[known], n_classes)
        number += np.bincount(index, minlength=n_classes)
    with np.errstate(invalid="ignore"):
        return best.result(), total / number


def _windows(grid: Grid) -> Iterator[Window]:
    """Yield strips of whole rows, from above to below, of about as many pixels each."""
    rows = _MOST_ROWS
    while rows > _LEAST_ROWS and rows * grid.width > _STRIP_PIXELS:
        rows //= 2
    for row in range(0, grid.height, rows):
        yield Window(row, 0, min(rows, grid.height - row), grid.width)


def _cell(spacing: Spacing, grid: Grid, n_classes: int) -> tuple[int, int]:
    """Return rows and columns of a cell."""
    height, width = spacing.sides
    side = spacing.distance / _CELLS_PER_DISTANCE
    least = math.sqrt(grid.height * grid.width * n_classes / _MOST_CANDIDATES)
    rows, columns = (max(math.floor(side / px), math.ceil(least), 1) for px in (height, width))
    return min(rows, _LARGEST_CELL), min(columns, _LARGEST_CELL)
