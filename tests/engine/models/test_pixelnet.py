"""PixelNet: what it takes from a window, that it can tell rough from smooth, and its size."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from lulc_engine.models.network import parameter_count
from lulc_engine.models.pixelnet import PixelNet, roughness


@pytest.mark.parametrize("side", [2, 3, 5])
def test_roughness_is_that_of_every_window(side):
    pixels = np.random.default_rng(side).normal(size=(2, 3, 7, 6)).astype(np.float32)
    found = roughness(torch.from_numpy(pixels), side).numpy()
    assert found.shape == (2, 3, 8 - side, 7 - side)
    for row, column in np.ndindex(found.shape[2:]):
        window = pixels[:, :, row : row + side, column : column + side]
        squares = [(np.diff(window, axis=axis) ** 2).mean(axis=(2, 3)) for axis in (2, 3)]
        expected = np.sqrt(np.mean(squares, axis=0) + 0.01)
        np.testing.assert_allclose(found[:, :, row, column], expected, rtol=1e-5)


def test_roughness_of_a_flat_window_can_be_learned_from():
    flat = torch.ones(1, 1, 5, 5, requires_grad=True)
    value = roughness(flat, 5)
    value.sum().backward()
    assert value.item() == pytest.approx(0.1)
    assert torch.equal(flat.grad, torch.zeros_like(flat))


def windows(count, generator):
    """Return windows (N, 2, 5, 5) of equal brightness on average, rough where the label is 1."""
    labels = torch.randint(2, (count,), generator=generator)
    light = torch.randn(count, 2, 1, 1, generator=generator)
    grain = torch.randn(count, 2, 5, 5, generator=generator)
    return light + grain * (0.2 + 0.4 * labels.view(-1, 1, 1, 1)), labels


def test_tells_rough_from_smooth_in_any_light():
    chance = torch.Generator().manual_seed(0)
    torch.manual_seed(0)
    network = PixelNet(2, 2, 5)
    optimizer = torch.optim.AdamW(network.parameters(), 1e-2)
    for _ in range(60):
        images, labels = windows(64, chance)
        loss = functional.cross_entropy(network(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    images, labels = windows(500, chance)
    with torch.inference_mode():
        found = network.eval()(images).argmax(dim=1)
    assert (found == labels).float().mean() > 0.95


@pytest.mark.parametrize(("channels", "patch_px"), [(1, 1), (10, 5), (10, 15), (78, 15)])
def test_stays_small(channels, patch_px):
    assert 3_000 < parameter_count(PixelNet(channels, 20, patch_px)) < 50_000
