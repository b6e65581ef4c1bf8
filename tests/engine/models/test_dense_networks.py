"""Networks for small windows over whole images: the same as window by window, everywhere."""

import pytest
import torch
from torch import nn

from lulc_engine.models.bodies import build_patch_body
from lulc_engine.models.dense_dcnn5 import CONV, POOL, plan_axis

SMALL = [("dcnn5", k) for k in (4, 5, 6, 7, 9, 13)] + [("pixelnet", k) for k in (1, 2, 3, 5, 8, 15)]


def lively_body(name, patch_px, bands=4, classes=5, seed=0):
    """A body whose batch norms do something, of either sign, so that no order goes unnoticed."""
    torch.manual_seed(seed)
    body = build_patch_body(name, bands, classes, {"patch_px": patch_px})
    for module in body.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.running_mean, -0.2, 0.2)
            nn.init.uniform_(module.running_var, 0.02, 0.2)
            nn.init.uniform_(module.weight, -1, 1)
            nn.init.uniform_(module.bias, -0.5, 0.5)
    return body.eval()


def window_by_window(body, image, k):
    """Logits (N, K, H - k + 1, W - k + 1), each from a patch of its own."""
    patches = image.unfold(2, k, 1).unfold(3, k, 1).permute(0, 2, 3, 1, 4, 5)
    count, rows, columns = patches.shape[:3]
    logits = body(patches.reshape(-1, *patches.shape[3:]))
    return logits.reshape(count, rows, columns, -1).permute(0, 3, 1, 2)


@pytest.mark.parametrize(("name", "k"), SMALL)
@pytest.mark.parametrize("more", [(0, 0), (1, 0), (12, 7)])
def test_every_window_gets_what_it_gets_alone(name, k, more):
    body = lively_body(name, k)
    image = torch.randn(2, 4, k + more[0], k + more[1], generator=torch.Generator().manual_seed(k))
    with torch.inference_mode():
        expected = window_by_window(body, image, k)
        found = body.dense()(image)
    assert found.shape == expected.shape == (2, 5, more[0] + 1, more[1] + 1)
    assert expected.std() > 0.01
    assert (found - expected).abs().max() < 1e-5


@pytest.mark.parametrize("name", ["dcnn5", "pixelnet"])
def test_in_the_memory_format_that_is_fast(name):
    body = lively_body(name, 5)
    image = torch.randn(1, 4, 33, 29)
    with torch.inference_mode():
        fast = body.dense().to(memory_format=torch.channels_last)(
            image.contiguous(memory_format=torch.channels_last)
        )
        assert (fast - window_by_window(body, image, 5)).abs().max() < 1e-5


@pytest.mark.filterwarnings("ignore:.torch.jit.trace:FutureWarning")  # OpenVINO still traces
@pytest.mark.parametrize("name", ["dcnn5", "pixelnet"])
def test_can_be_traced_and_then_takes_other_sizes(name):
    body = lively_body(name, 5)
    with torch.inference_mode():
        traced = torch.jit.trace(body.dense(), torch.randn(1, 4, 12, 12), check_trace=False)
        image = torch.randn(1, 4, 19, 31)
        assert (traced(image) - window_by_window(body, image, 5)).abs().max() < 1e-5


def test_making_a_dense_network_leaves_chance_and_the_body_alone():
    body = lively_body("dcnn5", 5)
    before = {name: value.clone() for name, value in body.state_dict().items()}
    state = torch.get_rng_state()
    body.dense()
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(value, before[name]) for name, value in body.state_dict().items())


def test_the_kinds_of_a_five_pixel_patch():
    levels, places = plan_axis(5, (CONV, CONV, POOL, CONV, POOL))
    # Interior and border in each layer of convolution, read where the published network reads them.
    reaches = [[(reach.first, reach.last) for reach in level.values()] for level in levels]
    assert reaches == [
        [(0, 4)],
        [(0, 3), (4, 4)],
        [(0, 2), (3, 3)],
        [(0, 0), (2, 2)],
        [(0, 0), (2, 2)],
        [(0, 0)],
    ]
    assert [offset for _, offset in places] == [0]
