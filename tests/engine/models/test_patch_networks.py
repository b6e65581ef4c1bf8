"""Patch classifiers: their structure, the patches they take, and that files give them back."""

import pytest
import timm
import torch
from patch_networks import ARCHITECTURES, SMALL, expect_a_life, patch_spec, trained_one_step
from torch import nn

from lulc_engine.errors import EnvironmentFailure, OptionsError
from lulc_engine.models.bodies import build_patch_body
from lulc_engine.models.build import build_patch_network, load_patch_network, network_tensors
from lulc_engine.models.card import ModelSpec
from lulc_engine.models.dcnn5 import Dcnn5
from lulc_engine.models.network import parameter_count
from lulc_engine.models.timm_models import TimmClassifier
from lulc_engine.options import TIMM_NAMES


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_step_a_file_and_a_map_keep_the_network(architecture, tmp_path):
    spec = patch_spec(architecture, patch_px=5 if architecture in SMALL else 64)
    expect_a_life(spec, tmp_path)


@pytest.mark.parametrize("architecture", ["dcnn5", "pixelnet", "resnet18", "efficientnet_b0"])
def test_the_seed_gives_the_weights(architecture):
    spec = patch_spec(architecture, patch_px=5 if architecture in SMALL else 32)
    first, second, other = (trained_one_step(spec, seed)[0].state_dict() for seed in (3, 3, 4))
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert any(not torch.equal(first[name], other[name]) for name in first)


@pytest.mark.parametrize(
    "architecture", ["dcnn5", "pixelnet", "spectralnet", "small_resnet", "resnet18"]
)
def test_head_and_backbone_are_all_there_is(architecture):
    network = build_patch_network(patch_spec(architecture, patch_px=15))
    head, backbone = list(network.head_parameters()), list(network.backbone_parameters())
    assert head
    assert backbone
    assert len(head) + len(backbone) == len(list(network.parameters()))


# --- the published 5x5 DCNN ----------------------------------------------------------------------


def test_the_published_number_of_parameters():
    body = Dcnn5(4, 5)
    statistics = [t for n, t in body.named_buffers() if not n.endswith("num_batches_tracked")]
    assert parameter_count(body) + sum(t.numel() for t in statistics) == 24_181


def layer_by_layer(body, patches):
    """The published network written out with numpy-like indexing: patches (N, H, W, C)."""

    def convolve(x, conv):
        count, height, width, _ = x.shape
        padded = torch.zeros(count, height + 1, width + 1, x.shape[3])
        padded[:, :height, :width] = x  # right and below
        total = conv.bias.expand(count, height, width, -1)
        for row in range(2):
            for column in range(2):
                part = padded[:, row : row + height, column : column + width]
                total = total + part @ conv.weight[:, :, row, column].T
        return total.clamp(min=0)

    def pool(x):
        rows, columns = x.shape[1] // 2, x.shape[2] // 2
        x = x[:, : 2 * rows, : 2 * columns]
        return x.reshape(len(x), rows, 2, columns, 2, -1).amax(dim=(2, 4))

    def norm(x, layer):
        return (x - layer.running_mean) / (layer.running_var + 1e-3).sqrt() * layer.weight + (
            layer.bias
        )

    x = norm(convolve(patches, body.conv[0]), body.norm[0])
    x = norm(pool(convolve(x, body.conv[1])), body.norm[1])
    x = norm(pool(convolve(x, body.conv[2])), body.norm[2])
    x = x.reshape(len(x), -1)
    dense = [layer for layer in body.head if isinstance(layer, nn.Linear)]
    for layer in dense[:-1]:
        x = (x @ layer.weight.T + layer.bias).clamp(min=0)
    return x @ dense[-1].weight.T + dense[-1].bias


@pytest.mark.parametrize("patch_px", [4, 5, 8, 11])
def test_the_published_layers(patch_px):
    torch.manual_seed(0)
    body = Dcnn5(4, 5, patch_px)
    for layer in body.norm:
        nn.init.uniform_(layer.running_mean, -0.2, 0.2)
        nn.init.uniform_(layer.running_var, 0.02, 0.2)
        nn.init.uniform_(layer.weight, -1, 1)
        nn.init.uniform_(layer.bias, -0.5, 0.5)
    patches = torch.randn(6, patch_px, patch_px, 4)
    with torch.inference_mode():
        found = body.eval()(patches.permute(0, 3, 1, 2))
        assert (found - layer_by_layer(body, patches)).abs().max() < 1e-5


def test_the_published_dropout():
    rates = [module.p for module in Dcnn5(4, 5).modules() if isinstance(module, nn.Dropout)]
    assert sorted(rates) == [0.2, 0.5, 0.5]


# --- sizes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("architecture", TIMM_NAMES)
def test_timm_takes_small_and_odd_patches(architecture):
    for patch_px in (16, 33):
        body = build_patch_body(architecture, 2, 3, {"patch_px": patch_px}).eval()
        with torch.inference_mode():
            assert body(torch.randn(1, 2, patch_px, patch_px)).shape == (1, 3)


@pytest.mark.parametrize(
    ("architecture", "patch_px", "side"),
    [
        ("resnet18", 120, 4),
        ("resnet18", 64, 4),
        ("resnet18", 32, 4),
        ("resnet18", 224, 7),
        ("densenet121", 64, 4),
        ("efficientnet_b0", 64, 4),
        ("vgg16", 64, 4),
        ("vgg16", 32, 4),
        ("swin", 64, 4),
        ("swin", 120, 4),
        ("vit", 64, 8),
    ],
)
def test_the_last_map_keeps_some_width(architecture, patch_px, side):
    body = build_patch_body(architecture, 3, 3, {"patch_px": patch_px}).eval()
    with torch.inference_mode():
        last = body.backbone.forward_features(torch.zeros(1, 3, patch_px, patch_px))
    if architecture == "vit":
        assert last.shape[1] == side * side + 1
    else:
        assert side in last.shape[1:3]
        assert side in last.shape[2:]


def test_the_head_of_the_issue():
    head = build_patch_body("resnet18", 3, 7, {"patch_px": 32}).head
    assert [type(layer) for layer in head] == [nn.Linear, nn.ReLU, nn.Dropout, nn.Linear]
    assert (head[0].in_features, head[0].out_features, head[3].out_features) == (512, 256, 7)


@pytest.mark.parametrize(
    ("architecture", "patch_px", "message"),
    [
        ("densenet121", 5, "does not take patches of 5 pixels.*smallest it takes has 8"),
        ("dcnn5", 3, "dcnn5 takes patches of 4 to"),
        ("dcnn5", 65, "dcnn5 takes patches of 4 to"),
        ("pixelnet", 16, "pixelnet takes patches of 1 to 15"),
        ("resnt18", 64, "no architecture 'resnt18'.*resnet18"),
        ("resnet18.nonsense", 64, "knows no weights 'nonsense' of resnet18.*a1_in1k"),
        ("hf-hub:somebody/resnet18", 64, "no architecture 'hf-hub:"),
        ("local-dir:/somewhere/resnet18", 64, "no architecture 'local-dir:"),
        ("../resnet18", 64, "no architecture '../resnet18'"),
        ("", 64, "no architecture ''"),
    ],
)
def test_refuses_in_a_sentence(architecture, patch_px, message):
    with pytest.raises(OptionsError, match=message):
        build_patch_body(architecture, 3, 3, {"patch_px": patch_px, "weights": "none"})


# --- weights -------------------------------------------------------------------------------------


def test_pretrained_weights_that_cannot_be_fetched(monkeypatch, tmp_path):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(EnvironmentFailure, match="pretrained weights of resnet18") as caught:
        build_patch_body("resnet18", 4, 3, {"patch_px": 64, "weights": "imagenet"})
    assert "go online once" in caught.value.hint


def test_a_hub_that_does_not_answer_is_asked_once(monkeypatch):
    from huggingface_hub import constants

    from lulc_engine.models.pretrained import downloads

    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with downloads():
        assert constants.HF_HUB_OFFLINE
    assert not constants.HF_HUB_OFFLINE


def test_pretrained_weights_are_asked_of_timm_and_never_for_a_file(monkeypatch):
    asked = []
    make = timm.create_model

    def create(name, pretrained=False, **options):
        asked.append((name, pretrained, options["in_chans"]))
        return make(name, pretrained=False, **options)

    monkeypatch.setattr("lulc_engine.models.timm_models.timm.create_model", create)
    spec = patch_spec("resnet18", patch_px=32)
    network = build_patch_network(spec)
    pretrained = ModelSpec(**{**vars(spec), "settings": {"weights": "imagenet"}})
    assert isinstance(build_patch_network(pretrained).body, TimmClassifier)
    load_patch_network(pretrained, network_tensors(network))
    assert asked == [("resnet18", False, 4), ("resnet18", True, 4), ("resnet18", False, 4)]
