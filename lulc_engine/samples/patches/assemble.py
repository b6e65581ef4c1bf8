"""From a listing to a patch set: draw a fraction, read, give roles, check what is left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from lulc_engine.errors import DataError, LabelError
from lulc_engine.feedback import Feedback
from lulc_engine.options import DescribeOptions, PatchOptions, SceneOptions
from lulc_engine.rasters.bands import Band
from lulc_engine.rasters.reflectance import Radiometry, find_radiometry
from lulc_engine.samples.chips import ChipStore
from lulc_engine.samples.patches.decoding import Decoded, Opened, decode, keepable
from lulc_engine.samples.patches.listing import Listing, one_of_each
from lulc_engine.samples.patches.patch_set import PatchSet, Rejected
from lulc_engine.samples.patches.reading import (
    Facts,
    read_facts,
    read_patch,
    usual_form,
)
from lulc_engine.samples.patches.selection import (
    assign_patch_roles,
    describe_copies,
    draw_fraction,
)
from lulc_engine.samples.split import ROLE_NAMES, TEST, VALIDATION

_SHOWN, _MOST_NAMED = 5, 10


def choose_patches(listing: Listing, options: PatchOptions) -> Listing:
    """Return the patches that are to be read, with labels of the kind that was asked for."""
    if options.multilabel and listing.targets.ndim == 1:
        rows = one_of_each(listing.targets, len(listing.legend))
        listing = replace(listing, targets=rows)
    chosen = draw_fraction(listing.targets, listing.roles, options.fraction, options.seed)
    if len(chosen) < len(listing.names):
        note = f"{len(chosen)} of {len(listing.names)} patches were drawn (fraction "
        listing.notes.append(f"{note}{options.fraction:g}, seed {options.seed}).")
    return listing.take(chosen)


def open_files(
    listing: Listing,
    options: SceneOptions,
    patch_px: int | None,
    choose: Callable[[Sequence[Band]], Sequence[Band]],
    store: ChipStore,
    feedback: Feedback,
) -> Opened:
    """Read a listing whose patches are one file each.

    Args:
        listing: the patches.
        options: how values are read.
        patch_px: wanted side; None takes what is usual.
        choose: gives the bands to read of those that there are.
        store: where the images live.
        feedback: progress, and stops the reading.
    """
    usual, first = usual_form(listing.paths, patch_px, feedback)
    facts = read_facts(listing.paths[first], options.band_names)
    bands = tuple(choose(facts.bands))
    decoded = decode(
        listing.names,
        lambda number: read_patch(listing.paths[number], usual, bands),
        (len(bands), usual.height, usual.width),
        keepable(np.dtype(usual.dtype)),
        store,
        feedback,
    )
    refuse_nothing(decoded.rejected, len(decoded.kept), listing)
    radiometry = _radiometry(facts, bands, decoded, options)
    return Opened(decoded, bands, radiometry, facts.pixel_m)


def refuse_nothing(rejected: Sequence[Rejected], kept: int, listing: Listing) -> None:
    """Raise DataError where no patch is left, with the most frequent reasons."""
    if kept:
        return
    everything = [*listing.rejected, *rejected]
    reasons = Counter(item.reason for item in everything).most_common(_SHOWN)
    listed = "; ".join(f"{number} x {reason}" for reason, number in reasons)
    raise DataError(
        f"None of {len(everything)} patches can be used: {listed}.",
        "Check the files; --patch-px and --bands choose what is read of them.",
    )


def assemble(listing: Listing, opened: Opened, options: PatchOptions, origin: Path) -> PatchSet:
    """Return the patch set of what was read.

    Raises:
        LabelError: a class lost all its patches, unless they are only described.
    """
    decoded = opened.decoded
    # A description is where one learns that a class lost all its patches.
    if listing.targets.ndim == 1 and not isinstance(options, DescribeOptions):
        _refuse_lost_classes(listing, decoded)
    left = listing.take(decoded.kept)
    roles, split, notes = assign_patch_roles(
        left.targets,
        left.roles,
        decoded.copies,
        (options.validation_share, options.test_share),
        options.split,
        options.seed,
    )
    patches = PatchSet(
        images=decoded.images,
        valid=decoded.valid,
        targets=left.targets,
        roles=roles,
        names=left.names,
        bands=opened.bands,
        radiometry=opened.radiometry,
        legend=listing.legend,
        split=split,
        source=listing.source,
        rejected=[*listing.rejected, *decoded.rejected],
        notes=[*listing.notes, *notes, *describe_copies(decoded.copies, left.targets, roles)],
        files=[*listing.files, {"name": f"patches of {origin.name}", "sha256": decoded.sha256}],
        pixel_m=opened.pixel_m,
    )
    patches.notes += _notes_on_roles(patches)
    return patches


def report_opening(patches: PatchSet, feedback: Feedback) -> None:
    """Say what was found."""
    names = ", ".join(band.role or band.name for band in patches.bands[:13])
    counts = ", ".join(
        f"{int((patches.roles == role).sum())} {name}" for role, name in enumerate(ROLE_NAMES)
    )
    feedback.info(
        f"{len(patches)} patches of {patches.size_px} px, {len(patches.bands)} bands ({names}), "
        f"{len(patches.legend)} classes: {counts}. {patches.radiometry.summary()}"
    )
    for note in patches.notes:
        feedback.info(note)
    warn_of_rejected(patches, feedback)


def warn_of_rejected(patches: PatchSet, feedback: Feedback) -> None:
    """Say how many patches were left out, and why."""
    if patches.rejected:
        reasons = Counter(item.reason for item in patches.rejected).most_common(_SHOWN)
        listed = "; ".join(f"{number} x {reason}" for reason, number in reasons)
        many = len(patches.rejected) != 1
        said = f"{len(patches.rejected)} patches were" if many else "1 patch was"
        feedback.warning(f"{said} left out: {listed}.")


def _radiometry(
    facts: Facts, bands: Sequence[Band], decoded: Decoded, options: SceneOptions
) -> Radiometry:
    places = [[band.number for band in facts.bands].index(band.number) for band in bands]
    return find_radiometry(
        facts.path,
        facts.tags,
        [facts.scales[place] for place in places],
        [facts.offsets[place] for place in places],
        decoded.sample(),
        options.scale,
        options.offset,
    )


def _refuse_lost_classes(listing: Listing, decoded: Decoded) -> None:
    classes = len(listing.legend)
    before = np.bincount(listing.targets, minlength=classes)
    after = np.bincount(listing.targets[decoded.kept], minlength=classes)
    lost = np.flatnonzero((before > 0) & (after == 0))
    if not len(lost):
        return
    index = int(lost[0])
    left_out = np.setdiff1d(np.flatnonzero(listing.targets == index), decoded.kept)
    reason_of = {item.name: item.reason for item in decoded.rejected}
    reasons = Counter(reason_of[listing.names[i]] for i in left_out).most_common(1)
    raise LabelError(
        f"All {before[index]} patches of the class {listing.legend.names[index]!r} had to be left "
        f"out: {reasons[0][0]}.",
        "Repair them, or take the class out of the data.",
    )


def _notes_on_roles(patches: PatchSet) -> list[str]:
    """Say which classes cannot be validated or tested although others are."""
    total = np.sum([patches.counts(role) for role in range(len(ROLE_NAMES))], axis=0)
    notes = []
    for role in (VALIDATION, TEST):
        counts = patches.counts(role)
        if not counts.any():
            continue
        absent = [
            f"'{name}'"
            for name, here, anywhere in zip(patches.legend.names, counts, total, strict=True)
            if anywhere and not here
        ]
        if absent:
            more = f" and {len(absent) - _MOST_NAMED} more" if len(absent) > _MOST_NAMED else ""
            named = ", ".join(absent[:_MOST_NAMED]) + more
            notes.append(f"No patch of {named} is in the {ROLE_NAMES[role]} part.")
    return notes
