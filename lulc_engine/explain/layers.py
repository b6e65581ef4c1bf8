"""The layers of a network that are maps, found by watching it work.

Most layers give (N, channels, rows, columns). Some transformers put the channels last, others give
a list of places, (N, rows * columns, channels), perhaps with a few places at its head that stand
for the whole image; these are brought into the usual order.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from lulc_engine.errors import OptionsError

# Where the layer that a rule would choose sees only a part of what the network goes by: the
# PixelNet's last map is that of its narrow path.
_CHOSEN = {"pixelnet": "spectral"}
_MOST_NAMED = 40
# Places at the head of a list that are no place in the image: class and register tokens.
_HEADS = (0, 1, 2, 4, 5)


@dataclass(frozen=True)
class Layer:
    """A layer that gives a map, as seen with one image.

    Attributes:
        name: as `torch.nn.Module.get_submodule` takes it.
        channels: of the map.
        rows: of the map.
        columns: of the map.
        order: how the values lie: chw, hwc or list.
        cell_px: side of what one of its values stands for, in pixels of the image.
        heads: of a list, how many places at its head are none of the image.
    """

    name: str
    channels: int
    rows: int
    columns: int
    order: str
    cell_px: float
    heads: int = 0


def find_layers(body: nn.Module, channels: int, height: int, width: int) -> list[Layer]:
    """Return the layers of a body that are maps of an image, in the order of their work.

    Args:
        body: a network for normalised channels, in eval mode.
        channels: number of its inputs.
        height: of the image that it is tried with.
        width: of it; where images need not be square, another one tells rows from columns.
    """
    found: dict[str, Layer] = {}
    hooks = []
    for name, module in body.named_modules():
        if name:
            hooks.append(module.register_forward_hook(_watcher(name, found, (height, width))))
    try:
        with torch.inference_mode():
            device = next(body.parameters()).device
            body(torch.zeros(1, channels, height, width, device=device))
    finally:
        for hook in hooks:
            hook.remove()
    return list(found.values())


def _watcher(
    name: str, found: dict[str, Layer], image: tuple[int, int]
) -> Callable[[nn.Module, Any, Any], None]:
    def watch(module: nn.Module, inputs: Any, output: Any) -> None:
        if isinstance(output, Tensor):
            found.pop(name, None)  # a layer that works twice counts where it did last
            layer = _layer(name, tuple(output.shape), image)
            if layer is not None:
                found[name] = layer

    return watch


def _layer(name: str, shape: Sequence[int], image: tuple[int, int]) -> Layer | None:
    """Return what a shape says, None where it is no map of the image."""
    if len(shape) == 4:
        _, first, second, third = shape
        if _is_like(second, third, image):
            return Layer(name, first, second, third, "chw", image[0] / second)
        if _is_like(first, second, image):
            return Layer(name, third, first, second, "hwc", image[0] / first)
    if len(shape) == 3:
        grid = _grid(shape[1], image)
        if grid is not None:
            heads = shape[1] - grid[0] * grid[1]
            return Layer(name, shape[2], *grid, "list", image[0] / grid[0], heads)
    return None


def _is_like(rows: int, columns: int, image: tuple[int, int]) -> bool:
    """Return whether a grid of more than one cell has the form of the image."""
    exact = rows * image[1] / image[0]
    return rows * columns > 1 and abs(columns - exact) < 1


def _grid(places: int, image: tuple[int, int]) -> tuple[int, int] | None:
    """Return rows and columns of a list of places, of which some at the head may be none."""
    for heads in _HEADS:
        rows = round(math.sqrt((places - heads) * image[0] / image[1])) if places > heads else 0
        if rows and (places - heads) % rows == 0:
            grid = rows, (places - heads) // rows
            if _is_like(*grid, image):
                return grid
    return None


def as_map(value: Tensor, layer: Layer, height: int, width: int) -> Tensor:
    """Return a layer's values as (N, channels, rows, columns).

    Args:
        value: what the layer gave for images (N, C, height, width).
        layer: the layer, as seen with any image.
        height: of the images.
        width: of them.
    """
    if layer.order == "chw":
        return value
    if layer.order == "hwc":
        return value.permute(0, 3, 1, 2)
    grid = _grid(int(value.shape[1]), (height, width))
    if grid is None:
        raise ValueError(f"{layer.name} gave {tuple(value.shape)}")
    places = value[:, value.shape[1] - grid[0] * grid[1] :]
    return places.transpose(1, 2).reshape(len(value), -1, *grid)


def choose_layer(layers: Sequence[Layer], wanted: str, architecture: str, deepest: bool) -> Layer:
    """Return the layer that is wanted, or the one that explains a network best.

    Of a segmenter that is the last of its encoder's deepest maps, where it has seen most
    (Vinogradova et al. 2020, arXiv:2002.11434); of a patch classifier the last map (Selvaraju et
    al. 2017, arXiv:1610.02391). In a transformer that ends in a token for the whole image nothing
    flows from the last map into the answer; there it is the input of the last block.

    Args:
        layers: as `find_layers` gives them.
        wanted: a name, or '' for the usual one.
        architecture: of the network.
        deepest: whether the network is a segmenter.

    Raises:
        OptionsError: there is no such layer, or none at all.
    """
    if not layers:
        raise OptionsError(
            "No layer of the model is a map of the image, so that nothing can be located.",
            "Use the method occlusion.",
        )
    names = {layer.name: layer for layer in layers}
    wanted = wanted or _CHOSEN.get(architecture, "")
    if wanted in names:
        return names[wanted]
    if wanted:
        raise OptionsError(f"The model has no map layer {wanted!r}.", _choices(layers))
    if deepest:
        inner = [layer for layer in layers if "encoder" in layer.name.split(".")] or layers
        fewest = min(layer.rows * layer.columns for layer in inner)
        return [layer for layer in inner if layer.rows * layer.columns == fewest][-1]
    last = layers[-1]
    inputs = [layer for layer in layers if layer.name.endswith("norm1")]
    return inputs[-1] if last.heads and inputs else last


def _choices(layers: Sequence[Layer]) -> str:
    """Return the names to choose from, the blocks before their parts."""
    ordered = sorted(layers, key=lambda layer: layer.name.count("."))[:_MOST_NAMED]
    kept = {layer.name for layer in ordered}
    shown = ", ".join(layer.name for layer in layers if layer.name in kept)
    more = len(layers) - len(ordered)
    return f"Choose from: {shown}{f' and {more} more, within these' if more else ''}."
