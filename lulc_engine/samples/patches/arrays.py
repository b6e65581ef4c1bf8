"""Patches in numpy files: features (N, H, W, C) and targets (N) or (N, K)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from lulc_engine.errors import DataError, LabelError, OptionsError
from lulc_engine.feedback import Feedback
from lulc_engine.options import PatchOptions, SceneOptions
from lulc_engine.outputs import file_sha256
from lulc_engine.rasters.bands import Band, name_bands
from lulc_engine.rasters.legend import make_legend
from lulc_engine.rasters.reflectance import find_radiometry
from lulc_engine.rasters.scene_rules import MAX_BANDS, finite_pixels
from lulc_engine.samples.chips import ChipStore
from lulc_engine.samples.patches.assemble import refuse_nothing
from lulc_engine.samples.patches.decoding import Opened, decode, keepable
from lulc_engine.samples.patches.listing import (
    Listing,
    check_class_count,
    legend_of_ids,
    legend_of_texts,
)
from lulc_engine.samples.patches.patch_set import Rejected

_CHECKED_AT_ONCE = 4096


def load_features(path: str) -> np.ndarray:
    """Return features (N, H, W, C), mapped from the file.

    Raises:
        DataError: the file is missing, holds no such array, or objects.
    """
    features = _load(path)
    if features.dtype.kind not in "biuf":
        raise DataError(f"{path} holds values of type {features.dtype}, not numbers.")
    if features.ndim != 4 or 0 in features.shape:
        raise DataError(
            f"{path} has the shape {features.shape}; patches need (N, height, width, bands).",
            "Add or move axes, for example with numpy.moveaxis.",
        )
    _, height, width, bands = features.shape
    if height != width:
        turned = features.shape[2] == features.shape[3]
        hint = "The bands seem to come before the rows: use numpy.moveaxis(features, 1, -1)."
        raise DataError(
            f"The patches in {path} are {width} x {height} px; they must be square.",
            hint if turned else "Cut them to squares.",
        )
    if bands > MAX_BANDS:
        raise DataError(f"The patches in {path} have {bands} bands; {MAX_BANDS} are allowed.")
    return features


def list_arrays(features: np.ndarray, options: PatchOptions) -> Listing:
    """Return the patches of FEATURES with the labels of TARGETS.

    Raises:
        OptionsError: options contradict each other.
        LabelError: the targets are not labels of these patches.
    """
    if options.single_label and options.multilabel:
        raise OptionsError("--single-label and --multilabel contradict each other.", "Choose one.")
    count = len(features)
    targets = _load(options.targets)
    if targets.ndim == 2 and targets.shape[1] == 1:
        targets = targets[:, 0]
    if targets.ndim not in (1, 2) or len(targets) != count:
        raise LabelError(
            f"{options.targets} has the shape {targets.shape}; {count} patches need ({count},) or "
            f"({count}, classes).",
            "Give the labels of exactly these patches.",
        )
    unlabelled = _missing(targets)
    listing = (
        _several(targets, unlabelled, options)
        if targets.ndim == 2
        else (_one(targets, unlabelled, options))
    )
    listing.names = [str(number) for number in range(count)]
    listing.files = [{"name": Path(options.targets).name, "sha256": file_sha256(options.targets)}]
    listing.rejected = [Rejected(str(n), "it has no label") for n in np.flatnonzero(unlabelled)]
    return listing.take(np.flatnonzero(~unlabelled))


def open_features(
    path: str,
    features: np.ndarray,
    listing: Listing,
    options: SceneOptions,
    choose: Callable[[Sequence[Band]], Sequence[Band]],
    store: ChipStore,
    feedback: Feedback,
) -> Opened:
    """Read the patches of a listing whose names are numbers in the features.

    ``choose`` gives the bands to read of those that there are.
    """
    bands = tuple(choose(_bands(features.shape[-1], options)))
    rows = [int(name) for name in listing.names]
    places = [band.number - 1 for band in bands]
    narrow = _fits_in_int32(features)

    def read(number: int) -> tuple[np.ndarray, np.ndarray | None]:
        values = np.moveaxis(features[rows[number]], -1, 0)[places]
        valid = finite_pixels(values)
        return values, None if valid.all() else valid

    side = features.shape[1]
    decoded = decode(
        listing.names,
        read,
        (len(bands), side, side),
        np.dtype(np.int32) if narrow else keepable(features.dtype),
        store,
        feedback,
    )
    refuse_nothing(decoded.rejected, len(decoded.kept), listing)
    ones = (1.0,) * len(bands)
    radiometry = find_radiometry(
        path, {}, ones, (0.0,) * len(bands), decoded.sample(), options.scale, options.offset
    )
    return Opened(decoded, bands, radiometry)


def _load(path: str) -> np.ndarray:
    if not Path(path).is_file():
        raise DataError(f"The numpy file {path} does not exist.", "Check the path.")
    try:
        loaded = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, OSError, EOFError, SyntaxError) as err:
        raise DataError(
            f"{path} cannot be read as a numpy array.",
            "Write it with numpy.save; arrays of Python objects are not accepted.",
        ) from err
    if not isinstance(loaded, np.ndarray):
        loaded.close()
        raise DataError(f"{path} holds several arrays.", "Save one array as .npy.")
    return loaded


def _missing(targets: np.ndarray) -> np.ndarray:
    """Return where (N,) there is no label: NaN, or an empty text."""
    if targets.dtype.kind == "f":
        gaps = np.isnan(targets)
    elif targets.dtype.kind == "U":
        gaps = np.char.strip(targets) == ""
    else:
        gaps = np.zeros(targets.shape, dtype=bool)
    found: np.ndarray = gaps if targets.ndim == 1 else gaps.any(axis=1)
    if found.all():
        raise LabelError("None of the targets is a label.")
    return found


def _one(targets: np.ndarray, unlabelled: np.ndarray, options: PatchOptions) -> Listing:
    used = targets[~unlabelled]
    if used.dtype.kind == "U":
        words = [str(word) for word in np.char.strip(used)]
        legend = legend_of_texts(words)
        indices = np.searchsorted(np.array(legend.names), words)
    else:
        numbers = _whole_numbers(used, options.targets)
        unique, indices = np.unique(numbers, return_inverse=True)
        legend = legend_of_ids(unique, options.classes)
    found = np.zeros(len(targets), dtype=np.int16)
    found[~unlabelled] = indices
    return Listing([], [], found, None, legend, "arrays")


def _whole_numbers(values: np.ndarray, path: str) -> np.ndarray:
    if values.dtype.kind not in "biuf":
        raise LabelError(
            f"{path} holds values of type {values.dtype}.", "Labels must be class ids or texts."
        )
    with np.errstate(invalid="ignore"):
        wrong = ~np.isfinite(values) | (values != np.round(values.astype(np.float64)))
    wrong |= np.abs(values.astype(np.float64)) > 2**31 - 1
    if wrong.any():
        raise LabelError(
            f"{path} holds {values[wrong][0]}, which is not a class id.",
            "Class ids are whole numbers.",
        )
    whole: np.ndarray = values.astype(np.int64)
    return whole


def _several(targets: np.ndarray, unlabelled: np.ndarray, options: PatchOptions) -> Listing:
    classes = targets.shape[1]
    check_class_count(classes)
    names = _column_names(classes, options.classes)
    if targets.dtype.kind not in "biuf":
        raise LabelError(
            f"{options.targets} holds values of type {targets.dtype}, not 0 and 1.",
            "Several classes per patch are columns of 0 and 1.",
        )
    wrong = ~np.isin(targets, (0, 1)) & ~unlabelled[:, None]
    if wrong.any():
        row = int(np.flatnonzero(wrong.any(axis=1))[0])
        raise LabelError(
            f"{options.targets} holds {targets[row][wrong[row]][0]} for patch {row}; columns of "
            "classes hold 0 and 1.",
            "Class ids belong into an array of shape (N,).",
        )
    bits = np.where(unlabelled[:, None], 0, targets).astype(np.uint8)
    legend = make_legend(range(classes), names)
    notes = []
    sums = bits.sum(axis=1)[~unlabelled]
    if options.single_label:
        if (sums != 1).any():
            row = int(np.flatnonzero(~unlabelled)[np.flatnonzero(sums != 1)[0]])
            raise LabelError(
                f"Patch {row} of {options.targets} has {bits[row].sum()} classes, not one.",
                "Leave --single-label out: patches have several classes.",
            )
        return Listing([], [], bits.argmax(axis=1).astype(np.int16), None, legend, "arrays")
    if (sums == 1).all():
        notes.append("Every patch has exactly one class; --single-label would train them as such.")
    unused = [name for name, n in zip(names, bits.sum(axis=0), strict=True) if n == 0]
    if unused:
        notes.append(f"No patch has the class {', '.join(unused[:10])}.")
    return Listing([], [], bits, None, legend, "arrays", notes=notes)


def _column_names(classes: int, given: Sequence[str]) -> list[str]:
    if given and len(given) != classes:
        raise LabelError(
            f"--classes names {len(given)} classes, the targets have {classes} columns.",
            "Give one name per column.",
        )
    return list(given) or [str(number) for number in range(classes)]


def _bands(count: int, options: SceneOptions) -> list[Band]:
    if options.band_names and len(options.band_names) != count:
        raise OptionsError(
            f"--band-names names {len(options.band_names)} bands, the patches have {count}."
        )
    return name_bands(list(options.band_names) or [None] * count)


def _fits_in_int32(features: np.ndarray) -> bool:
    """Return whether wider integers, as numpy makes by default, can be kept as such."""
    if features.dtype.kind not in "iu" or features.dtype.itemsize <= 4:
        return False
    limits = np.iinfo(np.int32)
    parts = (features[i : i + _CHECKED_AT_ONCE] for i in range(0, len(features), _CHECKED_AT_ONCE))
    return all(part.min() >= limits.min and part.max() <= limits.max for part in parts)
