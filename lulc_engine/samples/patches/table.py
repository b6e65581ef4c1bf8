"""Tables of patches: a path and a label per row, or a path and a 0/1 column per class."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lulc_engine.errors import DataError, LabelError
from lulc_engine.outputs import file_sha256
from lulc_engine.rasters.legend import Legend, alike_names, make_legend
from lulc_engine.samples.label_files import RASTER_SUFFIXES
from lulc_engine.samples.patches.listing import (
    ROLE_WORDS,
    Listing,
    check_class_count,
    legend_of_ids,
    legend_of_texts,
    readable,
)
from lulc_engine.samples.patches.patch_set import Rejected
from lulc_engine.samples.patches.rows import Rows, read_rows

_PATH = ("path", "file", "filename", "image", "patch")
_LABEL = ("label", "class")
_LABELS = ("labels", "classes")
_SPLIT = ("split", "subset")
_BITS = {"0": 0, "1": 1, "0.0": 0, "1.0": 1, "false": 0, "true": 1}
_MISSING = frozenset({"", "nan", "none", "null", "na"})
_WHOLE = re.compile(r"([+-]?[0-9]{1,10})(?:\.0*)?")


@dataclass(frozen=True)
class _Labels:
    """What the label columns say.

    Attributes:
        targets: (N,) or (N, K), with any value where there is no label.
        present: (N,) bool.
        legend: the classes.
    """

    targets: np.ndarray
    present: np.ndarray
    legend: Legend


def list_table(path: Path, classes: Sequence[str] = (), several: bool = False) -> Listing:
    """Return the patches of a table, in its order.

    Columns, in any order and case: ``path`` (relative to the table's folder), and either ``label``
    or a 0/1 column per class or ``labels`` with names joined by ``|``; perhaps ``split``. Where
    there is a label column, columns of other names are ignored.

    Args:
        path: CSV or Parquet.
        classes: names of integer labels, in the order of the ids.
        several: labels in a ``label`` column may be joined by ``|`` too.

    Raises:
        LabelError: a column is missing, or a cell is not allowed; names the line.
        DataError: no file of the table exists.
    """
    table = read_rows(path)
    _refuse_tiles(table)
    paths, names = _files(table)
    labels = _labels(table, classes, several)
    roles = _roles(table)
    reasons = [
        _reason(file, has_label, table.where(row))
        for row, (file, has_label) in enumerate(zip(paths, labels.present, strict=True))
    ]
    rejected = [Rejected(names[row], reason) for row, reason in enumerate(reasons) if reason]
    usable = np.array([not reason for reason in reasons])
    if not usable.any():
        raise _nothing_usable(table, paths, rejected)
    found = Listing(
        paths, names, labels.targets, roles, labels.legend, "table", rejected,
        files=[{"name": path.name, "sha256": file_sha256(path)}],
    )  # fmt: skip
    found.notes += alike_names(labels.legend.names)
    if labels.targets.ndim == 2:
        found.notes += _notes_on_columns(labels.targets[usable], labels.legend)
    return found.take(np.flatnonzero(usable))


def list_paths(path: Path) -> tuple[list[Path], list[str]]:
    """Return files and names in a table of which only the paths matter.

    Raises:
        LabelError: there is no column of paths.
    """
    return _files(read_rows(path))


def parse_roles(words: Sequence[str], table: Rows) -> np.ndarray:
    """Return the role (N,) int8 that each word names.

    Raises:
        LabelError: a word is none of train, val and test.
    """
    roles = np.zeros(len(words), dtype=np.int8)
    for row, word in enumerate(words):
        role = ROLE_WORDS.get(str(word).strip().lower())
        if role is None:
            raise LabelError(
                f"{word!r} in {table.where(row)} is no part of a split.",
                "Write train, val or test in every row, or leave the column out.",
            )
        roles[row] = role
    return roles


def _files(table: Rows) -> tuple[list[Path], list[str]]:
    column = table.column(_PATH)
    if column is None:
        raise LabelError(
            f"{table.path} has no column 'path'; it has {', '.join(table.header[:20])}.",
            "Name the column with the images' paths 'path'.",
        )
    names = [str(row[column]) for row in table.rows]
    return [_resolve(table.path.parent, name) for name in names], [readable(n) for n in names]


def _resolve(folder: Path, name: str) -> Path:
    """Return the file of a cell; paths written on Windows are understood elsewhere too."""
    path = folder / name
    if "\\" in name and not _exists(path):
        other = folder / name.replace("\\", "/")
        return other if _exists(other) else path
    return path


def _roles(table: Rows) -> np.ndarray | None:
    column = table.column(_SPLIT)
    return None if column is None else parse_roles([row[column] for row in table.rows], table)


def _labels(table: Rows, classes: Sequence[str], several: bool) -> _Labels:
    column, joined = table.column(_LABEL), table.column(_LABELS)
    if column is not None and not several:
        return _one_label(table, column, classes)
    listed = joined if column is None else column
    return _columns(table) if listed is None else _listed_labels(table, listed)


def _one_label(table: Rows, column: int, classes: Sequence[str]) -> _Labels:
    words = [str(row[column]) for row in table.rows]
    present = np.array([word.lower() not in _MISSING for word in words])
    used = [word for word, there in zip(words, present, strict=True) if there]
    whole = [_WHOLE.fullmatch(word) for word in used]
    if used and all(whole):
        numbers = [int(match[1]) for match in whole if match]
        unique = np.unique(numbers)
        legend = legend_of_ids(unique, classes)
        indices = np.searchsorted(unique, numbers)
    else:
        _refuse_fractions(table, column, words)
        legend = legend_of_texts(used)
        order = {name: number for number, name in enumerate(legend.names)}
        indices = np.array([order[word] for word in used], dtype=np.int64)
    targets = np.zeros(len(words), dtype=np.int16)
    targets[present] = indices
    return _Labels(targets, present, legend)


def _refuse_tiles(table: Rows) -> None:
    """Raise LabelError where labels are images: tiles have a class for every pixel.

    Such is the manifest that ``export-patches`` writes of tiles. That the files are there makes the
    difference to classes whose names look like those of files.
    """
    column, joined = table.column(_LABEL), table.column(_LABELS)
    if column is None or joined is not None:
        return
    words = {str(row[column]) for row in table.rows}
    named = all(Path(word).suffix.lower() in RASTER_SUFFIXES | {".npy"} for word in words)
    if named and all(_exists(table.path.parent / word) for word in words):
        raise LabelError(
            f"Column {table.header[column]!r} of {table.path} names images of labels, such as "
            f"{table.rows[0][column]}: these are tiles with a class for every pixel, and patches "
            "have one class as a whole.",
            "For patches, export with KIND patches, or train on the scene and its labels (INPUT "
            "with LABELS). For a class per pixel, train a segmenter on the scene and its labels; "
            "the tiles are for other tools.",
        )


def _refuse_fractions(table: Rows, column: int, words: Sequence[str]) -> None:
    """Raise LabelError where labels are numbers, but not whole ones: measurements, not classes."""
    labels = [(row, word) for row, word in enumerate(words) if word.lower() not in _MISSING]
    try:
        odd = [(row, word) for row, word in labels if not float(word).is_integer()]
    except ValueError:
        return  # there are words among them
    if odd:
        raise LabelError(
            f"The label {odd[0][1]} in {table.where(odd[0][0])} is not a whole number.",
            f"Column {table.header[column]!r} must hold class ids or names.",
        )


def _listed_labels(table: Rows, column: int) -> _Labels:
    lists = [split_labels(row[column]) for row in table.rows]
    legend_names = sorted({word for words in lists for word in words})
    check_class_count(len(legend_names))
    order = {name: number for number, name in enumerate(legend_names)}
    targets = np.zeros((len(lists), len(order)), dtype=np.uint8)
    for row, words in enumerate(lists):
        targets[row, [order[word] for word in words]] = 1
    legend = make_legend(range(len(legend_names)), legend_names)
    return _Labels(targets, np.asarray(targets.any(axis=1)), legend)


def split_labels(cell: str | Sequence[str]) -> list[str]:
    """Return the names in a cell: a list, or text joined by ``|``."""
    words = cell.split("|") if isinstance(cell, str) else cell
    cleaned = [str(word).strip() for word in words]
    return [word for word in cleaned if word.lower() not in _MISSING]


def _columns(table: Rows) -> _Labels:
    taken = {table.column(_PATH), table.column(_SPLIT)}
    columns = [number for number in range(len(table.header)) if number not in taken]
    if not columns:
        raise LabelError(
            f"{table.path} has no labels: no column 'label' and no 0/1 column per class.",
            "Add one of them.",
        )
    check_class_count(len(columns))
    targets = np.zeros((len(table.rows), len(columns)), dtype=np.uint8)
    for row, cells in enumerate(table.rows):
        for place, number in enumerate(columns):
            bit = _BITS.get(str(cells[number]).lower())
            if bit is None:
                raise LabelError(
                    f"{cells[number]!r} in column {table.header[number]!r}, {table.where(row)}, is "
                    "neither 0 nor 1.",
                    "Every column but path and split must be a class with 0 and 1; a single label "
                    "per patch belongs into a column 'label'.",
                )
            targets[row, place] = bit
    legend = make_legend(range(len(columns)), [table.header[number] for number in columns])
    return _Labels(targets, np.ones(len(targets), dtype=bool), legend)


def _notes_on_columns(targets: np.ndarray, legend: Legend) -> list[str]:
    notes = []
    unused = [name for name, n in zip(legend.names, targets.sum(axis=0), strict=True) if n == 0]
    if unused:
        notes.append(f"No patch has the class {', '.join(unused[:10])}.")
    bare = int((~targets.any(axis=1)).sum())
    if bare:
        notes.append(f"{bare} patches have none of the classes.")
    return notes


def _reason(file: Path, has_label: bool, where: str) -> str:
    if not has_label:
        return f"it has no label ({where})"
    return "" if _exists(file) else f"the file does not exist ({where})"


def _exists(file: Path) -> bool:
    try:
        return file.is_file()
    except OSError:  # such as a name that is too long
        return False


def _nothing_usable(table: Rows, paths: list[Path], rejected: list[Rejected]) -> DataError:
    if not any(_exists(path) for path in paths):
        return DataError(
            f"None of the {len(paths)} files in {table.path} exists; the first is {paths[0]}.",
            "Paths must be relative to the table's folder, or absolute.",
        )
    return LabelError(f"No patch in {table.path} can be used: {rejected[0].reason}.")
