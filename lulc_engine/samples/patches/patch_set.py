"""Labelled patches, wherever they come from: what a training of a patch classifier sees."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lulc_engine.rasters.bands import Band
from lulc_engine.rasters.legend import Legend
from lulc_engine.rasters.reflectance import Radiometry
from lulc_engine.samples.split import Split

_SAMPLED = 256


@dataclass(frozen=True)
class Rejected:
    """A patch that was left out, and why in a few words."""

    name: str
    reason: str


@dataclass
class PatchSet:
    """Patches of one size, with their labels and roles.

    Attributes:
        images: (N, C, k, k) raw values in the data's type; in memory or mapped.
        valid: (N, k, k) bool, or None where every pixel is valid.
        targets: (N,) int16 class indices; for several classes per patch (N, K) uint8 of 0 and 1;
            None where patches have no labels.
        roles: (N,) int8 TRAINING, VALIDATION or TEST of `samples.split`.
        names: (N,) path relative to the source, or index.
        bands: the chosen bands in the order of the images.
        radiometry: from raw values to reflectance.
        legend: the classes.
        split: how roles were given: data, random, contiguous, polygon, block.
        rejected: patches that were left out.
        notes: what happened to the data, for log and report.
        files: name and SHA-256 (or None) of the sources, for the model card.
        source: folder, table, arrays, scene or bigearthnet.
        pixel_m: sides of a pixel in metres, None if not known.
        units: the polygons or blocks that scenes were split by, None for other sources.
        unit_rows: (N,) int32 rows of ``units``; None for other sources.
        places: (N, 3) int32 number of the scene, row and column of the centre pixel; None for other
            sources.
    """

    images: np.ndarray
    valid: np.ndarray | None
    targets: np.ndarray | None
    roles: np.ndarray
    names: list[str]
    bands: tuple[Band, ...]
    radiometry: Radiometry
    legend: Legend
    split: str
    source: str
    rejected: list[Rejected] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    files: list[dict[str, Any]] = field(default_factory=list)
    pixel_m: tuple[float, float] | None = None
    units: Split | None = None
    unit_rows: np.ndarray | None = None
    places: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.images)

    @property
    def multilabel(self) -> bool:
        """Whether a patch may have several classes."""
        return self.targets is not None and self.targets.ndim == 2

    @property
    def size_px(self) -> int:
        """Side of the patches."""
        return int(self.images.shape[-1])

    def indices(self, role: int) -> np.ndarray:
        """Return the numbers (n,) int64 of the patches of a role."""
        return np.flatnonzero(self.roles == role)

    def counts(self, role: int) -> np.ndarray:
        """Return how many patches (K,) of a role have each class."""
        if self.targets is None:
            return np.zeros(len(self.legend), np.int64)
        targets = self.targets[self.roles == role]
        if targets.ndim == 2:
            several: np.ndarray = targets.sum(axis=0, dtype=np.int64)
            return several
        return np.bincount(targets, minlength=len(self.legend)).astype(np.int64)

    def raw(self, indices: np.ndarray) -> np.ndarray:
        """Return patches (n, C, k, k) float32 as networks take them: NaN where not valid."""
        values: np.ndarray = self.images[indices].astype(np.float32)
        if self.valid is not None:
            where = np.broadcast_to(~self.valid[indices][:, None], values.shape)
            values[where] = np.nan
        return values

    def sample(self) -> np.ndarray:
        """Return raw values (C, n) of valid pixels of some patches, in the data's type."""
        return sample_values(self.images, self.valid)


def sample_values(images: np.ndarray, valid: np.ndarray | None) -> np.ndarray:
    """Return raw values (C, n) of valid pixels of some of the images (N, C, k, k)."""
    step = max(1, len(images) // _SAMPLED)
    values = np.moveaxis(np.asarray(images[::step]), 1, 0)
    if valid is None:
        return values.reshape(len(values), -1)
    chosen: np.ndarray = values[:, valid[::step]]
    return chosen
