"""PixelNet: our classifier for windows of up to 15 pixels.

All convolutions are 'valid' ones, so that what the network says of a window depends on the window
alone and a map is one ordinary convolution of the whole image: `PixelNet.dense`.

It is meant for few labels. 1x1 convolutions mix the bands of each pixel, which is where most of the
evidence is. What a window says is then mostly how its pixels are distributed, not where they lie:
the mean over the window, of the inputs and of what was mixed, and the roughness, the root of the
mean squared difference of neighbours (twice the semivariance at a lag of one pixel, Matheron 1963,
doi:10.2113/gsecongeo.58.8.1246), go to the head. Beside them a narrow path of 3x3 convolutions sees
shapes. On real 5x5 patches the roughness is what carries over to ground that training has not
seen: see `benchmarks/RESULTS.md`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from lulc_engine.errors import OptionsError

LARGEST_PX = 15
_WIDTH, _SHAPE_WIDTH = 48, 16
_DROPOUT = 0.2
# Added to the squares before the root, whose slope has no end at 0.
_LEAST_SQUARE = 1e-2


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
        self.spatial = nn.Sequential(
            _convolution(_WIDTH, _SHAPE_WIDTH, 1),
            *(_convolution(_SHAPE_WIDTH, _SHAPE_WIDTH, side) for side in sides),
        )
        kinds = 1 if patch_px == 1 else 2  # one pixel has no neighbours
        described = kinds * (in_channels + _WIDTH)
        self.statistics = nn.Sequential(
            nn.BatchNorm2d(described), *_convolution(described, _WIDTH, 1)
        )
        self.head = nn.Sequential(
            nn.Dropout(_DROPOUT),
            nn.Conv2d(_WIDTH + _SHAPE_WIDTH, _WIDTH, 1),
            nn.ReLU(inplace=True),
            nn.Dropout(_DROPOUT),
            nn.Conv2d(_WIDTH, classes, 1),
        )

    def every_window(self, channels: Tensor) -> Tensor:
        """Return logits (N, classes, H - k + 1, W - k + 1) of channels (N, C, H, W)."""
        mixed = self.spectral(channels)
        described = self.statistics(self._described(torch.cat([channels, mixed], dim=1)))
        logits: Tensor = self.head(torch.cat([self.spatial(mixed), described], dim=1))
        return logits

    def _described(self, pixels: Tensor) -> Tensor:
        """Return mean and, of more than one pixel, roughness of pixels over every window."""
        mean = functional.avg_pool2d(pixels, self.patch_px, stride=1)
        if self.patch_px == 1:
            return mean
        return torch.cat([mean, roughness(pixels, self.patch_px)], dim=1)

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


def roughness(pixels: Tensor, side: int) -> Tensor:
    """Return the root of the mean squared difference of neighbours in every window.

    Differences along rows and along columns count alike; 0.01 is added to the mean of the squares.

    Args:
        pixels: (N, C, H, W).
        side: k of the windows, at least 2.

    Returns:
        (N, C, H - k + 1, W - k + 1).
    """
    across = (pixels[..., 1:] - pixels[..., :-1]).square()
    down = (pixels[..., 1:, :] - pixels[..., :-1, :]).square()
    across = functional.avg_pool2d(across, (side, side - 1), stride=1)
    down = functional.avg_pool2d(down, (side - 1, side), stride=1)
    return ((across + down) / 2 + _LEAST_SQUARE).sqrt()


def _convolution(inputs: int, outputs: int, side: int) -> nn.Sequential:
    """Return a convolution without padding, batch norm and ReLU."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, side, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
    )
