"""Options of the commands about maps and their reference: accuracy, samples, change, labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Tuple

from lulc_engine.options.choices import SAMPLINGS, SUGGESTIONS
from lulc_engine.options.declare import Options, integer, number, switch, text, texts
from lulc_engine.options.patches import PatchOptions


@dataclass(frozen=True)
class AssessOptions(Options):
    """Compare a map with reference data."""

    map: str = text("Map to assess.", required=True)
    reference: str = text("Reference polygons, points or raster.", required=True)
    class_field: str = text("Field of the vector reference that holds the class.")
    class_name_field: str = text("Field that holds the class names where CLASS_FIELD holds ids.")
    ignore_value: str = text(
        "Value of a reference raster that means no label; 'none' keeps every value. Default: the "
        "raster's nodata value, else 0."
    )
    sampling: str = text(
        "How reference points were drawn, where they are a probability sample: simple or "
        "stratified (by the map's classes).",
        "none",
        choices=SAMPLINGS,
    )
    report: str = text("HTML report to write.")
    metrics: str = text("JSON file of metrics to write.")
    table: str = text("CSV table of per-class scores to write.")


@dataclass(frozen=True)
class SuggestSamplesOptions(Options):
    """Suggest points of a map to label: a random sample to assess it, or what to learn next."""

    map: str = text("Map to sample.", required=True)
    confidence: str = text(
        "CONFIDENCE that classify wrote with the map, to suggest points where it is low."
    )
    probabilities: str = text(
        "PROBABILITIES that classify wrote with the map, to suggest points where the two likeliest "
        "classes are nearly as likely; instead of CONFIDENCE."
    )
    sampling: str = text(
        "To assess the map, a random sample: stratified, so many in each class of the map, or "
        "simple, every pixel as likely. To train on: uncertain, where the model is unsure. auto: "
        "uncertain where CONFIDENCE or PROBABILITIES is given, else stratified.",
        "auto",
        choices=SUGGESTIONS,
    )
    size: Optional[int] = integer(
        "Points in all. Default: as many as STANDARD_ERROR asks for; uncertain: 50.", None, 1, 10**6
    )
    min_distance: Optional[float] = number(
        "Uncertain: least distance between points in metres. Default: half of what it would be if "
        "they were spread evenly over the map, less in classes that are too small for it.",
        None,
        0,
        10**7,
    )
    standard_error: float = number(
        "Standard error that overall accuracy shall have, as a share of 1: half of what stands "
        "after ± at 95 % confidence.",
        0.015,
        0.001,
        0.25,
    )
    expected_accuracy: Tuple[str, ...] = texts(
        "User's accuracy to expect, 0 to 1: a number for all classes, NAME=NUMBER or ID=NUMBER for "
        "one. Default: 0.85.",
        commas=True,
    )
    min_per_class: int = integer(
        "Stratified: points that each class gets at least, however rare.", 50, 2, 10**5
    )
    map_class: bool = switch(
        "Write what the map has at each point. Whoever labels the points should not see it."
    )
    seed: int = integer("Seed of every random choice.", 0, 0, 2**32 - 1)
    output: str = text("Points to write (.gpkg, or .geojson in degrees).", required=True)
    table: str = text("CSV table of classes, their shares and points to write.")


@dataclass(frozen=True)
class DetectChangeOptions(Options):
    """Find what has become of what between two maps."""

    before: str = text("Map of the first date.", required=True)
    after: str = text(
        "Map of the second date; where it is on another grid, it is brought to that of the first.",
        required=True,
    )
    output: str = text("Change map to write (.tif).", required=True)
    table: str = text("CSV table of what became of what, with areas, to write.")
    report: str = text("HTML report to write.")


@dataclass(frozen=True)
class DescribeOptions(PatchOptions):
    """Show what training data hold: balance, spectra, separability, labels that may be wrong."""

    patch_px: Optional[int] = integer(
        "Side of the patches in pixels, where it differs. Default: that of most patches.",
        None,
        1,
        1024,
    )
    max_per_class: int = integer(
        "Most pixels of a class that statistics are computed from, drawn at random.",
        20000,
        1,
        10**7,
    )
    report: str = text("HTML report to write.")
    metrics: str = text("JSON file of all numbers to write.")
    table: str = text("CSV table of statistics per class and band to write.")
