"""What a model answered for each sample, from a file of predictions."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lulc_engine.errors import DataError
from lulc_engine.evaluation.metrics import TEST, ReferenceInfo
from lulc_engine.evaluation.patch_metrics import patch_metrics
from lulc_engine.insight.mcnemar import McNemar, mcnemar
from lulc_engine.rasters.legend import make_legend

_ARRAYS = ("names", "targets", "predicted", "probabilities", "class_ids", "class_names")


@dataclass(frozen=True)
class Answers:
    """Labels and answers of some patches, in the names of the classes.

    Attributes:
        path: the file.
        names: (n,) of the patches.
        targets: (n,) class names; for several classes per patch one set of names each.
        predicted: likewise.
        metrics: the metrics object of these answers.
    """

    path: Path
    names: list[str]
    targets: list[frozenset[str]]
    predicted: list[frozenset[str]]
    metrics: dict[str, Any]


def read_answers(path: Path) -> Answers:
    """Read a file of PREDICTIONS.

    Raises:
        DataError: the file is not one that a training wrote, or holds no patch.
    """
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in (*_ARRAYS, "thresholds")}
        return _answers(path, arrays)
    except (OSError, ValueError, KeyError, IndexError, EOFError, zipfile.BadZipFile) as err:
        raise DataError(
            f"{path} is not a file of predictions: {err}.",
            "Give the PREDICTIONS (.npz) that a training of patches wrote.",
        ) from err


def compare_answers(first: Answers, second: Answers) -> McNemar | None:
    """Return McNemar's test on the patches that both answered.

    None where there are none, or where a patch has other labels in the second file: then the two
    were not asked the same. A patch is right if all its classes are.
    """
    places = {name: number for number, name in enumerate(second.names)}
    pairs = [(i, places[name]) for i, name in enumerate(first.names) if name in places]
    if not pairs or any(first.targets[i] != second.targets[j] for i, j in pairs):
        return None
    right = [
        (first.predicted[i] == first.targets[i], second.predicted[j] == second.targets[j])
        for i, j in pairs
    ]
    return mcnemar(sum(a and not b for a, b in right), sum(b and not a for a, b in right))


def _answers(path: Path, arrays: dict[str, Any]) -> Answers:
    ids, class_names = arrays["class_ids"].tolist(), [str(n) for n in arrays["class_names"]]
    targets, predicted = arrays["targets"], arrays["predicted"]
    names = [str(name) for name in arrays["names"]]
    shapes = {len(names), len(targets), len(predicted), len(arrays["probabilities"])}
    if len(shapes) > 1 or not names or len(ids) != len(class_names):
        raise ValueError("its arrays do not fit each other" if names else "it holds no patch")
    legend = make_legend(ids, class_names)
    if targets.ndim == 2:
        indices = targets
        sets = [_chosen(rows, class_names) for rows in (targets, predicted)]
    else:
        name_of = dict(zip(ids, class_names, strict=True))
        indices = np.array([ids.index(value) for value in targets.tolist()], np.int16)
        sets = [[frozenset([name_of[v]]) for v in rows.tolist()] for rows in (targets, predicted)]
    info = ReferenceInfo("patches", True, TEST, len(names))
    metrics = patch_metrics(
        indices, arrays["probabilities"], legend, info, arrays["thresholds"].tolist()
    )
    return Answers(path, names, sets[0], sets[1], metrics)


def _chosen(rows: np.ndarray, class_names: list[str]) -> list[frozenset[str]]:
    return [frozenset(class_names[k] for k in np.flatnonzero(row)) for row in rows]
