"""Labelled patches as samples of pixels, and what is wrong with their files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from lulc_engine.feedback import Feedback
from lulc_engine.insight.samples import Samples, Unit, check_some
from lulc_engine.samples.patches.patch_set import PatchSet
from lulc_engine.samples.split import ROLE_NAMES

# Of a patch: enough for its mean and spread, while neighbouring pixels say little new.
_MOST_PER_PATCH = 256
# With one class per patch every patch is judged; with several they only make up statistics.
_FEWEST_PER_PATCH = 8


@dataclass(frozen=True)
class Copies:
    """Patches whose pixels are the same.

    Attributes:
        names: of the patches.
        labels_differ: whether they have different classes, so that one of them must be wrong.
        roles: names of the parts of the split that they are in.
    """

    names: list[str]
    labels_differ: bool
    roles: list[str]


def draw_patch_samples(
    patches: PatchSet, most_per_class: int, seed: int, feedback: Feedback
) -> Samples:
    """Return pixels of the patches of every class, equally many of each patch of a class.

    A patch with several classes gives pixels to each of them; of a class with more such patches
    than pixels are wanted, some patches are drawn.

    Args:
        patches: labelled patches.
        most_per_class: pixels of a class, unless that were fewer than 8 of each patch.
        seed: decides which pixels are drawn.
        feedback: progress, and stops the work.
    """
    rng = np.random.default_rng(seed)
    has = _membership(patches)
    sizes = has.sum(axis=0)
    fewest = 1 if patches.multilabel else _FEWEST_PER_PATCH
    per_patch = np.clip(most_per_class // np.maximum(sizes, 1), fewest, _MOST_PER_PATCH)
    drawn = _thinned(has, most_per_class, rng) if patches.multilabel else has
    values, targets, unit_of = [], [], []
    units: list[Unit] = []
    for number in range(len(patches)):
        if number % 64 == 0:
            feedback.check()
            feedback.progress(number / len(patches), "Reading pixels of the patches")
        if not drawn[number].any():
            continue
        pixels = _pixels(patches, number)
        for index in np.flatnonzero(drawn[number]).tolist():
            take = min(int(per_patch[index]), len(pixels))
            if not take:
                continue
            chosen = pixels[rng.choice(len(pixels), take, replace=False)]
            values.append(chosen)
            targets.append(np.full(take, index))
            unit_of.append(np.full(take, len(units)))
            units.append(Unit(patches.names[number], index))
    check_some(len(units))
    radiometry = patches.radiometry
    raw = np.concatenate(values).astype(np.float64)
    return Samples(
        values=raw * np.array(radiometry.scale) + np.array(radiometry.offset),
        targets=np.concatenate(targets).astype(np.int16),
        unit_of=np.concatenate(unit_of),
        units=units,
        unit_word="patch",
        legend=patches.legend,
        bands=patches.bands,
        radiometry=radiometry,
        totals=sizes.astype(np.int64),
        unit_totals=sizes.astype(np.int64),
        notes=[f"Statistics are of {len(raw)} pixels, equally many of each patch of a class."],
    )


def find_copies(patches: PatchSet) -> list[Copies]:
    """Return the groups of patches that are exact copies of each other, in the order of names."""
    groups: dict[bytes, list[int]] = {}
    for number in range(len(patches)):
        digest = hashlib.blake2b(np.ascontiguousarray(patches.images[number]).data, digest_size=16)
        if patches.valid is not None:
            digest.update(np.packbits(patches.valid[number]).data)
        groups.setdefault(digest.digest(), []).append(number)
    has = _membership(patches)
    return [
        Copies(
            [patches.names[n] for n in members],
            bool((has[members] != has[members[0]]).any()),
            [ROLE_NAMES[role] for role in np.unique(patches.roles[members]).tolist()],
        )
        for members in groups.values()
        if len(members) > 1
    ]


def membership_by_role(patches: PatchSet) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the name of each part of the split with its patches (K,) of each class."""
    for role, name in enumerate(ROLE_NAMES):
        yield name, patches.counts(role)


def cooccurrence(patches: PatchSet) -> np.ndarray:
    """Return how many patches (K, K) int64 have both of two classes; the diagonal: one of them."""
    has = _membership(patches).astype(np.int64)
    together: np.ndarray = has.T @ has
    return together


def _membership(patches: PatchSet) -> np.ndarray:
    """Return which patch has which class: bool (N, K)."""
    if patches.targets is None:
        return np.zeros((len(patches), len(patches.legend)), bool)
    if patches.targets.ndim == 2:
        several: np.ndarray = patches.targets.astype(bool)
        return several
    one: np.ndarray = patches.targets[:, None] == np.arange(len(patches.legend))
    return one


def _thinned(has: np.ndarray, most: int, rng: np.random.Generator) -> np.ndarray:
    """Return which patches (N, K) stand for which class: at most so many for each."""
    kept = has.copy()
    for column in kept.T:
        members = np.flatnonzero(column)
        if len(members) > most:
            column[rng.permutation(members)[most:]] = False
    return kept


def _pixels(patches: PatchSet, number: int) -> np.ndarray:
    """Return the valid pixels (m, C) of a patch."""
    image = np.asarray(patches.images[number])
    flat = image.reshape(len(image), -1).T
    if patches.valid is None:
        return flat
    kept: np.ndarray = flat[patches.valid[number].reshape(-1)]
    return kept
