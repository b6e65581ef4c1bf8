"""Changing patches at random, a whole batch at a time.

Everything works on tensors of whole batches, so that it costs little beside the smallest network.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional


def turned(images: Tensor, rng: np.random.Generator) -> Tensor:
    """Return images (N, C, k, k), each in one of the eight positions of a square, all as likely.

    Flips along both axes and the transpose, each or not, make all flips and quarter turns.
    """
    choices = torch.from_numpy(rng.integers(2, size=(3, len(images), 1, 1, 1)).astype(bool))
    choices = choices.to(images.device)
    images = torch.where(choices[0], images.flip(3), images)
    images = torch.where(choices[1], images.flip(2), images)
    return torch.where(choices[2], images.transpose(2, 3), images)


def zoomed(images: Tensor, most: float, rng: np.random.Generator) -> Tensor:
    """Return images of which half are enlarged or shrunk, each by its own share and off centre.

    The scale is uniform in its logarithm, as far down as up, so that fields look neither larger nor
    smaller on average. An enlarged image shows a random part of itself; a shrunk one is continued
    by its own reflection. Bilinear.

    Args:
        images: (N, C, k, k) normalised channels: invalid pixels are 0.
        most: the largest share, 0 to 0.5; 0 changes nothing and draws nothing.
        rng: the source of chance.
    """
    if not most:
        return images
    count = len(images)
    chosen = rng.random(count) < 0.5
    # Grids run from -1 to 1: the image shows [shift - extent, shift + extent] of itself.
    extent = np.exp(-math.log1p(most) * rng.uniform(-1, 1, count))
    shift = rng.uniform(-1, 1, (count, 2)) * np.abs(1 - extent)[:, None]
    affine = np.zeros((count, 2, 3), dtype=np.float32)
    affine[:, 0, 0] = affine[:, 1, 1] = extent
    affine[:, :, 2] = shift
    which = torch.from_numpy(np.flatnonzero(chosen)).to(images.device)
    if len(which) == 0:
        return images
    part = images[which]
    theta = torch.from_numpy(affine[chosen]).to(images.device)
    grid = functional.affine_grid(theta, list(part.shape), align_corners=False)
    changed = functional.grid_sample(
        part, grid, mode="bilinear", padding_mode="reflection", align_corners=False
    )
    images = images.clone()
    images[which] = changed
    return images


def mixed(images: Tensor, targets: Tensor, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Return every image blended with another of the batch, and targets in the same shares.

    Mixup (Zhang et al. 2018, arXiv:1710.09412) with one share per batch, from Beta(0.4, 0.4).

    Args:
        images: (N, C, k, k) normalised channels: invalid pixels are 0, so they blend as well.
        targets: (N, K) float, 0 to 1.
        rng: the source of chance.
    """
    share = float(rng.beta(0.4, 0.4))
    others = torch.from_numpy(rng.permutation(len(images))).to(images.device)
    return torch.lerp(images[others], images, share), torch.lerp(targets[others], targets, share)


def pasted(images: Tensor, targets: Tensor, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Return images with a rectangle of another of the batch, and targets in shares of area.

    CutMix (Yun et al. 2019, arXiv:1905.04899): area uniform in 0 to 1, one rectangle per batch.
    Our deviation: it lies wholly inside, so that its area is what was drawn.

    Args:
        images: (N, C, H, W).
        targets: (N, K) float, 0 to 1.
        rng: the source of chance.
    """
    height, width = images.shape[2:]
    side = math.sqrt(rng.random())
    rows, columns = round(height * side), round(width * side)
    top, left = rng.integers(height - rows + 1), rng.integers(width - columns + 1)
    others = torch.from_numpy(rng.permutation(len(images))).to(images.device)
    window = (..., slice(top, top + rows), slice(left, left + columns))
    images = images.clone()
    images[window] = images[others][window]
    area = rows * columns / (height * width)
    return images, torch.lerp(targets, targets[others], area)
