"""Running a patch classifier on windows of an image, one by one, in PyTorch."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from lulc_engine.inference.runtimes import Prediction, Wanted
from lulc_engine.inference.runtimes.torch_runtime import prediction_of
from lulc_engine.models.patch_network import PatchNetwork
from lulc_engine.samples.chips import as_input

# Normalised windows of a batch: enough to be busy with, and they stay in the processor's cache.
_BATCH_BYTES = 16 * 2**20
_LARGEST_BATCH = 512


class WindowRuntime:
    """Applies a patch classifier to windows at regular steps.

    Pixels are normalised once, however many windows see them; windows are then cut and go through
    the network in batches.

    Args:
        network: in eval mode; moved to the device.
        device: where to compute.
        size: side of the windows.
        step: pixels from one window to the next.
        wanted: what to give.
        check: called now and then; raises to stop.
    """

    streams = 1

    def __init__(
        self,
        network: PatchNetwork,
        device: torch.device,
        size: int,
        step: int,
        wanted: Wanted,
        check: Callable[[], None],
    ) -> None:
        self._network = network.to(device).to(memory_format=torch.channels_last).eval()
        self._device, self._wanted, self._check = device, wanted, check
        self._size, self._step = size, step

    def run(self, values: np.ndarray, valid: np.ndarray, known: np.ndarray) -> Prediction:
        """Return a result for each window (n, m) of the values; 0 where not known."""
        raw = as_input(values, valid)
        with torch.inference_mode():
            image = torch.from_numpy(raw)[None].to(self._device)
            channels = self._network.input(image.contiguous(memory_format=torch.channels_last))
            logits = self._one_by_one(channels[0], known)
            return prediction_of(logits, self._wanted)

    def _one_by_one(self, channels: Tensor, known: np.ndarray) -> Tensor:
        """Return logits (K, n, m) of channels (C, H, W)."""
        size, step = self._size, self._step
        windows = channels.unfold(1, size, step).unfold(2, size, step).permute(1, 2, 0, 3, 4)
        rows, columns = (torch.from_numpy(places) for places in np.nonzero(known))
        batch = _BATCH_BYTES // (windows[0, 0].numel() * windows.element_size())
        batch = min(max(batch, 1), _LARGEST_BATCH)
        found: list[Tensor] = []
        for start in range(0, len(rows), batch):
            self._check()
            some = slice(start, start + batch)
            patches = windows[rows[some], columns[some]]
            found.append(self._network.logits(patches))
        classes = found[0].shape[1]
        logits = torch.zeros((*known.shape, classes), device=self._device)
        logits[torch.from_numpy(known).to(self._device)] = torch.cat(found)
        return logits.permute(2, 0, 1)
