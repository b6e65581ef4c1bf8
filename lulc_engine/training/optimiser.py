"""Optimisers and the learning rate over time, for every training loop."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

_PLATEAU_FACTOR, _PLATEAU_EPOCHS = 0.3, 5
_RISING_SHARE = 0.2
_FEWEST_STEPS = 10  # with fewer the cycle has no step to rise in
_MOMENTUM = 0.9

Groups = Sequence[dict[str, Any]]


def make_optimizer(name: str, groups: Groups, weight_decay: float) -> torch.optim.Optimizer:
    """Return Adam, which has no decay, AdamW, or gradient descent with Nesterov's momentum.

    Args:
        name: adam, adamw or sgd.
        groups: parameter groups, each with its highest rate as ``lr``.
        weight_decay: where a group does not say otherwise; decoupled for adamw, a part of the
            gradient for sgd.
    """
    if name == "sgd":
        return torch.optim.SGD(
            list(groups), momentum=_MOMENTUM, nesterov=True, weight_decay=weight_decay
        )
    if name == "adam":
        return torch.optim.Adam([{**group, "weight_decay": 0.0} for group in groups])
    return torch.optim.AdamW(list(groups), weight_decay=weight_decay)


def parameter_groups(
    parts: Sequence[tuple[Iterable[nn.Parameter], float]],
) -> list[dict[str, Any]]:
    """Return groups of parameters, each part with and without weight decay.

    Biases and norms are not decayed: that would only push them away from what they are for.

    Args:
        parts: parameters, and the highest rate of each part.
    """
    groups = []
    for parameters, rate in parts:
        several = list(parameters)
        matrices = [p for p in several if p.ndim > 1]
        vectors = [p for p in several if p.ndim <= 1]
        if matrices:
            groups.append({"params": matrices, "lr": rate})
        if vectors:
            groups.append({"params": vectors, "lr": rate, "weight_decay": 0.0})
    return groups


def optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Return copies of what an optimiser remembers, as ``number.name``, on the processor."""
    return {
        f"{number}.{name}": value.detach().cpu().clone()
        for number, values in optimizer.state_dict()["state"].items()
        for name, value in values.items()
    }


def restore_optimizer(
    optimizer: torch.optim.Optimizer, tensors: dict[str, Tensor], groups: list[dict[str, Any]]
) -> None:
    """Go on from `optimizer_tensors` and the ``param_groups`` of the optimiser's state_dict."""
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        number, key = name.split(".", 1)
        state.setdefault(int(number), {})[key] = value
    optimizer.load_state_dict({"state": state, "param_groups": groups})


class Schedule:
    """The learning rate over time: x0.3 on a plateau of the validation score, one cycle, constant.

    One cycle (Smith and Topin 2018, arXiv:1708.07120) rises for 20 % of the steps and falls along a
    cosine to almost nothing.

    Args:
        optimizer: each of its groups has its highest rate as ``lr``.
        kind: one_cycle, plateau or constant.
        steps: all steps of the training.
    """

    def __init__(self, optimizer: torch.optim.Optimizer, kind: str, steps: int) -> None:
        self._optimizer = optimizer
        self._falls = kind == "plateau"
        self._cycle: torch.optim.lr_scheduler.OneCycleLR | None = None
        self._best = -1.0
        self._waited = 0
        if kind == "one_cycle":
            highest = [group["lr"] for group in optimizer.param_groups]
            total = max(steps, _FEWEST_STEPS) + 1
            self._cycle = torch.optim.lr_scheduler.OneCycleLR(
                optimizer, highest, total_steps=total, pct_start=_RISING_SHARE
            )

    def after_step(self) -> None:
        """Go on by one step."""
        if self._cycle is not None:
            self._cycle.step()

    def after_epoch(self, score: float) -> None:
        """Lower the rate where the validation score has not risen for 5 epochs."""
        if not self._falls:
            return
        if score > self._best:
            self._best, self._waited = score, 0
            return
        self._waited += 1
        if self._waited >= _PLATEAU_EPOCHS:
            self._waited = 0
            for group in self._optimizer.param_groups:
                group["lr"] *= _PLATEAU_FACTOR

    def state(self) -> dict[str, Any]:
        """Return what `restore` needs, as JSON values."""
        cycle = None if self._cycle is None else self._cycle.state_dict()
        state = {"best": self._best, "waited": self._waited, "cycle": cycle}
        copied: dict[str, Any] = json.loads(json.dumps(state))
        return copied

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a state; the optimiser's own rates are restored with the optimiser."""
        self._best, self._waited = state["best"], state["waited"]
        if self._cycle is not None:
            self._cycle.load_state_dict(state["cycle"])
