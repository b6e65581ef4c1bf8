"""The small residual network: its stem and its shortcuts."""

import torch
from torch.nn import functional

from lulc_engine.models.small_resnet import make


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
