"""A small residual network for patches of 32 to 120 px, of about a million parameters.

Basic blocks as of ResNet18 (He et al. 2016, doi:10.1109/CVPR.2016.90) in three stages of two, with
what later work found: shortcuts that average before they change the number of channels (ResNet-D,
He et al. 2019, arXiv:1812.01187), and a stem that moves each square of 2x2 pixels into channels
(Shi et al. 2016, arXiv:1609.05158, the other way round) before its convolution, so that nothing of
the finest texture is lost where resolution is halved.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from torch import Tensor, nn
from torch.nn import functional

_WIDTHS = (32, 80, 160)
_DEPTH = 2
_CELL_PX = 2


def make(in_channels: int, classes: int, settings: Mapping[str, Any]) -> nn.Module:
    """Return a small residual network.

    Args:
        in_channels: normalised input channels.
        classes: outputs.
        settings: ``dropout`` before the last layer (default 0).
    """
    return SmallResNet(in_channels, classes, float(settings.get("dropout", 0.0)))


class SmallResNet(nn.Module):
    """The network; see the module.

    Shape:
        input (N, C, H, W) float32, sides of at least 16 px (odd ones are continued by a row or
        column of zeros, which is the mean); output (N, K) float32 logits.
    """

    def __init__(self, in_channels: int, classes: int, dropout: float) -> None:
        super().__init__()
        self.stem = _convolution(in_channels * _CELL_PX**2, _WIDTHS[0], 3)
        blocks = []
        width = _WIDTHS[0]
        for stage, wide in enumerate(_WIDTHS):
            for number in range(_DEPTH):
                blocks.append(_Block(width, wide, halves=stage > 0 and number == 0))
                width = wide
        self.blocks = nn.Sequential(*blocks)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(width, classes)

    def head_parameters(self) -> Iterator[nn.Parameter]:
        """Return the parameters of the last layer."""
        return self.head.parameters()

    def forward(self, channels: Tensor) -> Tensor:
        """Return logits (N, K) of normalised channels (N, C, H, W)."""
        height, width = (int(side) for side in channels.shape[2:])
        if height % _CELL_PX or width % _CELL_PX:
            channels = functional.pad(channels, (0, width % _CELL_PX, 0, height % _CELL_PX))
        cells = functional.relu(self.stem(functional.pixel_unshuffle(channels, _CELL_PX)))
        logits: Tensor = self.head(self.dropout(self.blocks(cells).mean(dim=(2, 3))))
        return logits


class _Block(nn.Module):
    """Two 3x3 convolutions beside a shortcut; the first one may halve the resolution."""

    def __init__(self, inputs: int, outputs: int, halves: bool) -> None:
        super().__init__()
        self.first = _convolution(inputs, outputs, 3, stride=2 if halves else 1)
        self.second = _convolution(outputs, outputs, 3)
        # As many cells as a convolution of stride 2 gives of an odd number: one for the last.
        mean = nn.AvgPool2d(2, ceil_mode=True) if halves else nn.Identity()
        same = inputs == outputs
        self.shortcut = (
            nn.Identity() if same else nn.Sequential(mean, _convolution(inputs, outputs, 1))
        )

    def forward(self, x: Tensor) -> Tensor:
        deep = self.second(functional.relu(self.first(x), inplace=True))
        return functional.relu(self.shortcut(x) + deep)


def _convolution(inputs: int, outputs: int, side: int, stride: int = 1) -> nn.Sequential:
    """Return a convolution with batch normalisation."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, side, stride, side // 2, bias=False), nn.BatchNorm2d(outputs)
    )
