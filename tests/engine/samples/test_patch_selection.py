"""Stratified parts by property and on hand-worked cases."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lulc_engine.samples.patches.selection import (
    assign_patch_roles,
    contiguous,
    describe_copies,
    draw_fraction,
    stratify,
    whole_counts,
)

SHARES = np.array([0.6, 0.2, 0.2])


@given(st.integers(0, 500), st.floats(0.05, 0.45), st.floats(0, 0.45))
def test_whole_counts_are_near_their_shares(total, validation, test):
    shares = np.array([1 - validation - test, validation, test])
    counts = whole_counts(total, shares)
    assert counts.sum() == total
    assert (counts >= 0).all()
    assert (np.abs(counts - shares * total) <= 2).all()
    wanted = np.flatnonzero(shares > 0)[:total]
    assert (counts[wanted] > 0).all()


@pytest.mark.parametrize(
    ("total", "expected"),
    [(0, [0, 0, 0]), (1, [1, 0, 0]), (2, [1, 1, 0]), (3, [1, 1, 1]), (4, [2, 1, 1])],
)
def test_few_patches_reach_as_many_parts_as_they_can(total, expected):
    assert whole_counts(total, SHARES).tolist() == expected


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 4), min_size=1, max_size=200), st.integers(0, 5))
def test_every_class_has_its_share_in_every_part(labels, seed):
    targets = np.array(labels)
    for parts in (
        stratify(targets, SHARES, np.random.default_rng(seed)),
        contiguous(targets, SHARES),
    ):
        for index in np.unique(targets):
            members = parts[targets == index]
            assert np.bincount(members, minlength=3).tolist() == (
                whole_counts(len(members), SHARES).tolist()
            )


def test_contiguous_parts_do_not_interleave():
    targets = np.array([0, 1] * 10)
    parts = contiguous(targets, SHARES)
    for index in (0, 1):
        assert (np.diff(parts[targets == index]) >= 0).all()


def test_random_parts_depend_on_the_seed_alone():
    targets = np.arange(100) % 4
    first, again, other = (stratify(targets, SHARES, np.random.default_rng(s)) for s in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1000))
def test_several_labels_are_shared_out_evenly(seed):
    rng = np.random.default_rng(seed)
    targets = (rng.random((300, 6)) < [0.5, 0.3, 0.2, 0.1, 0.05, 0.02]).astype(np.uint8)
    parts = stratify(targets, SHARES, rng)
    sizes = np.bincount(parts, minlength=3)
    assert np.abs(sizes - 300 * SHARES).max() <= 12
    for index in range(6):
        found = np.bincount(parts[targets[:, index] == 1], minlength=3)
        total = found.sum()
        assert np.abs(found - total * SHARES).max() <= max(2, 0.1 * total)
        assert total == 0 or found[0] > 0


def test_several_labels_are_shared_out_better_than_by_chance():
    rng = np.random.default_rng(0)
    targets = (rng.random((2000, 10)) < 0.02).astype(np.uint8)
    wanted = targets.sum(axis=0) * 0.2

    def error(parts):
        return np.abs(targets[parts == 1].sum(axis=0) - wanted).mean()

    stratified = stratify(targets, SHARES, rng)
    by_chance = [error(rng.choice(3, 2000, p=SHARES)) for _ in range(20)]
    assert error(stratified) < 0.5 * min(by_chance)


@pytest.mark.parametrize("several", [False, True])
def test_a_fraction_keeps_every_class_and_role(several):
    labels = np.repeat([0, 1, 2], [100, 30, 2])
    roles = np.arange(132) % 3
    targets = np.eye(3, dtype=np.uint8)[labels] if several else labels
    chosen = draw_fraction(targets, roles, 0.1, 0)
    assert (np.diff(chosen) > 0).all()
    assert set(zip(labels[chosen], roles[chosen], strict=True)) >= {
        (k, r) for k in (0, 1) for r in range(3)
    }
    assert 2 in labels[chosen]
    assert 12 <= len(chosen) <= 18
    assert len(draw_fraction(targets, None, 1.0, 0)) == 132


def test_copies_have_one_role_and_the_shares_still_hold():
    targets = np.zeros(100, int)
    copies = np.arange(100) // 2
    roles, how, notes = assign_patch_roles(targets, None, copies, (0.2, None), "random", 0)
    assert (roles[::2] == roles[1::2]).all()
    assert np.bincount(roles).tolist() == [60, 20, 20]
    assert how == "random"
    assert notes == []


def test_given_roles_are_kept_and_what_lacks_is_taken_from_training():
    targets = np.zeros(50, int)
    given_roles = np.array([0] * 40 + [2] * 10)
    roles, how, notes = assign_patch_roles(
        targets, given_roles, np.arange(50), (0.25, None), "contiguous", 0
    )
    assert roles.tolist() == [0] * 30 + [1] * 10 + [2] * 10
    assert how == "data"
    assert "no validation" in notes[0]
    roles, _, notes = assign_patch_roles(
        targets, np.zeros(50, int), np.arange(50), (0.2, 0.2), "contiguous", 0
    )
    assert np.bincount(roles).tolist() == [30, 10, 10]
    assert "no validation and test" in notes[0]
    everything_else = np.full(50, 2)
    roles, _, notes = assign_patch_roles(
        targets, everything_else, np.arange(50), (0.2, None), "random", 0
    )
    assert (roles == 2).all()
    assert notes == []


def test_notes_on_copies():
    copies = np.array([0, 1, 0, 2, 2, 0])
    roles = np.zeros(6, int)
    same = np.zeros(6, int)
    assert describe_copies(np.arange(6), same, roles) == []
    assert describe_copies(copies, same, roles)[0].startswith("3 patches are exact copies")
    torn = np.array([0, 0, 1, 0, 0, 0])
    assert "1 patches have exact copies" in describe_copies(copies, torn, roles)[1]
    apart = np.array([0, 0, 0, 0, 1, 0])
    assert "of 1 the data's own split" in describe_copies(copies, same, apart)[0]
