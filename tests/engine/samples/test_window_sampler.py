"""Training windows: what is in them, and that image and labels stay together."""

import numpy as np
import pytest

from lulc_engine.samples.augment import WindowSampler
from lulc_engine.samples.chips import Chip, labelled_pixels
from lulc_engine.samples.dataset import Dataset
from lulc_engine.samples.labels import NO_LABEL
from lulc_engine.samples.split import TEST

SIDE = 16


def make_chip(height, width, labelled=0.2, seed=0):
    """Return a chip whose first band tells every pixel and whose second tells its label."""
    rng = np.random.default_rng(seed)
    labels = np.where(
        rng.random((height, width)) < labelled, rng.integers(0, 3, (height, width)), -1
    )
    image = np.stack([np.arange(height * width).reshape(height, width), labels]).astype(np.float32)
    valid = (labels >= 0) | (rng.random((height, width)) < 0.8)
    whole = (slice(0, height), slice(0, width))
    return Chip(image, valid, labels.astype(np.int16), np.zeros_like(labels), whole, {})


def make_sampler(chips, turn=True, balance=0.5, seed=0):
    pixels = labelled_pixels(chips, 3, 10**6, np.random.default_rng(0))
    return WindowSampler(
        chips, pixels, SIDE, balance=balance, turn=turn, rng=np.random.default_rng(seed)
    )


@pytest.mark.parametrize("turn", [True, False])
def test_windows_hold_labels_that_agree_with_the_image(turn):
    images, labels = make_sampler([make_chip(50, 60), make_chip(40, 30, seed=1)], turn).batch(64)
    assert (images.shape, images.dtype) == ((64, 2, SIDE, SIDE), np.float32)
    assert (labels.shape, labels.dtype) == ((64, SIDE, SIDE), np.int64)
    assert (labels >= 0).any(axis=(1, 2)).all()
    np.testing.assert_array_equal(np.isnan(images[:, 0]), np.isnan(images[:, 1]))
    shown = ~np.isnan(images[:, 1])
    np.testing.assert_array_equal(images[:, 1][shown], labels[shown])
    assert not (labels[~shown] >= 0).any()


def steps(image):
    """Return how the number of a pixel changes along rows and columns of a window."""
    return {(int(np.nanmedian(np.diff(image, axis=0))), int(np.nanmedian(np.diff(image, axis=1))))}


def test_windows_are_turned_and_flipped_in_all_ways():
    images, _ = make_sampler([make_chip(50, 60)]).batch(300)
    found = set().union(*(steps(image[0]) for image in images))
    assert found == {(a * 60, b) for a in (1, -1) for b in (1, -1)} | {
        (a, b * 60) for a in (1, -1) for b in (1, -1)
    }


def test_windows_are_not_turned_where_that_is_not_wanted():
    images, _ = make_sampler([make_chip(50, 60)], turn=False).batch(50)
    assert set().union(*(steps(image[0]) for image in images)) == {(60, 1)}


@pytest.mark.parametrize(("height", "width"), [(1, 1), (5, 40), (40, 7), (16, 16), (10, 10)])
def test_small_scenes_are_padded_with_invalid_pixels(height, width):
    images, labels = make_sampler([make_chip(height, width, 1.0)], turn=False).batch(20)
    assert images.shape[2:] == labels.shape[1:] == (SIDE, SIDE)
    inside = (slice(None), slice(0, min(height, SIDE)), slice(0, min(width, SIDE)))
    assert (labels[inside] >= 0).all()
    padded = np.ones(labels.shape, bool)
    padded[inside] = False
    assert (labels[padded] == NO_LABEL).all()
    assert np.isnan(images[:, 0][padded]).all()


def test_every_place_can_be_anywhere_in_a_window():
    chip = make_chip(100, 100, 0)
    chip.labels[50, 50], chip.valid[50, 50] = 1, True
    _, labels = make_sampler([chip], turn=False).batch(400)
    places = np.argwhere(labels == 1)[:, 1:]
    assert len(places) == 400
    assert places.min() == 0
    assert places.max() == SIDE - 1


def test_the_same_seed_draws_the_same_windows():
    chips = [make_chip(50, 60)]
    one, other, another = (make_sampler(chips, seed=seed).batch(8) for seed in (3, 3, 4))
    np.testing.assert_array_equal(one[0], other[0])
    np.testing.assert_array_equal(one[1], other[1])
    assert not np.array_equal(one[1], another[1])


def test_the_chips_are_not_changed():
    chip = make_chip(50, 60)
    image, labels = chip.image.copy(), chip.labels.copy()
    make_sampler([chip]).batch(50)
    np.testing.assert_array_equal(chip.image, image)
    np.testing.assert_array_equal(chip.labels, labels)


def test_rare_classes_are_seen_more_often_when_balanced():
    chip = make_chip(120, 120, 0)
    chip.labels[:, :60], chip.labels[100:104, 100:104] = 0, 2
    chip.valid[:] = True
    shares = []
    for balance in (0.0, 1.0):
        _, labels = make_sampler([chip], balance=balance).batch(400)
        shares.append((labels == 2).sum() / (labels >= 0).sum())
    assert shares[0] < 0.05
    assert 0.3 < shares[1] < 0.7


def test_the_share_of_labelled_pixels_counts_all_roles_and_no_halo():
    labels = np.full((6, 8), NO_LABEL, np.int16)
    labels[0] = 1  # in the halo: not counted
    labels[2, 1:5] = 0
    test = np.full((6, 8), NO_LABEL, np.int16)
    test[3, 1:3] = 2
    valid = np.ones((6, 8), bool)
    valid[4] = False
    core = (slice(1, 6), slice(1, 7))  # 5 x 6 pixels, 6 of them not valid
    chip = Chip(np.zeros((1, 6, 8)), valid, labels, np.zeros_like(labels), core, {2: test})
    dataset = Dataset([chip], None, None, None, "raster", [], False, None, 0)
    assert dataset.labelled_share() == 6 / 24


def test_chips_for_test_labels_alone_do_not_make_labels_sparse():
    nothing = np.full((4, 4), NO_LABEL, np.int16)
    dense, valid, core = np.zeros((4, 4), np.int16), np.ones((4, 4), bool), (slice(0, 4),) * 2
    test = nothing.copy()
    test[0, 0] = 1
    chips = [
        Chip(np.zeros((1, 4, 4)), valid, labels, np.zeros_like(labels), core, held_out)
        for labels, held_out in ((dense, {}), (nothing, {TEST: test}))
    ]
    dataset = Dataset(chips, None, None, None, "raster", [], False, None, 0)
    assert dataset.labelled_share() == 1
