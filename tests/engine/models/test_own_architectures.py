"""What holds for every patch classifier of our own: its size, its patches, and that it learns."""

import pytest
import torch

from lulc_engine.models.bodies import build_patch_body
from lulc_engine.models.network import parameter_count
from lulc_engine.options import PATCH_CLASSIFIERS

SIDES = {
    "pixelnet": (1, 5, 15),
    "dcnn5": (5, 9),
    "spectralnet": (16, 33, 64, 120),
    "small_resnet": (16, 33, 64, 90, 120),
}
LARGE = ("spectralnet", "small_resnet")


def make(architecture, bands=4, classes=3, **settings):
    settings = {"patch_px": SIDES[architecture][1], **settings}
    return build_patch_body(architecture, bands, classes, settings)


def test_each_of_them_is_tested():
    assert set(SIDES) == set(PATCH_CLASSIFIERS)


@pytest.mark.parametrize(("bands", "classes"), [(1, 2), (3, 10), (4, 5), (12, 19)])
@pytest.mark.parametrize(
    ("architecture", "least", "most"),
    [("spectralnet", 700_000, 1_000_000), ("small_resnet", 1_000_000, 1_100_000)],
)
def test_is_as_large_as_it_says(architecture, least, most, bands, classes):
    assert least < parameter_count(make(architecture, bands, classes)) < most


@pytest.mark.parametrize(
    ("architecture", "side"), [(name, side) for name, sides in SIDES.items() for side in sides]
)
def test_takes_patches_of_any_usual_side(architecture, side):
    network = make(architecture, 5, 4, patch_px=side).eval()
    with torch.inference_mode():
        logits = network(torch.zeros(2, 5, side, side))
    assert logits.shape == (2, 4)
    assert torch.isfinite(logits).all()


@pytest.mark.parametrize("architecture", PATCH_CLASSIFIERS)
def test_every_parameter_learns(architecture):
    torch.manual_seed(0)
    network, side = make(architecture).train(), SIDES[architecture][1]
    network(torch.randn(8, 4, side, side)).square().sum().backward()
    silent = [n for n, p in network.named_parameters() if p.grad is None or not p.grad.any()]
    assert silent == []


@pytest.mark.parametrize("architecture", LARGE)
def test_dropout_is_a_setting(architecture):
    assert make(architecture, dropout=0.5).dropout.p == 0.5
