"""Robust statistics of the channels that a network sees."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from lulc_engine.models.network import InputLayer
from lulc_engine.samples.chips import Chip, as_input
from lulc_engine.samples.patches.patch_set import PatchSet
from lulc_engine.samples.split import TRAINING

_LOW, _HIGH = 0.01, 0.99
_PIXELS = 400_000
_PATCHES = 20_000
_SMALLEST_SPREAD = 1e-6  # of the mean: below it a channel is constant but for rounding


def sample_pixels(chips: Sequence[Chip], rng: np.random.Generator) -> np.ndarray:
    """Return raw values (C, n) float32 of valid pixels, from the cores of all chips alike."""
    per_chip = max(256, _PIXELS // max(1, len(chips)))
    found = []
    for chip in chips:
        values = as_input(chip.image[(slice(None), *chip.core)], chip.valid[chip.core])
        values = values[:, chip.valid[chip.core]]
        if values.shape[1] > per_chip:
            values = values[:, rng.choice(values.shape[1], per_chip, replace=False)]
        found.append(values)
    return np.concatenate(found, axis=1)


def sample_patch_pixels(patches: PatchSet, rng: np.random.Generator) -> np.ndarray:
    """Return raw values (C, n) float32 of valid pixels of training patches, from all alike.

    Validation and test must not decide how values are normalised, so they are left out.
    """
    chosen = patches.indices(TRAINING)
    if len(chosen) > _PATCHES:
        chosen = np.sort(rng.choice(chosen, _PATCHES, replace=False))
    per_patch = max(25, _PIXELS // max(1, len(chosen)))
    found = []
    for part in np.array_split(chosen, -(-len(chosen) // 256)):
        raw = patches.raw(part)
        pixels = raw.reshape(*raw.shape[:2], -1)
        if pixels.shape[2] > per_patch:
            pixels = pixels[:, :, rng.choice(pixels.shape[2], per_patch, replace=False)]
        values = np.moveaxis(pixels, 1, 0).reshape(raw.shape[1], -1)
        found.append(values[:, np.isfinite(values).all(axis=0)])
    return np.concatenate(found, axis=1)


def channel_statistics(layer: InputLayer, pixels: np.ndarray) -> tuple[Tensor, Tensor]:
    """Return winsorised mean and standard deviation (channels,) of reflectance and indices.

    Values below the 1st and above the 99th percentile are set to these before the moments are
    taken, so that clouds, glint and dead pixels do not set the scale (Wilcox 2012, Introduction to
    robust estimation, ch. 3). A channel without spread gets 1, so that it becomes 0 and not noise.

    Args:
        layer: the input layer, with its radiometry set.
        pixels: (C, n) float32 raw values of valid pixels.
    """
    raw = torch.from_numpy(pixels)[None, :, :, None]
    with torch.inference_mode():
        features = layer.features(raw * layer.scale + layer.offset)[0, :, :, 0].double().numpy()
    low, high = np.quantile(features, [_LOW, _HIGH], axis=1, keepdims=True)
    cut = np.clip(features, low, high)
    mean, spread = cut.mean(axis=1), cut.std(axis=1)
    spread = np.where(spread <= _SMALLEST_SPREAD * np.abs(mean), 1.0, spread)
    return torch.from_numpy(mean).float(), torch.from_numpy(spread).float()


def value_range(pixels: np.ndarray) -> tuple[tuple[float, float], ...]:
    """Return the 1st and 99th percentile of raw values (C, n) per band."""
    low, high = np.quantile(pixels, [_LOW, _HIGH], axis=1)
    return tuple((float(a), float(b)) for a, b in zip(low, high, strict=True))
