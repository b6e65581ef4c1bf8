"""Which patches are used, and for what: fractions and roles, stratified by class.

Patches of one class are divided by a seeded shuffle, so that every part has its share of every
class. Where a patch may have several classes, iterative stratification (Sechidis, Tsoumakas and
Vlahavas 2011, doi:10.1007/978-3-642-23808-6_10) gives the patches of the rarest class first, each
to the part that lacks most of it. Exact copies always go together: apart, one would be tested on
what another was trained on.
"""

from __future__ import annotations

import numpy as np

from lulc_engine.errors import OptionsError
from lulc_engine.samples.split import AUTO_TEST_SHARE, ROLE_NAMES, TEST, TRAINING, VALIDATION


def draw_fraction(
    targets: np.ndarray, roles: np.ndarray | None, fraction: float, seed: int
) -> np.ndarray:
    """Return the numbers (n,) of a share of the patches, ascending.

    Of every class, and within every role that the data give, the same share is drawn, and at least
    one patch.

    Args:
        targets: (N,) class indices or (N, K) 0 and 1.
        roles: (N,) as the data give them, or None.
        fraction: share, above 0 up to 1.
        seed: decides which.
    """
    if fraction >= 1:
        return np.arange(len(targets))
    rng = np.random.default_rng(seed)
    kept = []
    for role in (None,) if roles is None else (TRAINING, VALIDATION, TEST):
        members = np.arange(len(targets)) if roles is None else np.flatnonzero(roles == role)
        parts = stratify(targets[members], np.array([fraction, 1 - fraction]), rng)
        kept.append(members[parts == 0])
    return np.sort(np.concatenate(kept))


def assign_patch_roles(
    targets: np.ndarray,
    given: np.ndarray | None,
    copies: np.ndarray,
    shares: tuple[float, float | None],
    how: str,
    seed: int,
) -> tuple[np.ndarray, str, list[str]]:
    """Return the role (N,) int8 of every patch, how it was found, and notes.

    Roles that the data give are kept; if they lack validation, or a test that was asked for, it is
    taken from training.

    Args:
        targets: (N,) class indices or (N, K) 0 and 1.
        given: (N,) roles in the data, or None.
        copies: (N,) number shared by patches that are exact copies of each other.
        shares: of validation and of the test; None: the usual share, or what the data give.
        how: random or contiguous.
        seed: of the random division.

    Raises:
        OptionsError: the shares leave nothing to train on.
    """
    validation, test = shares
    if given is None:
        test = AUTO_TEST_SHARE if test is None else test
        return _divide(targets, copies, (validation, test), how, seed), how, []
    roles = given.astype(np.int8)
    missing = [
        VALIDATION if VALIDATION not in given and validation > 0 else None,
        TEST if TEST not in given and test else None,
    ]
    wanted = (validation if missing[0] else 0.0, (test or 0.0) if missing[1] else 0.0)
    members = np.flatnonzero(given == TRAINING)
    if not any(wanted) or not len(members):
        return roles, "data", []
    roles[members] = _divide(targets[members], copies[members], wanted, how, seed)
    lacking = " and ".join(ROLE_NAMES[role] for role in missing if role is not None)
    return roles, "data", [f"The data's own split has no {lacking}; it was taken from training."]


def describe_copies(copies: np.ndarray, targets: np.ndarray | None, roles: np.ndarray) -> list[str]:
    """Return notes on patches that are exact copies of others."""
    groups, first, inverse = np.unique(copies, return_index=True, return_inverse=True)
    extra = len(copies) - len(groups)
    if not extra:
        return []
    notes = [f"{extra} patches are exact copies of others; they were kept together in the split."]
    leader = first[inverse]
    apart = np.unique(inverse[roles != roles[leader]])
    if len(apart):
        notes = [
            f"{extra} patches are exact copies of others, and of {len(apart)} the data's own split "
            "has copies in more than one part: the scores are better than they should be."
        ]
    if targets is not None:
        same = targets == targets[leader]
        same = same if targets.ndim == 1 else same.all(axis=1)
        torn = len(np.unique(inverse[~same]))
        if torn:
            notes.append(f"{torn} patches have exact copies with other labels.")
    return notes


def stratify(targets: np.ndarray, shares: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the part (N,) int8 of every patch, so that parts have their share of every class.

    Every class is in the first part; one label per patch: and in every other, as far as it goes.

    Args:
        targets: (N,) class indices or (N, K) 0 and 1.
        shares: (P,) of the parts, together 1.
        rng: decides which.
    """
    if targets.ndim == 2:
        return _stratify_several(targets, shares, rng)
    parts = np.zeros(len(targets), dtype=np.int8)
    for index in np.unique(targets):
        members = rng.permutation(np.flatnonzero(targets == index))
        sizes = whole_counts(len(members), shares)
        parts[members] = np.repeat(np.arange(len(shares)), sizes)
    return parts


def contiguous(targets: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Return the part (N,) int8 of every patch: contiguous parts of every class in order.

    Patches with several classes are divided as one sequence.
    """
    parts = np.zeros(len(targets), dtype=np.int8)
    groups = targets if targets.ndim == 1 else np.zeros(len(targets), dtype=np.int16)
    for index in np.unique(groups):
        members = np.flatnonzero(groups == index)
        parts[members] = np.repeat(np.arange(len(shares)), whole_counts(len(members), shares))
    return parts


def whole_counts(total: int, shares: np.ndarray) -> np.ndarray:
    """Return whole numbers (P,) near total * shares, at least 1 as far as the total goes.

    >>> whole_counts(10, np.array([0.6, 0.2, 0.2])).tolist()
    [6, 2, 2]
    >>> whole_counts(2, np.array([0.6, 0.2, 0.2])).tolist()
    [1, 1, 0]
    """
    exact = shares * total
    counts = np.floor(exact + 1e-9).astype(np.int64)
    for part in np.argsort(-(exact - counts), kind="stable")[: total - counts.sum()]:
        counts[part] += 1
    for part in np.flatnonzero(shares > 0)[:total]:
        if counts[part] == 0:
            counts[np.argmax(counts)] -= 1
            counts[part] = 1
    return counts


def _divide(
    targets: np.ndarray, copies: np.ndarray, held: tuple[float, float], how: str, seed: int
) -> np.ndarray:
    """Return roles (N,) int8; held are the shares of validation and test."""
    shares = np.array([1 - sum(held), *held])
    if shares[0] < 0.01:
        raise OptionsError(
            f"--validation-share {held[0]:g} and --test-share {held[1]:g} leave nothing to train "
            "on.",
            "Together they must be below 1.",
        )
    _, first, inverse = np.unique(copies, return_index=True, return_inverse=True)
    leaders = np.sort(first)
    if how == "contiguous":
        parts = contiguous(targets[leaders], shares)
    else:
        parts = stratify(targets[leaders], shares, np.random.default_rng(seed))
    roles = np.zeros(len(targets), dtype=np.int8)
    roles[leaders] = parts
    found: np.ndarray = roles[first[inverse]]
    return found


def _stratify_several(
    targets: np.ndarray, shares: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    parts = np.full(len(targets), -1, dtype=np.int8)
    order = rng.permutation(len(targets))
    has = targets[order] > 0
    room = shares * len(targets)
    need = shares[:, None] * has.sum(axis=0)
    left = has.sum(axis=0)
    own = np.full(len(targets), -1, dtype=np.int8)
    while left.any():
        rarest = int(np.argmin(np.where(left > 0, left, np.iinfo(np.int64).max)))
        for row in np.flatnonzero(has[:, rarest] & (own < 0)):
            part = _neediest(need[:, rarest], room)
            own[row] = part
            need[part, has[row]] -= 1
            room[part] -= 1
            left -= has[row]
    for row in np.flatnonzero(own < 0):
        part = int(np.argmax(room))
        own[row] = part
        room[part] -= 1
    parts[order] = own
    for index in np.flatnonzero(has.any(axis=0)):
        members = np.flatnonzero(targets[:, index])
        if not (parts[members] == 0).any():
            parts[members[0]] = 0
    return parts


def _neediest(need: np.ndarray, room: np.ndarray) -> int:
    """Return the part that lacks most of a class; among equals the one with most room."""
    best = np.flatnonzero(need >= need.max() - 1e-9)
    return int(best[np.argmax(room[best])])
