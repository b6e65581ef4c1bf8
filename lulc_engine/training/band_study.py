"""A band study: the same training on several sets of bands, compared in one table.

Every set has the same patches, the same split, the same recipe and the same seed, so that what
differs is what the bands tell. The best set is chosen by validation; where there is a test, the
table shows its scores, which took no part in the choice.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lulc_engine.errors import BandError, Cancelled, DataError
from lulc_engine.feedback import Feedback
from lulc_engine.models.indices import band_positions
from lulc_engine.options import BAND_SETS, TrainPatchesOptions
from lulc_engine.outputs import friendly_write_errors
from lulc_engine.rasters.bands import Band, choose_bands
from lulc_engine.samples.chips import ChipStore
from lulc_engine.samples.patches.band_subset import with_bands
from lulc_engine.samples.patches.patch_set import PatchSet
from lulc_engine.training.band_table import StudyRow, study_row
from lulc_engine.training.patch_publish import INTERRUPTED, Trained
from lulc_engine.training.state_file import STATE_NAME

SINGLE = "single"


@dataclass(frozen=True)
class BandSet:
    """A set of bands that is tried: its name and its bands in order."""

    name: str
    bands: tuple[Band, ...]


Train = Callable[[TrainPatchesOptions, PatchSet, Path | None, bool, Feedback], Trained]


def study_bands(
    options: TrainPatchesOptions,
    patches: PatchSet,
    train: Train,
    store: ChipStore,
    feedback: Feedback,
) -> tuple[Trained, list[StudyRow]]:
    """Train on each of BAND_SETS; return the best by validation, and a row per set.

    With CHECKPOINTS every set has a sub-folder. A set that a cancel interrupts counts only where
    no other was finished.

    Args:
        options: with BAND_SETS.
        patches: with all bands.
        train: makes one training of options, patches, folder of checkpoints and whether to resume.
        store: where chosen bands live.
        feedback: asked in every step whether to stop.

    Raises:
        BandError: an explicit band does not exist, or no set is left.
        Cancelled: the run was cancelled, without KEEP_BEST or before anything was learned.
    """
    sets, notes = band_sets(patches.bands, options.band_sets)
    for note in notes:
        feedback.info(note)
    study = _Study()
    for number, (band_set, folder) in enumerate(zip(sets, _folders(options, sets), strict=True)):
        feedback.info(f"Band set {band_set.name}, {number + 1} of {len(sets)}.")
        own, chosen, more = narrowed(options, patches, band_set, store)
        for note in more:
            feedback.info(note)
        notes += more
        resume = options.resume and folder is not None and (folder / STATE_NAME).is_file()
        part = feedback.part(number / len(sets), (number + 1) / len(sets))
        try:
            trained = train(own, chosen, folder, resume, part)
        except Cancelled:
            if not options.keep_best or study.best is None:
                raise
            study.interrupt()
            break
        study.add(band_set, trained)
        if trained.interrupted:
            break
    return study.result(notes)


class _Study:
    """The rows of a study so far, and its best training."""

    def __init__(self) -> None:
        self.best: Trained | None = None
        self._rows: list[StudyRow] = []
        self._winner: StudyRow | None = None

    def add(self, band_set: BandSet, trained: Trained) -> None:
        """Take a training in; one that was interrupted counts only where there is no other."""
        if trained.interrupted and self.best is not None:
            self.interrupt()
            return
        kept, by_split = trained.session.kept, trained.scored.by_split
        # Of the epochs alone: the first set would also count what PyTorch loads when it begins.
        seconds = trained.session.fit.history[-1]["seconds"]
        row = study_row(band_set.name, band_set.bands, by_split, kept, seconds)
        self._rows.append(row)
        if self.best is None or _is_above(trained, self.best):
            self.best, self._winner = trained, row

    def interrupt(self) -> None:
        """Mark the best training as that of a study that was cancelled."""
        if self.best is not None:
            self.best.session.fit.notes.append(INTERRUPTED)
            self.best = dataclasses.replace(self.best, interrupted=True)

    def result(self, notes: list[str]) -> tuple[Trained, list[StudyRow]]:
        """Return the best training, with notes on the study, and the rows."""
        if self.best is None or self._winner is None:
            raise ValueError("a study without sets")
        self._winner.is_best = True
        self.best.session.fit.notes += notes
        return self.best, self._rows


def band_sets(available: Sequence[Band], words: Sequence[str]) -> tuple[list[BandSet], list[str]]:
    """Return the sets that the words name, and notes on those that these bands cannot make.

    A set that is named by its role in the field (rgb, cir, swir) is left out where a band is
    missing; explicit bands must be there. Sets of the same bands are tried once.

    Args:
        available: the bands of the patches.
        words: `options.BAND_SETS`, or bands joined by ``+``.

    Raises:
        BandError: an explicit band does not exist, or no set is left.
    """
    found: list[BandSet] = []
    notes: list[str] = []
    for word in words:
        if word == SINGLE:
            found += [BandSet(band.role or band.name, (band,)) for band in available]
            continue
        try:
            found.append(BandSet(word, tuple(choose_bands(available, [word]))))
        except BandError as err:
            if word not in BAND_SETS:
                raise
            notes.append(f"The band set {word} was left out: {err.message}")
    if not found:
        raise BandError(" ".join(notes), "Choose other BAND_SETS, or name bands joined by +.")
    unique: dict[tuple[Band, ...], BandSet] = {}
    for item in found:
        if unique.setdefault(item.bands, item) is not item:
            notes.append(f"The band set {item.name} is {unique[item.bands].name} again.")
    return list(unique.values()), notes


def narrowed(
    options: TrainPatchesOptions, patches: PatchSet, band_set: BandSet, store: ChipStore
) -> tuple[TrainPatchesOptions, PatchSet, list[str]]:
    """Return options and patches of one set, and a note on indices that it cannot make."""
    roles = [band.role for band in band_set.bands]
    possible = tuple(name for name in options.indices if _has_bands(roles, name))
    notes = []
    if possible != options.indices:
        lost = ", ".join(name.upper() for name in options.indices if name not in possible)
        notes.append(f"The band set {band_set.name} has no {lost}: a band is missing.")
    stretch = options.stretch
    if len(stretch) == 2 * len(patches.bands):
        places = [patches.bands.index(band) for band in band_set.bands]
        stretch = tuple(text for place in places for text in stretch[2 * place : 2 * place + 2])
    own = dataclasses.replace(options, indices=possible, stretch=stretch)
    return own, with_bands(patches, band_set.bands, store), notes


def _folders(options: TrainPatchesOptions, sets: Sequence[BandSet]) -> list[Path | None]:
    """Return the sub-folder of CHECKPOINTS of each set, None where no checkpoints are wanted.

    Raises:
        DataError: there is nothing to resume from.
    """
    if not options.checkpoints:
        return [None] * len(sets)
    whole = Path(options.checkpoints)
    folders = [whole / re.sub(r"[^\w+-]", "_", item.name) for item in sets]
    if options.resume and not any((folder / STATE_NAME).is_file() for folder in folders):
        raise DataError(
            f"There is nothing to resume from in {whole}.",
            "Name the folder of CHECKPOINTS of the earlier study, or leave RESUME out.",
        )
    with friendly_write_errors(whole):
        whole.mkdir(exist_ok=True)
    return list(folders)


def _is_above(trained: Trained, best: Trained) -> bool:
    """Return whether a training is better by validation than the best before it."""
    own, other = trained.session.kept.score, best.session.kept.score
    return own is not None and (other is None or own > other)


def _has_bands(roles: Sequence[str | None], index: str) -> bool:
    try:
        band_positions(roles, index)
    except BandError:
        return False
    return True
