"""The training loop of patch classifiers: explicit, repeatable, stopped and resumed at will."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from lulc_engine.devices import random_states, restore_random_states
from lulc_engine.errors import DataError
from lulc_engine.feedback import Feedback
from lulc_engine.losses import PatchLoss
from lulc_engine.losses.context import PatchLossContext
from lulc_engine.models.patch_network import PatchNetwork
from lulc_engine.samples.patches.patch_set import PatchSet
from lulc_engine.samples.split import VALIDATION
from lulc_engine.training.descent import Descent
from lulc_engine.training.duration import in_words
from lulc_engine.training.optimiser import parameter_groups
from lulc_engine.training.patch_batches import PatchBatches, labels
from lulc_engine.training.patch_recipe import PatchRecipe, readable
from lulc_engine.training.patch_validate import epoch_scores, predict
from lulc_engine.training.precision import IN_BFLOAT16, low_precision, prefers_bfloat16
from lulc_engine.training.snapshot import PatchFit, Snapshot, take
from lulc_engine.training.state_file import read_state, write_state


class PatchTrainer:
    """Trains a patch classifier by a recipe.

    Args:
        network: with statistics set.
        patches: labelled patches; TRAINING ones are learned from, VALIDATION ones judge.
        recipe: the numbers.
        loss: see `losses`.
        context: weights and settings of the loss; its label smoothing should be the recipe's.
        device: where to compute.
        seed: of order and augmentation; the rest follows torch's own seed.
        state: filled as training goes on, so that it survives a cancel.
        checkpoints: folder in which every epoch leaves a state to resume from, or None.
        resume: whether to go on from the state in it.
        after_epoch: called when an epoch has been recorded.

    Attributes:
        batches: makes the batches.
        state: see above.
    """

    def __init__(
        self,
        network: PatchNetwork,
        patches: PatchSet,
        recipe: PatchRecipe,
        loss: PatchLoss,
        context: PatchLossContext,
        device: torch.device,
        seed: int,
        state: PatchFit,
        checkpoints: Path | None = None,
        resume: bool = False,
        after_epoch: Callable[[], None] = lambda: None,
    ) -> None:
        self._network = network.to(device).to(memory_format=torch.channels_last)
        self._patches, self._recipe, self._device = patches, recipe, device
        self._loss, self._context = loss, context
        self._held_out = patches.indices(VALIDATION)
        self.batches = PatchBatches(network.input, patches, recipe, device, seed)
        rates = (recipe.learning_rate, recipe.learning_rate * recipe.backbone_rate)
        parts = (network.head_parameters(), network.backbone_parameters())
        groups = parameter_groups(list(zip(parts, rates, strict=True)))
        self._descent = Descent(network, groups, recipe, self.batches.steps)
        self._bfloat16 = prefers_bfloat16(device, patches.size_px)
        if self._bfloat16:
            state.notes.append(IN_BFLOAT16)
        self._checkpoints, self._after_epoch = checkpoints, after_epoch
        self.state = state
        if resume:
            if checkpoints is None:
                raise DataError("RESUME needs CHECKPOINTS, the folder to resume from.")
            self._restore(checkpoints)

    def run(self, feedback: Feedback) -> PatchFit:
        """Train until the last epoch, or until validation has not improved for long enough.

        Raises:
            Cancelled: the feedback was asked to stop; `state` holds what was reached.
            DataError: the loss is not a number again and again.
        """
        started = time.monotonic()
        first = self.state.last.epoch + 1
        for epoch in range(first, self._recipe.epochs + 1):
            waited = self._waited()
            if waited >= self._recipe.patience:
                self.state.stopped_early = True
                feedback.info(f"Stopped: no better validation score for {waited} epochs.")
                break
            loss = self._train_epoch(epoch, first, started, feedback)
            self._descent.check()
            self._keep(epoch, loss, time.monotonic() - started, feedback)
        return self.state

    def _waited(self) -> int:
        """Return for how many epochs the score has not risen; ties do not count as rising."""
        best = self.state.best.score
        if best is None:
            return 0
        scores = [row["validation"][self._recipe.metric] for row in self.state.history]
        return len(scores) - 1 - scores.index(best)

    def _train_epoch(self, epoch: int, first: int, started: float, feedback: Feedback) -> float:
        """Show every training patch about once; return the mean loss of the good steps."""
        self._freeze(epoch <= self._recipe.freeze_epochs)
        losses = []
        for step, (channels, targets) in enumerate(self.batches.epoch(epoch)):
            feedback.check()
            value = self.step(channels, targets)
            if value is not None:
                losses.append(value)
            done = (epoch - first) * self.batches.steps + step + 1
            share = done / ((self._recipe.epochs - first + 1) * self.batches.steps)
            left = (time.monotonic() - started) * (1 / share - 1)
            feedback.progress(share, self._progress_text(epoch, left))
        return sum(losses) / len(losses) if losses else float("nan")

    def _freeze(self, frozen: bool) -> None:
        """Let only the head learn, or everything."""
        for parameter in self._network.backbone_parameters():
            parameter.requires_grad_(not frozen)
        if frozen:
            self._network.train_head_only()
        else:
            self._network.train()

    def step(self, channels: Tensor, targets: Tensor) -> float | None:
        """Learn from one batch; return the loss, None where it is not a number.

        Args:
            channels: (n, C, k, k) float32, normalised.
            targets: (n, K) float32.
        """
        with low_precision(self._device, self._bfloat16):
            logits = self._network.logits(channels.contiguous(memory_format=torch.channels_last))
        return self._descent.step(self._loss(logits, targets, self._context))

    def _keep(self, epoch: int, loss: float, seconds: float, feedback: Feedback) -> None:
        """Validate, record the epoch, keep its weights and leave a state to resume from."""
        found = self._validate(feedback)
        row = {
            "epoch": epoch,
            "loss": loss,
            "learning_rate": self._descent.rate,
            "frozen": epoch <= self._recipe.freeze_epochs,
            "seconds": seconds,
            "validation": found,
        }
        self.state.history.append(row)
        feedback.metric("epoch", **row)
        score = found[self._recipe.metric]
        self._descent.after_epoch(score or 0.0)
        self.state.keep(Snapshot(epoch, score, found["loss"], take(self._descent.judged)))
        if self._checkpoints is not None:
            self._write(self._checkpoints)
        self._after_epoch()

    def _validate(self, feedback: Feedback) -> dict[str, Any]:
        logits = predict(
            self._descent.judged,
            self._patches,
            self._held_out,
            self._device,
            feedback,
            bfloat16=self._bfloat16,
        )
        loss = None
        if len(logits):
            honest = dataclasses.replace(self._context, label_smoothing=0.0)
            on_device = torch.from_numpy(logits).to(self._device)
            loss = float(self._loss(on_device, self.batches.targets(self._held_out), honest))
        return {"loss": loss, **epoch_scores(labels(self._patches)[self._held_out], logits)}

    def _progress_text(self, epoch: int, left: float) -> str:
        best = self.state.best
        name = f"best validation {readable(self._recipe.metric)}"
        score = "" if best.score is None else f", {name} {best.score:.3f}"
        return f"Epoch {epoch} of {self._recipe.epochs}{score}, {in_words(left)} left"

    def _write(self, folder: Path) -> None:
        """Leave all that a training needs to go on."""
        parts, values = self._descent.state()
        chance, numbers = self.batches.state()
        parts["chance"] = {**chance, **random_states(self._device)}
        values = {**self._identity, **values, "chance": numbers}
        write_state(folder, parts, values, self.state)

    @property
    def _identity(self) -> dict[str, Any]:
        """What must be equal for a training to go on."""
        return {"recipe": dataclasses.asdict(self._recipe), "patches": self.batches.count}

    def _restore(self, folder: Path) -> None:
        parts, values = read_state(folder, self.state)
        changed = [name for name, value in self._identity.items() if values[name] != value]
        if changed:
            raise DataError(
                f"The earlier training had another {' and other '.join(changed)}.",
                "Repeat its options, or leave RESUME out.",
            )
        self._descent.restore(parts, values, self.state.last.weights)
        self.batches.restore(parts["chance"], values["chance"])
        restore_random_states(parts["chance"], self._device)
