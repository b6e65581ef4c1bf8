"""Patches of the held-out data for the report: some that the model has right, some wrong."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lulc_engine.evaluation.thresholds import DEFAULT, decide
from lulc_engine.reports.example_pictures import composite, png_address, stretched
from lulc_engine.reports.examples import Examples, PatchExample, several
from lulc_engine.reports.plain_text import percent
from lulc_engine.samples.patches.patch_set import PatchSet
from lulc_engine.samples.split import ROLE_NAMES
from lulc_engine.training.patch_scores import Predictions

MOST_EACH = 14  # two full rows of a page
_HOW = (
    "Right: of each class in turn the patch that the model is surest of. Wrong: those that it is "
    "surest of, the worst first."
)
_HOW_SEVERAL = (
    "Right: patches with all of their classes and no other. Wrong: those with the most classes "
    "missing or too many, the worst first."
)


def patch_examples(
    found: Predictions, role: int, patches: PatchSet, thresholds: Sequence[float]
) -> Examples | None:
    """Return example patches; None where there are none.

    Args:
        found: predictions of the patches of a role, in their order.
        role: TEST or VALIDATION.
        patches: where they are from.
        thresholds: probability (K,) from which on a class is there; empty for one per patch.
    """
    if not len(found.names):
        return None
    limits = list(thresholds) or [DEFAULT] * len(patches.legend)
    choose = _several if patches.multilabel else _single
    right, wrong, answers = choose(found, limits)
    numbers = [*right, *wrong]
    shown, name = composite(patches.bands)
    places = patches.indices(role)[numbers]
    raw = patches.images[places] if patches.valid is None else patches.raw(places)
    images = stretched(list(np.asarray(raw)), shown)
    rows = [
        PatchExample(
            png_address(image),
            found.names[number],
            several([patches.legend.names[k] for k in _labels(found.targets[number])]),
            _answer(answers[number], found.probabilities[number], patches),
        )
        for number, image in zip(numbers, images, strict=True)
    ]
    how = _HOW_SEVERAL if patches.multilabel else _HOW
    return Examples(ROLE_NAMES[role], name, how, right=rows[: len(right)], wrong=rows[len(right) :])


_Chosen = tuple[list[int], list[int], np.ndarray]


def _single(found: Predictions, _limits: Sequence[float]) -> _Chosen:
    """Return numbers of right and wrong patches and the answers (n, K) of 0 and 1."""
    said = found.probabilities.argmax(axis=1)
    sure = found.probabilities.max(axis=1)
    order = np.argsort(-sure, kind="stable")
    right = order[said[order] == found.targets[order]]
    firsts: dict[int, None] = {}
    for turn in range(MOST_EACH):
        for k in range(found.probabilities.shape[1]):
            own = right[said[right] == k]
            if turn < len(own):
                firsts[int(own[turn])] = None
    wrong = order[said[order] != found.targets[order]]
    answers = np.eye(found.probabilities.shape[1], dtype=np.uint8)[said]
    return list(firsts)[:MOST_EACH], wrong[:MOST_EACH].tolist(), answers


def _several(found: Predictions, limits: Sequence[float]) -> _Chosen:
    answers = decide(found.probabilities, list(limits)).astype(np.uint8)
    errors = (answers != found.targets).sum(axis=1)
    order = np.argsort(-errors, kind="stable")
    right = np.flatnonzero((errors == 0) & (found.targets.sum(axis=1) > 0))
    return right[:MOST_EACH].tolist(), order[errors[order] > 0][:MOST_EACH].tolist(), answers


def _labels(target: np.ndarray) -> list[int]:
    return [int(target)] if target.ndim == 0 else np.flatnonzero(target).tolist()


def _answer(answer: np.ndarray, probabilities: np.ndarray, patches: PatchSet) -> str:
    """Return the classes that were said with their probability."""
    names, said = patches.legend.names, np.flatnonzero(answer).tolist()
    if not said:
        return "none"
    order = sorted(said, key=lambda k: -float(probabilities[k]))
    parts = [f"{several([names[k]])} {percent(float(probabilities[k]), 0)}" for k in order[:4]]
    return ", ".join(parts) + (f" and {len(order) - 4} more" if len(order) > 4 else "")
