"""Patches in the layout of BigEarthNet: a folder per patch with a GeoTIFF per band.

Bands of Sentinel-2 have pixels of 10, 20 and 60 m; the coarser are resampled to the finest. Labels
come from a table with the columns ``patch_id`` and ``labels`` that lies in the folder (as in
version 2), else from a JSON file in each patch's folder (version 1), in the names of either the 43
or the 19 classes.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lulc_engine.errors import DataError, EnvironmentFailure, LabelError
from lulc_engine.outputs import file_sha256
from lulc_engine.rasters.legend import make_legend
from lulc_engine.samples.patches.listing import Listing, readable
from lulc_engine.samples.patches.nomenclature import CLASSES_19, class_index
from lulc_engine.samples.patches.patch_set import Rejected
from lulc_engine.samples.patches.rows import Rows, read_rows
from lulc_engine.samples.patches.table import parse_roles

# The order of Sentinel-2.
BANDS = ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B10", "B11", "B12")
_DEPTH = 4  # folders between the given one and those of the patches
_PROBED = 8
_QUOTED = re.compile(r"'([^']*)'|\"([^\"]*)\"")
_ID, _LABELS, _SPLIT = ("patch_id",), ("labels", "label"), ("split",)


def is_bigearthnet(root: Path) -> bool:
    """Return whether the folder, or some folder in it, is that of a patch; looks at a few only."""
    level = [root]
    if band_files(root):
        return True
    for _ in range(_DEPTH):
        level = [inside for folder in level for inside in _folders(folder)[:_PROBED]][:_PROBED]
        if any(band_files(folder) for folder in level):
            return True
    return False


def names_patches(table: Path) -> bool:
    """Return whether a table names patches by ``patch_id`` instead of by paths."""
    return read_rows(table).column(_ID) is not None


def list_bigearthnet(root: Path, table: Path | None, labelled: bool) -> Listing:
    """Return the patches below a folder, in the order of their names.

    Args:
        root: the folder.
        table: labels; None searches the folder for a table.
        labelled: whether patches need labels; else a table only chooses patches.

    Raises:
        DataError: there are no patches.
        LabelError: no patch has labels of the nomenclature.
    """
    folders = sorted(_patch_folders(root, set(), _DEPTH), key=lambda path: path.name)
    if not folders:
        raise DataError(
            f"{root} holds no folder of a patch with a GeoTIFF per band.",
            "Such a folder P holds P_B02.tif, P_B03.tif and so on.",
        )
    names = [readable(folder.name) for folder in folders]
    legend = make_legend(range(len(CLASSES_19)), list(CLASSES_19))
    targets = np.zeros((len(names), len(legend)), dtype=np.uint8)
    listing = Listing(folders, names, targets, None, legend, "bigearthnet")
    if not labelled:
        return listing if table is None else _only_named(listing, read_rows(table))
    found = _open_table(root, table, folders)
    if found is None:
        return _with_labels(listing, [_labels_in_json(folder) for folder in folders])
    listing.files = [{"name": found.path.name, "sha256": file_sha256(found.path)}]
    return _from_table(listing, found)


def _folders(folder: Path) -> list[Path]:
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        return sorted(Path(e.path) for e in entries if e.is_dir() and not e.name.startswith("."))
    return []


def band_files(folder: Path) -> dict[str, Path]:
    """Return the files of a patch's bands by name such as B8A; none if it is no such folder."""
    found = {}
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            start, _, ending = entry.name.rpartition("_")
            band, _, suffix = ending.partition(".")
            if (
                start == folder.name
                and entry.is_file()
                and band.upper() in BANDS
                and suffix.lower() in ("tif", "tiff")
            ):
                found[band.upper()] = Path(entry.path)
    return found


def _patch_folders(folder: Path, seen: set[str], depth: int) -> list[Path]:
    """Return the folders of patches in depth; links in circles are followed once."""
    real = os.path.realpath(folder)
    if depth < 0 or real in seen:
        return []
    seen.add(real)
    if band_files(folder):
        return [folder]
    return [path for inside in _folders(folder) for path in _patch_folders(inside, seen, depth - 1)]


def _open_table(root: Path, given: Path | None, folders: Sequence[Path]) -> Rows | None:
    """Return the table of labels: the one given, else one in the folder that has them."""
    if given is not None:
        return read_rows(given)
    tables = [p for p in sorted(root.iterdir()) if p.suffix.lower() in (".csv", ".parquet")]
    tables.sort(key=lambda path: path.stem.lower() != "metadata")  # others list what to leave out
    failure: EnvironmentFailure | None = None
    for path in tables:
        try:
            rows = read_rows(path)
        except EnvironmentFailure as err:
            failure = err
            continue
        except LabelError:
            continue
        if rows.column(_ID) is not None and rows.column(_LABELS) is not None:
            return rows
    if failure is not None and not any(json_of(folder).is_file() for folder in folders):
        raise failure
    return None


def json_of(folder: Path) -> Path:
    """Return the path of the JSON file that describes a patch."""
    return folder / f"{folder.name}_labels_metadata.json"


def _labels_in_json(folder: Path) -> list[str] | str:
    """Return the labels in a patch's JSON file, or the reason why there are none."""
    path = json_of(folder)
    if not path.is_file():
        return "it has no file of labels"
    try:
        labels = json.loads(path.read_text(encoding="utf-8"))["labels"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        labels = None
    if not isinstance(labels, list):
        return f"{path.name} cannot be read"
    return [str(label) for label in labels]


def _from_table(listing: Listing, table: Rows) -> Listing:
    column, labels, split = (table.column(names) for names in (_ID, _LABELS, _SPLIT))
    if column is None or labels is None:
        raise LabelError(
            f"{table.path} has no columns 'patch_id' and 'labels'; it has "
            f"{', '.join(table.header[:20])}.",
            "Name the columns so.",
        )
    row_of = {readable(str(row[column])): number for number, row in enumerate(table.rows)}
    numbers = [row_of.get(name) for name in listing.names]
    absent = len(row_of) - sum(number is not None for number in numbers)
    if absent:
        listing.notes.append(f"{absent} patches of {table.path.name} are not in the folder.")
    missing = f"it is not in {table.path.name}"
    cells = [missing if n is None else split_cell(table.rows[n][labels]) for n in numbers]
    if split is not None:
        words = [str(row[split]) for row in table.rows]
        roles = parse_roles(words, table)
        listing.roles = np.array([0 if n is None else roles[n] for n in numbers], dtype=np.int8)
    return _with_labels(listing, cells)


def _only_named(listing: Listing, table: Rows) -> Listing:
    column = table.column(_ID)
    named = {readable(str(row[column])) for row in table.rows} if column is not None else set()
    chosen = np.array([number for number, name in enumerate(listing.names) if name in named])
    if not len(chosen):
        raise DataError(f"No patch of {table.path} is in its folder.", "Check the table.")
    return listing.take(chosen)


def split_cell(cell: str | Sequence[str]) -> list[str]:
    """Return the labels in a cell: a list, a list written as text, or names joined by | or ;.

    Names hold commas, so these do not separate.

    >>> split_cell("['Beaches, dunes, sands' 'Marine waters']")
    ['Beaches, dunes, sands', 'Marine waters']
    """
    if not isinstance(cell, str):
        return [str(item) for item in cell]
    if cell.startswith(("[", "(")):
        return [single or double for single, double in _QUOTED.findall(cell)]
    return [part.strip() for part in re.split(r"[|;]", cell) if part.strip()]


def _with_labels(listing: Listing, labels: Sequence[list[str] | str]) -> Listing:
    """Return the listing of those patches that have a class; the others are rejected."""
    kept = []
    for number, found in enumerate(labels):
        reason = found if isinstance(found, str) else _set_classes(listing.targets[number], found)
        if reason:
            listing.rejected.append(Rejected(listing.names[number], reason))
        else:
            kept.append(number)
    if not kept:
        raise LabelError(
            f"None of {len(labels)} patches has a label of BigEarthNet: "
            f"{listing.rejected[0].reason}.",
            "Give a table with patch_id and labels, or a JSON file per patch.",
        )
    return listing.take(np.array(kept))


def _set_classes(row: np.ndarray, labels: Sequence[str]) -> str:
    """Set the classes of labels in a row (K,); return why there are none."""
    try:
        indices = [class_index(label) for label in labels]
    except KeyError as err:
        return f"{str(err.args[0])[:80]!r} is no class of BigEarthNet"
    row[[index for index in indices if index is not None]] = 1
    if row.any():
        return ""
    dropped = f"only of classes that the 19 leave out ({', '.join(labels)})"
    return f"it has labels {dropped}" if labels else "it has no label"
