"""What a scene is like, looked at with QGIS's GDAL as the engine does with its own.

The rules on bands, on values that count, on where they are sampled and on sizes of pixels are the
engine's (`lulc_engine.rasters`), so that a verdict on a scene is the one that a run would come to.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from .engine_source import engine_module
from .scene_source import Earth, GdalSource
from .translation import tr

_PRODUCT = re.compile(r"^MTD_MSI(L1C|L2A)\.xml$", re.IGNORECASE)


class NotLookedAt(Exception):  # noqa: N818 - it is no error
    """The scene is of a kind that only a run can judge."""


@dataclass(frozen=True)
class SceneRules:
    """The engine's modules that say what a scene is; made on the main thread."""

    source: ModuleType
    alpha: ModuleType
    scene_rules: ModuleType
    scene_check: ModuleType
    pixel_size: ModuleType

    @classmethod
    def load(cls) -> SceneRules:
        """Return the rules of the engine that came with the plugin."""
        names = ("source", "alpha", "scene_rules", "scene_check", "pixel_size")
        return cls(*(engine_module(f"rasters.{name}") for name in names))


class SceneFacts:
    """An open scene; used by one thread.

    Attributes:
        path: the file.
        bands: all but alpha, as `lulc_engine.rasters.bands.Band`.
        tags: its metadata.
        width: columns.
        height: rows.
        warnings: what the user should know about the file.
    """

    def __init__(self, path: str, band_names: Sequence[str], rules: SceneRules) -> None:
        """Open a scene.

        Args:
            path: the file.
            band_names: roles or descriptions of all bands, with or without alpha.
            rules: the engine's.

        Raises:
            LulcError: the scene cannot be used.
            NotLookedAt: the scene is put together only when it is read.
        """
        if _PRODUCT.match(os.path.basename(path)) or os.path.isdir(path):
            raise NotLookedAt("The bands of a whole product are put together when it is read.")
        self.path = path
        self._rules = rules
        self._source = GdalSource(path)
        rules.source.check_source(self._source, path)
        rules.scene_rules.refuse_palette(self._source, path)
        self._parts = self._source.files[1:] if self._source.driver == "VRT" else []
        self.tags = self._source.tags()
        self.width, self.height = self._source.width, self._source.height
        self._alpha = rules.alpha.alpha_bands(self._source, len(band_names))
        self.bands = rules.scene_rules.scene_bands(
            self._source, path, band_names, self._alpha, self._parts
        )
        self.warnings = self._look_at()

    def dtype(self, bands: Sequence[Any]) -> np.dtype:
        """Return the type that holds all the bands."""
        return np.result_type(*(self._source.dtypes[band.number - 1] for band in bands))

    def scales(self, bands: Sequence[Any]) -> list[float]:
        """Return the file's scale of each band."""
        return [self._source.scales[band.number - 1] for band in bands]

    def offsets(self, bands: Sequence[Any]) -> list[float]:
        """Return the file's offset of each band."""
        return [self._source.offsets[band.number - 1] for band in bands]

    @property
    def described_by(self) -> str:
        """The path, and of a virtual raster one of the files that it is put together from."""
        return " ".join([self.path, *self._parts[:1]])

    @property
    def reference(self) -> Any:
        """The spatial reference; None where the file has none."""
        return self._source.crs

    def sample(self, bands: Sequence[Any]) -> tuple[np.ndarray, float]:
        """Return raw values (C, n) of valid pixels in a lattice of windows, and their share."""
        rules, found, seen = self._rules.scene_rules, [], 0
        for row, column in rules.sample_corners(self.height, self.width):
            rows = (row, min(row + rules.SAMPLE_PX, self.height))
            columns = (column, min(column + rules.SAMPLE_PX, self.width))
            layers = [self._source.read(band.number, window=(rows, columns)) for band in bands]
            values = np.stack([layer.astype(self.dtype(bands), copy=False) for layer in layers])
            valid = rules.valid_pixels(self._source, (rows, columns), values, bands, self._alpha)
            found.append(values[:, valid])
            seen += valid.size
        sample = np.concatenate(found, axis=1)
        return sample, sample.shape[1] / max(seen, 1)

    def doubts(self, sample: np.ndarray, bands: Sequence[Any]) -> list[str]:
        """Return what is likely a mistake in sampled values, as a run says it."""
        has_nodata = any(self._source.nodatavals[band.number - 1] is not None for band in bands)
        return list(self._rules.scene_check.about_values("The scene", sample, bands, has_nodata))

    def pixel_metres(self) -> tuple[float, float] | None:
        """Return about how long a pixel's sides are in metres; None without a CRS."""
        crs, rules = self.reference, self._rules.pixel_size
        if crs is None or not (crs.IsGeographic() or crs.IsProjected()):
            return None
        pixels = rules.Lattice(*self._source.transform, self.width, self.height)
        if crs.IsGeographic():
            return rules.sides_in_degrees(pixels)
        earth = Earth(crs)
        projection = rules.Projection(
            unit_m=crs.GetLinearUnits(),
            to_earth=earth.to_degrees,
            semi_major_m=earth.semi_major_m,
            inverse_flattening=earth.inverse_flattening,
        )
        return rules.sides_on_the_ground(pixels, projection)

    def is_like(self, pixel_m: Sequence[float]) -> bool:
        """Return whether the pixels are about as large as others; also where it is not known."""
        own = self.pixel_metres()
        return own is None or self._rules.pixel_size.alike(own, pixel_m)

    def _look_at(self) -> list[str]:
        """Return what is unusual about the file."""
        found = []
        if self._source.has_gcps:
            found.append(
                tr(
                    "The scene has ground control points instead of a place: rectify it first, or "
                    "the result will have no place either."
                )
            )
        text = tr(
            "Band {} is called alpha, but holds measured values; it is taken for a band like the "
            "others."
        )
        found += [
            text.format(number)
            for number in self._rules.alpha.called_alpha(self._source)
            if number not in self._alpha
        ]
        return found


def open_scene(path: str, band_names: Sequence[str] = ()) -> SceneFacts:
    """Open a scene; see `SceneFacts`. Main thread only."""
    return SceneFacts(path, band_names, SceneRules.load())
