"""Folders of patches: one sub-folder per class, perhaps below train, val and test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from lulc_engine.errors import DataError, LabelError
from lulc_engine.rasters.legend import alike_names, make_legend
from lulc_engine.samples.patches.listing import (
    IMAGE_SUFFIXES,
    MANIFEST,
    ROLE_WORDS,
    Listing,
    check_class_count,
    natural_key,
    readable,
)
from lulc_engine.samples.split import TRAINING

# Left by archivers and notebooks; dot folders are ignored anyway.
_NOT_CLASSES = frozenset({"__macosx", "@eadir", "$recycle.bin"})


def list_folder(root: Path) -> Listing:
    """Return the patches of a folder whose sub-folders are classes.

    Classes have the ids 0 to K-1 in name order. Where all sub-folders are called train, val or
    test and hold the class folders, they give the roles. Within a class, files are searched in
    depth and come in natural order.

    Raises:
        DataError: the folder cannot be read or holds no images in sub-folders.
        LabelError: there is only one class.
    """
    root = _descend(root)
    parts = _role_folders(root)
    folders = [(role, folder) for role, part in parts for folder in subfolders(part)]
    barred = {os.path.realpath(root), *(os.path.realpath(part) for _, part in parts)}
    reals = {os.path.realpath(folder) for _, folder in folders}
    rows: list[tuple[str, int, Path]] = []
    empty = []
    for role, folder in folders:
        found = list(_images(folder, barred | (reals - {os.path.realpath(folder)})))
        found.sort(key=lambda path: natural_key(path.relative_to(root).as_posix()))
        rows += [(readable(folder.name), role, path) for path in found]
        empty += [] if found else [readable(folder.relative_to(root).as_posix())]
    if not rows:
        raise _nothing_found(root)
    names = sorted({name for name, _, _ in rows})
    check_class_count(len(names))
    index = {name: number for number, name in enumerate(names)}
    rows.sort(key=lambda row: index[row[0]])  # stable: files keep their order within a class
    has_roles = parts[0][1] != root
    return Listing(
        paths=[path for _, _, path in rows],
        names=[readable(path.relative_to(root).as_posix()) for _, _, path in rows],
        targets=np.array([index[name] for name, _, _ in rows], dtype=np.int16),
        roles=np.array([role for _, role, _ in rows], dtype=np.int8) if has_roles else None,
        legend=make_legend(range(len(names)), names),
        source="folder",
        notes=[*_notes(root, empty), *alike_names(names)],
    )


def find_images(root: Path) -> list[Path]:
    """Return all images below a folder, in natural order; links in circles are followed once."""
    return sorted(_images(root, set()), key=lambda p: natural_key(p.relative_to(root).as_posix()))


def subfolders(folder: Path) -> list[Path]:
    """Return the visible sub-folders in name order."""
    return sorted(path for path in _entries(folder) if path.is_dir() and _counts(path))


def _descend(root: Path) -> Path:
    """Step into a single sub-folder that holds only folders, as archives often have."""
    for _ in range(4):
        inside = subfolders(root)
        images = [path for path in _entries(root) if _is_image(path)]
        if len(inside) != 1 or images or not subfolders(inside[0]):
            break
        if any(_is_image(path) for path in _entries(inside[0])):
            break
        root = inside[0]
    return root


def _role_folders(root: Path) -> list[tuple[int, Path]]:
    """Return role and folder of each part; the root itself where data are not divided."""
    inside = subfolders(root)
    roles = [ROLE_WORDS.get(path.name.lower()) for path in inside]
    divided = [(role, path) for role, path in zip(roles, inside, strict=True) if role is not None]
    if inside and len(divided) == len(inside) and all(subfolders(path) for _, path in divided):
        return divided
    return [(TRAINING, root)]


def _images(folder: Path, seen: set[str]) -> Iterator[Path]:
    """Yield images in depth; ``seen`` holds the real paths of folders not to enter."""
    real = os.path.realpath(folder)
    if real in seen:
        return
    seen.add(real)
    for path in _entries(folder):
        if _is_image(path):
            yield path
        elif path.is_dir() and _counts(path):
            yield from _images(path, seen)


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError as err:
        raise DataError(
            f"The folder {folder} cannot be read ({err.strerror}).", "Check the path."
        ) from err


def _is_image(path: Path) -> bool:
    """Return whether a path is a file, or a broken link, that is called like an image."""
    named = path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith(".")
    return named and (path.is_file() or not path.exists())


def _counts(path: Path) -> bool:
    return not path.name.startswith(".") and path.name.lower() not in _NOT_CLASSES


def _nothing_found(root: Path) -> DataError:
    if any(_is_image(path) for path in _entries(root)):
        return LabelError(
            f"The images in {root} are not in sub-folders, so they have no class.",
            "Make one sub-folder per class, or give a table of path and label.",
        )
    endings = ", ".join(sorted(IMAGE_SUFFIXES))
    return DataError(
        f"{root} holds no images ({endings}) in sub-folders.", "Make one sub-folder per class."
    )


def _notes(root: Path, empty: list[str]) -> list[str]:
    notes = []
    if empty:
        notes.append(f"Sub-folders without images were ignored: {', '.join(empty[:10])}.")
    if (root / MANIFEST).is_file():
        # Patches of one scene would be divided at random, neighbours on both sides.
        notes.append(
            f"The folder holds {MANIFEST}, which is not read: given as PATCHES instead of the "
            "folder, it keeps the ids and the split that the patches were exported with."
        )
    loose = sum(_is_image(path) for path in _entries(root))
    if loose:
        notes.append(f"{loose} images that lie beside the class folders were ignored.")
    return notes
