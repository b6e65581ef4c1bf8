"""The training loop: explicit, repeatable, and stopped at any moment."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lulc_engine.errors import DataError
from lulc_engine.evaluation import scores
from lulc_engine.feedback import Feedback
from lulc_engine.losses import get_loss
from lulc_engine.losses.context import LossContext
from lulc_engine.models.network import Network
from lulc_engine.samples.augment import WindowSampler
from lulc_engine.samples.dataset import Dataset
from lulc_engine.samples.split import VALIDATION
from lulc_engine.training.focus import AUTO_AFTER_EPOCHS, most_confused_pair
from lulc_engine.training.recipe import Recipe
from lulc_engine.training.validate import Validation, validate

_PLATEAU_FACTOR, _PLATEAU_EPOCHS = 0.3, 5
_GRADIENT_NORM = 5.0
_MOST_BAD_STEPS = 10
_CHANCE = 0.005

Weights = dict[str, Tensor]


@dataclass
class Best:
    """The best network so far: of the highest validation mIoU, among equals the latest.

    Validation is often a few polygons, on which a difference below half a percent is chance. Among
    such networks the latest has seen most and was trained at the lowest rate. Without any
    validation the latest is all there is to go by.
    """

    epoch: int = 0
    mean_iou: float = 0.0
    highest: float = 0.0
    weights: Weights = field(default_factory=dict)
    matrix: np.ndarray | None = None

    def is_matched_by(self, mean_iou: float) -> bool:
        """Return whether a score is as good as the highest so far, or better."""
        return mean_iou >= self.highest - _CHANCE


@dataclass
class Fit:
    """The state of a training.

    Attributes:
        best: the best network so far.
        history: a row per epoch: epoch, loss, learning_rate, seconds, validation scores.
        focus: indices of the focus classes.
        notes: what a reader of the report must know.
        stopped_early: whether training ended before the last epoch.
    """

    best: Best = field(default_factory=Best)
    history: list[dict[str, Any]] = field(default_factory=list)
    focus: tuple[int, ...] = ()
    notes: list[str] = field(default_factory=list)
    stopped_early: bool = False


class Trainer:
    """Trains a network on a dataset by a recipe.

    Args:
        network: on its device, with statistics set.
        dataset: the data.
        sampler: draws training windows.
        recipe: the numbers.
        steps: batches in an epoch.
        context: weights, focus and settings of the loss; ``context.focus`` may change.
        make_weights: class weights for given focus classes.
        find_focus: whether to choose the focus classes after 5 epochs.
        device: where to compute.
        state: filled as training goes on, so that it survives a cancel.
    """

    def __init__(
        self,
        network: Network,
        dataset: Dataset,
        sampler: WindowSampler,
        recipe: Recipe,
        steps: int,
        context: LossContext,
        make_weights: Callable[[tuple[int, ...]], Tensor],
        find_focus: bool,
        device: torch.device,
        state: Fit,
    ) -> None:
        self._network = network.to(device).to(memory_format=torch.channels_last)
        self._dataset, self._sampler, self._recipe = dataset, sampler, recipe
        self._steps, self._context, self._device = steps, context, device
        self._make_weights, self._find_focus = make_weights, find_focus
        self._loss = get_loss(recipe.loss)
        self._optimizer = _make_optimizer(network, recipe)
        self._schedule = Schedule(self._optimizer, recipe, steps)
        self._average = copy.deepcopy(network) if recipe.average else None
        self._noise = torch.Generator().manual_seed(torch.initial_seed() % 2**63)
        self._step = 0
        self._bad_steps = 0
        self.state = state
        self.state.focus = context.focus

    def run(self, feedback: Feedback) -> Fit:
        """Train until the last epoch, or until validation has not improved for long enough.

        Raises:
            Cancelled: the feedback was asked to stop; `state` holds what was reached.
            DataError: the loss is not a number again and again.
        """
        started = time.monotonic()
        for epoch in range(1, self._recipe.epochs + 1):
            loss = self._train_epoch(epoch, started, feedback)
            if self._step == 0:  # an epoch without one good step: nothing has been learned
                raise _diverged()
            result = self._validate(feedback)
            self._keep(epoch, loss, result, time.monotonic() - started, feedback)
            if epoch == AUTO_AFTER_EPOCHS and self._find_focus:
                self._choose_focus(result.matrix, feedback)
            waited = epoch - self.state.best.epoch
            if waited >= self._recipe.patience:
                self.state.stopped_early = True
                feedback.info(f"Stopped: no better validation score for {waited} epochs.")
                break
        return self.state

    def _train_epoch(self, epoch: int, started: float, feedback: Feedback) -> float:
        self._network.train()
        total = 0.0
        for step in range(self._steps):
            feedback.check()
            total += self._train_step()
            done = (epoch - 1) * self._steps + step + 1
            share = done / (self._recipe.epochs * self._steps)
            left = (time.monotonic() - started) * (1 / share - 1)
            best = self.state.best
            score = f", best validation mIoU {best.mean_iou:.3f}" if best.epoch else ""
            feedback.progress(
                share, f"Epoch {epoch} of {self._recipe.epochs}{score}, {_duration(left)} left"
            )
        return total / self._steps

    def _train_step(self) -> float:
        images, labels = self._sampler.batch(self._recipe.batch_size)
        share = self._blend_share()
        others = labels
        if share:
            images, others = self._sampler.blend(images, labels, share)
        x = torch.from_numpy(images).to(self._device, memory_format=torch.channels_last)
        y = torch.from_numpy(labels).to(self._device)
        layer = self._network.input
        reflectance = self._jittered(x * layer.scale + layer.offset)
        logits = self._network.logits(layer.normalise(reflectance))
        loss = self._loss(logits, y, self._context)
        if share:
            z = torch.from_numpy(others).to(self._device)
            loss = (1 - share) * loss + share * self._loss(logits, z, self._context)
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        norm = torch.nn.utils.clip_grad_norm_(self._network.parameters(), _GRADIENT_NORM)
        value = float(loss.detach())
        if not (math.isfinite(value) and math.isfinite(float(norm))):
            return self._skip_bad_step()
        self._bad_steps = 0
        self._optimizer.step()
        self._schedule.after_step()
        self._step += 1
        self._update_average()
        return value

    def _blend_share(self) -> float:
        """Return the share of other spectra in this batch: 0, or up to a half."""
        draw, share = torch.rand(2, generator=self._noise).tolist()
        return float(share) / 2 if draw < self._recipe.blend else 0.0

    def _skip_bad_step(self) -> float:
        """Leave the weights alone where the loss is not a number; give up if that goes on."""
        self._bad_steps += 1
        if self._bad_steps > _MOST_BAD_STEPS:
            raise _diverged()
        return 0.0

    def _jittered(self, reflectance: Tensor) -> Tensor:
        """Return reflectance with a random gain per band and a random shift, per window."""
        strength = self._recipe.jitter
        if not strength:
            return reflectance
        count, bands = reflectance.shape[:2]
        draw = torch.randn(2, count, bands, 1, 1, generator=self._noise).to(reflectance.device)
        common = torch.randn(count, 1, 1, 1, generator=self._noise).to(reflectance.device)
        spread = self._network.input.spread[:bands]
        gain = 1 + strength * (common + 0.5 * draw[0])
        jittered: Tensor = reflectance * gain + 0.5 * strength * spread * draw[1]
        return jittered

    def _update_average(self) -> None:
        if self._average is None:
            return
        # A young average follows closely; otherwise it would hold on to the random start.
        decay = min(self._recipe.average, (1 + self._step) / (10 + self._step))
        with torch.no_grad():
            mine = self._average.state_dict()
            for name, value in self._network.state_dict().items():
                if value.dtype.is_floating_point:
                    mine[name].lerp_(value, 1 - decay)
                else:
                    mine[name].copy_(value)

    def _validate(self, feedback: Feedback) -> Validation:
        return validate(
            self._average or self._network,
            self._dataset.chips,
            VALIDATION,
            len(self._dataset.legend),
            self._device,
            feedback,
            self._loss,
            self._context,
        )

    def _keep(
        self, epoch: int, loss: float, result: Validation, seconds: float, feedback: Feedback
    ) -> None:
        """Record an epoch and keep its weights if they are the best."""
        per_class = scores.class_scores(result.matrix)
        found = [s.iou for s in per_class if s.iou is not None]
        mean_iou = sum(found) / len(found) if found else 0.0
        row = {
            "epoch": epoch,
            "loss": loss,
            "learning_rate": self._optimizer.param_groups[0]["lr"],
            "seconds": seconds,
            "validation": {
                "loss": result.loss if found else None,
                "overall_accuracy": scores.overall_accuracy(result.matrix),
                "mean_iou": mean_iou if found else None,
                "macro_f1": _mean([s.f1 for s in per_class]),
                "iou": [s.iou for s in per_class],
            },
        }
        self.state.history.append(row)
        feedback.metric("epoch", **row)
        self._schedule.after_epoch(mean_iou)
        best = self.state.best
        if best.is_matched_by(mean_iou):
            source = (self._average or self._network).state_dict()
            weights = {name: value.detach().cpu().clone() for name, value in source.items()}
            highest = max(best.highest, mean_iou)
            self.state.best = Best(epoch, mean_iou, highest, weights, result.matrix)

    def _choose_focus(self, matrix: np.ndarray, feedback: Feedback) -> None:
        focus = most_confused_pair(matrix)
        names = self._dataset.legend.names
        if focus:
            text = f"Focus classes, the most confused on validation: {names[focus[0]]} and "
            text += f"{names[focus[1]]}."
        else:
            text = "No focus classes: nothing was confused on validation after 5 epochs."
        feedback.info(text)
        self.state.notes.append(text)
        self.state.focus = self._context.focus = focus
        self._context.weights = self._make_weights(focus).to(self._device)


def _diverged() -> DataError:
    return DataError(
        "The loss is not a number any more: training diverged.",
        "Lower LEARNING_RATE, or check the scene for extreme values.",
    )


class Schedule:
    """The learning rate over time: x0.3 on a plateau of validation mIoU, or one cycle.

    One cycle (Smith and Topin 2018, arXiv:1708.07120) rises for 20 % of the steps and falls along a
    cosine to almost nothing.
    """

    def __init__(self, optimizer: torch.optim.Optimizer, recipe: Recipe, steps: int) -> None:
        self._optimizer = optimizer
        self._cycle: torch.optim.lr_scheduler.OneCycleLR | None = None
        self._best = -1.0
        self._waited = 0
        if recipe.schedule == "one_cycle":
            total = recipe.epochs * steps
            self._cycle = torch.optim.lr_scheduler.OneCycleLR(
                optimizer, recipe.learning_rate, total_steps=total + 1, pct_start=0.2
            )

    def after_step(self) -> None:
        """Go on by one step."""
        if self._cycle is not None:
            self._cycle.step()

    def after_epoch(self, mean_iou: float) -> None:
        """Lower the rate where the validation score has not risen for 5 epochs."""
        if self._cycle is not None:
            return
        if mean_iou > self._best:
            self._best, self._waited = mean_iou, 0
            return
        self._waited += 1
        if self._waited >= _PLATEAU_EPOCHS:
            self._waited = 0
            for group in self._optimizer.param_groups:
                group["lr"] *= _PLATEAU_FACTOR


def _make_optimizer(network: Network, recipe: Recipe) -> torch.optim.Optimizer:
    if recipe.optimizer == "adam":
        return torch.optim.Adam(network.parameters(), lr=recipe.learning_rate)
    return torch.optim.AdamW(
        network.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay
    )


def _mean(values: list[float | None]) -> float | None:
    found = [value for value in values if value is not None]
    return sum(found) / len(found) if found else None


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
