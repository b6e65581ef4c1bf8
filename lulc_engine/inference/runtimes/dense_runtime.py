"""Running a patch classifier as one convolution of the image, in PyTorch."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from lulc_engine.inference.runtimes import Prediction, Wanted
from lulc_engine.inference.runtimes.torch_runtime import prediction_of
from lulc_engine.models.patch_network import PatchNetwork
from lulc_engine.samples.chips import as_input

# On processors the image goes through the network in blocks whose features stay in the cache of a
# core, and threads never wait for each other.
_BLOCK_PX = 128


class DenseRuntime:
    """Applies a patch classifier with ``dense()`` to windows at regular steps.

    Batch norm is folded into the convolutions, once. Each thread works on blocks of its own.

    Args:
        network: in eval mode; moved to the device.
        device: where to compute.
        size: side of the windows.
        step: pixels from one window to the next.
        wanted: what to give.
    """

    streams = 1

    def __init__(
        self, network: PatchNetwork, device: torch.device, size: int, step: int, wanted: Wanted
    ) -> None:
        self._device, self._wanted = device, wanted
        self._size, self._step = size, step
        dense = folded(network.body.dense().eval())  # type: ignore[operator]
        self._dense = dense.to(device).to(memory_format=torch.channels_last)
        self._input = network.input.to(device)
        threads = torch.get_num_threads() if device.type == "cpu" else 1
        self._pool = ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,))

    def run(self, values: np.ndarray, valid: np.ndarray, known: np.ndarray) -> Prediction:
        """Return a result for each window (n, m) of the values."""
        raw = as_input(values, valid)
        blocks = [block for block in self._blocks(*known.shape) if known[block].any()]
        found = list(self._pool.map(lambda block: self._run_block(raw, block), blocks))
        return _joined(known.shape, blocks, found)

    def _run_block(self, raw: np.ndarray, block: tuple[slice, slice]) -> Prediction:
        rows, columns = (
            slice(part.start * self._step, (part.stop - 1) * self._step + self._size)
            for part in block
        )
        with torch.inference_mode():
            image = torch.from_numpy(raw[:, rows, columns])[None].to(self._device)
            channels = self._input(image.contiguous(memory_format=torch.channels_last))
            logits = self._dense(channels.contiguous(memory_format=torch.channels_last))
            return prediction_of(logits[0, :, :: self._step, :: self._step], self._wanted)

    def _blocks(self, height: int, width: int) -> Iterator[tuple[slice, slice]]:
        """Yield parts of the windows (height, width)."""
        side = max(1, _BLOCK_PX // self._step)
        if self._device.type != "cpu":
            side = max(height, width)
        for row in range(0, height, side):
            for column in range(0, width, side):
                yield (
                    slice(row, min(row + side, height)),
                    slice(column, min(column + side, width)),
                )


def folded(module: nn.Module) -> nn.Module:
    """Return a copy in which batch norm is part of a convolution beside it, and no dropout.

    Args:
        module: in eval mode.
    """
    result = copy.deepcopy(module)
    for part in list(result.modules()):
        if isinstance(part, nn.Sequential):
            layers: list[nn.Module] = []
            for layer in part:
                before = layers[-1] if layers else None
                if isinstance(layer, nn.BatchNorm2d) and isinstance(before, nn.Conv2d):
                    layers[-1] = fuse_conv_bn_eval(before, layer)
                elif isinstance(layer, nn.Conv2d) and isinstance(before, nn.BatchNorm2d):
                    layers[-1] = _after_norm(before, layer)
                elif not isinstance(layer, nn.Dropout):
                    layers.append(layer)
            part._modules.clear()
            part.extend(layers)
    return result


def _after_norm(norm: nn.BatchNorm2d, convolution: nn.Conv2d) -> nn.Conv2d:
    """Return a 'valid' convolution that does what batch norm and it do one after the other."""
    if norm.running_mean is None or norm.running_var is None or convolution.groups != 1:
        raise ValueError("batch norm without statistics, or a grouped convolution")
    gain = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    shift = norm.bias - norm.running_mean * gain
    found = copy.deepcopy(convolution)
    constant = (convolution.weight * shift[None, :, None, None]).sum(dim=(1, 2, 3))
    bias = constant if convolution.bias is None else convolution.bias + constant
    found.weight = nn.Parameter((convolution.weight * gain[None, :, None, None]).detach())
    found.bias = nn.Parameter(bias.detach())
    return found


def _joined(
    shape: tuple[int, ...], blocks: list[tuple[slice, slice]], found: list[Prediction]
) -> Prediction:
    """Return the blocks in one, 0 where there is none."""

    def join(parts: list[np.ndarray | None]) -> np.ndarray | None:
        first = parts[0]
        if first is None:
            return None
        whole = np.zeros((*first.shape[:-2], *shape), first.dtype)
        for block, part in zip(blocks, parts, strict=True):
            whole[(..., *block)] = part
        return whole

    return Prediction(
        join([one.classes for one in found]),
        join([one.confidence for one in found]),
        join([one.probabilities for one in found]),
    )
