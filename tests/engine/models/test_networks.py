"""The networks: their structure, their inputs of any size, and how far they look."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from lulc_engine import options
from lulc_engine.errors import EnvironmentFailure, OptionsError
from lulc_engine.models.bodies import build_body
from lulc_engine.models.mobile_unet import MobileUNet
from lulc_engine.models.network import InputLayer, Network, parameter_count
from lulc_engine.models.receptive_field import measure_halo

SMP = [name for name in options.SEGMENTERS if name != "mobile_unet"]
SMALL = {"encoder": "mobilenet_v2", "encoder_weights": None}


def make_network(bands=3, classes=4, seed=0):
    """A Mobile-UNet whose weights and statistics let every pixel through to the logits."""
    torch.manual_seed(seed)
    network = Network(InputLayer([None] * bands), MobileUNet(bands, classes))
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.running_mean, -0.2, 0.2)
            nn.init.uniform_(module.running_var, 0.02, 0.2)
            nn.init.uniform_(module.bias, 0, 0.5)
    return network.eval()


@pytest.fixture(scope="module")
def network():
    return make_network()


def image_of(height, width, bands=3, seed=0):
    return torch.randn(1, bands, height, width, generator=torch.Generator().manual_seed(seed))


# --- Mobile-UNet ---------------------------------------------------------------------------------


def test_the_published_number_of_parameters():
    body = MobileUNet(10, 6)
    assert parameter_count(body) == 235_296
    statistics = [t for n, t in body.named_buffers() if not n.endswith("num_batches_tracked")]
    assert parameter_count(body) + sum(t.numel() for t in statistics) == 238_112


def block(before, filters):
    """What a block is made of: (kernel, in, out, groups, bias) or the name of the layer."""
    return [
        (3, before, before, before, False), (1, before, filters, 1, True), "norm", "relu",
        (3, filters, filters, filters, False), (1, filters, filters, 1, True), "norm", "relu",
    ]  # fmt: skip


def layers_of(modules):
    found = []
    for module in modules:
        if isinstance(module, nn.Conv2d):
            assert module.padding == (module.kernel_size[0] // 2,) * 2
            assert module.padding_mode == "zeros"
            assert (module.stride, module.dilation) == ((1, 1), (1, 1))
            sizes = (module.kernel_size[0], module.in_channels, module.out_channels)
            found.append((*sizes, module.groups, module.bias is not None))
        elif isinstance(module, nn.BatchNorm2d):
            assert module.eps == 1e-3
            assert module.affine
            found.append("norm")
        else:
            assert isinstance(module, nn.ReLU)
            found.append("relu")
    return found


def test_the_published_structure():
    body = MobileUNet(10, 6)
    expected = [block(10, 32), block(32, 64), block(64, 128), block(128, 256)]
    assert [layers_of(level) for level in body.down] == expected
    expected = [block(256 + 128, 128), block(128 + 64, 64), block(64 + 32, 32)]
    assert [layers_of(level) for level in body.up] == expected
    assert layers_of([body.head]) == [(1, 32, 6, 1, True)]


def written_out(body, image):
    """The forward pass from its description, with pooling and resizing by indexing."""

    def pool(x):
        n, c, h, w = x.shape
        return x.reshape(n, c, h // 2, 2, w // 2, 2).amax(dim=(3, 5))

    def enlarge(x):
        return x.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)

    one = body.down[0](image)
    two = body.down[1](pool(one))
    three = body.down[2](pool(two))
    features = body.down[3](pool(three))
    for level, skip in zip(body.up, (three, two, one), strict=True):
        features = level(torch.cat([enlarge(features), skip], dim=1))
    return body.head(features)


def test_pooling_resizing_and_the_order_of_concatenation(network):
    image = image_of(24, 40)
    with torch.inference_mode():
        assert torch.equal(network.body(image), written_out(network.body, image))


@pytest.mark.parametrize("size", [(1, 1), (7, 13), (8, 8), (1, 30), (65, 9), (64, 64)])
def test_any_size_and_padding_is_zeros_right_and_below(network, size):
    channels = image_of(*size)
    padded = torch.zeros(1, 3, math.ceil(size[0] / 8) * 8, math.ceil(size[1] / 8) * 8)
    padded[..., : size[0], : size[1]] = channels
    with torch.inference_mode():
        logits = network.logits(channels)
        assert logits.shape == (1, 4, *size)
        assert torch.equal(logits, network.body(padded)[..., : size[0], : size[1]])


def test_training_of_one_small_window_works():
    body = MobileUNet(2, 3).train()
    body(image_of(16, 16, 2)).sum().backward()
    assert all(torch.isfinite(p.grad).all() for p in body.parameters())


# --- reach ---------------------------------------------------------------------------------------


def test_the_reach_of_the_mobile_unet():
    body = MobileUNet(3, 2)
    assert measure_halo(body, 3) == 51
    assert body.training  # as it was


@pytest.mark.parametrize("seed", range(4))
def test_nothing_beyond_the_halo_counts(network, seed):
    """A pixel's logits stay exactly as they are whatever changes more than 51 pixels away."""
    rng = np.random.default_rng(seed)
    image = image_of(136, 136, seed=seed)
    row, column = (int(value) for value in rng.integers(20, 116, 2))
    other = image + torch.randn(image.shape) * 5
    rows = slice(max(0, row - 51), row + 52)
    columns = slice(max(0, column - 51), column + 52)
    other[..., rows, columns] = image[..., rows, columns]
    with torch.inference_mode():
        here, there = network.logits(image), network.logits(other)
    assert torch.equal(here[..., row, column], there[..., row, column])
    assert not torch.equal(here, there)


def test_the_halo_is_not_larger_than_needed():
    """Changing one row reaches a pixel that is exactly 51 rows away, and none further."""
    doubles = make_network(seed=3).double()  # where a change is one, however little is left of it
    image = image_of(152, 8).double()
    reached = set()
    with torch.inference_mode():
        before = doubles.logits(image)
        for row in range(72, 80):
            other = image.clone()
            other[..., row, :] += torch.randn(3, 8, dtype=torch.float64) * 20
            changed = (doubles.logits(other) != before).any(dim=1)[0].any(dim=1)
            reached |= {int(abs(place - row)) for place in torch.nonzero(changed).flatten()}
    assert max(reached) == 51


def test_a_network_that_sees_everything_has_no_halo():
    class Everything(nn.Module):
        stride = 8

        def forward(self, image):
            return image + image.mean(dim=(2, 3), keepdim=True)

    assert measure_halo(Everything(), 1) is None


def test_a_row_is_followed_from_every_phase():
    class Shifted(nn.Module):
        """Looks at itself and at the last row of its eight."""

        stride = 8

        def forward(self, image):
            return image + image[..., 7::8, :].repeat_interleave(8, dim=2)

    assert measure_halo(Shifted(), 1) == 7


# --- segmentation-models-pytorch -----------------------------------------------------------------


@pytest.mark.parametrize("bands", [1, 4, 13])
@pytest.mark.parametrize("name", SMP)
def test_one_step_of_every_architecture(name, bands):
    torch.manual_seed(0)
    network = Network(InputLayer([None] * bands), build_body(name, bands, 5, SMALL)).train()
    logits = network(torch.rand(2, bands, 33, 40))
    assert logits.shape == (2, 5, 33, 40)
    logits.square().mean().backward()
    first = next(network.body.parameters())
    assert first.shape[1] == bands
    assert torch.isfinite(first.grad).all()
    assert (first.grad != 0).any()


@pytest.mark.parametrize("name", SMP)
def test_every_architecture_takes_the_smallest_window(name):
    body = build_body(name, 2, 3, SMALL).train()
    body(torch.rand(2, 2, 32, 32))
    network = Network(InputLayer([None] * 2), body).eval()
    with torch.inference_mode():
        assert network(torch.rand(1, 2, 1, 1)).shape == (1, 3, 1, 1)


def test_pretrained_weights_that_cannot_be_fetched(monkeypatch, tmp_path):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    for encoder in ("resnet18", "tu-resnet18"):
        with pytest.raises(EnvironmentFailure, match=f"imagenet of {encoder} cannot") as caught:
            build_body("unet", 4, 3, {"encoder": encoder, "encoder_weights": "imagenet"})
        assert caught.value.exit_code == 5
        assert "go online once" in caught.value.hint


@pytest.mark.parametrize(
    ("architecture", "encoder", "weights", "message"),
    [
        ("unet", "resnet19", None, "no encoder 'resnet19'"),
        ("unet", "", None, "no encoder ''"),
        ("unet", "tu-nonsense", None, "no encoder 'tu-nonsense'"),
        ("unet", "tu-hf-hub:somebody/something", None, "no encoder 'tu-hf-hub"),
        ("unet", "tu-local-dir:/somewhere", None, "no encoder 'tu-local-dir"),
        ("unet", "resnet18", "nonsense", "no weights 'nonsense'"),
        ("unetplusplus", "mit_b0", None, "does not go with unetplusplus"),
        ("nonsense", "resnet18", None, "no architecture 'nonsense'"),
    ],
)
def test_what_does_not_exist_is_named(architecture, encoder, weights, message):
    with pytest.raises(OptionsError, match=message) as caught:
        build_body(architecture, 4, 3, {"encoder": encoder, "encoder_weights": weights})
    assert caught.value.exit_code == 2
    assert caught.value.hint
