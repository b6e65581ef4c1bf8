"""Grad-CAM: which places of a layer's map speak for a class.

Selvaraju et al. 2017, arXiv:1610.02391. Channel k of a layer's map A weighs as much as the class's
score y would rise if it were raised everywhere, alpha_k = mean over i, j of dy / dA_kij, and the
heat is ReLU(sum over k of alpha_k A_k), enlarged bilinearly to the image. The score is the logit,
before softmax. For a segmenter it is the sum of the logits of a set of pixels (Seg-Grad-CAM,
Vinogradova et al. 2020, arXiv:2002.11434).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional

from lulc_engine.explain.layers import Layer, as_map


class Tap:
    """Takes what a layer gives, and lets gradients begin there.

    Attributes:
        value: what the layer gave last.
    """

    def __init__(self) -> None:
        self.value: Tensor = torch.empty(0)

    def take(self, module: nn.Module, inputs: object, output: Tensor) -> Tensor:
        """Keep the output; hand on a copy, since later layers may work in place."""
        self.value = output.detach().clone().requires_grad_(torch.is_grad_enabled())
        return self.value.clone()


@contextmanager
def tapped(body: nn.Module, layer: Layer) -> Iterator[Tap]:
    """Give a tap on a layer of a body."""
    tap = Tap()
    hook = body.get_submodule(layer.name).register_forward_hook(tap.take)
    try:
        yield tap
    finally:
        hook.remove()


def gradient(tap: Tap, score: Tensor) -> Tensor:
    """Return the derivative of a score by what a layer gave, of that shape; 0 where unrelated."""
    (found,) = torch.autograd.grad(score, tap.value, allow_unused=True)
    return torch.zeros_like(tap.value) if found is None else found


def map_and_gradient(
    tap: Tap, score: Tensor, layer: Layer, height: int, width: int
) -> tuple[Tensor, Tensor]:
    """Return the layer's map and the score's derivative by it, (N, channels, rows, columns)."""
    slope = as_map(gradient(tap, score), layer, height, width)
    return as_map(tap.value.detach(), layer, height, width), slope


def heat(maps: Tensor, weights: Tensor) -> Tensor:
    """Return ReLU of the weighted sum of channels, (N, rows, columns).

    Args:
        maps: (N, channels, rows, columns).
        weights: (N, channels) or (channels,).
    """
    weighed = maps * weights.reshape(-1, maps.shape[1], 1, 1)
    return functional.relu(weighed.sum(dim=1))


def enlarged(values: Tensor, height: int, width: int) -> Tensor:
    """Return values (N, rows, columns) bilinearly enlarged to (N, height, width)."""
    size = (height, width)
    large: Tensor = functional.interpolate(
        values[:, None], size, mode="bilinear", align_corners=False
    )
    return large[:, 0]


def normalised(values: Tensor) -> Tensor:
    """Return each of the heats (N, H, W) over its maximum; 0 where that is 0."""
    largest = values.amax(dim=(1, 2), keepdim=True)
    return torch.where(largest > 0, values / largest.clamp(min=1e-30), 0.0)
