"""Reading patches in the layout of BigEarthNet: bands of 10, 20 and 60 m brought to one grid."""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rasterio.enums import Resampling

from lulc_engine.errors import DataError, OptionsError, RasterError
from lulc_engine.feedback import Feedback
from lulc_engine.options import SceneOptions
from lulc_engine.rasters.bands import Band, role_of
from lulc_engine.rasters.files import open_raster, readable_errors
from lulc_engine.rasters.grid import Grid
from lulc_engine.rasters.ground import pixel_metres
from lulc_engine.rasters.reflectance import Radiometry, find_radiometry
from lulc_engine.rasters.scene_rules import finite_pixels
from lulc_engine.samples.chips import ChipStore
from lulc_engine.samples.patches.assemble import refuse_nothing
from lulc_engine.samples.patches.bigearthnet import BANDS, band_files, json_of
from lulc_engine.samples.patches.decoding import Decoded, Opened, decode, keepable
from lulc_engine.samples.patches.listing import Listing
from lulc_engine.samples.patches.reading import UnusableError, patch_settings

_LOOKED_AT = 50
# Version 2 was processed anew by a version that calls itself 99.99 and adds no offset.
_REPROCESSED = "_N9999_"


@dataclass(frozen=True)
class BandForm:
    """What patches have in common: side of each band, type, and the pixel of the finest in m."""

    sides: dict[str, int]
    dtype: str
    pixel_m: tuple[float, float] | None

    @property
    def patch_px(self) -> int:
        """Side of the finest band."""
        return max(self.sides.values())

    @property
    def bands(self) -> list[Band]:
        """All bands with their roles."""
        return [Band(n, name, role_of(name)) for n, name in enumerate(self.sides, start=1)]


def open_bigearthnet(
    listing: Listing,
    options: SceneOptions,
    resampling: str,
    choose: Callable[[BandForm], Sequence[Band]],
    store: ChipStore,
    feedback: Feedback,
) -> Opened:
    """Read the patches of a listing of folders.

    Args:
        listing: the patches.
        options: how values are read.
        resampling: how coarser bands are brought to the finest.
        choose: gives the bands of those that there are, or raises if the patches do not fit.
        store: where the images live.
        feedback: progress, and stops the reading.

    Raises:
        DataError: no patch can be read.
        OptionsError: names of bands were given, which the files have.
    """
    if options.band_names:
        raise OptionsError("--band-names is not for BigEarthNet, whose files are named by band.")
    form = _usual_form(listing.paths, feedback)
    bands = tuple(choose(form))
    names = [band.name for band in bands]
    method = Resampling[resampling]

    def read(number: int) -> tuple[np.ndarray, np.ndarray | None]:
        there = band_files(listing.paths[number])
        layers = [_read_band(there.get(name), name, form, method) for name in names]
        values = np.stack([values for values, _ in layers])
        valid = finite_pixels(values) & np.all([usable for _, usable in layers], axis=0)
        return values, None if valid.all() else valid

    decoded = decode(
        listing.names,
        read,
        (len(bands), form.patch_px, form.patch_px),
        keepable(np.dtype(form.dtype)),
        store,
        feedback,
    )
    refuse_nothing(decoded.rejected, len(decoded.kept), listing)
    first = listing.paths[int(decoded.kept[0])]
    radiometry = _radiometry(first, decoded, len(bands), options)
    return Opened(decoded, bands, radiometry, form.pixel_m)


def _usual_form(folders: Sequence[Path], feedback: Feedback) -> BandForm:
    """Return bands, sides and type that most patches have."""
    forms: Counter[tuple[tuple[tuple[str, int], ...], str]] = Counter()
    pixels: dict[tuple[tuple[tuple[str, int], ...], str], tuple[float, float] | None] = {}
    count = min(len(folders), _LOOKED_AT)
    with patch_settings():
        for number in sorted({round(i) for i in np.linspace(0, len(folders) - 1, count)}):
            feedback.check()
            with contextlib.suppress(RasterError):
                sides, dtypes, pixel_m = _look(folders[number])
                form = (tuple(sides.items()), str(np.result_type(*dtypes)))
                forms[form] += 1
                pixels.setdefault(form, pixel_m)
    if not forms:
        raise DataError(
            f"None of {len(folders)} patches can be read; the first is {folders[0]}.",
            "Extract the archive again.",
        )
    usual = max(forms, key=lambda form: forms[form])
    return BandForm(dict(usual[0]), usual[1], pixels[usual])


def _look(folder: Path) -> tuple[dict[str, int], list[str], tuple[float, float] | None]:
    """Return the side of each band in Sentinel-2's order, the types, and the finest pixel."""
    files = band_files(folder)
    sides: dict[str, int] = {}
    dtypes, pixel_m = [], None
    for name in (name for name in BANDS if name in files):
        with contextlib.closing(open_raster(files[name])) as dataset:
            if dataset.height != dataset.width:
                raise RasterError(f"{files[name]} is not square.")
            if dataset.width > max(sides.values(), default=0):
                pixel_m = pixel_metres(Grid.of(dataset))
            sides[name] = int(dataset.width)
            dtypes.append(str(dataset.dtypes[0]))
    return sides, dtypes, pixel_m


def _read_band(
    path: Path | None, name: str, form: BandForm, method: Resampling
) -> tuple[np.ndarray, np.ndarray]:
    """Return values and validity (k, k) of a band at the finest resolution.

    Raises:
        UnusableError: the file is missing, damaged or not of the usual form.
    """
    if path is None:
        raise UnusableError(f"{name} is missing")
    side, shape = form.sides[name], (form.patch_px, form.patch_px)
    try:
        with contextlib.closing(open_raster(path)) as dataset, readable_errors(path):
            if (dataset.height, dataset.width) != (side, side):
                size = f"{dataset.width} x {dataset.height}"
                raise UnusableError(f"{name} is {size} px where {side} x {side} are usual")
            if dataset.count != 1:
                raise UnusableError(f"{name} has {dataset.count} bands in one file")
            if not np.can_cast(dataset.dtypes[0], form.dtype):
                raise UnusableError(f"{name} has values of type {dataset.dtypes[0]}")
            values = dataset.read(1, out_shape=shape, resampling=method)
            if dataset.nodata is None:
                return values, np.ones(shape, dtype=bool)
            mask = dataset.read_masks(1, out_shape=shape, resampling=Resampling.nearest)
            return values, mask > 0
    except RasterError as err:
        raise UnusableError(f"{name} cannot be read or is damaged") from err


def _radiometry(folder: Path, decoded: Decoded, bands: int, options: SceneOptions) -> Radiometry:
    """Return how values become reflectance: by the product that a patch was cut from."""
    product = folder.name
    with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
        product = str(json.loads(json_of(folder).read_text(encoding="utf-8"))["tile_source"])
    if _REPROCESSED in folder.name and options.scale is None and options.offset is None:
        reason = "BigEarthNet version 2: no offset"
        return Radiometry((1e-4,) * bands, (0.0,) * bands, "name", reason)
    ones, zeros = (1.0,) * bands, (0.0,) * bands
    values = decoded.sample()
    return find_radiometry(product, {}, ones, zeros, values, options.scale, options.offset)
