"""The data of a training: chips with labels of three roles that never mix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lulc_engine.errors import LabelError
from lulc_engine.evaluation.matching import match_legends
from lulc_engine.feedback import Feedback
from lulc_engine.rasters.grid import Grid, Window
from lulc_engine.rasters.ground import pixel_metres
from lulc_engine.rasters.legend import Legend
from lulc_engine.samples.blocks import BlockLattice, choose_block_px
from lulc_engine.samples.chips import (
    CHIP_PX,
    Chip,
    ChipStore,
    check_cancel,
    cut_chip,
    labelled_tiles,
    only_core,
    read_padded,
)
from lulc_engine.samples.labels import NO_LABEL, Labels, LabelSource
from lulc_engine.samples.placed import add_notes, not_valid, overlapped
from lulc_engine.samples.scenes import TrainingScene
from lulc_engine.samples.split import TEST, TRAINING, VALIDATION, Split, assign_roles
from lulc_engine.samples.unit_table import UnitTable, unit_keys


@dataclass
class Dataset:
    """Everything a training sees.

    Attributes:
        chips: windows with labels.
        legend: the classes the network learns.
        test_legend: the same, followed by classes that only the test labels have.
        split: which unit has which role.
        label_kind: polygons, points or raster.
        notes: what happened to the labels, for log and report.
        has_own_test: whether TEST_LABELS were given.
        pixel_m: sides of a pixel of the first labelled scene in metres, None if not known.
        test_block_px: side of the blocks that the units of the test are, 0 for polygons.
    """

    chips: list[Chip]
    legend: Legend
    test_legend: Legend
    split: Split
    label_kind: str
    notes: list[str]
    has_own_test: bool
    pixel_m: tuple[float, float] | None
    test_block_px: int

    def labelled_share(self) -> float:
        """Return the share of the chips' valid pixels that have a label, of whatever role.

        Chips that were cut for labels of the test alone do not count: they show the same ground.
        """
        labelled = valid = 0
        for chip in self.chips:
            known = chip.labels[chip.core] >= 0
            if not known.any() and set(chip.held_out) == {TEST}:
                continue
            for held in chip.held_out.values():
                known |= held[chip.core] >= 0
            labelled += int(known.sum())
            valid += int(chip.valid[chip.core].sum())
        return labelled / max(1, valid)

    def count(self, role: int, classes: int) -> np.ndarray:
        """Return the labelled pixels (K,) of a role by class, as they are in the chips."""
        total = np.zeros(classes, dtype=np.int64)
        for chip in self.chips:
            labels = only_core(chip, chip.labels) if role == TRAINING else chip.held_out.get(role)
            if labels is not None:
                total += np.bincount(labels[labels >= 0], minlength=classes)[:classes]
        return total


@dataclass(frozen=True)
class SplitOptions:
    """How labels are divided.

    Attributes:
        validation_share: share of validation.
        test_share: share of the test; None decides by the labels.
        seed: decides between equals.
    """

    validation_share: float
    test_share: float | None
    seed: int


@dataclass(frozen=True)
class _Placed:
    """A scene with labels, and with test labels where there are some on it."""

    scene: TrainingScene
    labels: Labels
    test: Labels | None


class DatasetBuilder:
    """Builds the dataset of a training, scene by scene.

    Args:
        scenes: the open scenes.
        source: the labels.
        test_source: labels kept apart for the test, or None.
        halo: reach of the network in pixels.
        stride: the network's multiple.
        store: where chips live.
        chip_px: wanted side of a chip.
    """

    def __init__(
        self,
        scenes: Sequence[TrainingScene],
        source: LabelSource,
        test_source: LabelSource | None,
        halo: int,
        stride: int,
        store: ChipStore,
        chip_px: int = CHIP_PX,
    ) -> None:
        self._scenes, self._source, self._test_source = scenes, source, test_source
        self._windows = (halo, stride, max(chip_px, 2 * halo + stride))
        self._store = store
        self._table = UnitTable(len(source.legend))
        self._chips: list[Chip] = []
        self._notes: list[str] = []
        self._under_test = self._invalid = 0

    def build(self, options: SplitOptions, feedback: Feedback) -> Dataset:
        """Read the scenes, divide the labels and return the dataset.

        Raises:
            LabelError: no label lies on a valid pixel of a scene, or only one class is left.
        """
        placed = self._place()
        first = placed[0].labels
        lattice = BlockLattice(first.grid, choose_block_px(first.window))
        for number, place in enumerate(placed):
            share = feedback.part(number / len(placed), (number + 1) / len(placed))
            self._cut(place, lattice, share)
        if self._invalid:
            self._notes.append(not_valid(self._invalid))
        if self._under_test:
            self._notes.append(
                f"{self._under_test} pixels of the training labels lie on test labels and were "
                "left out of training and validation."
            )
        split = self._divide(options, lattice)
        test_legend = self._add_test(placed, lattice, feedback)
        dataset = Dataset(
            self._chips,
            self._source.legend,
            test_legend,
            split,
            self._source.kind,
            self._notes,
            self._test_source is not None,
            pixel_metres(placed[0].labels.grid),
            0 if (self._test_source or self._source).kind == "polygons" else lattice.block_px,
        )
        self._check(dataset)
        return dataset

    def _place(self) -> list[_Placed]:
        """Lay the labels on every scene that they overlap."""
        placed = [
            _Placed(place.scene, place.labels, self._test_on(place.labels.grid))
            for place in overlapped(self._scenes, self._source, self._notes.append)
        ]
        if self._test_source is not None and all(place.test is None for place in placed):
            raise LabelError("The test labels do not overlap the scene.", "Choose other ones.")
        for place in placed:
            self._note(place.labels)
        return placed

    def _test_on(self, grid: Grid) -> Labels | None:
        if self._test_source is None:
            return None
        try:
            return self._test_source.on(grid)
        except LabelError:
            return None  # on another scene; _place sees to it that it is on one

    def _note(self, labels: Labels) -> None:
        add_notes(labels, self._notes, is_alone=len(self._scenes) == 1)

    def _cut(self, place: _Placed, lattice: BlockLattice, feedback: Feedback) -> None:
        found = list(labelled_tiles(place.labels, *self._windows))
        for number, tile in enumerate(found):
            check_cancel(feedback, number, len(found), "Reading labelled windows")
            units = self._units(place.labels, tile.window, lattice, self._table)
            chip = cut_chip(place.scene, place.labels, units, tile, self._store)
            known = place.labels.read(tile.core) != NO_LABEL
            self._invalid += int((known & ~chip.valid[chip.core]).sum())
            if place.test is not None:
                under = read_padded(place.test, tile.window) != NO_LABEL
                self._under_test += int((only_core(chip, chip.labels)[under] >= 0).sum())
                chip.labels[under] = NO_LABEL
            chip.units[chip.labels == NO_LABEL] = -1
            self._table.add(chip.units, only_core(chip, chip.labels))
            self._chips.append(chip)

    def _units(
        self, labels: Labels, window: Window, lattice: BlockLattice, table: UnitTable
    ) -> np.ndarray:
        """Return rows of a unit table (H, W) int32 of a window, -1 outside the grid."""
        inside = window.intersect(labels.grid.window)
        units = np.full((window.height, window.width), -1, dtype=np.int32)
        units[inside.relative_to(window)] = table.rows(unit_keys(labels, lattice, inside))
        return units

    def _divide(self, options: SplitOptions, lattice: BlockLattice) -> Split:
        """Give every unit its role; training labels stay in the chips, others are held out."""
        test_share = 0.0 if self._test_source is not None else options.test_share
        counts = self._table.counts
        roles = assign_roles(counts, options.validation_share, test_share, options.seed)
        for chip in self._chips:
            role_of = np.where(chip.units >= 0, roles[chip.units], -1)
            for role in (VALIDATION, TEST):
                held = np.where(role_of == role, chip.labels, NO_LABEL).astype(np.int16)
                held = only_core(chip, held)
                if (held >= 0).any():
                    chip.held_out[role] = held
            chip.labels[role_of != TRAINING] = NO_LABEL
        by_polygon = self._source.kind == "polygons"
        block_px = None if by_polygon else lattice.block_px
        return Split(roles, counts, "polygon" if by_polygon else "block", block_px)

    def _add_test(
        self, placed: Sequence[_Placed], lattice: BlockLattice, feedback: Feedback
    ) -> Legend:
        """Add chips of the test labels; return the legend that the test is counted in."""
        if self._test_source is None:
            return self._source.legend
        used: set[int] = set()
        for place in placed:
            if place.test is not None:
                used |= set(np.unique(place.test.read(place.test.window)).tolist()) - {NO_LABEL}
                self._note(place.test)
        matching = match_legends(self._source.legend, self._test_source.legend, used)
        self._notes += matching.notes
        index = np.array([-1 if i is None else i for i in matching.reference_index] + [-1])
        own = UnitTable(len(matching.legend))  # these labels are divided among no roles
        for place in placed:
            if place.test is None:
                continue
            for tile in labelled_tiles(place.test, *self._windows):
                feedback.check()
                units = self._units(place.test, tile.window, lattice, own)
                chip = cut_chip(place.scene, place.test, units, tile, self._store)
                chip.held_out[TEST] = only_core(chip, index[chip.labels].astype(np.int16))
                chip.labels[:] = NO_LABEL
                self._chips.append(chip)
        return matching.legend

    def _check(self, dataset: Dataset) -> None:
        if self._table.counts.sum() == 0:
            raise LabelError(
                " ".join(["No label lies on a valid pixel of the scene.", *self._notes[-1:]]),
                "Check nodata, the mask, the test labels and the CRS of all.",
            )
        trained = dataset.count(TRAINING, len(dataset.legend))
        present = [name for name, n in zip(dataset.legend.names, trained, strict=True) if n]
        if len(present) < 2:
            raise LabelError(
                f"Training needs at least two classes; the labels on the scene hold only "
                f"{', '.join(present) or 'none'}.",
                " ".join(["Add labels of another class.", *self._notes]),
            )
