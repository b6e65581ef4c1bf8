"""The training loop: explicit, repeatable, stopped at any moment and gone on with."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from lulc_engine.devices import random_states, restore_random_states
from lulc_engine.evaluation import scores
from lulc_engine.feedback import Feedback
from lulc_engine.losses import get_loss
from lulc_engine.losses.context import LossContext
from lulc_engine.models.network import Network
from lulc_engine.samples.augment import WindowSampler
from lulc_engine.samples.dataset import Dataset
from lulc_engine.samples.jitter import jittered
from lulc_engine.samples.shuffle import TileShuffler
from lulc_engine.samples.split import VALIDATION
from lulc_engine.training.descent import Descent
from lulc_engine.training.duration import in_words
from lulc_engine.training.focus import AUTO_AFTER_EPOCHS, most_confused_pair
from lulc_engine.training.kept import Best, Fit
from lulc_engine.training.precision import IN_BFLOAT16, low_precision, prefers_bfloat16
from lulc_engine.training.recipe import Recipe
from lulc_engine.training.snapshot import take
from lulc_engine.training.state_file import Tensors
from lulc_engine.training.validate import Validation, validate


class Batch(NamedTuple):
    """Training windows.

    Attributes:
        channels: (N, C, S, S) float32, normalised.
        labels: (N, S, S) int64, -1 where none.
        others: the classes that the windows were moved towards, elsewhere the labels.
        share: by how much, 0 to 0.5.
    """

    channels: Tensor
    labels: Tensor
    others: Tensor
    share: float


class Trainer:
    """Trains a network on a dataset by a recipe.

    Args:
        network: on its device, with statistics set.
        dataset: the data.
        sampler: draws training windows.
        shuffler: deals out their tiles anew.
        recipe: the numbers.
        steps: batches in an epoch.
        context: weights, focus and settings of the loss; ``context.focus`` may change.
        make_weights: class weights for given focus classes.
        find_focus: whether to choose the focus classes after 5 epochs.
        device: where to compute.
        state: filled as training goes on, so that it survives a cancel.
        after_epoch: called when an epoch has been recorded.
    """

    def __init__(
        self,
        network: Network,
        dataset: Dataset,
        sampler: WindowSampler,
        shuffler: TileShuffler,
        recipe: Recipe,
        steps: int,
        context: LossContext,
        make_weights: Callable[[tuple[int, ...]], Tensor],
        find_focus: bool,
        device: torch.device,
        state: Fit,
        after_epoch: Callable[[], None] = lambda: None,
    ) -> None:
        self._network = network.to(device).to(memory_format=torch.channels_last)
        self._dataset, self._sampler, self._recipe = dataset, sampler, recipe
        self._shuffler = shuffler
        self._steps, self._context, self._device = steps, context, device
        self._make_weights, self._find_focus = make_weights, find_focus
        self._loss = get_loss(recipe.loss)
        groups = [{"params": list(network.parameters()), "lr": recipe.learning_rate}]
        self._descent = Descent(network, groups, recipe, steps)
        self._bfloat16 = prefers_bfloat16(device, sampler.window_px)
        if self._bfloat16:
            state.notes.append(IN_BFLOAT16)
        self._noise = torch.Generator().manual_seed(torch.initial_seed() % 2**63)
        self._after_epoch = after_epoch
        self.state = state
        self.state.focus = context.focus

    def run(self, feedback: Feedback) -> Fit:
        """Train until the last epoch, or until validation has not improved for long enough.

        Raises:
            Cancelled: the feedback was asked to stop; `state` holds what was reached.
            DataError: the loss is not a number again and again.
        """
        first = self.state.last.epoch + 1
        before = self.state.history[-1]["seconds"] if self.state.history else 0.0
        started = time.monotonic()
        for epoch in range(first, self._recipe.epochs + 1):
            waited = epoch - 1 - self.state.best.epoch
            if waited >= self._recipe.patience:
                self.state.stopped_early = True
                feedback.info(f"Stopped: no better validation score for {waited} epochs.")
                break
            loss = self._train_epoch(epoch, first, started, feedback)
            self._descent.check()
            result = self._validate(feedback)
            self._keep(epoch, loss, result, before + time.monotonic() - started, feedback)
            if epoch == AUTO_AFTER_EPOCHS and self._find_focus:
                self._choose_focus(result.matrix, feedback)
            self._after_epoch()
        return self.state

    def _train_epoch(self, epoch: int, first: int, started: float, feedback: Feedback) -> float:
        self._network.train()
        total = 0.0
        for step in range(self._steps):
            feedback.check()
            total += self.step(self.draw())
            done = (epoch - first) * self._steps + step + 1
            share = done / ((self._recipe.epochs - first + 1) * self._steps)
            left = (time.monotonic() - started) * (1 / share - 1)
            best = self.state.best
            score = f", best validation mIoU {best.mean_iou:.3f}" if best.epoch else ""
            feedback.progress(
                share, f"Epoch {epoch} of {self._recipe.epochs}{score}, {in_words(left)} left"
            )
        return total / self._steps

    def draw(self) -> Batch:
        """Return a batch of windows: turned, jittered, shuffled, some moved to other spectra."""
        images, labels = self._sampler.batch(self._recipe.batch_size)
        share = self._blend_share()
        others = labels
        if share:  # first, because it looks for labels in every window
            images, others = self._sampler.blend(images, labels, share)
        self._shuffler(images, labels, *([others] if share else []))
        x = torch.from_numpy(images).to(self._device, memory_format=torch.channels_last)
        layer = self._network.input
        reflectance = x * layer.scale + layer.offset
        bands = reflectance.shape[1]
        reflectance = jittered(reflectance, layer.spread[:bands], self._recipe.jitter, self._noise)
        return Batch(
            layer.normalise(reflectance).contiguous(memory_format=torch.channels_last),
            torch.from_numpy(labels).to(self._device),
            torch.from_numpy(others).to(self._device),
            share,
        )

    def step(self, batch: Batch) -> float:
        """Learn from a batch; return the loss, 0 where it is not a number."""
        with low_precision(self._device, self._bfloat16):
            logits = self._network.logits(batch.channels)
        logits, share = logits.float(), batch.share
        loss = self._loss(logits, batch.labels, self._context)
        if share:
            loss = (1 - share) * loss + share * self._loss(logits, batch.others, self._context)
        return self._descent.step(loss) or 0.0

    def _blend_share(self) -> float:
        """Return the share of other spectra in this batch: 0, or up to a half."""
        draw, share = torch.rand(2, generator=self._noise).tolist()
        return float(share) / 2 if draw < self._recipe.blend else 0.0

    def _validate(self, feedback: Feedback) -> Validation:
        return validate(
            self._descent.judged,
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
            "learning_rate": self._descent.rate,
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
        self._descent.after_epoch(mean_iou)
        weights = take(self._descent.judged)
        self.state.keep(Best(epoch, mean_iou, mean_iou, weights, result.matrix, result.loss))

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
        self._attend_to(focus)

    def _attend_to(self, focus: tuple[int, ...]) -> None:
        self.state.focus = self._context.focus = focus
        self._context.weights = self._make_weights(focus).to(self._device)

    def parts(self) -> tuple[dict[str, Tensors], dict[str, Any]]:
        """Return what `restore` needs besides the state, as tensors and as JSON values."""
        tensors, values = self._descent.state()
        tensors["chance"] = {"noise": self._noise.get_state(), **random_states(self._device)}
        return tensors, {**values, "focus": list(self.state.focus)}

    def restore(self, tensors: dict[str, Tensors], values: dict[str, Any]) -> None:
        """Go on from `parts`; the state holds already what was kept.

        Raises:
            DataError: they are of another network.
        """
        self._descent.restore(tensors, values, self.state.last.weights)
        self._attend_to(tuple(values["focus"]))
        self._noise.set_state(tensors["chance"]["noise"])
        restore_random_states(tensors["chance"], self._device)


def _mean(values: list[float | None]) -> float | None:
    found = [value for value in values if value is not None]
    return sum(found) / len(found) if found else None
