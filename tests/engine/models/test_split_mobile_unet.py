"""The rearranged Mobile-UNet gives what the network gives, without a concatenation."""

import pytest
import torch

from lulc_engine.models.mobile_unet import MobileUNet
from lulc_engine.models.split_mobile_unet import SplitMobileUNet


@pytest.mark.parametrize(("bands", "classes", "size"), [(3, 2, (16, 24)), (10, 6, (40, 8))])
def test_logits_are_those_of_the_network(bands, classes, size):
    torch.manual_seed(3)
    network = MobileUNet(bands, classes)
    image = torch.randn(2, bands, *size)
    with torch.no_grad():
        network(image)  # batch norm gets statistics of its own
        network.eval()
        before = {name: value.clone() for name, value in network.state_dict().items()}
        expected = network(image)
        split = SplitMobileUNet(network).eval()
        torch.testing.assert_close(split(image), expected, atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(network(image), expected, atol=0, rtol=0)
    assert all((value == before[name]).all() for name, value in network.state_dict().items())


def test_nothing_is_concatenated():
    split = SplitMobileUNet(MobileUNet(3, 2).eval()).eval()
    traced = torch.jit.trace(split, torch.zeros(1, 3, 16, 16))
    assert "aten::cat" not in str(traced.inlined_graph)
    assert "aten::cat" in str(
        torch.jit.trace(MobileUNet(3, 2).eval(), torch.zeros(1, 3, 16, 16)).inlined_graph
    )
