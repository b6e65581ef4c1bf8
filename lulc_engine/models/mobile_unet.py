"""The Mobile-UNet: a U-Net (Ronneberger et al. 2015) of depthwise-separable convolutions.

Depthwise-separable convolutions (Howard et al. 2017, MobileNets, arXiv:1704.04861) need about an
eighth of the parameters and of the arithmetic of ordinary ones. With 10 inputs and 6 classes the
network has 235,296 trainable parameters (238,112 with batch-norm statistics).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

FILTERS = (32, 64, 128, 256)


class MobileUNet(nn.Module):
    """A segmenter for any number of bands and classes.

    Each of the four levels is two times (depthwise 3x3 without bias, pointwise 1x1 with bias, batch
    norm with eps 1e-3, ReLU). Down by 2x2 max pooling, up by nearest neighbour, the up-sampled map
    and the skip are concatenated in this order, and a 1x1 convolution gives the logits.

    Shape:
        input (N, in_channels, H, W) float32, H and W multiples of 8; output (N, classes, H, W).
    """

    stride = 8

    def __init__(self, in_channels: int, classes: int) -> None:
        super().__init__()
        self.down = nn.ModuleList(
            separable_block(before, after)
            for before, after in zip((in_channels, *FILTERS[:-1]), FILTERS, strict=True)
        )
        self.up = nn.ModuleList(
            separable_block(deep + skip, skip)
            for deep, skip in zip(FILTERS[:0:-1], FILTERS[-2::-1], strict=True)
        )
        self.head = nn.Conv2d(FILTERS[0], classes, kernel_size=1)

    def forward(self, image: Tensor) -> Tensor:
        """Return logits (N, classes, H, W)."""
        features: Tensor = self.down[0](image)
        skips = []
        for block in self.down[1:]:
            skips.append(features)
            features = block(functional.max_pool2d(features, 2))
        for block in self.up:
            features = block(_enlarge_and_join(features, skips.pop()))
        logits: Tensor = self.head(features)
        return logits


def make(in_channels: int, classes: int, settings: Mapping[str, Any]) -> MobileUNet:
    """Return an untrained Mobile-UNet; it has no settings."""
    return MobileUNet(in_channels, classes)


def _enlarge_and_join(features: Tensor, skip: Tensor) -> Tensor:
    """Return [features twice as large, skip]; a function, so that the parts are let go at once."""
    return torch.cat([functional.interpolate(features, scale_factor=2.0, mode="nearest"), skip], 1)


def separable_block(in_channels: int, filters: int) -> nn.Sequential:
    """Return two depthwise-separable convolutions, each followed by batch norm and ReLU."""
    layers: list[nn.Module] = []
    for channels in (in_channels, filters):
        layers += [
            nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False),
            nn.Conv2d(channels, filters, 1),
            nn.BatchNorm2d(filters, eps=1e-3),
            nn.ReLU(inplace=True),
        ]
    return nn.Sequential(*layers)
