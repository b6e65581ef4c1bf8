"""The command ``export-patches``: labelled patches, or tiles of image and label, as files."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from lulc_engine.errors import OptionsError
from lulc_engine.feedback import Feedback
from lulc_engine.options import ExportPatchesOptions
from lulc_engine.outputs import friendly_write_errors
from lulc_engine.rasters.files import gdal_settings
from lulc_engine.rasters.grid import Grid, Window
from lulc_engine.rasters.legend import Legend
from lulc_engine.rasters.scene import Scene
from lulc_engine.reports.csv_table import Cell, csv_text
from lulc_engine.samples.chips import ChipStore
from lulc_engine.samples.patches.export_folder import new_folder
from lulc_engine.samples.patches.export_tiles import write_tiles
from lulc_engine.samples.patches.image_files import (
    ImageKind,
    check_storable,
    image_settings,
    safe_names,
    write_image,
    written_radiometry,
)
from lulc_engine.samples.patches.listing import MANIFEST
from lulc_engine.samples.patches.patch_set import PatchSet
from lulc_engine.samples.patches.reading import quiet_about_pictures
from lulc_engine.samples.patches.sources import open_patches
from lulc_engine.samples.split import ROLE_NAMES

LEGEND = "legend.json"
# Words that other tools use too.
ROLE_WORDS = ("train", "val", "test")
_REPORT_EVERY = 100


def export_patches(options: ExportPatchesOptions, feedback: Feedback) -> dict[str, Any]:
    """Write patches in one folder per class, or tiles of image and label, with a manifest.

    The manifest can be given to train-patches as PATCHES; it keeps the split.

    Returns:
        Paths ``output`` and ``manifest``; ``images`` (how many), ``rejected``, and per role how
        many images it has.

    Raises:
        LulcError: see `errors`; nothing is written then.
    """
    tiles = options.kind == "tiles"
    if tiles and not options.image:
        raise OptionsError("Tiles are cut from scenes.", "Give INPUT and LABELS, or KIND patches.")
    with (
        new_folder(options.output) as folder,
        quiet_about_pictures(),
        gdal_settings(),
        image_settings(),
    ):
        if tiles:
            rows, legend, roles = write_tiles(options, folder, feedback)
            rejected = 0
        else:
            rows, legend, roles, rejected = _write_patches(options, folder, feedback)
        with friendly_write_errors(options.output):
            (folder / MANIFEST).write_text(csv_text(rows), encoding="utf-8", newline="")
            (folder / LEGEND).write_text(legend.to_json() + "\n", encoding="utf-8")
    feedback.progress(1.0, "Done")
    return {
        "output": options.output,
        "manifest": str(Path(options.output) / MANIFEST),
        "images": len(roles),
        "rejected": rejected,
        **{name: int((roles == role).sum()) for role, name in enumerate(ROLE_NAMES)},
    }


def _write_patches(
    options: ExportPatchesOptions, folder: Path, feedback: Feedback
) -> tuple[list[list[Cell]], Legend, np.ndarray, int]:
    with contextlib.closing(ChipStore()) as store:
        patches = open_patches(options, feedback.part(0, 0.5), store)
        kind = image_kind(options.format, patches)
        check_storable(kind, len(patches.bands), patches.images.dtype, patches.valid is None)
        rows = [_header(patches)]
        writing = feedback.part(0.5, 1)
        for number, (path, grid) in enumerate(_destinations(options, patches, kind.suffix)):
            if number % _REPORT_EVERY == 0:
                feedback.check()
                writing.progress(number / len(patches), "Writing patches")
            valid = None if patches.valid is None else patches.valid[number]
            whole = valid is None or valid.all()
            target = folder / path
            with friendly_write_errors(options.output):
                target.parent.mkdir(exist_ok=True)
            write_image(target, patches.images[number], None if whole else valid, kind, grid)
            rows.append(_row(patches, number, path))
        return rows, patches.legend, patches.roles, len(patches.rejected)


def image_kind(format: str, patches: PatchSet) -> ImageKind:
    """Return how images of a patch set are written; a guessed radiometry is not written down."""
    names = [band.role or band.name for band in patches.bands]
    return ImageKind(f".{format}", names, *written_radiometry(patches.radiometry))


def _destinations(
    options: ExportPatchesOptions, patches: PatchSet, suffix: str
) -> Iterator[tuple[str, Grid | None]]:
    """Yield path in the folder, and grid where it is known, of every patch."""
    folders = safe_names(patches.legend.names)
    stems = safe_names([Path(name).with_suffix("").as_posix() for name in patches.names])
    grids = _scene_grids(options) if patches.places is not None else []
    for number, stem in enumerate(stems):
        folder = "images"
        if patches.targets is not None and patches.targets.ndim == 1:
            folder = folders[int(patches.targets[number])]
        grid = None
        if patches.places is not None:
            scene, row, column = patches.places[number].tolist()
            side = patches.size_px
            grid = grids[scene].crop(Window(row - side // 2, column - side // 2, side, side))
        yield f"{folder}/{stem}{suffix}", grid


def _scene_grids(options: ExportPatchesOptions) -> list[Grid]:
    grids = []
    for path in options.image:
        with contextlib.closing(Scene(path)) as scene:
            grids.append(scene.grid)
    return grids


def _header(patches: PatchSet) -> list[Cell]:
    if patches.multilabel:
        return ["path", "split", *patches.legend.names]
    place: list[Cell] = [] if patches.places is None else ["scene", "row", "col"]
    return ["path", "label", "class_id", "split", "source", *place]


def _row(patches: PatchSet, number: int, path: str) -> list[Cell]:
    role = ROLE_WORDS[patches.roles[number]]
    if patches.targets is None:
        return [path, role]
    if patches.multilabel:
        return [path, role, *(int(bit) for bit in patches.targets[number])]
    of = patches.legend.classes[int(patches.targets[number])]
    place = [] if patches.places is None else patches.places[number].tolist()
    return [path, of.name, of.id, role, patches.names[number], *place]
