"""Running a network in PyTorch, on any device."""

from __future__ import annotations

import numpy as np
import torch

from lulc_engine.inference.runtimes import Prediction
from lulc_engine.models.network import Network


class TorchRuntime:
    """Executes a network eagerly, in float32 and channels-last order.

    Args:
        network: in eval mode; moved to the device.
        device: where to compute.
        confidence: whether to give the confidence.
        probabilities: whether to give all probabilities.
    """

    def __init__(
        self, network: Network, device: torch.device, confidence: bool, probabilities: bool
    ) -> None:
        self._network = network.to(device).to(memory_format=torch.channels_last).eval()
        self._device = device
        self._wants = (confidence, probabilities)

    def run(self, raw: np.ndarray) -> Prediction:
        """Return the prediction for raw values (C, H, W) float32, NaN where not valid."""
        confidence = probabilities = None
        with torch.inference_mode():
            image = torch.from_numpy(raw)[None].to(self._device)
            logits = self._network(image.contiguous(memory_format=torch.channels_last))[0]
            classes = logits.argmax(dim=0).to("cpu", torch.int16).numpy()
            if any(self._wants):
                share = torch.softmax(logits, dim=0)
                if self._wants[0]:
                    percent = (share.amax(dim=0) * 100).round()
                    confidence = percent.to("cpu", torch.uint8).numpy()
                if self._wants[1]:
                    probabilities = share.to("cpu").contiguous().numpy()
        return Prediction(classes, confidence, probabilities)
