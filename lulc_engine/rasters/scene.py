"""Scenes: reading the pixels of a multispectral raster, with what is not valid."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rasterio.enums import ColorInterp, MaskFlags

from lulc_engine.errors import OptionsError, RasterError
from lulc_engine.feedback import Feedback
from lulc_engine.rasters.align import AlignedBand
from lulc_engine.rasters.alpha import alpha_bands
from lulc_engine.rasters.bands import Band, name_bands
from lulc_engine.rasters.files import open_raster, readable_errors
from lulc_engine.rasters.grid import Grid, Window
from lulc_engine.rasters.reflectance import Radiometry, find_radiometry
from lulc_engine.rasters.scene_check import about_file, about_values

# Sentinel-2 scene classification: no data, saturated, cloud shadow, cloud (medium, high),
# thin cirrus, snow. Dark areas (2), water (6) and unclassified (7) are ground.
SCL_EXCLUDED = (0, 1, 3, 8, 9, 10, 11)
MAX_BANDS = 400
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
            if self._source.colorinterp == (ColorInterp.palette,):
                raise RasterError(
                    f"{self.path} holds numbers of colours in a table, not measured values.",
                    "Convert it to red, green and blue, or use the image that it was made from.",
                )
            self._alpha = alpha_bands(self._source, len(band_names))
            self.bands = self._name(band_names)
        self._mask = AlignedBand(mask, self.grid) if mask else None
        self._excluded = _excluded_values(mask, mask_values)
        self.warnings = list(about_file(self.path.name, self._source, self._alpha))
        if self._mask is not None and not self._mask.overlaps():
            self.warnings.append(f"The mask {self._mask.path.name} lies nowhere on the scene.")

    @property
    def block_px(self) -> tuple[int, int]:
        """Rows and columns of the file's blocks."""
        rows, columns = self._source.block_shapes[0]
        return rows, columns

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
        values = np.zeros((len(bands), window.height, window.width), dtype=self.dtype(bands))
        valid = np.zeros(values.shape[1:], dtype=bool)
        inside = window.intersect(self.grid.window)
        if inside.height == 0 or inside.width == 0:
            return values, valid
        rows, columns = inside.relative_to(window)
        area = inside.to_rasterio()
        numbers = [band.number for band in bands]
        with readable_errors(self.path):
            if len({self._source.dtypes[number - 1] for number in numbers}) == 1:
                values[:, rows, columns] = self._source.read(numbers, window=area)
            else:
                for layer, number in zip(values, numbers, strict=True):
                    layer[rows, columns] = self._source.read(number, window=area)
        valid[rows, columns] = self._validity(inside, values[:, rows, columns], bands)
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

    def sample(self, bands: Sequence[Band], per_side: int = 5, side_px: int = 48) -> np.ndarray:
        """Return raw values (C, n) of valid pixels in a lattice of small windows."""
        found = []
        for row in _spread(self.grid.height, per_side, side_px):
            for column in _spread(self.grid.width, per_side, side_px):
                values, valid = self.read(Window(row, column, side_px, side_px), bands)
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

    def _name(self, band_names: Sequence[str]) -> list[Band]:
        numbers = [n for n in range(1, self._source.count + 1) if n not in self._alpha]
        if not numbers:
            raise RasterError(f"{self.path} has no bands but alpha.", "Choose another raster.")
        if len(numbers) > MAX_BANDS:
            raise RasterError(f"{self.path} has {len(numbers)} bands; {MAX_BANDS} are allowed.")
        if band_names and len(band_names) != len(numbers):
            raise OptionsError(
                f"--band-names names {len(band_names)} bands, {self.path.name} has {len(numbers)}."
            )
        descriptions = band_names or [self._source.descriptions[n - 1] for n in numbers]
        if not any(descriptions) and len(self._parts) == self._source.count:
            descriptions = [Path(self._parts[n - 1]).stem for n in numbers]
        named = name_bands(list(descriptions), self.path)
        return [
            Band(number, band.name, band.role) for number, band in zip(numbers, named, strict=True)
        ]

    def _masked(self, bands: Sequence[Band]) -> set[int]:
        """Return the bands whose masks in the file count: one for all, or one for each."""
        found = set()
        for band in bands:
            flags = self._source.mask_flag_enums[band.number - 1]
            if not flags:
                found.add(band.number)
            elif MaskFlags.per_dataset in flags and MaskFlags.alpha not in flags:
                found.add(1)
        return found

    def _validity(self, inside: Window, pixels: np.ndarray, bands: Sequence[Band]) -> np.ndarray:
        valid = np.ones(pixels.shape[1:], dtype=bool)
        for values, band in zip(pixels, bands, strict=True):
            nodata = self._source.nodatavals[band.number - 1]
            if nodata is not None and not np.isnan(nodata):
                valid &= values != nodata
        if np.issubdtype(pixels.dtype, np.floating):
            with np.errstate(over="ignore"):  # float64 beyond float32's range is not usable either
                valid &= np.isfinite(pixels.astype(np.float32, copy=False)).all(axis=0)
        with readable_errors(self.path):
            for number in self._alpha:
                valid &= self._source.read(number, window=inside.to_rasterio()) > 0
            for number in self._masked(bands):
                valid &= self._source.read_masks(number, window=inside.to_rasterio()) > 0
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


def _spread(size: int, count: int, side: int) -> list[int]:
    """Return up to ``count`` offsets of windows of a side, evenly over a size."""
    last = max(0, size - side)
    return sorted({round(last * i / max(1, count - 1)) for i in range(count)})
