"""Opening patches for a trained model, whatever they are stored in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lulc_engine.errors import DataError, ModelFileError, OptionsError
from lulc_engine.feedback import Feedback
from lulc_engine.inference.fitting import fit_named_bands
from lulc_engine.models.card import ModelSpec
from lulc_engine.options import ClassifyPatchesOptions
from lulc_engine.rasters.bands import Band
from lulc_engine.rasters.files import gdal_settings
from lulc_engine.samples.chips import ChipStore
from lulc_engine.samples.patches.arrays import load_features, open_features
from lulc_engine.samples.patches.assemble import open_files, warn_of_rejected
from lulc_engine.samples.patches.bigearthnet import is_bigearthnet, list_bigearthnet, names_patches
from lulc_engine.samples.patches.bigearthnet_bands import BandForm, open_bigearthnet
from lulc_engine.samples.patches.decoding import Opened
from lulc_engine.samples.patches.folder import find_images
from lulc_engine.samples.patches.listing import IMAGE_SUFFIXES, Listing, readable
from lulc_engine.samples.patches.patch_set import PatchSet
from lulc_engine.samples.patches.reading import WrongSizeError, quiet_about_pictures
from lulc_engine.samples.patches.rows import TABLE_SUFFIXES
from lulc_engine.samples.patches.table import list_paths
from lulc_engine.samples.split import TEST


def open_unlabelled(
    options: ClassifyPatchesOptions,
    spec: ModelSpec,
    feedback: Feedback,
    store: ChipStore | None = None,
) -> PatchSet:
    """Return the patches that the options name, with the bands of the model in its order.

    ``radiometry`` says what is known of the patches themselves; `fit_radiometry` compares it with
    the model's. Patches of another size than the model's are among the rejected.

    Raises:
        OptionsError: neither or both of PATCHES and FEATURES are given.
        DataError: nothing can be read, or no patch has the model's size.
        BandError: the bands do not fit the model.
        ModelFileError: the model is no patch classifier.
    """
    if spec.patch is None:
        raise ModelFileError(
            "The model labels every pixel of a scene; it is no patch classifier.",
            "Use it with classify, or give a model of train-patches.",
        )
    if bool(options.patches) == bool(options.features):
        both = "--patches and --features cannot be used together."
        raise OptionsError(
            both if options.patches else "No patches are given.", "Give PATCHES or FEATURES."
        )
    opener = _Opener(options, spec, spec.patch.size_px, feedback, store or ChipStore())
    with gdal_settings(), quiet_about_pictures():
        patches = opener.arrays() if options.features else opener.stored(Path(options.patches))
    warn_of_rejected(patches, feedback)
    return patches


class _Opener:
    """Opens patches for one model.

    Args:
        options: what the user wants.
        spec: the model's.
        patch_px: side of the model's patches.
        feedback: for the log, and stops the reading.
        store: where the images live.
    """

    def __init__(
        self,
        options: ClassifyPatchesOptions,
        spec: ModelSpec,
        patch_px: int,
        feedback: Feedback,
        store: ChipStore,
    ) -> None:
        self._options, self._spec, self._patch_px = options, spec, patch_px
        self._feedback, self._store = feedback, store

    def arrays(self) -> PatchSet:
        """Return the patches of FEATURES."""
        options = self._options
        features = load_features(options.features)
        self._check_side(features.shape[1])
        listing = self._listing([], [str(number) for number in range(len(features))], "arrays")
        opened = open_features(
            options.features, features, listing, options, self._match, self._store, self._feedback
        )
        return self._patches(listing, opened)

    def stored(self, path: Path) -> PatchSet:
        """Return the patches of a file, a folder or a table."""
        listing = self._list(path)
        if listing.source == "bigearthnet":
            opened = open_bigearthnet(
                listing,
                self._options,
                self._options.resampling,
                self._match_form,
                self._store,
                self._feedback,
            )
            return self._patches(listing, opened)
        try:
            opened = open_files(
                listing, self._options, self._patch_px, self._match, self._store, self._feedback
            )
        except WrongSizeError as err:
            raise self._wrong_size(err.side) from err
        return self._patches(listing, opened)

    def _list(self, path: Path) -> Listing:
        if path.is_dir():
            if is_bigearthnet(path):
                return list_bigearthnet(path, None, labelled=False)
            images = find_images(path)
            if not images:
                endings = ", ".join(sorted(IMAGE_SUFFIXES))
                raise DataError(f"{path} holds no images ({endings}).", "Check the path.")
            names = [readable(image.relative_to(path).as_posix()) for image in images]
            return self._listing(images, names, "folder")
        if not path.exists():
            raise DataError(f"{path} does not exist.", "Check the path of PATCHES.")
        if not path.is_file():
            raise DataError(f"{path} is not an ordinary file.", "Give images, a folder or a table.")
        if path.suffix.lower() not in TABLE_SUFFIXES:
            return self._listing([path], [readable(path.name)], "file")
        if names_patches(path) and is_bigearthnet(path.parent):
            return list_bigearthnet(path.parent, path, labelled=False)
        return self._listing(*list_paths(path), "table")

    def _listing(self, paths: list[Path], names: list[str], source: str) -> Listing:
        nothing = np.zeros(len(names), dtype=np.int16)
        return Listing(paths, names, nothing, None, self._spec.legend, source)

    def _match(self, available: Sequence[Band]) -> list[Band]:
        return fit_named_bands(available, self._spec, self._options.bands, self._feedback)

    def _match_form(self, form: BandForm) -> list[Band]:
        self._check_side(form.patch_px)
        return self._match(form.bands)

    def _check_side(self, side: int) -> None:
        if side != self._patch_px:
            raise self._wrong_size(side)

    def _wrong_size(self, side: int) -> DataError:
        return DataError(
            f"The model takes patches of {self._patch_px} x {self._patch_px} px; these are "
            f"{side} px.",
            "Cut or resample them, or train a model on patches of their size.",
        )

    def _patches(self, listing: Listing, opened: Opened) -> PatchSet:
        decoded = opened.decoded
        kept = listing.take(decoded.kept)
        return PatchSet(
            images=decoded.images,
            valid=decoded.valid,
            targets=None,
            roles=np.full(len(kept.names), TEST, dtype=np.int8),
            names=kept.names,
            bands=opened.bands,
            radiometry=opened.radiometry,
            legend=self._spec.legend,
            split="none",
            source=listing.source,
            rejected=[*listing.rejected, *decoded.rejected],
            notes=list(listing.notes),
            pixel_m=opened.pixel_m,
        )
