"""Robust statistics of bands and indices."""

import numpy as np
import pytest
import torch

from lulc_engine.models.network import InputLayer
from lulc_engine.samples.chips import Chip
from lulc_engine.samples.statistics import channel_statistics, sample_pixels, value_range

rng = np.random.default_rng(0)


def layer(roles=("red", "nir"), indices=()):
    made = InputLayer(roles, indices)
    made.set_radiometry([1e-4] * len(roles), [-0.1] * len(roles))
    return made


def normal(count=20_000):
    return np.stack([rng.normal(3000, 200, count), rng.normal(6000, 500, count)]).astype("float32")


def test_mean_and_spread_of_reflectance():
    mean, spread = channel_statistics(layer(), normal())
    assert mean.tolist() == pytest.approx([0.2, 0.5], abs=1e-3)
    assert spread.tolist() == pytest.approx([0.02, 0.05], rel=0.1)
    assert mean.dtype == spread.dtype == torch.float32


@pytest.mark.parametrize("value", [65535, 0, 1e30])
def test_outliers_do_not_set_the_scale(value):
    pixels = normal()
    clean = channel_statistics(layer(), pixels)
    pixels[:, rng.choice(pixels.shape[1], 150, replace=False)] = value
    for found, expected in zip(channel_statistics(layer(), pixels), clean, strict=True):
        np.testing.assert_allclose(found, expected, rtol=0.05)


@pytest.mark.parametrize("value", [0, 1000, 4242, 65535])
def test_a_constant_band_becomes_0_and_not_noise(value):
    pixels = normal()
    pixels[0] = value
    made = layer()
    mean, spread = channel_statistics(made, pixels)
    assert spread[0] == 1
    made.set_statistics(mean, spread)
    channels = made(torch.from_numpy(pixels)[None, :, :, None])
    assert channels[0, 0].abs().max() < 1e-5
    assert channels[0, 1].std() == pytest.approx(1, abs=0.1)


def test_indices_have_statistics_too():
    mean, spread = channel_statistics(layer(indices=("ndvi",)), normal())
    assert mean.shape == spread.shape == (3,)
    assert mean[2] == pytest.approx(0.3 / 0.7, abs=0.01)


def test_few_pixels():
    mean, spread = channel_statistics(layer(), normal(1))
    assert torch.isfinite(mean).all()
    assert spread.tolist() == [1, 1]


def make_chip(side, value):
    image = np.full((2, side, side), value, np.uint16)
    image[:, :2] = 9999  # in the halo
    valid = np.ones((side, side), bool)
    valid[2] = False
    image[:, 2] = 7777
    core = (slice(2, side), slice(0, side))
    none = np.full((side, side), -1)
    return Chip(image, valid, none, none, core, {})


def test_only_valid_pixels_of_cores_count():
    found = sample_pixels([make_chip(20, 5), make_chip(30, 6)], rng)
    values, counts = np.unique(found[0], return_counts=True)
    assert dict(zip(values.tolist(), counts.tolist(), strict=True)) == {5: 17 * 20, 6: 27 * 30}
    assert found.dtype == np.float32


def test_large_chips_are_thinned_out(monkeypatch):
    monkeypatch.setattr("lulc_engine.samples.statistics._PIXELS", 600)
    found = sample_pixels([make_chip(100, 5), make_chip(100, 6)], rng)
    assert [(found[0] == value).sum() for value in (5, 6)] == [300, 300]


def test_range_of_raw_values():
    pixels = np.stack([np.arange(1001), np.arange(1001) * 2]).astype("float32")
    assert value_range(pixels) == ((10, 990), (20, 1980))
