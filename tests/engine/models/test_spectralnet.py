"""SpectralNet: its size, the sizes it takes, and the parts it is named for."""

import pytest
import torch

from lulc_engine.models.network import parameter_count
from lulc_engine.models.spectralnet import make


@pytest.mark.parametrize(("bands", "classes"), [(1, 2), (3, 10), (4, 5), (12, 19)])
def test_has_under_a_million_parameters(bands, classes):
    assert parameter_count(make(bands, classes, {})) < 1_000_000


@pytest.mark.parametrize("side", [16, 33, 64, 120])
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


def test_dropout_is_a_setting():
    assert make(3, 2, {"dropout": 0.5}).dropout.p == 0.5
