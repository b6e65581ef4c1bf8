"""What a source of patches names before any patch is read: files, labels, roles."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from lulc_engine.errors import LabelError
from lulc_engine.rasters.legend import Legend, make_legend
from lulc_engine.samples.labels import MAX_CLASSES
from lulc_engine.samples.patches.patch_set import Rejected
from lulc_engine.samples.split import TEST, TRAINING, VALIDATION

# What people call the parts of a data set that is divided already.
ROLE_WORDS = {
    "train": TRAINING,
    "training": TRAINING,
    "val": VALIDATION,
    "valid": VALIDATION,
    "validation": VALIDATION,
    "dev": VALIDATION,
    "test": TEST,
    "testing": TEST,
}
IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".tif", ".tiff"})
# The table that export-patches writes beside the class folders: labels, ids and the split.
MANIFEST = "manifest.csv"


@dataclass
class Listing:
    """Patches of a source, in its order.

    Attributes:
        paths: the file, or folder, of each patch; empty where patches are not files.
        names: name of each patch within the source.
        targets: (N,) int16 class indices or (N, K) uint8; of no meaning where nothing is labelled.
        roles: (N,) int8 as the data say; None where they say nothing.
        legend: the classes.
        source: folder, table, arrays or bigearthnet.
        rejected: patches that were left out already.
        notes: what the user should know.
        files: name and SHA-256 of files that hold the labels.
    """

    paths: list[Path]
    names: list[str]
    targets: np.ndarray
    roles: np.ndarray | None
    legend: Legend
    source: str
    rejected: list[Rejected] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    files: list[dict[str, Any]] = field(default_factory=list)

    def take(self, chosen: np.ndarray) -> Listing:
        """Return the listing of some of the patches, given by number."""
        numbers = chosen.tolist()
        return replace(
            self,
            paths=[self.paths[i] for i in numbers] if self.paths else [],
            names=[self.names[i] for i in numbers],
            targets=self.targets[chosen],
            roles=None if self.roles is None else self.roles[chosen],
        )


def legend_of_texts(words: Sequence[str]) -> Legend:
    """Return the legend of text labels: ids 1 to K in code-point order."""
    unique = sorted(set(words))
    check_class_count(len(unique))
    return make_legend(range(1, len(unique) + 1), unique)


def legend_of_ids(ids: np.ndarray, names: Sequence[str]) -> Legend:
    """Return the legend of integer labels, with names where they were given.

    Args:
        ids: the different ids, ascending.
        names: a name per id, or one for each of the ids 0, 1, 2 and so on.

    Raises:
        LabelError: the names do not fit, or there are too many classes.
    """
    check_class_count(len(ids))
    numbers = [int(number) for number in ids]
    if not names:
        return make_legend(numbers, [str(number) for number in numbers])
    if len(names) == len(numbers):
        return make_legend(numbers, list(names))
    if numbers[0] >= 0 and numbers[-1] < len(names):
        return make_legend(numbers, [names[number] for number in numbers])
    raise LabelError(
        f"--classes names {len(names)} classes, the labels have {len(numbers)} "
        f"({', '.join(map(str, numbers[:10]))}{', ...' if len(numbers) > 10 else ''}).",
        "Give one name per class, in the order of the ids.",
    )


def check_class_count(count: int) -> None:
    """Raise LabelError where the labels cannot be those of classes."""
    if count > MAX_CLASSES:
        raise LabelError(
            f"The labels have {count} different values; at most {MAX_CLASSES} classes are allowed.",
            "Choose the column that holds the class.",
        )


def one_of_each(targets: np.ndarray, classes: int) -> np.ndarray:
    """Return class indices (N,) as rows (N, K) uint8 with a single 1."""
    rows: np.ndarray = np.eye(classes, dtype=np.uint8)[targets]
    return rows


def readable(name: str) -> str:
    """Return a name as it can be shown and written: composed letters, no broken bytes."""
    whole = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return unicodedata.normalize("NFC", whole)


def natural_key(name: str) -> list[tuple[int, str]]:
    """Return a sorting key by which patch_2 comes before patch_10, as they do in space.

    >>> sorted(["a10", "a9", "a"], key=natural_key)
    ['a', 'a9', 'a10']
    """
    parts = re.split(r"([0-9]+)", name)
    return [(int(part), part) if part.isdecimal() else (-1, part) for part in parts]
