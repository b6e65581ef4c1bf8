"""Untrained patch classifiers, and the loop over single patches that maps are compared with."""

import numpy as np
import torch
from landscape import make_model_card, make_spec
from torch import nn

from lulc_engine.models.build import build_patch_network, network_tensors
from lulc_engine.models.card import PATCHES, PatchFacts
from lulc_engine.models.model_file import write_model
from lulc_engine.options import PATCH_CLASSIFIERS


class Flat(nn.Module):
    """A body without dense() that looks at every value of the patch, each in its own way."""

    def __init__(self, in_channels, classes, patch_px):
        super().__init__()
        self.mix = nn.Linear(in_channels * patch_px**2, 8)
        self.head = nn.Linear(8, classes)

    def forward(self, channels):
        return self.head(torch.tanh(self.mix(channels.flatten(1))))


def make_flat(in_channels, classes, settings):
    return Flat(in_channels, classes, settings["patch_px"])


def offer_flat(monkeypatch):
    """Make the architecture ``flat`` known for a test."""
    monkeypatch.setitem(PATCH_CLASSIFIERS, "flat", "patch_models:make_flat")


def make_patch_spec(architecture="flat", size=5, roles=(None,) * 3, **changes):
    """Return the spec of a patch classifier for values as they are."""
    facts = {key: changes.pop(key) for key in ("multilabel", "stretch") if key in changes}
    return make_spec(
        roles, task=PATCHES, architecture=architecture, halo_px=size // 2, stride=1,
        patch=PatchFacts(size, **facts), **changes,
    )  # fmt: skip


def write_patch_model(path, spec, mean=50.0, spread=28.0, seed=0):
    """Write a model file with random weights that finds all classes; return path and network."""
    torch.manual_seed(seed)
    network = build_patch_network(spec)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.running_mean, -0.2, 0.2)
            nn.init.uniform_(module.running_var, 0.02, 0.2)
            nn.init.uniform_(module.bias, 0, 0.5)
    network.eval()
    channels = spec.in_channels
    network.input.set_statistics(torch.full((channels,), mean), torch.full((channels,), spread))
    last = [m for m in network.body.head.modules() if isinstance(m, nn.Linear | nn.Conv2d)][-1]
    if isinstance(getattr(network.body, "head", None), nn.Linear):
        last = network.body.head
    with torch.inference_mode():
        size = spec.patch.size_px
        logits = network(torch.rand(500, len(spec.bands), size, size) * 99 + 1)
        last.bias -= logits.median(dim=0).values
    write_model(path, network_tensors(network), make_model_card(spec, network))
    return str(path), network


def loop_logits(network, values, valid, size, rows, columns, mirrored=False):
    """Return logits (K, n, m) of the patches that begin at some rows and columns.

    Pixels that are not valid are NaN in a patch, and so are those beyond the scene, where it is not
    mirrored.
    """
    raw = values.astype(np.float32)
    raw[:, ~valid] = np.nan
    margin = size + max(0, max(rows) + size, max(columns) + size)
    beyond = {"mode": "symmetric"} if mirrored else {"constant_values": np.nan}
    padded = np.pad(raw, ((0, 0), (margin, margin), (margin, margin)), **beyond)
    found = []
    with torch.inference_mode():
        for row in rows:
            top = row + margin
            patches = [
                padded[:, top : top + size, column + margin : column + margin + size]
                for column in columns
            ]
            found.append(network(torch.from_numpy(np.stack(patches))).numpy())
    return np.stack(found).transpose(2, 0, 1)
