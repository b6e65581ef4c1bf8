"""The training loop of patch classifiers: explicit, repeatable, stopped and resumed at will."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from lulc_engine.errors import DataError
from lulc_engine.feedback import Feedback
from lulc_engine.losses import PatchLoss
from lulc_engine.losses.context import PatchLossContext
from lulc_engine.models.network import InputLayer
from lulc_engine.models.patch_network import PatchNetwork
from lulc_engine.samples.jitter import jittered
from lulc_engine.samples.patches.augment import mixed, pasted, turned
from lulc_engine.samples.patches.patch_set import PatchSet
from lulc_engine.samples.split import TRAINING, VALIDATION
from lulc_engine.training.average import Average
from lulc_engine.training.duration import in_words
from lulc_engine.training.optimiser import Descent, Schedule, diverged, make_optimizer
from lulc_engine.training.patch_recipe import PatchRecipe
from lulc_engine.training.patch_validate import epoch_scores, predict
from lulc_engine.training.precision import low_precision, prefers_bfloat16
from lulc_engine.training.snapshot import (
    PatchFit,
    Snapshot,
    Tensors,
    read_state,
    take,
    with_prefix,
    write_state,
)

# Patches from which the spread of reflectance is taken.
_SAMPLE = 512
# Values that are made ready at once: several batches of small patches, for which the calls would
# otherwise cost more than the work.
_VALUES_AT_ONCE = 2**18


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
    ) -> None:
        self._network = network.to(device).to(memory_format=torch.channels_last)
        self._patches, self._recipe, self._device = patches, recipe, device
        self._loss, self._context = loss, context
        self._training = patches.indices(TRAINING)
        self._held_out = patches.indices(VALIDATION)
        if len(self._training) == 0:
            raise DataError("No patch is left to train on.", "Hold fewer patches back.")
        self._size = min(recipe.batch_size, len(self._training))
        self._steps = len(self._training) // self._size
        optimizer = make_optimizer(recipe.optimizer, _groups(network, recipe), recipe.weight_decay)
        self._optimizer = optimizer
        self._schedule = Schedule(optimizer, recipe.schedule, recipe.epochs * self._steps)
        self._descent = Descent(network, optimizer, self._schedule)
        self._average = Average(network, recipe.average) if recipe.average else None
        self._bfloat16 = prefers_bfloat16(device, patches.size_px)
        if self._bfloat16:
            state.notes.append("Trained in bfloat16, for which this processor has instructions.")
        self._spread = _reflectance_spread(network.input, patches, self._training)
        self._rng = np.random.default_rng(seed)
        self._noise = torch.Generator().manual_seed(seed)
        self._checkpoints = checkpoints
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
            if self._descent.taken == 0:  # not one good step: nothing has been learned
                raise diverged()
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
        order = self._rng.permutation(self._training)
        losses = []
        for step, (channels, targets) in enumerate(self._batches(order)):
            feedback.check()
            value = self._train_step(channels, targets)
            if value is not None:
                losses.append(value)
            done = (epoch - first) * self._steps + step + 1
            share = done / ((self._recipe.epochs - first + 1) * self._steps)
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

    def _batches(self, order: np.ndarray) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield normalised channels (n, C, k, k) and targets (n, K) float32 of each step."""
        values = self._size * max(1, self._patches.images[0].size)
        at_once = self._size * max(1, _VALUES_AT_ONCE // values)
        order = order[: self._steps * self._size]
        for start in range(0, len(order), at_once):
            numbers = order[start : start + at_once]
            ready = torch.split(self._changed(numbers), self._size)
            targets = torch.split(self._targets(numbers), self._size)
            for pair in zip(ready, targets, strict=True):
                yield self._blended(*pair)

    def _changed(self, numbers: np.ndarray) -> Tensor:
        """Return normalised channels (n, C, k, k) of patches, turned and jittered."""
        recipe, layer = self._recipe, self._network.input
        raw = torch.from_numpy(self._patches.raw(numbers)).to(self._device)
        if recipe.turn:
            raw = turned(raw, self._rng)
        reflectance = layer.reflectance(raw)
        if recipe.jitter:
            reflectance = jittered(reflectance, self._spread, recipe.jitter, self._noise)
        return layer.normalise(reflectance)

    def _blended(self, channels: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Return a batch as it is, or with mixup or cutmix."""
        draw = self._rng.random()
        if draw < self._recipe.cutmix:
            return pasted(channels, targets, self._rng)
        if draw < self._recipe.cutmix + self._recipe.mixup:
            return mixed(channels, targets, self._rng)
        return channels, targets

    def _train_step(self, channels: Tensor, targets: Tensor) -> float | None:
        with low_precision(self._device, self._bfloat16):
            logits = self._network.logits(channels.contiguous(memory_format=torch.channels_last))
        value = self._descent.step(self._loss(logits, targets, self._context))
        if value is not None and self._average is not None:
            self._average.update(self._descent.taken)
        return value

    def _targets(self, batch: np.ndarray) -> Tensor:
        """Return targets (n, K) float32, 0 or 1."""
        found = torch.from_numpy(self._labels[batch]).to(self._device)
        if self._patches.multilabel:
            return found.float()
        return functional.one_hot(found.long(), len(self._patches.legend)).float()

    @property
    def _labels(self) -> np.ndarray:
        if self._patches.targets is None:
            raise DataError("The patches have no labels to learn from.")
        return self._patches.targets

    @property
    def _judged(self) -> PatchNetwork:
        """The network that is validated and kept."""
        return self._network if self._average is None else self._average.network

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
        self._schedule.after_epoch(score or 0.0)
        self.state.keep(Snapshot(epoch, score, found["loss"], take(self._judged)))
        if self._checkpoints is not None:
            self._write(self._checkpoints)

    def _validate(self, feedback: Feedback) -> dict[str, Any]:
        logits = predict(
            self._judged,
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
            loss = float(self._loss(on_device, self._targets(self._held_out), honest))
        return {"loss": loss, **epoch_scores(self._labels[self._held_out], logits)}

    def _progress_text(self, epoch: int, left: float) -> str:
        best = self.state.best
        score = "" if best.score is None else f", best {self._recipe.metric} {best.score:.3f}"
        return f"Epoch {epoch} of {self._recipe.epochs}{score}, {in_words(left)} left"

    def _write(self, folder: Path) -> None:
        optimizer = self._optimizer.state_dict()
        tensors = {f"network.{name}": value for name, value in take(self._network).items()}
        tensors |= {
            f"optimizer.{number}.{name}": value.detach().cpu().clone()
            for number, values in optimizer["state"].items()
            for name, value in values.items()
        }
        tensors["noise"] = self._noise.get_state()
        tensors["torch"] = torch.get_rng_state()
        meta = {
            "recipe": dataclasses.asdict(self._recipe),
            "patches": len(self._training),
            "groups": optimizer["param_groups"],
            "schedule": self._schedule.state(),
            "rng": self._rng.bit_generator.state,
            "taken": self._descent.taken,
        }
        write_state(folder, tensors, meta, self.state)

    def _restore(self, folder: Path) -> None:
        tensors, meta = read_state(folder, self.state)
        mine = {"recipe": dataclasses.asdict(self._recipe), "patches": len(self._training)}
        changed = [name for name, value in mine.items() if meta[name] != value]
        if changed:
            raise DataError(
                f"The earlier training had another {' and other '.join(changed)}.",
                "Repeat its options, or leave RESUME out.",
            )
        try:
            self._network.load_state_dict(with_prefix(tensors, "network."))
            if self._average is not None:
                self._average.network.load_state_dict(self.state.last.weights)
        except RuntimeError as err:
            raise DataError(
                "The earlier training was of another network.",
                "Repeat its options, or leave RESUME out.",
            ) from err
        self._optimizer.load_state_dict(
            {"state": _optimizer_state(tensors), "param_groups": meta["groups"]}
        )
        self._schedule.restore(meta["schedule"])
        self._rng.bit_generator.state = meta["rng"]
        self._descent.taken = meta["taken"]
        self._noise.set_state(tensors["noise"])
        torch.set_rng_state(tensors["torch"])


def _reflectance_spread(layer: InputLayer, patches: PatchSet, indices: np.ndarray) -> Tensor:
    """Return the standard deviation (C, 1, 1) of each band's reflectance, from some patches.

    The layer's own statistics are of channels, which need not be bands.
    """
    some = indices[:: max(1, len(indices) // _SAMPLE)]
    raw = torch.from_numpy(patches.raw(some)).to(layer.scale.device)
    values = layer.reflectance(raw).transpose(0, 1).flatten(1).double()
    valid = torch.isfinite(values)
    count = valid.sum(dim=1).clamp(min=1)
    mean = torch.where(valid, values, 0).sum(dim=1) / count
    square = torch.where(valid, (values - mean[:, None]) ** 2, 0).sum(dim=1) / count
    return square.sqrt().float()[:, None, None]


def _optimizer_state(tensors: Tensors) -> dict[int, dict[str, Tensor]]:
    found: dict[int, dict[str, Tensor]] = {}
    for name, value in with_prefix(tensors, "optimizer.").items():
        number, key = name.split(".", 1)
        found.setdefault(int(number), {})[key] = value
    return found


def _groups(network: PatchNetwork, recipe: PatchRecipe) -> list[dict[str, Any]]:
    """Return parameter groups: head and backbone, each with and without weight decay."""
    parts = (
        (list(network.head_parameters()), 1.0),
        (list(network.backbone_parameters()), recipe.backbone_rate),
    )
    groups = []
    for parameters, share in parts:
        for decays in (True, False):
            chosen = [p for p in parameters if (p.ndim > 1) == decays]
            group: dict[str, Any] = {"params": chosen, "lr": share * recipe.learning_rate}
            if not decays:
                group["weight_decay"] = 0.0
            if chosen:
                groups.append(group)
    return groups
