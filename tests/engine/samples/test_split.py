"""Which polygon or block is trained on, validated on and tested on."""

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lulc_engine.samples.split import (
    AUTO_TEST_SHARE,
    MIN_UNITS_FOR_TEST,
    TEST,
    TRAINING,
    VALIDATION,
    Split,
    assign_roles,
)

seeds = st.integers(0, 2**32 - 1)
shares = st.sampled_from([0.1, 0.2, 0.3, 0.5])
test_shares = st.sampled_from([None, 0.0, 0.1, 0.2])


@st.composite
def polygons(draw):
    """Counts (U, K) of units that hold one class each."""
    classes = draw(st.integers(2, 6))
    owners = draw(st.lists(st.integers(0, classes - 1), min_size=1, max_size=50))
    counts = np.zeros((len(owners), classes), np.int64)
    for unit, owner in enumerate(owners):
        counts[unit, owner] = draw(st.integers(1, 5000))
    return counts


@st.composite
def blocks(draw):
    """Counts (U, K) of units that may hold several classes or none."""
    classes, units = draw(st.integers(1, 5)), draw(st.integers(1, 40))
    rng = np.random.default_rng(draw(seeds))
    held = rng.random((units, classes)) < rng.uniform(0.02, 0.9, classes)
    return rng.integers(1, 900, (units, classes)) * held


def roles_of(roles, counts, k):
    return set(roles[counts[:, k] > 0].tolist())


@given(polygons(), shares, test_shares, seeds)
def test_every_class_is_on_all_sides_that_its_polygons_allow(counts, share, test_share, seed):
    roles = assign_roles(counts, share, test_share, seed)
    assert set(roles.tolist()) <= {TRAINING, VALIDATION, TEST}
    has_test = bool((roles == TEST).any())
    for k in range(counts.shape[1]):
        units = (counts[:, k] > 0).sum()
        found = roles_of(roles, counts, k)
        if units == 1:
            assert found == {TRAINING}
        if units >= 2:
            assert {TRAINING, VALIDATION} <= found
        if units >= 3 and has_test:
            assert TEST in found


@given(blocks(), shares, test_shares, seeds)
def test_every_class_of_mixed_blocks_is_trained(counts, share, test_share, seed):
    roles = assign_roles(counts, share, test_share, seed)
    assert len(roles) == len(counts)
    for k in range(counts.shape[1]):
        if counts[:, k].any():
            assert TRAINING in roles_of(roles, counts, k)
    assert (roles[counts.sum(axis=1) == 0] == TRAINING).all()


@given(blocks(), shares, seeds)
def test_no_class_of_mixed_blocks_is_left_unvalidated_without_need(counts, share, seed):
    """Where a class of two or more blocks is not validated, moving any of them costs another."""
    roles = assign_roles(counts, share, 0.0, seed)
    held = counts > 0
    units = held.sum(axis=0)
    for k in np.flatnonzero(units >= 2):
        if VALIDATION in roles_of(roles, counts, k):
            continue
        for unit in np.flatnonzero(held[:, k]):
            others = (roles == TRAINING) & (np.arange(len(roles)) != unit)
            assert any(not (others & held[:, c]).any() for c in np.flatnonzero(held[unit]))


@given(blocks(), shares, test_shares, seeds)
def test_the_same_seed_gives_the_same_split(counts, share, test_share, seed):
    again = assign_roles(counts.copy(), share, test_share, seed)
    np.testing.assert_array_equal(assign_roles(counts, share, test_share, seed), again)


@given(polygons(), shares, seeds)
def test_without_a_share_there_is_no_test(counts, share, seed):
    assert not (assign_roles(counts, share, 0.0, seed) == TEST).any()


@given(polygons(), seeds)
def test_a_test_is_held_back_only_where_labels_suffice(counts, seed):
    units = (counts > 0).sum(axis=0)
    enough = bool((units[units > 0] >= MIN_UNITS_FOR_TEST).all())
    assert bool((assign_roles(counts, 0.2, None, seed) == TEST).any()) == enough


def test_many_small_polygons_are_divided_at_once():
    """Time grows with their number, not with its square: a minute would be lost at this size."""
    rng = np.random.default_rng(0)
    counts = np.zeros((50_000, 4), np.int64)
    counts[np.arange(len(counts)), rng.integers(0, 4, len(counts))] = rng.integers(
        1, 9, len(counts)
    )
    start = time.process_time()
    roles = assign_roles(counts, 0.2, 0.2, 0)
    assert time.process_time() - start < 5
    shares = np.bincount(roles) / len(roles)
    assert shares == pytest.approx([0.6, 0.2, 0.2], abs=0.05)


def test_seeds_differ():
    counts = np.full((60, 3), 10)
    splits = {tuple(assign_roles(counts, 0.3, None, seed)) for seed in range(5)}
    assert len(splits) == 5


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("validation", "test"), [(0.2, 0.0), (0.3, 0.2), (0.5, None)])
def test_shares_are_met_where_there_are_many_units(seed, validation, test):
    rng = np.random.default_rng(seed)
    counts = np.zeros((120, 3), np.int64)
    counts[np.arange(120), np.arange(120) % 3] = rng.integers(50, 150, 120)
    roles = assign_roles(counts, validation, test, seed)
    wanted = AUTO_TEST_SHARE if test is None else test
    for k in range(3):
        held = counts[:, k] > 0
        assert (roles[held] == VALIDATION).mean() == pytest.approx(validation, abs=0.06)
        assert (roles[held] == TEST).mean() == pytest.approx(wanted, abs=0.06)


@pytest.mark.parametrize("seed", range(10))
def test_the_largest_of_two_polygons_is_trained_on(seed):
    counts = np.array([[10, 0], [5000, 0], [0, 900], [0, 20]])
    roles = assign_roles(counts, 0.2, None, seed)
    assert roles.tolist() == [VALIDATION, TRAINING, TRAINING, VALIDATION]


@pytest.mark.parametrize("seed", range(10))
def test_rare_classes_in_blocks_of_a_common_one(seed):
    """Two blocks hold a rare class beside a class that is everywhere: each side gets one."""
    counts = np.full((20, 2), 0)
    counts[:, 0] = 1000
    counts[[3, 11], 1] = 5
    roles = assign_roles(counts, 0.2, 0.0, seed)
    assert roles_of(roles, counts, 1) == {TRAINING, VALIDATION}
    assert roles_of(roles, counts, 0) == {TRAINING, VALIDATION}


def test_a_block_is_moved_where_a_class_was_forgotten():
    counts = np.array(
        [[0, 0, 823, 859], [12, 0, 357, 0], [0, 239, 0, 448], [553, 0, 0, 5], [0, 0, 161, 0]]
    )
    roles = assign_roles(counts, 0.2, 0.0, 0)
    for k in (0, 2, 3):
        assert roles_of(roles, counts, k) == {TRAINING, VALIDATION}


def test_everything_in_one_block_is_trained_on():
    assert assign_roles(np.array([[10, 20, 30]]), 0.3, None, 0).tolist() == [TRAINING]


def test_nothing_to_divide():
    assert assign_roles(np.zeros((0, 3), np.int64), 0.2, None, 0).shape == (0,)
    assert assign_roles(np.zeros((4, 3), np.int64), 0.2, None, 0).tolist() == [TRAINING] * 4


@pytest.fixture
def split():
    counts = np.array([[10, 0, 0], [20, 0, 0], [5, 7, 0], [0, 0, 0], [40, 0, 0]])
    return Split(np.array([0, 1, 0, 0, 2], np.int8), counts, "polygon", None)


def test_counting_a_split(split):
    assert split.pixels(TRAINING).tolist() == [15, 7, 0]
    assert split.pixels(TEST).tolist() == [40, 0, 0]
    assert split.units(TRAINING).tolist() == [2, 1, 0]
    assert split.units(VALIDATION).tolist() == [1, 0, 0]


def test_describing_a_split(split):
    rows = split.describe(("water", "forest", "ice"))
    assert [row["name"] for row in rows] == ["water", "forest", "ice"]
    assert rows[0]["test"] == {"units": 1, "pixels": 40}
    assert [row["status"] for row in rows] == [
        "ok",
        "cannot be validated: only one polygon",
        "not trained: no training polygon holds it",
    ]
