"""PixelNet: our classifier for windows of up to 15 pixels.

All convolutions are 'valid' ones, so that what the network says of a window depends on the window
alone and a map is one ordinary convolution of the whole image: `PixelNet.dense`.

It is meant for few labels. 1x1 convolutions mix the bands of each pixel first, which is where most
of the evidence is; 3x3 convolutions then narrow the window to one pixel. Beside this path the mean
over the window of the mixed bands goes straight to the head: texture may be misleading where labels
are few, the mean rarely is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from lulc_engine.errors import OptionsError

LARGEST_PX = 15
_WIDTH = 48
_DROPOUT = 0.3


class PixelNet(nn.Module):
    """A small convolutional network without padding.

    Args:
        in_channels: number of inputs.
        classes: number of classes.
        patch_px: side of the windows, 1 to 15 pixels.

    Shape:
        input (N, in_channels, k, k) float32; output (N, classes) logits.
    """

    def __init__(self, in_channels: int, classes: int, patch_px: int) -> None:
        super().__init__()
        self.patch_px = patch_px
        self.spectral = nn.Sequential(
            _convolution(in_channels, _WIDTH, 1), _convolution(_WIDTH, _WIDTH, 1)
        )
        sides = [3] * ((patch_px - 1) // 2) + [2] * ((patch_px - 1) % 2)
        self.spatial = nn.Sequential(*(_convolution(_WIDTH, _WIDTH, side) for side in sides))
        self.head = nn.Sequential(
            nn.Dropout(_DROPOUT),
            nn.Conv2d(2 * _WIDTH, _WIDTH, 1),
            nn.ReLU(inplace=True),
            nn.Dropout(_DROPOUT),
            nn.Conv2d(_WIDTH, classes, 1),
        )

    def every_window(self, channels: Tensor) -> Tensor:
        """Return logits (N, classes, H - k + 1, W - k + 1) of channels (N, C, H, W)."""
        mixed = self.spectral(channels)
        mean = functional.avg_pool2d(mixed, self.patch_px, stride=1)
        logits: Tensor = self.head(torch.cat([self.spatial(mixed), mean], dim=1))
        return logits

    def forward(self, channels: Tensor) -> Tensor:
        """Return logits (N, classes) of normalised channels (N, C, k, k)."""
        return self.every_window(channels).flatten(1)

    def dense(self) -> DensePixelNet:
        """Return the network for whole images; see `patch_network`."""
        return DensePixelNet(self)


class DensePixelNet(nn.Module):
    """A PixelNet for every window of an image.

    Shape:
        input (N, in_channels, H, W) float32; output (N, classes, H - k + 1, W - k + 1) logits.
    """

    def __init__(self, body: PixelNet) -> None:
        super().__init__()
        self.body = body

    def forward(self, channels: Tensor) -> Tensor:
        """Return the logits of the window that begins at each pixel."""
        return self.body.every_window(channels)


def make(in_channels: int, classes: int, settings: Mapping[str, Any]) -> PixelNet:
    """Return an untrained PixelNet; ``patch_px`` is its only setting.

    Raises:
        OptionsError: the patches are too large.
    """
    patch_px = int(settings["patch_px"])
    if not 1 <= patch_px <= LARGEST_PX:
        raise OptionsError(
            f"pixelnet takes patches of 1 to {LARGEST_PX} pixels, not {patch_px}.",
            "Choose spectralnet or another architecture for larger ones.",
        )
    return PixelNet(in_channels, classes, patch_px)


def _convolution(inputs: int, outputs: int, side: int) -> nn.Sequential:
    """Return a convolution without padding, batch norm and ReLU."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, side, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
    )
