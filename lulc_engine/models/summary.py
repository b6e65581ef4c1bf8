"""What a network is made of: its layers with the sizes of their outputs, grouped by block."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from lulc_engine.models.build import build_network, build_patch_network
from lulc_engine.models.card import ModelSpec

_SCENE_PX = 256
# A part of the network with more of its weights than this is no block but holds blocks.
_MOST_OF_ALL = 0.6
# What hands on what it gets when a model is applied.
_IDLE = ("Identity", "Dropout", "Dropout2d", "PatchDropout")


@dataclass(frozen=True)
class Part:
    """A layer or a block.

    Attributes:
        name: as `torch.nn.Module.get_submodule` takes it, and LAYER of the command ``explain``.
        kind: its class.
        output: size of what it gives for one image, without the number of images.
        parameters: trainable ones, of all that it holds.
        layers: of a block, what it is made of, in the order of their work.
    """

    name: str
    kind: str
    output: tuple[int, ...]
    parameters: int
    layers: tuple[Part, ...] = ()


@dataclass(frozen=True)
class Summary:
    """A network.

    Attributes:
        blocks: in the order of their work.
        side_px: side of the image that the sizes hold for.
        parameters: all trainable ones.
        elsewhere: those that belong to no block, such as positions of a transformer.
    """

    blocks: tuple[Part, ...]
    side_px: int
    parameters: int
    elsewhere: int


def summarise(spec: ModelSpec) -> Summary:
    """Return what the network of a spec is made of; it is built without weights from anywhere.

    Raises:
        LulcError: the network cannot be built here.
        RuntimeError, ValueError, TypeError: it cannot be run.
    """
    settings = {**spec.settings, "encoder_weights": None, "weights": None}
    offline = dataclasses.replace(spec, settings=settings)
    if spec.patch is None:
        network = build_network(offline)
        side = -(-_SCENE_PX // network.stride) * network.stride
        body = network.body
    else:
        body = build_patch_network(offline).body
        side = int(spec.settings.get("resize_px") or spec.patch.size_px)
    seen = _watched(body, spec.in_channels, side)
    total = _count(body)
    found = [part for part in _blocks(body, seen, total) if part.kind not in _IDLE]
    blocks = tuple(sorted(found, key=lambda part: seen[part.name].place))
    return Summary(blocks, side, total, total - sum(part.parameters for part in blocks))


@dataclass(frozen=True)
class _Call:
    """When a module worked first, and what it gave."""

    place: int
    output: tuple[int, ...]


def _watched(body: nn.Module, channels: int, side: int) -> dict[str, _Call]:
    """Return what each module that works gives for one image."""
    seen: dict[str, _Call] = {}
    # A copy whose tensors have shapes and no values: nothing is computed.
    copied = copy.deepcopy(body).to("meta").eval()
    for name, module in copied.named_modules():
        module.register_forward_hook(_watcher(name, seen))
    with torch.inference_mode():
        copied(torch.zeros(1, channels, side, side, device="meta"))
    return seen


def _watcher(name: str, seen: dict[str, _Call]) -> Callable[[nn.Module, Any, Any], None]:
    def watch(module: nn.Module, inputs: Any, output: Any) -> None:
        last = output[-1] if isinstance(output, (list, tuple)) and output else output
        shape = tuple(last.shape[1:]) if isinstance(last, Tensor) else ()
        seen.setdefault(name, _Call(len(seen), shape))

    return watch


def _blocks(
    module: nn.Module, seen: dict[str, _Call], total: int, prefix: str = ""
) -> Iterator[Part]:
    for name, child in module.named_children():
        full = f"{prefix}{name}"
        inner = [key for key in seen if key.startswith(f"{full}.")]
        if full not in seen or (inner and _count(child) > _MOST_OF_ALL * total):
            yield from _blocks(child, seen, total, f"{full}.")
        else:
            layers = tuple(_layers(child, full, seen))
            yield _part(full, child, seen, layers if len(layers) > 1 else ())


def _layers(block: nn.Module, name: str, seen: dict[str, _Call]) -> Iterator[Part]:
    """Yield the layers of a block that hold no others."""
    inner = [
        (f"{name}.{key}", module)
        for key, module in block.named_modules()
        if key and f"{name}.{key}" in seen and next(module.children(), None) is None
        if type(module).__name__ not in _IDLE
    ]
    for full, module in sorted(inner, key=lambda item: seen[item[0]].place):
        yield _part(full, module, seen)


def _part(
    name: str, module: nn.Module, seen: dict[str, _Call], layers: tuple[Part, ...] = ()
) -> Part:
    return Part(name, type(module).__name__.lstrip("_"), seen[name].output, _count(module), layers)


def _count(module: nn.Module) -> int:
    return sum(item.numel() for item in module.parameters() if item.requires_grad)
