"""Batches of training patches: shuffled, turned, jittered, blended, and ready for the network."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from lulc_engine.errors import DataError
from lulc_engine.models.network import InputLayer
from lulc_engine.samples.jitter import jittered
from lulc_engine.samples.patches.augment import mixed, pasted, turned, zoomed
from lulc_engine.samples.patches.patch_set import PatchSet
from lulc_engine.samples.split import TRAINING
from lulc_engine.training.patch_recipe import PatchRecipe

# Patches from which the spread of reflectance is taken.
_SAMPLE = 512
# Values that are made ready at once: several batches of small patches, for which the calls would
# otherwise cost more than the work.
_VALUES_AT_ONCE = 2**18


class PatchBatches:
    """Makes the batches of a training.

    Args:
        layer: the network's input layer, on the device.
        patches: where patches and labels are.
        recipe: batch size and augmentation.
        device: where the batches are wanted.
        seed: of order and augmentation.

    Attributes:
        count: number of training patches.
        steps: batches in an epoch; what is left over by the last one waits for another epoch.

    Raises:
        DataError: there is nothing to train on.
    """

    def __init__(
        self,
        layer: InputLayer,
        patches: PatchSet,
        recipe: PatchRecipe,
        device: torch.device,
        seed: int,
    ) -> None:
        self._layer, self._patches, self._recipe, self._device = layer, patches, recipe, device
        self._training = patches.indices(TRAINING)
        self.count = len(self._training)
        if self.count == 0:
            raise DataError("No patch is left to train on.", "Hold fewer patches back.")
        self._size = min(recipe.batch_size, self.count)
        self.steps = self.count // self._size
        self._spread = reflectance_spread(layer, patches, self._training)
        self._rng = np.random.default_rng(seed)
        self._noise = torch.Generator().manual_seed(seed)
        self._mixes = True

    def epoch(self, number: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield the batches of an epoch, counted from 1, in a new order; see `of`."""
        self._mixes = number <= self._recipe.mixed_share * self._recipe.epochs
        return self.of(self._rng.permutation(self._training)[: self.steps * self._size])

    def of(self, numbers: np.ndarray) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield normalised channels (n, C, k, k) and targets (n, K) float32 of patches in order."""
        values = self._size * max(1, self._patches.images[0].size)
        at_once = self._size * max(1, _VALUES_AT_ONCE // values)
        for start in range(0, len(numbers), at_once):
            some = numbers[start : start + at_once]
            ready = torch.split(self._changed(some), self._size)
            targets = torch.split(self.targets(some), self._size)
            for pair in zip(ready, targets, strict=True):
                yield self._blended(*pair)

    def targets(self, numbers: np.ndarray) -> Tensor:
        """Return targets (n, K) float32, 0 or 1, of patches."""
        found = torch.from_numpy(labels(self._patches)[numbers]).to(self._device)
        if self._patches.multilabel:
            return found.float()
        return functional.one_hot(found.long(), len(self._patches.legend)).float()

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Return the state of chance, as tensors and as JSON values."""
        return {"noise": self._noise.get_state()}, {"rng": self._rng.bit_generator.state}

    def restore(self, tensors: dict[str, Tensor], values: dict[str, Any]) -> None:
        """Go on from a state."""
        self._noise.set_state(tensors["noise"])
        self._rng.bit_generator.state = values["rng"]

    def _changed(self, numbers: np.ndarray) -> Tensor:
        """Return normalised channels (n, C, k, k) of patches, turned, jittered and zoomed."""
        raw = torch.from_numpy(self._patches.raw(numbers)).to(self._device)
        if self._recipe.turn:
            raw = turned(raw, self._rng)
        reflectance = self._layer.reflectance(raw)
        reflectance = jittered(reflectance, self._spread, self._recipe.jitter, self._noise)
        return zoomed(self._layer.normalise(reflectance), self._recipe.zoom, self._rng)

    def _blended(self, channels: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Return a batch as it is, or with mixup or cutmix."""
        draw = self._rng.random() if self._mixes else 1.0
        if draw < self._recipe.cutmix:
            return pasted(channels, targets, self._rng)
        if draw < self._recipe.cutmix + self._recipe.mixup:
            return mixed(channels, targets, self._rng)
        return channels, targets


def labels(patches: PatchSet) -> np.ndarray:
    """Return the targets of patches that must have some."""
    if patches.targets is None:
        raise DataError("The patches have no labels to learn from.")
    return patches.targets


def reflectance_spread(layer: InputLayer, patches: PatchSet, numbers: np.ndarray) -> Tensor:
    """Return the standard deviation (C, 1, 1) of each band's reflectance, from some patches.

    The layer's own statistics are of channels, which need not be bands.
    """
    some = numbers[:: max(1, len(numbers) // _SAMPLE)]
    raw = torch.from_numpy(patches.raw(some)).to(layer.scale.device)
    values = layer.reflectance(raw).transpose(0, 1).flatten(1).double()
    valid = torch.isfinite(values)
    count = valid.sum(dim=1).clamp(min=1)
    mean = torch.where(valid, values, 0).sum(dim=1) / count
    square = torch.where(valid, (values - mean[:, None]) ** 2, 0).sum(dim=1) / count
    return square.sqrt().float()[:, None, None]
