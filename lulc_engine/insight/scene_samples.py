"""Labelled pixels of scenes, drawn evenly from polygons or blocks."""

from __future__ import annotations

import numpy as np

from lulc_engine.feedback import Feedback
from lulc_engine.insight.samples import Samples, Unit, check_some
from lulc_engine.options import DescribeOptions
from lulc_engine.rasters.grid import Grid, Window
from lulc_engine.samples.blocks import BlockLattice, choose_block_px
from lulc_engine.samples.label_files import open_source
from lulc_engine.samples.labels import NO_LABEL, Labels, LabelSource
from lulc_engine.samples.patches.labelled_pixels import PixelPool, Pixels
from lulc_engine.samples.placed import TILE_PX, Placed, place_labels, read_labels
from lulc_engine.samples.scenes import TrainingScene, open_scenes
from lulc_engine.samples.split import Split, assign_roles
from lulc_engine.samples.unit_table import UnitTable, unit_keys


class _Collector:
    """Counts and thins out labelled pixels, scene by scene."""

    def __init__(self, source: LabelSource, first: Labels, options: DescribeOptions) -> None:
        self.lattice = BlockLattice(first.grid, choose_block_px(first.window))
        self.table = UnitTable(len(source.legend))
        rng = np.random.default_rng(options.seed)
        self.pool = PixelPool(len(source.legend), options.max_per_class, rng)
        self.names: dict[int, str] = {}
        self.lost = 0  # labelled pixels that are not valid

    def add(self, place: Placed, feedback: Feedback) -> None:
        """Take in the labels of a scene."""
        features = place.labels.unit_names()
        for window, labels, lost in read_labels(place, feedback):
            self.lost += lost
            keys = unit_keys(place.labels, self.lattice, window)
            units = self.table.rows(keys)
            labelled = labels != NO_LABEL
            rows, first = np.unique(units[labelled], return_index=True)
            for row, key in zip(rows.tolist(), keys[labelled][first].tolist(), strict=True):
                self.names[row] = features[key] if features else f"block {row + 1}"
            self.table.add(units, labels)
            self.pool.add(place.number, (window.row_off, window.col_off), labels, units)


def read_scene_samples(options: DescribeOptions, feedback: Feedback) -> Samples:
    """Return labelled pixels of the scenes that the options name.

    At most MAX_PER_CLASS pixels of a class are drawn, as evenly from its polygons (from blocks,
    for points and label rasters) as they allow; counts are those of all pixels.

    Raises:
        LabelError: no label lies on a valid pixel.
        LulcError: see `open_scenes` and `open_source`.
    """
    scenes = open_scenes(options.image, options, feedback)
    source = open_source(
        options.labels,
        options.class_field,
        options.class_name_field,
        options.ignore_value,
        feedback,
    )
    notes: list[str] = []
    placed = place_labels(scenes, source, notes)
    collector = _Collector(source, placed[0].labels, options)
    for number, place in enumerate(placed):
        share = (number / len(placed) / 2, (number + 1) / len(placed) / 2)
        collector.add(place, feedback.part(*share))
    counts = collector.table.counts
    check_some(int(counts.sum()))
    pixels, targets = collector.pool.draw()
    kind = "polygon" if source.kind == "polygons" else "block"
    notes += _notes(collector, len(pixels), kind)
    units, unit_of = _units(pixels, targets, collector.names, [s.scene.grid for s in scenes])
    radiometry = scenes[0].common
    raw = _read(scenes, pixels, feedback.part(0.5, 1))
    roles = assign_roles(counts, options.validation_share, options.test_share, options.seed)
    block_px = None if kind == "polygon" else collector.lattice.block_px
    return Samples(
        values=raw * np.array(radiometry.scale) + np.array(radiometry.offset),
        targets=targets,
        unit_of=unit_of,
        units=units,
        unit_word=kind,
        legend=source.legend,
        bands=scenes[0].bands,
        radiometry=radiometry,
        totals=counts.sum(axis=0),
        unit_totals=(counts > 0).sum(axis=0),
        split=Split(roles, counts, kind, block_px),
        notes=notes,
    )


def _notes(collector: _Collector, drawn: int, kind: str) -> list[str]:
    notes, total = [], int(collector.table.counts.sum())
    if collector.lost:
        notes.append(
            f"{collector.lost} labelled pixels have no valid value (nodata or mask) and were left "
            "out."
        )
    if drawn < total:
        notes.append(
            f"Statistics are of {drawn} of {total} labelled pixels, drawn evenly from the {kind}s "
            "(MAX_PER_CLASS); the class balance counts all."
        )
    return notes


def _units(
    pixels: Pixels, targets: np.ndarray, names: dict[int, str], grids: list[Grid]
) -> tuple[list[Unit], np.ndarray]:
    """Return the units and the unit (n,) of every pixel; a block is one unit per class in it."""
    pairs = np.stack([pixels.units, targets.astype(np.int32)], axis=1)
    unique, first, inverse = np.unique(pairs, axis=0, return_index=True, return_inverse=True)
    unit_of = inverse.reshape(-1)
    centres = np.stack(
        [np.bincount(unit_of, pixels.places[:, n]) / np.bincount(unit_of) for n in (1, 2)]
    )
    units = []
    for number, (row, target) in enumerate(unique.tolist()):
        grid = grids[int(pixels.places[first[number], 0])]
        x, y = grid.transform * (centres[1, number] + 0.5, centres[0, number] + 0.5)
        units.append(Unit(names[row], target, float(x), float(y)))
    return units, unit_of


def _read(scenes: list[TrainingScene], pixels: Pixels, feedback: Feedback) -> np.ndarray:
    """Return raw values (n, C) float64 of the pixels, read tile by tile."""
    found = np.zeros((len(pixels), len(scenes[0].bands)))
    tiles = pixels.places // [1, TILE_PX, TILE_PX]
    order = np.lexsort(tiles.T[::-1])
    starts = np.flatnonzero(np.any(np.diff(tiles[order], axis=0, prepend=-1), axis=1))
    for done, group in enumerate(np.split(order, starts[1:])):
        feedback.check()
        feedback.progress(done / len(starts), "Reading pixels")
        number, row, column = (tiles[group[0]] * [1, TILE_PX, TILE_PX]).tolist()
        values, _ = scenes[number].read(Window(row, column, TILE_PX, TILE_PX))
        rows, columns = (pixels.places[group, 1:] - [row, column]).T
        found[group] = values[:, rows, columns].T
    return found
