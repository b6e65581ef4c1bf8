"""The steps of a training, of whichever kind of model, and what goes on from them later."""

from __future__ import annotations

import math
from typing import Any, Generic, Protocol, TypeVar

import torch
from torch import Tensor, nn

from lulc_engine.errors import DataError
from lulc_engine.training.average import Average
from lulc_engine.training.optimiser import (
    Groups,
    Schedule,
    make_optimizer,
    optimizer_tensors,
    restore_optimizer,
)
from lulc_engine.training.same_training import other_network
from lulc_engine.training.snapshot import take
from lulc_engine.training.state_file import Tensors

_GRADIENT_NORM = 5.0
_MOST_BAD_STEPS = 10

AnyModule = TypeVar("AnyModule", bound=nn.Module)


class Numbers(Protocol):
    """What is asked of a recipe; see `recipe.Recipe` and `patch_recipe.PatchRecipe`."""

    @property
    def optimizer(self) -> str: ...

    @property
    def weight_decay(self) -> float: ...

    @property
    def schedule(self) -> str: ...

    @property
    def epochs(self) -> int: ...

    @property
    def average(self) -> float: ...


class Descent(Generic[AnyModule]):
    """Takes steps: clipped, scheduled, averaged, none along a gradient that is not a number.

    Args:
        network: on its device.
        groups: its parameters, see `make_optimizer`.
        recipe: the numbers.
        steps: batches in an epoch.

    Attributes:
        judged: the network that is validated and kept: the average where there is one.
        taken: number of steps taken.
    """

    def __init__(self, network: AnyModule, groups: Groups, recipe: Numbers, steps: int) -> None:
        self._network = network
        self._optimizer = make_optimizer(recipe.optimizer, groups, recipe.weight_decay)
        self._schedule = Schedule(self._optimizer, recipe.schedule, recipe.epochs * steps)
        self._average = Average(network, recipe.average) if recipe.average else None
        self._bad_steps = 0
        self.judged = network if self._average is None else self._average.network
        self.taken = 0

    @property
    def rate(self) -> float:
        """The learning rate of the first group."""
        return float(self._optimizer.param_groups[0]["lr"])

    def step(self, loss: Tensor) -> float | None:
        """Take one step; return the loss, or None if the weights were left alone.

        Raises:
            DataError: the loss is not a number again and again.
        """
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        norm = torch.nn.utils.clip_grad_norm_(self._network.parameters(), _GRADIENT_NORM)
        value = float(loss.detach())
        if not (math.isfinite(value) and math.isfinite(float(norm))):
            self._bad_steps += 1
            if self._bad_steps > _MOST_BAD_STEPS:
                raise _diverged()
            return None
        self._bad_steps = 0
        self._optimizer.step()
        self._schedule.after_step()
        self.taken += 1
        if self._average is not None:
            self._average.update(self.taken)
        return value

    def check(self) -> None:
        """Refuse to go on where no step could be taken: nothing has been learned.

        Raises:
            DataError: none was.
        """
        if self.taken == 0:
            raise _diverged()

    def after_epoch(self, score: float) -> None:
        """Let the schedule know the validation score of an epoch."""
        self._schedule.after_epoch(score)

    def state(self) -> tuple[dict[str, Tensors], dict[str, Any]]:
        """Return what `restore` needs, as tensors and as JSON values."""
        tensors = {
            "network": take(self._network),
            "optimizer": optimizer_tensors(self._optimizer),
        }
        values = {
            "groups": self._optimizer.state_dict()["param_groups"],
            "schedule": self._schedule.state(),
            "taken": self.taken,
        }
        return tensors, values

    def restore(self, tensors: dict[str, Tensors], values: dict[str, Any], judged: Tensors) -> None:
        """Go on from `state`.

        Args:
            tensors: of `state`.
            values: of `state`.
            judged: weights of the judged network then.

        Raises:
            DataError: they are of another network.
        """
        try:
            self._network.load_state_dict(tensors["network"])
            if self._average is not None:
                self._average.network.load_state_dict(judged)
            restore_optimizer(self._optimizer, tensors["optimizer"], values["groups"])
        except (RuntimeError, ValueError) as err:
            raise other_network() from err
        self._schedule.restore(values["schedule"])
        self.taken = values["taken"]


def _diverged() -> DataError:
    """Return the error of a training that has left all good values."""
    return DataError(
        "The loss is not a number any more: training diverged.",
        "Lower LEARNING_RATE, or check the scene for extreme values.",
    )
