"""Labels laid on the scenes that they overlap, and the windows in which both are read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lulc_engine.errors import LabelError
from lulc_engine.rasters.grid import Window
from lulc_engine.samples.labels import Labels, LabelSource
from lulc_engine.samples.scenes import TrainingScene

TILE_PX = 512


@dataclass(frozen=True)
class Placed:
    """A scene, by its number among all, with the labels that lie on it."""

    number: int
    scene: TrainingScene
    labels: Labels


def place_labels(
    scenes: list[TrainingScene], source: LabelSource, notes: list[str]
) -> list[Placed]:
    """Return the scenes that the labels overlap; what is unusual is added to the notes.

    Raises:
        LabelError: the labels overlap none of the scenes.
    """
    placed: list[Placed] = []
    failure: LabelError | None = None
    for number, scene in enumerate(scenes):
        try:
            labels = source.on(scene.scene.grid)
        except LabelError as err:
            failure = err
            notes.append(f"{scene.scene.path.name} has no labels and was not used.")
            continue
        placed.append(Placed(number, scene, labels))
        edges = labels.edge_notes() if len(scenes) == 1 else []
        found = [*labels.notes, *edges, *labels.pixel_notes()]
        notes += [note for note in found if note not in notes]
    if not placed:
        raise failure or LabelError("No scene was given.")
    return placed


def not_valid(pixels: int) -> str:
    """Return the sentence on labelled pixels whose values cannot be used."""
    return f"{pixels} labelled pixels have no valid value (nodata or mask) and were not used."


def windows_of(whole: Window) -> Iterator[Window]:
    """Yield windows of at most TILE_PX that cover a window, row by row."""
    for row in range(whole.row_off, whole.row_stop, TILE_PX):
        for column in range(whole.col_off, whole.col_stop, TILE_PX):
            yield Window(row, column, TILE_PX, TILE_PX).intersect(whole)
