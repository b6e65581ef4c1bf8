"""What reports of patch classifiers say about the patches: how many, and how they were divided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lulc_engine.rasters.legend import Legend

# How patches were divided, by the `split` of a patch set.
SPLIT_TEXTS = {
    "data": "The data says which patches are for training, validation and test.",
    "random": (
        "The patches of each class were divided at random. Patches that lie side by side in one "
        "scene can have fallen on both sides of the split; the scores are then optimistic."
    ),
    "contiguous": (
        "Each class was divided into contiguous parts in the order of the data, so that patches "
        "that follow each other stay together."
    ),
    "polygon": (
        "Whole polygons were held back, and training patches that share pixels with one held back "
        "were left out, so that nothing is learned and tested at the same time."
    ),
    "block": (
        "Whole blocks of the labelled area were held back, and training patches that share pixels "
        "with one held back were left out. Blocks touch, so scores may still be a little "
        "optimistic."
    ),
}


def split_rows(legend: Legend, counts: Mapping[str, Sequence[int]]) -> list[dict[str, Any]]:
    """Return the rows of the table of patches by class and split, for `TrainingReport`.

    Args:
        legend: the K classes.
        counts: patches (K,) that have each class, for the splits that there are: training,
            validation, test.
    """
    rows = []
    for index, item in enumerate(legend.classes):
        parts = {split: {"patches": int(numbers[index])} for split, numbers in counts.items()}
        rows.append({"id": item.id, "name": item.name, "status": _status(parts), **parts})
    return rows


def _status(parts: Mapping[str, Mapping[str, int]]) -> str:
    """Return a remark on a class that a split lacks, or ok."""
    lacking = {split for split, part in parts.items() if part["patches"] == 0}
    if "training" in lacking:
        return "cannot be learned: no patch"
    remarks = {"validation": "validated", "test": "tested"}
    words = [word for split, word in remarks.items() if split in lacking]
    return f"cannot be {' or '.join(words)}: no patch" if words else "ok"
