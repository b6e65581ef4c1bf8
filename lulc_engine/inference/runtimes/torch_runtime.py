"""Running a network with a label per pixel in PyTorch, on any device."""

from __future__ import annotations

import contextlib

import numpy as np
import torch
from torch import Tensor

from lulc_engine.inference.runtimes import Prediction, Wanted
from lulc_engine.models.every_window import EveryWindow
from lulc_engine.models.network import Network
from lulc_engine.samples.chips import as_input


class TorchRuntime:
    """Executes a network eagerly, in channels-last order.

    Args:
        network: in eval mode; moved to the device.
        device: where to compute.
        wanted: what to give.
        low_precision: whether the body computes in 16 bits: bfloat16, or float16 on devices
            without it. The input layer stays in float32.
    """

    streams = 1

    def __init__(
        self,
        network: Network | EveryWindow,
        device: torch.device,
        wanted: Wanted,
        low_precision: bool = False,
    ) -> None:
        self._network = network.to(device).to(memory_format=torch.channels_last).eval()
        self._device = device
        self._wanted = wanted
        self._low_precision = low_precision

    def run(self, values: np.ndarray, valid: np.ndarray, known: np.ndarray) -> Prediction:
        """Return the prediction for all pixels of a window."""
        with torch.inference_mode():
            image = torch.from_numpy(as_input(values, valid))[None].to(self._device)
            channels = self._network.input(image).contiguous(memory_format=torch.channels_last)
            with self._arithmetic():
                logits = self._network.logits(channels)[0]
            return prediction_of(logits.float(), self._wanted)

    def _arithmetic(self) -> contextlib.AbstractContextManager[object]:
        if not self._low_precision:
            return contextlib.nullcontext()
        return torch.autocast(self._device.type, short_type(self._device))


def short_type(device: torch.device) -> torch.dtype:
    """Return the type of 16 bits that a device computes fastest in."""
    if device.type == "mps" or (device.type == "cuda" and not torch.cuda.is_bf16_supported()):
        return torch.float16
    return torch.bfloat16


def prediction_of(logits: Tensor, wanted: Wanted) -> Prediction:
    """Return what logits (K, H, W) say."""
    classes = confidence = probabilities = None
    if wanted.classes:
        classes = logits.argmax(dim=0).to("cpu", torch.int16).numpy()
    if wanted.confidence or wanted.probabilities:
        scaled = logits / wanted.temperature
        share = torch.sigmoid(scaled) if wanted.several else torch.softmax(scaled, dim=0)
        if wanted.confidence:
            percent = (share.amax(dim=0) * 100).round()
            confidence = percent.to("cpu", torch.uint8).numpy()
        if wanted.probabilities:
            probabilities = share.to("cpu").contiguous().numpy()
    return Prediction(classes, confidence, probabilities)
