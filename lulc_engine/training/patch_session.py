"""One training of a patch classifier, from labelled patches to kept weights.

The command trains one; a band study trains several on the same patches.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from lulc_engine.devices import make_repeatable
from lulc_engine.feedback import Feedback
from lulc_engine.losses import get_patch_loss
from lulc_engine.losses.context import PatchLossContext
from lulc_engine.losses.rarity import balanced_weights, positive_weights
from lulc_engine.models.card import ModelSpec
from lulc_engine.models.patch_network import PatchNetwork
from lulc_engine.options import TrainPatchesOptions
from lulc_engine.samples.patches.patch_set import PatchSet
from lulc_engine.samples.split import TRAINING
from lulc_engine.training.patch_fit import PatchTrainer
from lulc_engine.training.patch_recipe import GIVEN, PatchRecipe, choose_patch_recipe
from lulc_engine.training.patch_spec import check_labels, fitted_network
from lulc_engine.training.snapshot import PatchFit, Snapshot

_BALANCED = "balanced"
_NEEDS_POSITIVE_WEIGHTS = "focal_bce"


@dataclass(frozen=True)
class Machine:
    """Where a training runs, and since when.

    Attributes:
        device: where the numbers are crunched.
        threads: of the processor.
        started: `time.monotonic` when the command began.
    """

    device: torch.device
    threads: int
    started: float


@dataclass
class PatchSession:
    """What a training has at hand between its steps.

    Its options are those that were given, with what recipe and machine have decided.
    """

    options: TrainPatchesOptions
    machine: Machine
    patches: PatchSet
    recipe: PatchRecipe
    spec: ModelSpec
    network: PatchNetwork
    fit: PatchFit

    @property
    def kept(self) -> Snapshot:
        """The network that KEEP names."""
        by_name = {"metric": self.fit.best, "loss": self.fit.lowest, "last": self.fit.last}
        return by_name[self.options.keep]


def prepare_session(
    options: TrainPatchesOptions, patches: PatchSet, machine: Machine
) -> PatchSession:
    """Return a session whose network is untrained; the same for the same seed.

    Raises:
        DataError: no training patch has a valid pixel.
        OptionsError: options do not go with each other or with the patches.
    """
    rng = make_repeatable(options.seed)
    check_labels(options, patches)
    recipe = choose_patch_recipe(options, patches)
    spec, network = fitted_network(options, patches, rng)
    decided = dataclasses.replace(
        options,
        **{name: getattr(recipe, name) for name in GIVEN},
        architecture=spec.architecture,
        device=machine.device.type,
        threads=machine.threads,
    )
    return PatchSession(decided, machine, patches, recipe, spec, network, PatchFit())


def fit_session(
    session: PatchSession,
    checkpoints: Path | None,
    resume: bool,
    feedback: Feedback,
    after_epoch: Callable[[], None] = lambda: None,
) -> None:
    """Train; what was reached stands in ``session.fit``, also after a cancel.

    Args:
        session: with its untrained network.
        checkpoints: folder for the state after every epoch, or None.
        resume: whether to go on from the state in it.
        feedback: asked in every step whether to stop.
        after_epoch: called when an epoch has been recorded.

    Raises:
        Cancelled: the feedback was asked to stop.
        DataError: the loss is not a number again and again, or there is nothing to resume from.
    """
    trainer = PatchTrainer(
        session.network,
        session.patches,
        session.recipe,
        get_patch_loss(session.recipe.loss),
        _context(session),
        session.machine.device,
        session.options.seed,
        session.fit,
        checkpoints,
        resume,
        after_epoch,
    )
    trainer.run(feedback)


def _context(session: PatchSession) -> PatchLossContext:
    counts, context = session.patches.counts(TRAINING), PatchLossContext()
    context.label_smoothing = session.recipe.label_smoothing
    balanced = session.options.class_weights == _BALANCED
    device = session.machine.device
    if not session.patches.multilabel:
        context.weights = balanced_weights(counts).to(device) if balanced else None
    elif balanced or session.recipe.loss == _NEEDS_POSITIVE_WEIGHTS:
        total = len(session.patches.indices(TRAINING))
        context.positive_weights = positive_weights(counts, total).to(device)
    return context
