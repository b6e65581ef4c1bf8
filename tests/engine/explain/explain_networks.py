"""Networks so small that what they look at is known, and subjects made of them."""

import torch
from patch_models import make_patch_spec
from torch import nn

from lulc_engine.explain.layers import find_layers
from lulc_engine.explain.subject import Subject
from lulc_engine.models.network import InputLayer
from lulc_engine.models.patch_network import PatchNetwork
from lulc_engine.options import PATCH_CLASSIFIERS


class Tiny(nn.Module):
    """Two channels, their means, two classes: all by hand."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 1)
        self.head = nn.Linear(2, 2)
        with torch.no_grad():
            self.conv.weight.copy_(torch.tensor([1.0, -1.0]).view(2, 1, 1, 1))
            self.conv.bias.copy_(torch.tensor([0.0, 4.0]))
            self.head.weight.copy_(torch.tensor([[2.0, 1.0], [-1.0, 3.0]]))
            self.head.bias.zero_()

    def forward(self, channels):
        return self.head(self.conv(channels).mean(dim=(2, 3)))


class Corner(nn.Module):
    """Finds bright spots, but only in the upper left corner of the patch."""

    def __init__(self, side):
        super().__init__()
        self.find = nn.Conv2d(1, 1, 3, padding=1, bias=False)
        self.relu = nn.ReLU(inplace=True)
        self.head = nn.Linear(1, 2)
        mask = torch.zeros(side, side)
        mask[: side // 2, : side // 2] = 1
        self.register_buffer("mask", mask)
        with torch.no_grad():
            self.find.weight.fill_(1 / 9)
            self.head.weight.copy_(torch.tensor([[1.0], [-1.0]]))
            self.head.bias.zero_()

    def forward(self, channels):
        return self.head(self.relu(self.find(channels * self.mask)).mean(dim=(2, 3)))


class OneBand(nn.Module):
    """Goes by the mean of its second input alone."""

    def __init__(self, in_channels, classes):
        super().__init__()
        self.first = nn.Conv2d(in_channels, 1, 1, bias=False)
        self.head = nn.Linear(1, classes)
        with torch.no_grad():
            self.first.weight.zero_()
            self.first.weight[0, 1] = 1
            self.head.weight.copy_(torch.linspace(-1, 1, classes)[:, None])
            self.head.bias.zero_()

    def forward(self, channels):
        return self.head(self.first(channels).mean(dim=(2, 3)))


def make_one_band(in_channels, classes, settings):
    return OneBand(in_channels, classes)


def offer_one_band(monkeypatch):
    """Make the architecture ``one_band`` known for a test."""
    monkeypatch.setitem(PATCH_CLASSIFIERS, "one_band", "explain_networks:make_one_band")


def subject_of(body, size, layer="", target=None, bands=1, classes=2, means=()):
    """Return a subject around a body for normalised channels, whose input layer changes nothing."""
    spec = make_patch_spec(
        "flat", size, roles=(None,) * bands, ids=tuple(range(1, classes + 1)), clip=None
    )
    network = PatchNetwork(InputLayer([None] * bands, clip=None), body).eval()
    network.requires_grad_(False)
    found = {item.name: item for item in find_layers(body, bands, size, size)}
    return Subject(spec, network, torch.device("cpu"), found.get(layer), target, tuple(means))
