"""Augmentation of whole batches: what may change, and what must not."""

import numpy as np
import torch

from lulc_engine.samples.jitter import jittered
from lulc_engine.samples.patches.augment import mixed, pasted, turned, zoomed


def positions(image):
    """Return the eight positions of a square image (C, k, k)."""
    turns = [np.rot90(image, n, axes=(1, 2)) for n in range(4)]
    return [*turns, *(turn[:, :, ::-1] for turn in turns)]


def batch(count, size=5, bands=2, seed=0):
    return torch.from_numpy(
        np.random.default_rng(seed).random((count, bands, size, size), dtype=np.float32)
    )


def one_hot(count, classes=3, seed=0):
    labels = np.random.default_rng(seed).integers(classes, size=count)
    return torch.from_numpy(np.eye(classes, dtype=np.float32)[labels])


def test_every_patch_gets_one_of_eight_positions_all_as_often():
    images = batch(1).expand(4000, -1, -1, -1)
    found = turned(images, np.random.default_rng(1)).numpy()
    wanted = positions(images[0].numpy())
    hits = [int((found == one).all(axis=(1, 2, 3)).sum()) for one in wanted]
    assert sum(hits) == 4000
    assert min(hits) > 400
    assert max(hits) < 600


def test_turning_keeps_invalid_pixels_with_their_place():
    images = batch(8)
    images[:, :, 0, 1] = torch.nan
    found = turned(images, np.random.default_rng(2))
    assert int(found.isnan().sum()) == 8 * 2
    assert torch.equal(torch.nansum(found), torch.nansum(images)) or np.isclose(
        float(torch.nansum(found)), float(torch.nansum(images)), rtol=1e-5
    )


def test_mixing_shares_targets_as_it_shares_images():
    targets = one_hot(16)
    # Images that spell out their targets: after mixing they still must.
    images = targets[:, :, None, None].expand(-1, -1, 4, 4)
    for seed in range(20):
        changed, shares = mixed(images, targets, np.random.default_rng(seed))
        assert torch.allclose(changed[:, :, 0, 0], shares, atol=1e-6)
        assert torch.allclose(shares.sum(dim=1), torch.ones(16), atol=1e-5)


def test_pasting_shares_targets_by_area():
    targets = one_hot(16)
    images = targets[:, :, None, None].expand(-1, -1, 8, 6)
    areas = []
    for seed in range(200):
        changed, shares = pasted(images, targets, np.random.default_rng(seed))
        assert torch.allclose(changed.mean(dim=(2, 3)), shares, atol=1e-6)
        moved = (changed != images).any(dim=1)
        areas.append(float(moved.float().mean(dim=(1, 2)).max()))
    assert torch.equal(images, targets[:, :, None, None].expand(-1, -1, 8, 6))
    assert min(areas) < 0.1
    assert max(areas) > 0.9
    assert 0.4 < np.mean(areas) < 0.6


def test_jitter_is_a_gain_and_a_shift_of_each_band():
    images = batch(64, size=3)
    spread = torch.full((2, 1, 1), 0.2)
    found = jittered(images, spread, 0.1, torch.Generator().manual_seed(0))
    for image, changed in zip(images.numpy(), found.numpy(), strict=True):
        for band, values in zip(image, changed, strict=True):
            gain, shift = np.polyfit(band.ravel(), values.ravel(), 1)
            assert np.allclose(gain * band + shift, values, atol=1e-5)
            assert 0.4 < gain < 1.6
            assert abs(shift) < 0.06
    assert torch.equal(jittered(images, spread, 0.0, torch.Generator()), images)


def test_the_same_seed_changes_alike():
    images, targets = batch(8), one_hot(8)
    for change in (mixed, pasted):
        first, second = (change(images, targets, np.random.default_rng(3)) for _ in range(2))
        assert torch.equal(first[0], second[0])
        assert torch.equal(first[1], second[1])


def ramps(count, size):
    """Return images whose values are the places of their pixels: row and column."""
    places = np.stack(np.mgrid[:size, :size]).astype(np.float32)
    return torch.from_numpy(np.repeat(places[None], count, axis=0))


def test_zooming_changes_the_scale_of_half_of_the_images():
    images = ramps(2000, 32)
    found = zoomed(images, 0.25, np.random.default_rng(3))
    same = (found == images).flatten(1).all(dim=1)
    assert 0.45 < same.float().mean() < 0.55
    # Between neighbours the places differ by the part that is shown: 0.8 to 1.25 of the image.
    inner = found[~same][:, :, 12:20, 12:20]
    steps = torch.stack(
        [inner[:, 0].diff(dim=1).mean((1, 2)), inner[:, 1].diff(dim=2).mean((1, 2))]
    )
    torch.testing.assert_close(steps[0], steps[1], atol=1e-3, rtol=0)  # as high as wide
    assert 0.79 < steps.min() < 0.82
    assert 1.22 < steps.max() < 1.26
    assert abs(steps[0].log().mean()) < 0.02  # as often larger as smaller
    assert found.min() >= 0
    assert found.max() <= 31  # mirrored, never made up


def test_an_enlarged_image_shows_any_part_of_itself():
    found = zoomed(ramps(3000, 32), 0.25, np.random.default_rng(4))
    corner = found[:, :, 0, 0]
    assert corner.max() > 5  # the far end of a part of 0.8
    assert (corner.amax(dim=0) - corner.amin(dim=0)).min() > 5
    assert abs(np.corrcoef(corner.T.numpy())[0, 1]) < 0.9  # rows and columns move apart


def test_without_zoom_nothing_is_drawn():
    images, rng = batch(4), np.random.default_rng(5)
    assert zoomed(images, 0.0, rng) is images
    assert rng.random() == np.random.default_rng(5).random()
