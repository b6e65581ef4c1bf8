"""The small residual network: its size, the sizes it takes, and its stem and shortcuts."""

import pytest
import torch
from torch.nn import functional

from lulc_engine.models.network import parameter_count
from lulc_engine.models.small_resnet import make


@pytest.mark.parametrize(("bands", "classes"), [(1, 2), (3, 10), (12, 19)])
def test_has_about_a_million_parameters(bands, classes):
    assert 1_000_000 < parameter_count(make(bands, classes, {})) < 1_100_000


@pytest.mark.parametrize("side", [16, 33, 64, 90, 120])
def test_takes_patches_of_any_usual_side(side):
    network = make(5, 4, {"patch_px": side}).eval()
    with torch.inference_mode():
        logits = network(torch.zeros(2, 5, side, side))
    assert logits.shape == (2, 4)
    assert torch.isfinite(logits).all()


def test_every_parameter_learns():
    torch.manual_seed(0)
    network = make(4, 3, {}).train()
    network(torch.randn(8, 4, 32, 32)).square().sum().backward()
    silent = [n for n, p in network.named_parameters() if p.grad is None or not p.grad.any()]
    assert silent == []


def test_the_stem_sees_every_pixel():
    """Weights that pick one pixel of each 2x2 give an image of those pixels."""
    network = make(1, 2, {}).eval()
    convolution = network.stem[0]
    image = torch.rand(1, 1, 16, 16)
    for number, (row, column) in enumerate([(0, 0), (0, 1), (1, 0), (1, 1)]):
        with torch.no_grad():
            convolution.weight.zero_()
            convolution.weight[0, number, 1, 1] = 1
            cells = convolution(functional.pixel_unshuffle(image, 2))
        assert torch.equal(cells[0, 0], image[0, 0, row::2, column::2])


def test_a_shortcut_takes_the_mean_before_it_halves():
    network = make(3, 2, {}).eval()
    block = network.blocks[2]
    x = torch.rand(1, 32, 8, 8)
    with torch.no_grad():
        block.second[1].weight.zero_()
        expected = functional.relu(block.shortcut[1](functional.avg_pool2d(x, 2)))
        assert torch.allclose(block(x), expected, atol=1e-6)


def test_dropout_is_a_setting():
    assert make(3, 2, {"dropout": 0.5}).dropout.p == 0.5
