"""Labels laid on the scenes that they overlap, and the windows in which both are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from lulc_engine.errors import LabelError
from lulc_engine.feedback import Feedback
from lulc_engine.rasters.grid import Window
from lulc_engine.samples.labels import NO_LABEL, Labels, LabelSource
from lulc_engine.samples.scenes import TrainingScene

TILE_PX = 512


@dataclass(frozen=True)
class Placed:
    """A scene, by its number among all, with the labels that lie on it."""

    number: int
    scene: TrainingScene
    labels: Labels


def place_labels(
    scenes: Sequence[TrainingScene], source: LabelSource, notes: list[str]
) -> list[Placed]:
    """Return the scenes that the labels overlap; what is unusual is added to the notes.

    Raises:
        LabelError: the labels overlap none of the scenes.
    """
    placed = []
    for place in overlapped(scenes, source, notes.append):
        placed.append(place)
        add_notes(place.labels, notes, is_alone=len(scenes) == 1)
    return placed


def overlapped(
    scenes: Sequence[TrainingScene], source: LabelSource, tell: Callable[[str], object]
) -> Iterator[Placed]:
    """Yield the scenes that the labels overlap; ``tell`` is given a sentence on each other one.

    Raises:
        LabelError: the labels overlap none of the scenes.
    """
    failure, has_labels = LabelError("No scene was given."), False
    for number, scene in enumerate(scenes):
        try:
            labels = source.on(scene.scene.grid)
        except LabelError as err:
            failure = err
            tell(f"{scene.scene.path.name} has no labels and was not used.")
            continue
        has_labels = True
        yield Placed(number, scene, labels)
    if not has_labels:
        raise failure


def add_notes(labels: Labels, notes: list[str], is_alone: bool) -> None:
    """Add what is unusual about labels to the notes, once.

    Args:
        labels: on the grid of a scene.
        notes: of the whole data.
        is_alone: whether there is no other scene that labels outside of this one may lie on.
    """
    edges = labels.edge_notes() if is_alone else []
    found = [*labels.notes, *edges, *labels.pixel_notes()]
    notes += [note for note in found if note not in notes]


def read_labels(place: Placed, feedback: Feedback) -> Iterator[tuple[Window, np.ndarray, int]]:
    """Yield the windows that hold labels, with the labels, and how many have no valid value.

    Labels are class indices (H, W) int16, -1 where none, and where the scene is not valid.
    """
    windows = list(windows_of(place.labels.window))
    for done, window in enumerate(windows):
        feedback.check()
        feedback.progress(done / len(windows), "Reading labels")
        labels = place.labels.read(window)
        if (labels == NO_LABEL).all():
            continue
        _, valid = place.scene.read(window)
        lost = int((labels[~valid] != NO_LABEL).sum())
        labels[~valid] = NO_LABEL
        yield window, labels, lost


def not_valid(pixels: int) -> str:
    """Return the sentence on labelled pixels whose values cannot be used."""
    return f"{pixels} labelled pixels have no valid value (nodata or mask) and were not used."


def windows_of(whole: Window) -> Iterator[Window]:
    """Yield windows of at most TILE_PX that cover a window, row by row."""
    for row in range(whole.row_off, whole.row_stop, TILE_PX):
        for column in range(whole.col_off, whole.col_stop, TILE_PX):
            yield Window(row, column, TILE_PX, TILE_PX).intersect(whole)
