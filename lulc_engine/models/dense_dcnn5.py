"""The 5x5 DCNN for every window of an image at once, with the results of one window at a time.

The network pads inside each patch, so it is not simply a convolution of the image: what a layer
says of a pixel depends on how near the pixel is to the patch's lower and right border. But it
depends on nothing else of the patch. Each layer therefore has a few *kinds* of values, which differ
in the taps of their kernels that fall on the padding, and each kind is an ordinary convolution of
the whole image. With patches of 5 px every layer has four: interior, lower border, right border,
corner. A patch's result is put together from their maps at the offsets the patch has them.

Rows and columns behave alike and independently: kinds are found along one axis (`plan_axis`) and
combined. Batch norm is folded into the layer that follows it.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

if TYPE_CHECKING:
    from lulc_engine.models.dcnn5 import Dcnn5

CONV, POOL = "conv", "pool"
LAYERS = (CONV, CONV, POOL, CONV, POOL)


@dataclass(frozen=True)
class Kind:
    """A kind of values of a layer, along one axis.

    Attributes:
        reads: kind and offset of what the taps read; one where the second falls on the padding,
            none for the input itself.
    """

    reads: tuple[tuple[Kind, int], ...] = ()

    @property
    def gap(self) -> int:
        """Pixels from the first tap to the second."""
        return self.reads[-1][1] or 1

    def taps(self) -> list[tuple[Kind, int, slice]]:
        """Return kind and offset of what is read and by which taps; of one kind together."""
        (near, _), (far, gap) = self.reads[0], self.reads[-1]
        if near == far:
            return [(near, 0, slice(0, len(self.reads)))]
        return [(near, 0, slice(0, 1)), (far, gap, slice(1, 2))]


@dataclass(frozen=True)
class Reach:
    """The offsets within a patch, first to last, at which a kind of values is read."""

    first: int
    last: int

    def shifted(self, by: int, more: int = 0) -> Reach:
        """Return the reach further on, and longer."""
        return Reach(self.first + by, self.last + by + more)


Place = tuple[Kind, int]
Level = dict[Kind, Reach]


class DenseDcnn5(nn.Module):
    """A trained 5x5 DCNN for every window of an image.

    It holds the body's weights as they are when it is made, with batch norm folded in.

    Args:
        body: the network for single patches.

    Shape:
        input (N, in_channels, H, W) float32; output (N, classes, H - k + 1, W - k + 1) logits.
    """

    def __init__(self, body: Dcnn5) -> None:
        super().__init__()
        self.patch_px = body.patch_px
        self.levels, places = plan_axis(body.patch_px, LAYERS)
        self.places = list(itertools.product(places, places))
        scale, shift = torch.ones(1).double(), torch.zeros(1).double()
        self.convolutions = nn.ModuleList()
        convolutions = (layer for layer in body.conv if isinstance(layer, nn.Conv2d))
        norms = (layer for layer in body.norm if isinstance(layer, nn.BatchNorm2d))
        for conv, norm in zip(convolutions, norms, strict=True):
            weight, bias = _weights(conv)
            self.convolutions.append(_TwoByTwo(weight, bias, scale, shift))
            scale, shift = _affine(norm)
        first, *others = (layer for layer in body.head if isinstance(layer, nn.Linear))
        weight, bias = _weights(first)
        weight = weight.reshape(weight.shape[0], len(self.places), -1)  # channels last
        bias = bias + (weight * shift).sum(dim=(1, 2))
        self.head = nn.ModuleList([_pointwise((weight * scale).flatten(1), bias)])
        self.head.extend(_pointwise(*_weights(layer)) for layer in others)

    def forward(self, channels: Tensor) -> Tensor:
        """Return the logits of the window that begins at each pixel."""
        size = (channels.shape[-2] - self.patch_px + 1, channels.shape[-1] - self.patch_px + 1)
        maps = _Maps({(Kind(), Kind()): channels}, self.levels[0], size)
        convolutions = iter(self.convolutions)
        for level, layer, following in zip(
            self.levels[1:], LAYERS, (*LAYERS[1:], CONV), strict=True
        ):
            apply = next(convolutions) if layer == CONV else _largest
            found = {pair: apply(maps, _Target(*pair, level)) for pair in _pairs(level)}
            if following == CONV:  # ReLU may wait for the pooling, which leaves less of it to do
                found = {pair: values.relu_() for pair, values in found.items()}
            maps = _Maps(found, level, size)
        parts = [maps.cut(r, c, Reach(y, y), Reach(x, x)) for (r, y), (c, x) in self.places]
        features = torch.cat(parts, dim=1) if len(parts) > 1 else parts[0]
        for number, dense in enumerate(self.head):
            features = dense(features.relu_() if number else features)
        return features


class _Maps:
    """The maps of a level: one per pair of kinds, of all pixels at which it is read."""

    def __init__(
        self, maps: dict[tuple[Kind, Kind], Tensor], level: Level, size: tuple[int, int]
    ) -> None:
        self.maps, self.level, self.size = maps, level, size

    def cut(self, row: Kind, column: Kind, rows: Reach, columns: Reach) -> Tensor:
        """Return the values of a pair of kinds at these offsets of all patches."""
        top = rows.first - self.level[row].first
        left = columns.first - self.level[column].first
        height = self.size[0] + rows.last - rows.first
        width = self.size[1] + columns.last - columns.first
        return self.maps[row, column][:, :, top : top + height, left : left + width]


@dataclass(frozen=True)
class _Target:
    """A pair of kinds that is to be computed, and its level, which says where it is read."""

    row: Kind
    column: Kind
    level: Level

    @property
    def rows(self) -> Reach:
        return self.level[self.row]

    @property
    def columns(self) -> Reach:
        return self.level[self.column]


class _TwoByTwo(nn.Module):
    """A convolution of 2x2 for each pair of kinds, with the norm before it folded in.

    Args:
        weight: (outputs, inputs, 2, 2).
        bias: (outputs,).
        scale: (inputs,) what values are multiplied by before; not so the padding.
        shift: (inputs,) what is added to them.
    """

    weight: Tensor
    bias: Tensor

    def __init__(self, weight: Tensor, bias: Tensor, scale: Tensor, shift: Tensor) -> None:
        super().__init__()
        self.register_buffer("weight", (weight * scale.view(-1, 1, 1)).float(), persistent=False)
        # One bias per number of rows and columns of taps that do not fall on the padding.
        shifts = (weight * shift.view(-1, 1, 1)).sum(dim=1).cumsum(dim=1).cumsum(dim=2)
        biases = (bias.view(-1, 1, 1) + shifts).permute(1, 2, 0).contiguous()
        self.register_buffer("bias", biases.float(), persistent=False)

    def forward(self, maps: _Maps, target: _Target) -> Tensor:
        """Return the map (N, outputs, ., .) of a pair of kinds."""
        row, column = target.row, target.column
        bias: Tensor | None = self.bias[len(row.reads) - 1, len(column.reads) - 1]
        parts = []
        for (above, down, ys), (left, right, xs) in itertools.product(row.taps(), column.taps()):
            weight = self.weight[:, :, ys, xs]
            values = maps.cut(
                above,
                left,
                target.rows.shifted(down, row.gap * (weight.shape[2] - 1)),
                target.columns.shifted(right, column.gap * (weight.shape[3] - 1)),
            )
            parts.append(functional.conv2d(values, weight, bias, dilation=(row.gap, column.gap)))
            bias = None
        return functools.reduce(Tensor.add_, parts)


def _largest(maps: _Maps, target: _Target) -> Tensor:
    """Return the largest of each 2x2 values, as the map of a pair of kinds.

    Neighbours in one map are pooled: that needs no cut-out for each of them.
    """
    parts = []
    for (above, down, ys), (left, right, xs) in itertools.product(
        _pooled(target.row), _pooled(target.column)
    ):
        side = (ys.stop - ys.start, xs.stop - xs.start)
        rows, columns = (
            target.rows.shifted(down, side[0] - 1),
            target.columns.shifted(right, side[1] - 1),
        )
        values = maps.cut(above, left, rows, columns)
        parts.append(values if side == (1, 1) else functional.max_pool2d(values, side, stride=1))
    return functools.reduce(torch.maximum, parts)


def _pooled(kind: Kind) -> list[tuple[Kind, int, slice]]:
    """Return the taps of a pooling, together only where they are neighbours."""
    if len(kind.reads) == 2 and kind.gap > 1:
        return [(read, at, slice(n, n + 1)) for n, (read, at) in enumerate(kind.reads)]
    return kind.taps()


def _pairs(level: Level) -> list[tuple[Kind, Kind]]:
    return list(itertools.product(level, level))


def _there(value: Tensor | None) -> Tensor:
    """Return a layer's tensor that its type says may be missing, without its gradient."""
    if value is None:
        raise TypeError("the layer has no such tensor")
    return value.detach()


def _weights(layer: nn.Conv2d | nn.Linear) -> tuple[Tensor, Tensor]:
    """Return weight and bias in double precision, for folding."""
    return layer.weight.detach().double(), _there(layer.bias).double()


def _affine(norm: nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    """Return what a trained batch norm multiplies by and adds."""
    variance, mean = _there(norm.running_var).double(), _there(norm.running_mean).double()
    scale = _there(norm.weight).double() / (variance + norm.eps).sqrt()
    return scale, _there(norm.bias).double() - mean * scale


def _pointwise(weight: Tensor, bias: Tensor) -> nn.Conv2d:
    """Return a dense layer as a convolution of 1x1."""
    # Made without initial weights, so that no random number is drawn.
    layer = nn.Conv2d(weight.shape[1], weight.shape[0], 1, device="meta")
    layer.to_empty(device=weight.device)
    _there(layer.weight).copy_(weight[:, :, None, None])
    _there(layer.bias).copy_(bias)
    return layer.requires_grad_(False)


def plan_axis(patch_px: int, layers: Sequence[str]) -> tuple[list[Level], list[Place]]:
    """Return the kinds of values in the input and after each layer, and where the last are read.

    Args:
        patch_px: side of the patch.
        layers: CONV (two taps, padded at the end) or POOL (two taps, every second position).

    Returns:
        A level for the input and for each layer; kind and offset of each position at the end.
    """
    places: list[Place] = [(Kind(), offset) for offset in range(patch_px)]
    for layer in layers:
        step = 2 if layer == POOL else 1
        ahead: list[Place | None] = [*places[1:], None]
        pairs = list(zip(places, ahead, strict=True))[: len(places) // step * step : step]
        places = [(_kind(near, far), near[1]) for near, far in pairs]
    wanted, levels = list(places), []
    for _ in layers:
        levels.append(_reaches(wanted))
        wanted = [(read, at + offset) for kind, at in wanted for read, offset in kind.reads]
    levels.append(_reaches(wanted))
    return levels[::-1], places


def _kind(near: Place, far: Place | None) -> Kind:
    first = (near[0], 0)
    return Kind((first,) if far is None else (first, (far[0], far[1] - near[1])))


def _reaches(wanted: Sequence[Place]) -> Level:
    offsets: dict[Kind, list[int]] = {}
    for kind, at in wanted:
        offsets.setdefault(kind, []).append(at)
    return {kind: Reach(min(at), max(at)) for kind, at in offsets.items()}
