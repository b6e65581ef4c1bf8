"""The moving average of a network's weights."""

from __future__ import annotations

import copy
from typing import Generic, TypeVar

import torch
from torch import nn

AnyModule = TypeVar("AnyModule", bound=nn.Module)


class Average(Generic[AnyModule]):
    """A second network that follows the first: w' = d w' + (1 - d) w after every step.

    Averages of the late weights generalise better than the last ones (Polyak and Juditsky 1992,
    doi:10.1137/0330046). Statistics of batch norm are averaged with the weights.

    Args:
        source: the network that is trained, on its device.
        decay: d, 0 to 1.

    Attributes:
        network: the average.
    """

    def __init__(self, source: AnyModule, decay: float) -> None:
        self.network = copy.deepcopy(source)
        self._decay = decay
        # state_dict gives views: the tensors stay the same ones for the whole training.
        theirs = source.state_dict()
        self._pairs = [(mine, theirs[name]) for name, mine in self.network.state_dict().items()]

    def update(self, step: int) -> None:
        """Follow by one step; ``step`` counts from 1."""
        # A young average follows closely; otherwise it would hold on to the random start.
        decay = min(self._decay, (1 + step) / (10 + step))
        with torch.no_grad():
            for mine, value in self._pairs:
                if value.dtype.is_floating_point:
                    mine.lerp_(value, 1 - decay)
                else:
                    mine.copy_(value)
