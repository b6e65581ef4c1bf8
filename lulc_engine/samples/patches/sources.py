"""Opening patches, whatever they are stored in: for a training, or for a trained model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from lulc_engine.errors import DataError, LabelError, OptionsError
from lulc_engine.feedback import Feedback
from lulc_engine.options import PatchOptions, TrainPatchesOptions
from lulc_engine.rasters.bands import Band, choose_bands
from lulc_engine.rasters.files import gdal_settings
from lulc_engine.samples.chips import ChipStore
from lulc_engine.samples.patches.arrays import list_arrays, load_features, open_features
from lulc_engine.samples.patches.assemble import (
    assemble,
    choose_patches,
    open_files,
    report_opening,
)
from lulc_engine.samples.patches.bigearthnet import (
    is_bigearthnet,
    list_bigearthnet,
    names_patches,
)
from lulc_engine.samples.patches.bigearthnet_bands import BandForm, open_bigearthnet
from lulc_engine.samples.patches.folder import list_folder
from lulc_engine.samples.patches.listing import Listing
from lulc_engine.samples.patches.patch_set import PatchSet
from lulc_engine.samples.patches.published import as_published
from lulc_engine.samples.patches.reading import quiet_about_pictures
from lulc_engine.samples.patches.rows import TABLE_SUFFIXES
from lulc_engine.samples.patches.scene_patches import open_scene_patches
from lulc_engine.samples.patches.table import list_table
from lulc_engine.samples.patches.unlabelled import open_unlabelled
from lulc_engine.samples.split import TRAINING

__all__ = ["open_patches", "open_unlabelled"]


def open_patches(options: PatchOptions, feedback: Feedback, store: ChipStore) -> PatchSet:
    """Return the labelled patches that the options name, with roles.

    Raises:
        OptionsError: none, or more than one, kind of source is named.
        DataError: nothing can be read.
        LabelError: labels are missing or are not labels, or leave nothing to train on.
    """
    _check_one_source(options)
    with gdal_settings(), quiet_about_pictures():
        if options.features:
            patches = _open_arrays(options, feedback, store)
        elif options.image:
            patches = open_scene_patches(options, feedback, store)
        else:
            patches = _open_stored(Path(options.patches), options, feedback, store)
    if isinstance(options, TrainPatchesOptions) and options.mode != "test":
        _check_trainable(patches)
        patches = as_published(options, patches)
    report_opening(patches, feedback)
    return patches


def _check_one_source(options: PatchOptions) -> None:
    given = {
        "--patches": bool(options.patches),
        "--features": bool(options.features),
        "--image": bool(options.image),
    }
    named = [name for name, there in given.items() if there]
    if len(named) != 1:
        raise OptionsError(
            f"{' and '.join(named)} cannot be used together." if named else "No patches are given.",
            "Give PATCHES, or FEATURES with TARGETS, or INPUT with LABELS.",
        )
    if options.features and not options.targets:
        raise OptionsError("--targets is missing.", "Give the labels of FEATURES.")
    if options.image and not options.labels:
        raise OptionsError("--labels is missing.", "Give polygons, points or a label raster.")


def _open_arrays(options: PatchOptions, feedback: Feedback, store: ChipStore) -> PatchSet:
    features = load_features(options.features)
    if options.patch_px not in (None, features.shape[1]):
        raise OptionsError(
            f"--patch-px is {options.patch_px}, the features have {features.shape[1]} px.",
            "Leave it out.",
        )
    listing = choose_patches(list_arrays(features, options), options)
    opened = open_features(
        options.features, features, listing, options, _chooser(options), store, feedback
    )
    return assemble(listing, opened, options, Path(options.features))


def _open_stored(
    path: Path, options: PatchOptions, feedback: Feedback, store: ChipStore
) -> PatchSet:
    feedback.progress(None, "Listing patches")
    listing = choose_patches(_list(path, options), options)

    def choose(form: BandForm) -> list[Band]:
        if options.patch_px not in (None, form.patch_px):
            raise OptionsError(
                f"--patch-px is {options.patch_px}, the patches have {form.patch_px} px.",
                "Leave it out.",
            )
        return choose_bands(form.bands, options.bands)

    if listing.source == "bigearthnet":
        opened = open_bigearthnet(listing, options, options.resampling, choose, store, feedback)
    else:
        opened = open_files(listing, options, options.patch_px, _chooser(options), store, feedback)
    return assemble(listing, opened, options, path)


def _chooser(options: PatchOptions) -> Callable[[Sequence[Band]], list[Band]]:
    return lambda available: choose_bands(available, options.bands)


def _list(path: Path, options: PatchOptions) -> Listing:
    if path.is_dir():
        if is_bigearthnet(path):
            return list_bigearthnet(path, None, labelled=True)
        return list_folder(path)
    if not path.exists():
        raise DataError(f"{path} does not exist.", "Check the path of PATCHES.")
    if path.suffix.lower() in TABLE_SUFFIXES:
        if is_bigearthnet(path.parent) and names_patches(path):
            return list_bigearthnet(path.parent, path, labelled=True)
        return list_table(path, options.classes, options.multilabel)
    raise DataError(
        f"{path} is neither a folder nor a table.",
        "Give a folder with one sub-folder per class, or a CSV or Parquet table.",
    )


def _check_trainable(patches: PatchSet) -> None:
    counts = patches.counts(TRAINING)
    present = [name for name, n in zip(patches.legend.names, counts, strict=True) if n]
    fewest = 1 if patches.multilabel else 2
    if len(present) < fewest:
        raise LabelError(
            f"Training needs at least {'one class' if fewest == 1 else 'two classes'}; the "
            f"training patches hold {'only ' + present[0] if present else 'none'}.",
            "Add patches of other classes; check the split.",
        )
    if not np.isin(patches.roles, TRAINING).any():
        raise LabelError("No patch is left for training.", "Check the split.")
