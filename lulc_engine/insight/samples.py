"""Labelled pixels that stand for a data set: values, classes, and what each pixel belongs to."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from lulc_engine.errors import LabelError
from lulc_engine.rasters.bands import Band
from lulc_engine.rasters.legend import Legend
from lulc_engine.rasters.reflectance import Radiometry
from lulc_engine.samples.split import Split

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Unit:
    """What a person labelled at once: a polygon, the labels of a class in a block, or a patch.

    Attributes:
        name: feature, block or patch, for people.
        target: class index.
        x: of its centre in the CRS of its scene; None for patches.
        y: likewise.
    """

    name: str
    target: int
    x: float | None = None
    y: float | None = None


@dataclass(frozen=True)
class Samples:
    """Pixels drawn from labelled data, and the counts of all of it.

    Attributes:
        values: (n, C) reflectance of valid pixels.
        targets: (n,) class indices.
        unit_of: (n,) index in ``units``.
        units: what the pixels belong to.
        unit_word: what a unit is called: polygon, block or patch.
        legend: the classes.
        bands: the bands of ``values``.
        radiometry: how the reflectance was found.
        totals: (K,) how many labelled pixels, or patches, there are of each class.
        unit_totals: (K,) how many units hold each class.
        split: how a training would divide scenes; None for patches.
        notes: what happened to the data.
    """

    values: Floats
    targets: npt.NDArray[np.integer]
    unit_of: npt.NDArray[np.integer]
    units: list[Unit]
    unit_word: str
    legend: Legend
    bands: tuple[Band, ...]
    radiometry: Radiometry
    totals: npt.NDArray[np.int64]
    unit_totals: npt.NDArray[np.int64]
    split: Split | None = None
    notes: list[str] = field(default_factory=list)

    def of_class(self, index: int) -> Floats:
        """Return the values (m, C) of a class."""
        values: Floats = self.values[self.targets == index]
        return values


def band_names(bands: tuple[Band, ...]) -> list[str]:
    """Return how bands are called in tables: by role, else by description, never two alike."""
    names = [band.role or band.name for band in bands]
    return [
        name if names.count(name) == 1 else f"{name} ({band.number})"
        for name, band in zip(names, bands, strict=True)
    ]


def check_some(count: int) -> None:
    """Raise LabelError where no labelled pixel is left."""
    if not count:
        raise LabelError(
            "No label lies on a valid pixel of the scene.",
            "Check nodata, the mask and the CRS of all.",
        )
