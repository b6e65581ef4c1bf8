import numpy as np
import pytest
import torch
from explain_networks import Corner, Tiny, subject_of
from landscape import make_spec
from patch_networks import patch_spec, patches_for

from lulc_engine.errors import OptionsError
from lulc_engine.explain.gradcam import enlarged, gradient, heat, normalised, tapped
from lulc_engine.explain.layers import as_map, choose_layer, find_layers
from lulc_engine.explain.methods import Activations, PatchGradCam
from lulc_engine.models.build import build_network, build_patch_network

PATCH = torch.tensor([[[[1.0, 2.0], [3.0, 6.0]]]])


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        # A1 = x, A2 = 4 - x; alpha = weights of the head / 4: (2 x + (4 - x)) / 4
        (0, [[1.25, 1.5], [1.75, 2.5]]),
        # (-x + 3 (4 - x)) / 4 = 3 - x, and nothing below 0
        (1, [[2.0, 1.0], [0.0, 0.0]]),
    ],
)
def test_heat_is_what_the_paper_says_by_hand(target, expected):
    subject = subject_of(Tiny(), 2, "conv", target)
    answer = PatchGradCam(subject).ask(PATCH)
    np.testing.assert_allclose(answer.maps[0, 0], expected, atol=1e-6)
    assert answer.explained.tolist() == [target]


def test_weights_are_the_means_of_the_gradients():
    subject = subject_of(Tiny(), 2, "conv")
    with tapped(subject.network.body, subject.layer) as tap:
        score = subject.network(PATCH)[0, 1]
        slope = gradient(tap, score)
    np.testing.assert_allclose(slope.mean(dim=(2, 3))[0], [-0.25, 0.75])
    np.testing.assert_allclose(tap.value[0, 1].detach(), [[3, 2], [1, -2]])


def test_without_a_class_it_is_the_likeliest_one():
    patches = torch.cat([PATCH, -PATCH])
    answer = PatchGradCam(subject_of(Tiny(), 2, "conv")).ask(patches)
    scores = torch.stack([2 * patches.mean((1, 2, 3)), -patches.mean((1, 2, 3))], 1)
    scores += (4 - patches.mean((1, 2, 3)))[:, None] * torch.tensor([1.0, 3.0])
    assert answer.explained.tolist() == scores.argmax(dim=1).tolist()
    np.testing.assert_allclose(answer.shares, torch.softmax(scores, dim=1), atol=1e-6)


def test_enlarging_is_bilinear_between_the_middles_of_cells():
    large = enlarged(torch.tensor([[[0.0, 1.0], [0.0, 1.0]]]), 4, 4)
    np.testing.assert_allclose(large[0], [[0, 0.25, 0.75, 1]] * 4)


def test_normalising_takes_the_maximum_of_each_and_leaves_nothing_alone():
    both = normalised(torch.tensor([[[0.0, 2.0], [4.0, 1.0]], [[0.0, 0.0], [0.0, 0.0]]]))
    np.testing.assert_allclose(both, [[[0, 0.5], [1, 0.25]], [[0, 0], [0, 0]]])


def test_a_network_that_looks_at_one_corner_is_found_out():
    side = 16
    patches = torch.rand(4, 1, side, side, generator=torch.Generator().manual_seed(0)) + 0.5
    subject = subject_of(Corner(side), side, "relu", target=0)
    maps = PatchGradCam(subject).ask(patches).maps[:, 0]
    inside = maps[:, : side // 2 + 1, : side // 2 + 1].sum()
    assert inside == pytest.approx(maps.sum())
    assert maps[:, :7, :7].min() > 0
    # Nothing there speaks for the other class.
    assert PatchGradCam(subject_of(Corner(side), side, "relu", 1)).ask(patches).maps.max() == 0


def test_layers_that_work_in_place_do_not_change_what_was_tapped():
    """The ReLU after the convolution writes into the convolution's output."""
    side = 8
    patches = -torch.rand(1, 1, side, side, generator=torch.Generator().manual_seed(0))
    subject = subject_of(Corner(side), side, "find")
    held = Activations(subject, None).ask(patches).maps
    assert held.min() < 0
    assert held.max() <= 0


def test_activations_are_the_mean_or_one_channel():
    subject = subject_of(Tiny(), 2, "conv")
    np.testing.assert_allclose(Activations(subject, None).ask(PATCH).maps[0, 0], np.full((2, 2), 2))
    np.testing.assert_allclose(
        Activations(subject, 1).ask(PATCH).maps[0, 0], [[3, 2], [1, -2]], atol=1e-6
    )


def test_heat_takes_weights_of_each_image_or_of_all():
    maps = torch.arange(8.0).reshape(2, 2, 2, 1)
    each = heat(maps, torch.tensor([[1.0, 0.0], [0.0, -1.0]]))
    assert each.tolist() == [[[0.0], [1.0]], [[0.0], [0.0]]]
    assert heat(maps, torch.tensor([1.0, 0.0])).tolist() == [[[0.0], [1.0]], [[4.0], [5.0]]]


CHOICES = {
    "pixelnet": ("spectral", 5, 5),
    "dcnn5": ("conv.2", 5, 2),
    "spectralnet": ("last", 64, 8),
    "small_resnet": ("blocks", 64, 8),
    "swin": ("backbone.norm", 64, 4),
    "vit": ("backbone.blocks.11.norm1", 64, 8),
}


@pytest.mark.parametrize("architecture", CHOICES)
def test_the_last_map_of_a_patch_classifier_is_chosen(architecture):
    name, size, cells = CHOICES[architecture]
    torch.manual_seed(0)
    spec = patch_spec(architecture, patch_px=size)
    network = build_patch_network(spec).eval().requires_grad_(False)
    layers = find_layers(network.body, 4, size, size)
    layer = choose_layer(layers, "", architecture, deepest=False)
    assert (layer.name, layer.rows, layer.columns) == (name, cells, cells)
    assert layer.cell_px == size / cells
    patches = patches_for(spec, 1)
    with tapped(network.body, layer) as tap:
        slope = as_map(gradient(tap, network(patches)[0, 0]), layer, size, size)
    assert slope.shape == (1, layer.channels, cells, cells)
    assert slope.abs().max() > 0


@pytest.mark.parametrize(
    ("architecture", "encoder", "name"),
    [("mobile_unet", "", "down.3"), ("fpn", "resnet18", "network.encoder.layer4")],
)
def test_the_deepest_map_of_a_segmenter_is_chosen(architecture, encoder, name):
    spec = make_spec(architecture=architecture, settings={"encoder": encoder})
    body = build_network(spec).eval().body
    layer = choose_layer(find_layers(body, 3, 128, 192), "", architecture, deepest=True)
    assert layer.name == name
    assert (layer.rows, layer.columns) == (128 // body.stride, 192 // body.stride)


def test_unknown_layers_are_answered_with_those_that_there_are():
    body = build_network(make_spec()).eval().body
    layers = find_layers(body, 3, 128, 192)
    assert choose_layer(layers, "up.1", "mobile_unet", True).name == "up.1"
    with pytest.raises(OptionsError, match=r"no map layer 'encoder'.*down\.0, .*down\.3.*head"):
        choose_layer(layers, "encoder", "mobile_unet", True)
    with pytest.raises(OptionsError, match="occlusion"):
        choose_layer([], "", "flat", False)
