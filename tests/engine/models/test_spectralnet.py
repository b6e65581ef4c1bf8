"""SpectralNet: the parts it is named for."""

import torch

from lulc_engine.models.spectralnet import make


def test_the_levels_shares_sum_to_one_and_are_learned():
    network = make(3, 2, {})
    assert network.fusion.weights.requires_grad
    assert torch.isclose(torch.softmax(network.fusion.weights, 0).sum(), torch.tensor(1.0))


def test_coordinate_attention_tells_rows_from_columns():
    torch.manual_seed(0)
    attention = make(3, 2, {}).stage3[-1].eval()
    image = torch.rand(1, 128, 8, 8)
    image[:, :, 2] += 5  # a bright row
    gain = attention(image) / image
    down, across = gain[0].std(dim=1).mean(), gain[0].std(dim=2).mean()
    assert down > 2 * across
