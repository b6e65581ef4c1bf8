"""SpectralNet: a multispectral patch classifier of under a million parameters.

Our own design, for patches of 64 to 120 px and any number of bands:

- 1x1 spectral mixing: a pixel's bands are combined before any neighbourhood is looked at;
- two residual blocks of plain 3x3 convolutions at half resolution, where channels are few and a
  dense convolution is the fastest a processor has;
- depthwise-separable blocks with wide bottlenecks (Sandler et al. 2018, arXiv:1801.04381) and
  channel attention (Hu et al. 2018, arXiv:1709.01507) at a quarter and an eighth;
- coordinate attention (Hou et al. 2021, arXiv:2103.02907) at the end of both of these stages;
- a multi-scale block: depthwise convolutions of several dilations side by side (after Chen et al.
  2017, arXiv:1706.05587);
- learned fusion of the three levels with weights that sum to one (after Tan et al. 2020,
  arXiv:1911.09070), global mean pooling and a linear layer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

_MIXED = 16
_WIDTHS = (32, 64, 128)
_DEPTHS = (1, 3, 4)
_EXPANSION = 4
_HEAD = 256
_DILATIONS = (1, 2, 3)
_REDUCTION = 8


def make(in_channels: int, classes: int, settings: Mapping[str, Any]) -> nn.Module:
    """Return a SpectralNet.

    Args:
        in_channels: normalised input channels.
        classes: outputs.
        settings: ``dropout`` before the last layer (default 0.2).
    """
    return SpectralNet(in_channels, classes, float(settings.get("dropout", 0.2)))


class SpectralNet(nn.Module):
    """The network; see the module.

    Shape:
        input (N, C, H, W) float32, sides of at least 16 px; output (N, K) float32 logits.
    """

    def __init__(self, in_channels: int, classes: int, dropout: float) -> None:
        super().__init__()
        first, second, third = _WIDTHS
        self.mixing = nn.Sequential(nn.Conv2d(in_channels, _MIXED, 1), nn.ReLU(inplace=True))
        self.stem = _convolution(_MIXED, first, 3, stride=2)
        self.stage1 = nn.Sequential(*(_DenseBlock(first) for _ in range(_DEPTHS[0])))
        self.down2 = _convolution(first, second, 3, stride=2)
        self.stage2 = _stage(second, _DEPTHS[1])
        self.down3 = _convolution(second, third, 3, stride=2)
        self.stage3 = _stage(third, _DEPTHS[2])
        self.scales = _MultiScale(third)
        self.fusion = _Fusion(_WIDTHS, third)
        self.last = _convolution(third, _HEAD, 1)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(_HEAD, classes)

    def head_parameters(self) -> Iterator[nn.Parameter]:
        """Return the parameters of the last layer."""
        return self.head.parameters()

    def forward(self, channels: Tensor) -> Tensor:
        """Return logits (N, K) of normalised channels (N, C, H, W)."""
        fine = self.stage1(self.stem(self.mixing(channels)))
        middle = self.stage2(self.down2(fine))
        coarse = self.scales(self.stage3(self.down3(middle)))
        fused = self.last(self.fusion([fine, middle, coarse]))
        logits: Tensor = self.head(self.dropout(fused.mean(dim=(2, 3))))
        return logits


def _convolution(
    inputs: int, outputs: int, side: int, stride: int = 1, groups: int = 1, active: bool = True
) -> nn.Sequential:
    """Return a convolution with batch normalisation and, unless told, ReLU."""
    layers: list[nn.Module] = [
        nn.Conv2d(inputs, outputs, side, stride, side // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
    ]
    if active:
        layers.append(nn.ReLU(inplace=True))
    return nn.Sequential(*layers)


def _stage(width: int, depth: int) -> nn.Sequential:
    blocks = [_SeparableBlock(width, attends=i % 2 == 1 or i == depth - 1) for i in range(depth)]
    return nn.Sequential(*blocks, _CoordinateAttention(width))


class _DenseBlock(nn.Module):
    """Two plain 3x3 convolutions beside an identity."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = _convolution(width, width, 3)
        self.second = _convolution(width, width, 3, active=False)

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(x + self.second(self.first(x)))


class _SeparableBlock(nn.Module):
    """Depthwise 3x3, widen and narrow by 1x1, channel attention, beside an identity."""

    def __init__(self, width: int, attends: bool) -> None:
        super().__init__()
        wide = _EXPANSION * width
        self.depthwise = _convolution(width, width, 3, groups=width, active=False)
        self.widen = nn.Conv2d(width, wide, 1)
        self.narrow = _convolution(wide, width, 1, active=False)
        self.attention = _ChannelAttention(width, width // 4) if attends else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        wide = functional.relu(self.widen(self.depthwise(x)), inplace=True)
        y: Tensor = x + self.attention(self.narrow(wide))
        return y


class _ChannelAttention(nn.Module):
    """Scale each channel by what the channels' means say (squeeze and excitation)."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.squeeze = nn.Linear(width, hidden)
        self.excite = nn.Linear(hidden, width)

    def forward(self, x: Tensor) -> Tensor:
        gain = torch.sigmoid(self.excite(functional.relu(self.squeeze(x.mean(dim=(2, 3))))))
        return x * gain[:, :, None, None]


class _CoordinateAttention(nn.Module):
    """Scale each value by what its row and its column hold (Hou et al. 2021)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        hidden = max(8, width // _REDUCTION)
        self.shared = _convolution(width, hidden, 1)
        self.rows = nn.Conv2d(hidden, width, 1)
        self.columns = nn.Conv2d(hidden, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        height = x.shape[2]
        rows, columns = x.mean(dim=3, keepdim=True), x.mean(dim=2, keepdim=True)
        both = self.shared(torch.cat([rows, columns.transpose(2, 3)], dim=2))
        row_gain = torch.sigmoid(self.rows(both[:, :, :height]))
        column_gain = torch.sigmoid(self.columns(both[:, :, height:].transpose(2, 3)))
        return x * row_gain * column_gain


class _MultiScale(nn.Module):
    """Depthwise 3x3 convolutions one after another, so of 3, 5 and 7 px, mixed by 1x1."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.branches = nn.ModuleList(
            _convolution(width, width, 3, groups=width) for d in _DILATIONS
        )
        self.mix = _convolution(width * len(_DILATIONS), width, 1, active=False)

    def forward(self, x: Tensor) -> Tensor:
        scales = [x]
        for branch in self.branches:
            scales.append(branch(scales[-1]))
        y: Tensor = x + self.mix(torch.cat(scales[1:], dim=1))
        return y


class _Fusion(nn.Module):
    """Bring levels to one width and the coarsest size, and add them with learned weights."""

    def __init__(self, widths: tuple[int, ...], width: int) -> None:
        super().__init__()
        self.project = nn.ModuleList(_convolution(w, width, 1, active=False) for w in widths)
        self.weights = nn.Parameter(torch.zeros(len(widths)))

    def forward(self, levels: list[Tensor]) -> Tensor:
        size = levels[-1].shape[-2:]
        share = torch.softmax(self.weights, dim=0)
        fused = torch.zeros_like(levels[-1])
        for index, (level, project) in enumerate(zip(levels, self.project, strict=True)):
            fused = fused + share[index] * project(_shrunk(level, size))
        return functional.relu(fused)


def _shrunk(level: Tensor, size: Sequence[int]) -> Tensor:
    """Return the means of the parts that a map divides into; ONNX knows them only where equal."""
    height, width = int(size[0]), int(size[1])
    down, right = int(level.shape[2]) // height, int(level.shape[3]) // width
    if (height * down, width * right) == tuple(int(side) for side in level.shape[2:]):
        return functional.avg_pool2d(level, (down, right))
    return functional.adaptive_avg_pool2d(level, (height, width))
