"""Tiles of scenes with their label rasters, side by side, as tools for segmentation take them.

A tile is in one part of the split as a whole. Where tiles overlap, a label that lies in tiles of
two parts stays only in the part that is held back longest (test, then validation): the others have
no label there, so that nothing is both learned from and tested on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lulc_engine.errors import LabelError
from lulc_engine.feedback import Feedback
from lulc_engine.options import ExportPatchesOptions
from lulc_engine.outputs import friendly_write_errors
from lulc_engine.rasters.geotiff import map_encoding
from lulc_engine.rasters.grid import Window
from lulc_engine.rasters.legend import Legend
from lulc_engine.reports.csv_table import Cell
from lulc_engine.samples.chips import read_padded
from lulc_engine.samples.label_files import open_source
from lulc_engine.samples.labels import NO_LABEL, Labels, LabelSource
from lulc_engine.samples.patches.decoding import keepable
from lulc_engine.samples.patches.image_files import (
    ImageKind,
    check_storable,
    safe_names,
    write_image,
    written_radiometry,
)
from lulc_engine.samples.placed import overlapped
from lulc_engine.samples.scenes import TrainingScene, open_scenes
from lulc_engine.samples.split import ROLE_NAMES, assign_roles

_ROLE_WORDS = ("train", "val", "test")


@dataclass(frozen=True)
class _Placed:
    """A scene with the labels that lie on it, and the first part of its tiles' names."""

    scene: TrainingScene
    labels: Labels
    stem: str


@dataclass(frozen=True)
class _Tile:
    """A window of a scene that holds labels."""

    place: _Placed
    window: Window


@dataclass(frozen=True)
class _Kinds:
    """How images and labels are written; ``values`` are ids by class index, then nodata."""

    image: ImageKind
    label: ImageKind
    values: np.ndarray


def write_tiles(
    options: ExportPatchesOptions, folder: Path, feedback: Feedback
) -> tuple[list[list[Cell]], Legend, np.ndarray]:
    """Write the tiles that hold labels into ``images`` and ``labels`` of a folder.

    Returns:
        Rows of the manifest, the classes, and the role of each tile.

    Raises:
        LabelError: no label lies on the scenes.
        OptionsError: the format cannot hold the images.
    """
    scenes = open_scenes(options.image, options, feedback)
    source = open_source(
        options.labels,
        options.class_field,
        options.class_name_field,
        options.ignore_value,
        feedback,
    )
    placed = _place(scenes, source, feedback)
    tiles, counts = _find_tiles(options, placed, len(source.legend), feedback.part(0, 0.3))
    if not tiles:
        raise LabelError(
            "No label lies on a valid pixel of the scene.", "Check nodata, the mask and the CRS."
        )
    roles = assign_roles(counts, options.validation_share, options.test_share, options.seed)
    kinds = _kinds(options, scenes[0], source.legend)
    for name in ("images", "labels"):
        with friendly_write_errors(options.output):
            (folder / name).mkdir()
    rows: list[list[Cell]] = [["path", "label", "split", "scene", "row", "col", "labelled_pixels"]]
    writing = feedback.part(0.3, 1)
    for number, tile in enumerate(tiles):
        feedback.check()
        writing.progress(number / len(tiles), "Writing tiles")
        before = [other for other, role in zip(tiles, roles, strict=True) if role > roles[number]]
        rows.append(_write_tile(tile, before, _ROLE_WORDS[roles[number]], kinds, folder))
    shared = ", ".join(f"{(roles == r).sum()} {word}" for r, word in enumerate(ROLE_NAMES))
    feedback.info(f"{len(tiles)} tiles of {options.tile_px} px with labels: {shared}.")
    return rows, source.legend, roles


def tile_starts(size: int, tile_px: int, step: int) -> list[int]:
    """Return where tiles begin along a side: every step, and the last one at the end.

    >>> tile_starts(100, 40, 40)
    [0, 40, 60]
    """
    last = size - tile_px
    return [0] if last <= 0 else [*range(0, last, step), last]


def _place(
    scenes: Sequence[TrainingScene], source: LabelSource, feedback: Feedback
) -> list[_Placed]:
    stems = safe_names([scene.scene.path.stem for scene in scenes])
    placed = []
    for place in overlapped(scenes, source, feedback.warning):
        for note in (*place.labels.notes, *place.labels.pixel_notes()):
            feedback.info(note)
        placed.append(_Placed(place.scene, place.labels, stems[place.number]))
    return placed


def _find_tiles(
    options: ExportPatchesOptions, placed: Sequence[_Placed], classes: int, feedback: Feedback
) -> tuple[list[_Tile], np.ndarray]:
    """Return the tiles with labels, and their labelled pixels (tiles, K) by class."""
    side = options.tile_px
    step = max(1, round(side * (1 - options.overlap)))
    tiles, counts = [], [np.zeros((0, classes), np.int64)]
    for number, place in enumerate(placed):
        grid = place.scene.scene.grid
        for row in tile_starts(grid.height, side, step):
            feedback.check()
            feedback.progress((number + row / grid.height) / len(placed), "Looking for labels")
            for column in tile_starts(grid.width, side, step):
                window = Window(row, column, side, side)
                labels = read_padded(place.labels, window)
                if (labels == NO_LABEL).all():
                    continue
                labels[~place.scene.read(window)[1]] = NO_LABEL
                found = np.bincount(labels[labels >= 0], minlength=classes)
                if found.any():
                    tiles.append(_Tile(place, window))
                    counts.append(found[None])
    return tiles, np.concatenate(counts)


def _kinds(options: ExportPatchesOptions, first: TrainingScene, legend: Legend) -> _Kinds:
    dtype, nodata = map_encoding(legend)
    names = [band.role or band.name for band in first.bands]
    image = ImageKind(f".{options.format}", names, *written_radiometry(first.common))
    label = ImageKind(image.suffix, ("class",), nodata=nodata, legend=legend)
    check_storable(label, 1, np.dtype(dtype))
    return _Kinds(image, label, np.array([*legend.ids, nodata], dtype=dtype))


def _write_tile(
    tile: _Tile, before: Sequence[_Tile], role: str, kinds: _Kinds, folder: Path
) -> list[Cell]:
    """Write a tile's two images; return its row of the manifest.

    Args:
        tile: the tile.
        before: tiles whose labels it must not have.
        role: its part of the split.
        kinds: how images are written.
        folder: where.
    """
    window, place = tile.window, tile.place
    pixels, valid = place.scene.read(window)
    pixels = pixels.astype(keepable(pixels.dtype), copy=False)
    labels = read_padded(place.labels, window)
    labels[~valid] = NO_LABEL
    for other in before:
        if other.place is place:
            labels[window.intersect(other.window).relative_to(window)] = NO_LABEL
    name = f"{place.stem}_{window.row_off}_{window.col_off}{kinds.image.suffix}"
    grid = place.scene.scene.grid.crop(window)
    mask = None if valid.all() else valid
    write_image(folder / "images" / name, pixels, mask, kinds.image, grid)
    write_image(folder / "labels" / name, kinds.values[labels][None], None, kinds.label, grid)
    return [
        f"images/{name}",
        f"labels/{name}",
        role,
        place.scene.scene.path.name,
        window.row_off,
        window.col_off,
        int((labels != NO_LABEL).sum()),
    ]
