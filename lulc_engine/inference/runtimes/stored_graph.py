"""A network as runtimes other than PyTorch get it: stored values in, bytes out, in one graph."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor, nn

from lulc_engine.inference.runtimes import Wanted
from lulc_engine.models.network import InputLayer

_BYTE_CLASSES = 255  # one value is left for nodata


class InnerNetwork(Protocol):
    """A network with an input layer and logits of its channels (N, C, H, W)."""

    input: InputLayer

    def logits(self, channels: Tensor) -> Tensor:
        """Return logits (N, K, ...), one for each class and pixel, window or patch."""
        ...


class StoredGraph(nn.Module):
    """Conversion, reflectance, indices, normalisation, network and argmax in one module.

    Args:
        network: a module, the scene's radiometry set.
        wanted: the outputs, in the order classes, confidence, probabilities.

    Shape:
        inputs: values (N, bands, H, W) of any type, valid (N, 1, H, W), 0 where not; sides are
        those that the network takes. Outputs: classes (N, ...) uint8 (int32 for more than 255),
        confidence (N, ...) uint8 percent, probabilities (N, K, ...) float32.
    """

    def __init__(self, network: InnerNetwork, wanted: Wanted) -> None:
        super().__init__()
        self._network, self._wanted = network, wanted

    def forward(self, values: Tensor, valid: Tensor) -> tuple[Tensor, ...]:
        """Return what was asked for."""
        layer = self._network.input
        features = layer.features(layer.reflectance(values.float()))
        logits = self._network.logits(layer.scaled(features, valid != 0))
        outputs = []
        if self._wanted.classes:
            kind = torch.uint8 if logits.shape[1] <= _BYTE_CLASSES else torch.int32
            outputs.append(logits.argmax(dim=1).to(kind))
        if self._wanted.confidence or self._wanted.probabilities:
            several, scaled = self._wanted.several, logits / self._wanted.temperature
            share = torch.sigmoid(scaled) if several else torch.softmax(scaled, dim=1)
            if self._wanted.confidence:
                outputs.append((share.amax(dim=1) * 100).round().to(torch.uint8))
            if self._wanted.probabilities:
                outputs.append(share)
        return tuple(outputs)
