"""Patches cut from scenes, each centred on a labelled pixel whose class it has.

Patches are divided by whole polygons or blocks, like the windows of a segmenter. Since a patch
reaches beyond its pixel, patches of training whose window shares pixels with one held back are left
out: otherwise a score would partly be measured on what was learned from.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from lulc_engine.errors import LabelError
from lulc_engine.feedback import Feedback
from lulc_engine.options import PatchOptions
from lulc_engine.outputs import file_sha256
from lulc_engine.rasters.grid import Window
from lulc_engine.rasters.ground import pixel_metres
from lulc_engine.rasters.legend import Legend
from lulc_engine.samples.blocks import BlockLattice, choose_block_px
from lulc_engine.samples.chips import ChipStore
from lulc_engine.samples.label_files import open_source
from lulc_engine.samples.labels import LabelSource
from lulc_engine.samples.patches.decoding import keepable
from lulc_engine.samples.patches.labelled_pixels import PixelPool, Pixels, reaches_into
from lulc_engine.samples.patches.patch_set import PatchSet
from lulc_engine.samples.patches.selection import draw_fraction
from lulc_engine.samples.placed import TILE_PX, Placed, not_valid, place_labels, read_labels
from lulc_engine.samples.scenes import TrainingScene, open_scenes
from lulc_engine.samples.split import TRAINING, Split, assign_roles
from lulc_engine.samples.unit_table import UnitTable, unit_keys

USUAL_PX = 5
# So that a block has an inside whose patches do not reach over its edge.
_PATCHES_PER_BLOCK = 4


def open_scene_patches(options: PatchOptions, feedback: Feedback, store: ChipStore) -> PatchSet:
    """Return patches around the labelled pixels of the scenes.

    The window of side k around a pixel begins k // 2 rows above and columns left of it. It may
    reach over the scene's edge; pixels there are not valid.

    Raises:
        LabelError: no label lies on a valid pixel.
    """
    patch_px = options.patch_px or USUAL_PX
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
    lattice, table, pool = _collect(
        placed, options, len(source.legend), notes, feedback.part(0, 0.5)
    )
    split = _divide(source, table, lattice, options)
    pixels, targets = _choose(pool, table, split, options, notes)
    kept = _apart(pixels, targets, split.roles[pixels.units], patch_px, source.legend, notes)
    pixels, targets = pixels.take(kept), targets[kept]
    images, valid = _cut(scenes, pixels, patch_px, store, feedback.part(0.5, 1))
    return PatchSet(
        images=images,
        valid=None if valid.all() else valid,
        targets=targets,
        roles=split.roles[pixels.units],
        names=_names(scenes, pixels),
        bands=scenes[0].bands,
        radiometry=scenes[0].common,
        legend=source.legend,
        split=split.kind,
        source="scene",
        notes=notes,
        files=[_file(path) for path in (*options.image, options.labels, *options.mask)],
        pixel_m=pixel_metres(placed[0].labels.grid),
        units=split,
        unit_rows=pixels.units,
        places=pixels.places,
    )


def _collect(
    placed: list[Placed],
    options: PatchOptions,
    classes: int,
    notes: list[str],
    feedback: Feedback,
) -> tuple[BlockLattice, UnitTable, PixelPool]:
    """Return the blocks, the pixels of each class in each unit, and the pixels to draw from.

    Raises:
        LabelError: no label lies on a valid pixel.
    """
    first = placed[0].labels
    patch_px = options.patch_px or USUAL_PX
    side = max(choose_block_px(first.window), _PATCHES_PER_BLOCK * patch_px)
    lattice, table = BlockLattice(first.grid, side), UnitTable(classes)
    pool = PixelPool(classes, options.max_per_class, np.random.default_rng(options.seed))
    invalid = 0
    for number, place in enumerate(placed):
        part = feedback.part(number / len(placed), (number + 1) / len(placed))
        for window, labels, lost in read_labels(place, part):
            invalid += lost
            units = table.rows(unit_keys(place.labels, lattice, window))
            table.add(units, labels)
            pool.add(place.number, (window.row_off, window.col_off), labels, units)
    if invalid:
        notes.append(not_valid(invalid))
    if not table.counts.any():
        raise LabelError(
            "No label lies on a valid pixel of the scene.",
            "Check nodata, the mask and the CRS of all.",
        )
    return lattice, table, pool


def _divide(
    source: LabelSource, table: UnitTable, lattice: BlockLattice, options: PatchOptions
) -> Split:
    roles = assign_roles(table.counts, options.validation_share, options.test_share, options.seed)
    by_polygon = source.kind == "polygons"
    kind = "polygon" if by_polygon else "block"
    return Split(roles, table.counts, kind, None if by_polygon else lattice.block_px)


def _choose(
    pool: PixelPool, table: UnitTable, split: Split, options: PatchOptions, notes: list[str]
) -> tuple[Pixels, np.ndarray]:
    """Return pixels and their classes (n,): MAX_PER_CLASS of each, then FRACTION of training."""
    pixels, targets = pool.draw()
    if len(pixels) < table.counts.sum():
        notes.append(
            f"{len(pixels)} of {table.counts.sum()} labelled pixels were drawn, spread over the "
            f"{split.kind}s (at most {options.max_per_class} per class)."
        )
    chosen = draw_fraction(targets, split.roles[pixels.units], options.fraction, options.seed)
    return pixels.take(chosen), targets[chosen]


def _apart(
    pixels: Pixels,
    targets: np.ndarray,
    roles: np.ndarray,
    patch_px: int,
    legend: Legend,
    notes: list[str],
) -> np.ndarray:
    """Return the numbers of patches to keep, so that training does not reach into the rest.

    A class that would lose all its training patches keeps them, which is said.
    """
    training = roles == TRAINING
    members = np.flatnonzero(training)
    inside = reaches_into(pixels.places[members], pixels.places[~training], patch_px)
    dropped = np.zeros(len(pixels), dtype=bool)
    dropped[members] = inside
    for index in np.unique(targets[members]):
        own = training & (targets == index)
        if dropped[own].all():
            dropped[own] = False
            notes.append(
                f"All training patches of {legend.names[index]} reach into patches held back, as "
                "labels lie too close: its scores are better than they should be."
            )
    if dropped.any():
        notes.append(
            f"{int(dropped.sum())} training patches that share pixels with patches held back were "
            "left out."
        )
    return np.flatnonzero(~dropped)


def _cut(
    scenes: list[TrainingScene],
    pixels: Pixels,
    patch_px: int,
    store: ChipStore,
    feedback: Feedback,
) -> tuple[np.ndarray, np.ndarray]:
    """Return values (n, C, k, k) and validity (n, k, k) of the windows around pixels."""
    shape = (len(pixels), len(scenes[0].bands), patch_px, patch_px)
    images = store.allocate(shape, _dtype(scenes))
    valid = store.allocate((len(pixels), patch_px, patch_px), np.dtype(bool))
    before = patch_px // 2
    tiles = pixels.places // [1, TILE_PX, TILE_PX]
    order = np.lexsort(tiles.T[::-1])
    starts = np.flatnonzero(np.any(np.diff(tiles[order], axis=0, prepend=-1), axis=1))
    for done, group in enumerate(np.split(order, starts[1:])):
        feedback.check()
        feedback.progress(done / len(starts), "Cutting patches")
        number, tile_row, tile_col = tiles[group[0]].tolist()
        corner = np.array([tile_row, tile_col]) * TILE_PX - before
        side = TILE_PX + patch_px
        values, usable = scenes[number].read(Window(int(corner[0]), int(corner[1]), side, side))
        firsts = pixels.places[group, 1:] - before - corner
        windows = np.lib.stride_tricks.sliding_window_view(values, (patch_px, patch_px), (1, 2))
        masks = np.lib.stride_tricks.sliding_window_view(usable, (patch_px, patch_px))
        rows, columns = firsts.T
        images[group] = np.moveaxis(windows[:, rows, columns], 1, 0)
        valid[group] = masks[rows, columns]
    return images, valid


def _dtype(scenes: list[TrainingScene]) -> np.dtype:
    """Return the type that holds the values of all scenes in their common radiometry."""
    types = [scene.scene.dtype(scene.bands) for scene in scenes]
    alike = all(
        (scene.radiometry.scale, scene.radiometry.offset)
        == (scene.common.scale, scene.common.offset)
        for scene in scenes
    )
    return keepable(np.result_type(*types)) if alike else np.dtype(np.float32)


def _names(scenes: list[TrainingScene], pixels: Pixels) -> list[str]:
    """Return row and column of each centre, after the scene's name where there are several."""
    prefix = [f"{scene.scene.path.name} " if len(scenes) > 1 else "" for scene in scenes]
    return [f"{prefix[n]}row {row} column {column}" for n, row, column in pixels.places.tolist()]


def _file(path: str) -> dict[str, Any]:
    file = Path(path.split("|")[0])
    return {"name": file.name, "sha256": file_sha256(file) if file.is_file() else None}
