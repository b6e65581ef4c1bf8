"""One patch file to values: what must be alike in all files, and reasons to leave one out."""

from __future__ import annotations

import contextlib
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
from rasterio.enums import ColorInterp
from rasterio.errors import NotGeoreferencedWarning

from lulc_engine.errors import DataError, OptionsError, RasterError
from lulc_engine.feedback import Feedback
from lulc_engine.rasters.alpha import alpha_bands
from lulc_engine.rasters.bands import Band, name_bands
from lulc_engine.rasters.files import gdal_settings, open_raster, readable_errors
from lulc_engine.rasters.grid import Grid
from lulc_engine.rasters.ground import pixel_metres
from lulc_engine.rasters.scene_rules import MAX_BANDS, valid_pixels
from lulc_engine.samples.patches.listing import IMAGE_SUFFIXES
from lulc_engine.samples.patches.png import is_whole_png

# More files than this are not looked at to find out what is usual.
_LOOKED_AT = 500
_COLOUR_FORMATS = frozenset({"JPEG", "PNG"})
# What files called like images may be; GDAL would also follow what a VRT refers to.
_PICTURES = frozenset({"JPEG", "PNG", "GTiff"})
_DAMAGED = "the file cannot be read or is damaged"


class UnusableError(Exception):
    """A patch cannot be used; the message is the reason, in a few words."""


class WrongSizeError(OptionsError):
    """No patch has the wanted side; ``side`` is what most have."""

    def __init__(self, wanted: int, usual: Form) -> None:
        super().__init__(
            f"No patch is {wanted} x {wanted} px; most are {usual.width} x {usual.height}.",
            "Leave --patch-px out to take these.",
        )
        self.side = usual.width


@dataclass(frozen=True)
class Form:
    """What patches of one set have in common.

    Attributes:
        count: bands without alpha.
        height: rows.
        width: columns.
        dtype: type of the values.
        alpha: 1-based number of an alpha band, or None.
    """

    count: int
    height: int
    width: int
    dtype: str
    alpha: int | None

    def difference(self, usual: Form) -> str:
        """Return in what this form differs from the usual one; empty if in nothing."""
        if self.count != usual.count:
            return f"{self.count} bands where {usual.count} are usual"
        if (self.height, self.width) != (usual.height, usual.width):
            return f"{self.width} x {self.height} px where {usual.width} x {usual.height} are usual"
        if self.dtype != usual.dtype:
            return f"values of type {self.dtype} where {usual.dtype} is usual"
        return ""


@dataclass(frozen=True)
class Facts:
    """What the first usual file says about all.

    Attributes:
        path: the file.
        bands: all bands but alpha.
        tags: its metadata.
        scales: GDAL's scale of each band in ``bands``.
        offsets: the same for the offset.
        pixel_m: sides of a pixel in metres, None if not known.
    """

    path: Path
    bands: tuple[Band, ...]
    tags: dict[str, str]
    scales: tuple[float, ...]
    offsets: tuple[float, ...]
    pixel_m: tuple[float, float] | None


def patch_settings() -> rasterio.Env:
    """Return the environment for reading many small files.

    Folders are not searched for files beside each patch, which costs more than reading it, and a
    JPEG that ends too early is an error instead of a grey area.
    """
    settings = gdal_settings().options
    return rasterio.Env(
        **settings,
        GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR",
        GDAL_ERROR_ON_LIBJPEG_WARNING="YES",
    )


@contextlib.contextmanager
def quiet_about_pictures() -> Iterator[None]:
    """Ignore the warning that a file has no place on earth: most patches are plain pictures."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        yield


def usual_form(paths: Sequence[Path], patch_px: int | None, feedback: Feedback) -> tuple[Form, int]:
    """Return the form that most files have, and the number of the first file that has it.

    Args:
        paths: the files; of many, some spread over all are looked at.
        patch_px: wanted side; None takes what is usual.
        feedback: stops the search.

    Raises:
        DataError: no file can be read, or most are not square.
        WrongSizeError: no patch has the wanted side.
    """
    forms: Counter[Form] = Counter()
    first: dict[Form, int] = {}
    for number, form in _forms(paths, feedback):
        forms[form] += 1
        first.setdefault(form, number)
    if not forms:
        raise DataError(
            f"None of {len(paths)} patches can be used; the first is {paths[0]}: "
            f"{_why_unusable(paths[0])}.",
            "Give images that GDAL reads, such as JPEG, PNG or GeoTIFF.",
        )
    usual = max(forms, key=lambda form: forms[form])
    if patch_px is not None:
        wanted = {f: n for f, n in forms.items() if (f.height, f.width) == (patch_px, patch_px)}
        if not wanted:
            raise WrongSizeError(patch_px, usual)
        usual = max(wanted, key=lambda form: wanted[form])
    if usual.height != usual.width:
        raise DataError(
            f"Most patches are {usual.width} x {usual.height} px; patches must be square.",
            "Cut them to squares, or choose the square ones with --patch-px.",
        )
    return usual, first[usual]


def read_facts(path: Path, band_names: Sequence[str]) -> Facts:
    """Return names, roles and tags of a file's bands.

    Raises:
        OptionsError: the wrong number of names is given.
    """
    with gdal_settings(), open_raster(path) as dataset, readable_errors(path):
        numbers = _data_bands(dataset)
        descriptions = [dataset.descriptions[n - 1] for n in numbers]
        scales = tuple(float(dataset.scales[n - 1]) for n in numbers)
        offsets = tuple(float(dataset.offsets[n - 1]) for n in numbers)
        tags = dict(dataset.tags())
        pixel_m = pixel_metres(Grid.of(dataset))
        is_colour = dataset.driver in _COLOUR_FORMATS and len(numbers) == 3
    if band_names and len(band_names) != len(numbers):
        raise OptionsError(
            f"--band-names names {len(band_names)} bands, the patches have {len(numbers)}."
        )
    if band_names:
        descriptions = list(band_names)
    elif is_colour and not any(descriptions):
        descriptions = ["red", "green", "blue"]
    named = name_bands(descriptions, path)
    bands = tuple(Band(n, band.name, band.role) for n, band in zip(numbers, named, strict=True))
    return Facts(path, bands, tags, scales, offsets, pixel_m)


def read_patch(
    path: Path, usual: Form, bands: Sequence[Band]
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return values (C, k, k) in the file's type and validity (k, k), None if all are valid.

    Raises:
        UnusableError: the file cannot be read or is not of the usual form.
    """
    try:
        # Closed, not left as a context, which costs as much as reading a patch.
        with contextlib.closing(open_raster(path)) as dataset, readable_errors(path):
            difference = _form(dataset).difference(usual)
            if difference:
                raise UnusableError(difference)
            if dataset.driver == "PNG" and not is_whole_png(path):
                raise UnusableError(_DAMAGED)
            values = dataset.read([band.number for band in bands])
            is_plain = dataset.driver == "JPEG"  # which has neither nodata nor masks
            return values, None if is_plain else _validity(dataset, values, bands)
    except RasterError as err:
        raise UnusableError(_DAMAGED) from err
    except (UnicodeError, OSError, MemoryError) as err:
        raise UnusableError(f"the file cannot be read ({type(err).__name__})") from err


def _why_unusable(path: Path) -> str:
    if path.suffix.lower() == ".npy":
        return "numpy arrays are read as FEATURES with TARGETS, not as files of a table"
    try:
        with patch_settings(), open_raster(path) as dataset, readable_errors(path):
            _form(dataset)
    except UnusableError as err:
        return str(err)
    except (RasterError, UnicodeError, OSError):
        pass
    return _DAMAGED


def _forms(paths: Sequence[Path], feedback: Feedback) -> Iterator[tuple[int, Form]]:
    """Yield number and form of readable files, of at most some, spread over all."""
    count = min(len(paths), _LOOKED_AT)
    with patch_settings():
        for number in sorted({round(i) for i in np.linspace(0, len(paths) - 1, count)}):
            feedback.check()
            try:
                with open_raster(paths[number]) as dataset, readable_errors(paths[number]):
                    yield number, _form(dataset)
            except (RasterError, UnusableError, UnicodeError, OSError):
                continue


def _form(dataset: rasterio.DatasetReader) -> Form:
    """Return the form of an open file.

    Raises:
        UnusableError: its values are not those of bands.
    """
    if dataset.driver not in _PICTURES and Path(dataset.name).suffix.lower() in IMAGE_SUFFIXES:
        raise UnusableError(f"it is called {Path(dataset.name).suffix} and is {dataset.driver}")
    interpretation = dataset.colorinterp
    if interpretation[0] == ColorInterp.palette:
        raise UnusableError("its colours are in a palette; save it as RGB")
    numbers = _data_bands(dataset)
    if not 0 < len(numbers) <= MAX_BANDS:
        raise UnusableError(f"{len(numbers)} bands; 1 to {MAX_BANDS} are allowed")
    alpha = next(iter(alpha_bands(dataset)), None)
    dtype = str(np.result_type(*(dataset.dtypes[n - 1] for n in numbers)))
    return Form(len(numbers), dataset.height, dataset.width, dtype, alpha)


def _data_bands(dataset: rasterio.DatasetReader) -> list[int]:
    alpha = alpha_bands(dataset)
    return [n for n in range(1, dataset.count + 1) if n not in alpha]


def _validity(
    dataset: rasterio.DatasetReader, values: np.ndarray, bands: Sequence[Band]
) -> np.ndarray | None:
    whole = (0, dataset.height), (0, dataset.width)
    valid = valid_pixels(dataset, whole, values, bands, alpha_bands(dataset))
    return None if valid.all() else valid
