"""Dividing labels into training, validation and test by whole polygons or spatial blocks.

Neighbouring pixels are nearly copies of each other, so a split by pixels or by overlapping windows
tests on what was trained on (Roberts et al. 2017, doi:10.1111/ecog.02881). Here a *unit* - a
polygon, or a block where labels are points or a raster - is on one side as a whole.

The division is stratified for units that may hold several classes, in the manner of iterative
stratification (Sechidis et al. 2011, doi:10.1007/978-3-642-23808-6_10): the rarest class chooses
first. Our deviation: every class first gets one unit in each role, as far as it has units; shares
are measured by the fourth root of pixels, between counting units and counting pixels, so that one
huge polygon does not count as all of a class nor a sliver as much as a field.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

TRAINING, VALIDATION, TEST = 0, 1, 2
ROLE_NAMES = ("training", "validation", "test")
# Held back for a test without being asked only if every class keeps enough to learn from.
MIN_UNITS_FOR_TEST = 5
AUTO_TEST_SHARE = 0.2


@dataclass(frozen=True)
class Split:
    """Which unit has which role.

    Attributes:
        roles: (U,) int8, TRAINING, VALIDATION or TEST.
        counts: (U, K) int64 labelled pixels of each unit and class.
        kind: what a unit is, ``polygon`` or ``block``.
        block_px: side of a block; None for polygons.
    """

    roles: np.ndarray
    counts: np.ndarray
    kind: str
    block_px: int | None

    def pixels(self, role: int) -> np.ndarray:
        """Return labelled pixels (K,) of a role by class."""
        total: np.ndarray = self.counts[self.roles == role].sum(axis=0)
        return total

    def units(self, role: int) -> np.ndarray:
        """Return the number (K,) of units of a role that hold each class."""
        held: np.ndarray = (self.counts[self.roles == role] > 0).sum(axis=0)
        return held

    def describe(self, names: tuple[str, ...]) -> list[dict[str, Any]]:
        """Return a row per class with units and pixels of each role, for report and card."""
        rows = []
        for index, name in enumerate(names):
            row: dict[str, Any] = {"name": name}
            for role, role_name in enumerate(ROLE_NAMES):
                row[role_name] = {
                    "units": int(self.units(role)[index]),
                    "pixels": int(self.pixels(role)[index]),
                }
            row["status"] = self._status(index)
            rows.append(row)
        return rows

    def _status(self, index: int) -> str:
        total = int((self.counts[:, index] > 0).sum())
        if self.units(TRAINING)[index] == 0:
            return f"not trained: no training {self.kind} holds it"
        if self.units(VALIDATION)[index] == 0:
            only = "only one" if total == 1 else f"only {total}"
            return f"cannot be validated: {only} {self.kind}{'s' if total > 1 else ''}"
        return "ok"


def assign_roles(
    counts: np.ndarray, validation_share: float, test_share: float | None, seed: int
) -> np.ndarray:
    """Return the role (U,) int8 of every unit.

    A class with one unit is only trained; with two or more it is in training and validation; with
    three or more also in the test, where there is one. Units without labels stay in training.

    Args:
        counts: (U, K) int64 labelled pixels of each unit and class.
        validation_share: aimed-at share of validation, 0 to 1.
        test_share: the same for the test; None: `AUTO_TEST_SHARE` where every class has at least
            `MIN_UNITS_FOR_TEST` units, else no test.
        seed: decides between equals.
    """
    presence = (counts > 0).sum(axis=0)
    if test_share is None:
        enough = (presence[presence > 0] >= MIN_UNITS_FOR_TEST).all()
        test_share = AUTO_TEST_SHARE if enough else 0.0
    shares = np.array([1 - validation_share - test_share, validation_share, test_share])
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(counts))
    weights = counts[order].astype(np.float64) ** 0.25
    roles = np.full(len(counts), -1, dtype=np.int8)
    rare_first = [int(k) for k in np.argsort(presence, kind="stable") if presence[k]]
    for k in rare_first:
        _give_one_to_each_role(roles, weights, k, shares)
    for k in rare_first:
        _fill(roles, weights, k, shares)
    roles[roles < 0] = TRAINING
    _repair(roles, weights, shares)
    result = np.empty_like(roles)
    result[order] = roles
    return result


def _wanted_roles(units: int, shares: np.ndarray) -> list[int]:
    """Return the roles that a class with this many units must be in."""
    wanted = [TRAINING, VALIDATION, TEST][: min(units, 3)]
    return [role for role in wanted if role == TRAINING or shares[role] > 0]


def _give_one_to_each_role(
    roles: np.ndarray, weights: np.ndarray, k: int, shares: np.ndarray
) -> None:
    """Give class k one free unit in each role that it lacks, the largest to training."""
    column = weights[:, k]
    for role in _wanted_roles(int((column > 0).sum()), shares):
        free = np.flatnonzero((column > 0) & (roles < 0))
        if len(free) == 0:
            return
        if (column[roles == role] > 0).any():
            continue
        goal = column.sum() * shares[role]
        distance = -column[free] if role == TRAINING else np.abs(column[free] - goal)
        roles[free[np.argmin(distance)]] = role


def _fill(roles: np.ndarray, weights: np.ndarray, k: int, shares: np.ndarray) -> None:
    """Give the free units of class k, largest first, to the role that lacks most of it."""
    column = weights[:, k]
    free = np.flatnonzero((column > 0) & (roles < 0))
    lacking = shares * column.sum() - [column[roles == role].sum() for role in range(3)]
    for unit in free[np.argsort(-column[free], kind="stable")]:
        role = int(np.argmax(lacking))
        roles[unit] = role
        lacking[role] -= column[unit]


def _repair(roles: np.ndarray, weights: np.ndarray, shares: np.ndarray) -> None:
    """Move single units, where possible, so that no class lacks a role that it must be in."""
    present = weights > 0
    for k in np.argsort(present.sum(axis=0), kind="stable"):
        wanted = _wanted_roles(int(present[:, k].sum()), shares)
        for role in wanted:
            if (roles[present[:, k]] == role).any():
                continue
            for unit in np.flatnonzero(present[:, k]):
                if _can_leave(roles, present, int(unit), shares):
                    roles[unit] = role
                    break


def _can_leave(roles: np.ndarray, present: np.ndarray, unit: int, shares: np.ndarray) -> bool:
    """Return whether no class of a unit loses its last unit in a role that it must be in."""
    role = roles[unit]
    others = (roles == role) & (np.arange(len(roles)) != unit)
    for k in np.flatnonzero(present[unit]):
        needed = role in _wanted_roles(int(present[:, k].sum()), shares)
        if needed and not (others & present[:, k]).any():
            return False
    return True
