"""Tiles of training windows dealt out anew: what moves, and what stays together."""

import numpy as np
import pytest

from lulc_engine.samples.shuffle import SIDES_PX, TileShuffler

COUNT, SIDE = 6, 32


def make_batch():
    """Return images whose first channel numbers every pixel of the batch, and labels that do."""
    numbers = np.arange(COUNT * SIDE * SIDE).reshape(COUNT, SIDE, SIDE)
    return np.stack([numbers, -numbers], axis=1).astype(np.float32), numbers.copy()


def test_every_pixel_keeps_its_channels_and_label_and_none_is_lost():
    images, labels = make_batch()
    TileShuffler(1.0, np.random.default_rng(0))(images, labels)
    np.testing.assert_array_equal(images[:, 0], labels)
    np.testing.assert_array_equal(images[:, 1], -labels)
    np.testing.assert_array_equal(np.sort(labels, axis=None), np.arange(labels.size))


def tile_sides(window):
    """Return the sides of squares that a shuffle can have cut a window of numbers into."""
    along = np.diff(window, axis=1) == 1
    return [
        px
        for px in SIDES_PX
        if all(along[:, column].all() for column in range(SIDE - 1) if (column + 1) % px)
    ]


def test_windows_are_cut_into_tiles_of_all_sides():
    found = set()
    for seed in range(20):
        images, labels = make_batch()
        TileShuffler(1.0, np.random.default_rng(seed))(images, labels)
        found |= {max(tile_sides(window)) for window in labels}
    assert found == set(SIDES_PX)


def test_tiles_change_places_between_windows():
    images, labels = make_batch()
    TileShuffler(1.0, np.random.default_rng(0))(images, labels)
    sources = [len(np.unique(window // SIDE**2)) for window in labels]
    assert max(sources) > 1


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_the_other_windows_stay_whole(share):
    rng = np.random.default_rng(0)
    whole = 0
    for _ in range(100):
        images, labels = make_batch()
        TileShuffler(share, rng)(images, labels)
        whole += int((labels == make_batch()[1]).all(axis=(1, 2)).sum())
    # A window that is cut alone keeps its pixels, but hardly ever their order.
    assert whole / (100 * COUNT) == pytest.approx(1 - share, abs=0.06)


@pytest.mark.parametrize("side", [1, 7, 24])
def test_any_side_of_a_window_is_cut_where_it_can_be(side):
    labels = np.arange(3 * side * side).reshape(3, side, side)
    before = labels.copy()
    TileShuffler(1.0, np.random.default_rng(0))(labels)
    np.testing.assert_array_equal(np.sort(labels, axis=None), np.sort(before, axis=None))
    assert (labels == before).all() == (side == 1)
