"""The Mobile-UNet in a form that is faster to apply: nothing is ever concatenated.

A depthwise convolution treats every channel alone and a pointwise one adds channels up, so both can
be applied to the up-sampled map and to the skip apart, and the results added. The concatenated map
at full resolution, the largest of the network, is then neither written nor read. Results differ
from the network's by rounding only.
"""

from __future__ import annotations

import copy
from typing import cast

from torch import Tensor, nn
from torch.nn import functional

from lulc_engine.models.mobile_unet import MobileUNet


class SplitMobileUNet(nn.Module):
    """A trained Mobile-UNet, rearranged.

    Args:
        body: the network; its weights are copied where they are divided, else shared.

    Shape:
        as the network's.
    """

    stride = MobileUNet.stride

    def __init__(self, body: MobileUNet) -> None:
        super().__init__()
        self.down, self.head = body.down, body.head
        self.up = nn.ModuleList(_SplitBlock(cast(nn.Sequential, block)) for block in body.up)

    def forward(self, image: Tensor) -> Tensor:
        """Return logits (N, classes, H, W)."""
        features: Tensor = self.down[0](image)
        skips = []
        for block in list(self.down)[1:]:
            skips.append(features)
            features = block(functional.max_pool2d(features, 2))
        for block in self.up:
            features = block(features, skips.pop())
        logits: Tensor = self.head(features)
        return logits


class _SplitBlock(nn.Module):
    """A block of the way up: [deep map twice as large, skip] to the skip's channels."""

    def __init__(self, block: nn.Sequential) -> None:
        super().__init__()
        depthwise, pointwise = cast(nn.Conv2d, block[0]), cast(nn.Conv2d, block[1])
        skip = pointwise.out_channels
        deep = depthwise.in_channels - skip
        self.deep = nn.Sequential(
            _channels(depthwise, slice(0, deep)), _inputs(pointwise, slice(0, deep), True)
        )
        self.skip = nn.Sequential(
            _channels(depthwise, slice(deep, None)), _inputs(pointwise, slice(deep, None), False)
        )
        self.rest = block[2:]

    def forward(self, features: Tensor, skip: Tensor) -> Tensor:
        """Return the features (N, C, 2 H, 2 W) of (N, D, H, W) and a skip (N, C, 2 H, 2 W)."""
        enlarged = functional.interpolate(features, scale_factor=2.0, mode="nearest")
        joined: Tensor = self.rest(self.deep(enlarged) + self.skip(skip))
        return joined


def _channels(depthwise: nn.Conv2d, part: slice) -> nn.Conv2d:
    """Return a depthwise convolution of some of the channels."""
    found = copy.deepcopy(depthwise)
    found.weight = nn.Parameter(depthwise.weight[part].detach().clone())
    found.in_channels = found.out_channels = found.groups = len(found.weight)
    return found


def _inputs(pointwise: nn.Conv2d, part: slice, with_bias: bool) -> nn.Conv2d:
    """Return a pointwise convolution of some of the inputs; one of the parts has the bias."""
    found = copy.deepcopy(pointwise)
    found.weight = nn.Parameter(pointwise.weight[:, part].detach().clone())
    found.in_channels = found.weight.shape[1]
    if not with_bias:
        found.bias = None
    return found
