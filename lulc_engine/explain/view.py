"""The part of a scene that is explained, and what is found out about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from lulc_engine.errors import DataError
from lulc_engine.explain.canvas import Canvas
from lulc_engine.explain.occlusion import BandCounts
from lulc_engine.explain.subject import Subject
from lulc_engine.rasters.bands import Band
from lulc_engine.rasters.grid import Window
from lulc_engine.rasters.scene import Scene

LabelReader = Callable[[Window], np.ndarray]


@dataclass(frozen=True)
class View:
    """The part of a scene that is explained.

    Attributes:
        scene: open.
        bands: its bands in the model's order.
        part: the part.
        labels: gives class indices (H, W) of a window that may reach over the scene's edges, -1
            where there is no label; None where there are no labels.
    """

    scene: Scene
    bands: Sequence[Band]
    part: Window
    labels: LabelReader | None


@dataclass
class Found:
    """What was found out about a part of a scene.

    Attributes:
        values: (layers, H, W) float32, NaN where not valid.
        subject: with the class that was explained.
        counts: of occlusion, else None.
        pixels: how many pixels or windows were asked.
        given: how many of these got the class, of all classes where none was named.
        probability: mean probability of the class where it was given; None where it never was.
    """

    values: np.ndarray
    subject: Subject
    counts: BandCounts | None
    pixels: int
    given: int
    probability: float | None


def found_on(
    canvas: Canvas, subject: Subject, survey: BandCounts, counts: BandCounts | None
) -> Found:
    """Return what was painted, and the numbers of a survey.

    Args:
        canvas: complete.
        subject: with the class that was explained.
        survey: how many samples got each class, and how surely.
        counts: of occlusion, else None.

    Raises:
        DataError: there was no valid pixel.
    """
    if survey.samples.sum() == 0:
        raise nothing_valid()
    target = subject.target
    total = int(survey.samples.sum())
    given = total if target is None else int(survey.samples[target])
    probability = survey.importances(target)[0].probability if given else None
    return Found(canvas.means(), subject, counts, total, given, probability)


def nothing_valid() -> DataError:
    """Return the error for a part in which there is nothing to explain."""
    return DataError(
        "There is no valid pixel in the part to explain: everything is nodata or masked.",
        "Check the nodata value, the mask and the extent.",
    )
