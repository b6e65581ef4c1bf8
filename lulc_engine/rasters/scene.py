"""Scenes: reading the pixels of a multispectral raster, with what is not valid."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lulc_engine.errors import OptionsError, RasterError
from lulc_engine.feedback import Feedback
from lulc_engine.rasters.align import AlignedBand
from lulc_engine.rasters.alpha import alpha_bands
from lulc_engine.rasters.bands import Band
from lulc_engine.rasters.block_cache import BlockLayout
from lulc_engine.rasters.files import open_raster, readable_errors
from lulc_engine.rasters.grid import Grid, Window
from lulc_engine.rasters.reflectance import Radiometry, find_radiometry
from lulc_engine.rasters.scene_check import about_file, about_values
from lulc_engine.rasters.scene_rules import (
    SAMPLE_PX,
    refuse_palette,
    sample_corners,
    scene_bands,
    valid_pixels,
)

# Sentinel-2 scene classification: no data, saturated, cloud shadow, cloud (medium, high),
# thin cirrus, snow. Dark areas (2), water (6) and unclassified (7) are ground.
SCL_EXCLUDED = (0, 1, 3, 8, 9, 10, 11)
_SCL_NAME = re.compile(r"(?<![A-Za-z])SCL(?![A-Za-z])", re.IGNORECASE)


class Scene:
    """An open raster, read window by window. Not for use by two threads at once.

    Attributes:
        path: the file.
        grid: its grid.
        tags: its metadata.
        bands: all but alpha.
        warnings: what the user should know about the file and the mask.

    Args:
        path: any raster that GDAL reads.
        band_names: roles or descriptions of all bands, with or without alpha, where the file has
            none.
        mask: raster on any grid whose pixels exclude pixels of the scene.
        mask_values: values of ``mask`` that exclude; none means every value but 0, or the usual
            ones for a raster with SCL in its name.

    Raises:
        RasterError: the raster cannot be used.
    """

    def __init__(
        self,
        path: str | Path,
        band_names: Sequence[str] = (),
        mask: str | None = None,
        mask_values: Sequence[str] = (),
    ) -> None:
        self.path = Path(path)
        self._given = (path, band_names, mask, mask_values)
        self._source = open_raster(path)
        # Of a virtual raster: the files that it is put together from.
        self._parts = self._source.files[1:] if self._source.driver == "VRT" else []
        with readable_errors(path):
            self.grid = Grid.of(self._source)
            self.tags: dict[str, str] = dict(self._source.tags())
            refuse_palette(self._source, self.path)
            self._alpha = alpha_bands(self._source, len(band_names))
            self.bands = scene_bands(self._source, self.path, band_names, self._alpha, self._parts)
        self._mask = AlignedBand(mask, self.grid) if mask else None
        self._excluded = _excluded_values(mask, mask_values)
        self.warnings = list(about_file(self.path.name, self._source, self._alpha))
        if self._mask is not None and not self._mask.overlaps():
            self.warnings.append(f"The mask {self._mask.path.name} lies nowhere on the scene.")

    def layout(self, bands: Sequence[Band]) -> BlockLayout:
        """Return how pixels of some bands are stored; of a virtual raster, in its first file."""
        source = self._source
        # Not by rasterio's names, which lack some that newer files have.
        together = source.tags(ns="IMAGE_STRUCTURE").get("INTERLEAVE") == "PIXEL"
        numbers = source.indexes if together else [band.number for band in bands]
        bytes_per_px = sum(np.dtype(source.dtypes[number - 1]).itemsize for number in numbers)
        rows, columns = source.block_shapes[0]
        # What belongs to a virtual raster may be missing or no raster; reading it will tell.
        with contextlib.suppress(RasterError):
            if self._parts:
                with contextlib.closing(open_raster(self._parts[0])) as part:
                    rows, columns = part.block_shapes[0]
        return BlockLayout(self.grid.height, self.grid.width, rows, columns, bytes_per_px)

    def dtype(self, bands: Sequence[Band]) -> np.dtype:
        """Return the type that holds all the bands."""
        return np.result_type(*(self._source.dtypes[band.number - 1] for band in bands))

    def read(self, window: Window, bands: Sequence[Band]) -> tuple[np.ndarray, np.ndarray]:
        """Return raw values (C, H, W) and validity (H, W) of a window.

        The window may reach over the raster's edge; there, and where any band is nodata, NaN or
        infinite, where alpha is 0 and where the mask excludes, pixels are not valid.

        Raises:
            RasterError: a block of the file is damaged.
        """
        inside = window.intersect(self.grid.window)
        if inside == window:
            values = self._pixels(window, bands)
            return values, self._validity(window, values, bands)
        values = np.zeros((len(bands), window.height, window.width), dtype=self.dtype(bands))
        valid = np.zeros(values.shape[1:], dtype=bool)
        if inside.height and inside.width:
            rows, columns = inside.relative_to(window)
            pixels = self._pixels(inside, bands)
            values[:, rows, columns] = pixels
            valid[rows, columns] = self._validity(inside, pixels, bands)
        return values, valid

    def radiometry(
        self, bands: Sequence[Band], scale: float | None = None, offset: float | None = None
    ) -> Radiometry:
        """Return how values become reflectance; the user's SCALE and OFFSET go first."""
        indices = [band.number - 1 for band in bands]
        sample = self.sample(bands)
        has_nodata = any(self._source.nodatavals[i] is not None for i in indices)
        self.warnings += about_values(self.path.name, sample, bands, has_nodata)
        return find_radiometry(
            " ".join([str(self.path), *self._parts[:1]]),
            self.tags,
            [self._source.scales[i] for i in indices],
            [self._source.offsets[i] for i in indices],
            sample,
            scale,
            offset,
        )

    def sample(self, bands: Sequence[Band]) -> np.ndarray:
        """Return raw values (C, n) of valid pixels in a lattice of small windows."""
        found = []
        for row, column in sample_corners(self.grid.height, self.grid.width):
            values, valid = self.read(Window(row, column, SAMPLE_PX, SAMPLE_PX), bands)
            found.append(values[:, valid])
        return np.concatenate(found, axis=1)

    def opened_again(self) -> Scene:
        """Return the same scene with handles of its own, for another thread."""
        return Scene(*self._given)

    def tell(self, feedback: Feedback) -> None:
        """Say what is unusual about the file and the mask."""
        for note in self._mask.notes if self._mask is not None else ():
            feedback.info(note)
        for warning in self.warnings:
            feedback.warning(warning)

    def close(self) -> None:
        """Close the files."""
        if self._mask is not None:
            self._mask.close()
        self._source.close()

    def _pixels(self, inside: Window, bands: Sequence[Band]) -> np.ndarray:
        """Return raw values (C, H, W) of a window within the raster."""
        area, numbers = inside.to_rasterio(), [band.number for band in bands]
        with readable_errors(self.path):
            if len({self._source.dtypes[number - 1] for number in numbers}) == 1:
                together: np.ndarray = self._source.read(numbers, window=area)
                return together
            layers = [self._source.read(number, window=area) for number in numbers]
        return np.stack(layers, dtype=self.dtype(bands))

    def _validity(self, inside: Window, pixels: np.ndarray, bands: Sequence[Band]) -> np.ndarray:
        ranges = (inside.row_off, inside.row_stop), (inside.col_off, inside.col_stop)
        with readable_errors(self.path):
            valid = valid_pixels(self._source, ranges, pixels, bands, self._alpha)
        if self._mask is not None:
            values, covered = self._mask.read(inside)
            excluded = values != 0 if self._excluded is None else np.isin(values, self._excluded)
            valid &= ~(excluded & covered)
        return valid


def _excluded_values(mask: str | None, given: Sequence[str]) -> np.ndarray | None:
    if given:
        try:
            return np.array([float(value) for value in given])
        except ValueError:
            raise OptionsError(f"--mask-values must be numbers, not {', '.join(given)}.") from None
    if mask and _SCL_NAME.search(Path(mask).stem):
        return np.array(SCL_EXCLUDED)
    return None
