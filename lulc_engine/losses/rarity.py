"""Weights of classes and of positive labels by their rarity in the training patches."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

# A class of a handful of patches must not outweigh all others.
_LOWEST, _HIGHEST = 0.1, 10.0


def balanced_weights(counts: npt.NDArray[np.int64]) -> Tensor:
    """Return class weights (K,) float32: N / (K n_k), within 0.1 and 10; 1 for an absent class.

    Args:
        counts: (K,) training patches by class.
    """
    return _bounded(counts.sum() / len(counts), counts)


def positive_weights(counts: npt.NDArray[np.int64], patches: int) -> Tensor:
    """Return weights (K,) float32 of positive labels: negatives / positives, within 0.1 and 10.

    A class that no patch has, or every patch, gets 1: its labels hold nothing to balance.

    Args:
        counts: (K,) training patches that have each class.
        patches: number of training patches.
    """
    weights = _bounded(patches - counts, counts)
    weights[torch.from_numpy(counts == patches)] = 1
    return weights


def _bounded(part: npt.NDArray[np.int64] | float, counts: npt.NDArray[np.int64]) -> Tensor:
    ratio = np.divide(part, counts, out=np.ones(len(counts)), where=counts > 0)
    return torch.from_numpy(ratio.clip(_LOWEST, _HIGHEST).astype(np.float32))
