"""What a training on patches leaves behind: model files, predictions, scores and the result."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from lulc_engine.evaluation.probability_metrics import for_card
from lulc_engine.feedback import Feedback
from lulc_engine.models.build import network_tensors
from lulc_engine.models.card import make_card
from lulc_engine.models.model_file import SUFFIXES, write_model
from lulc_engine.models.network import parameter_count
from lulc_engine.options import TrainPatchesOptions
from lulc_engine.outputs import Outputs, friendly_write_errors
from lulc_engine.samples.split import MIN_UNITS_FOR_TEST, TEST
from lulc_engine.training.band_table import StudyRow, study_csv, study_table
from lulc_engine.training.patch_provenance import describe_patch_training, open_checkpoints
from lulc_engine.training.patch_recipe import readable
from lulc_engine.training.patch_report import patch_report
from lulc_engine.training.patch_scores import (
    Predictions,
    Scored,
    score_network,
    write_predictions,
)
from lulc_engine.training.patch_session import PatchSession
from lulc_engine.training.provenance import run_facts
from lulc_engine.training.publish import (
    HEADLINE,
    PREDICTIONS,
    SCORES,
    headline_split,
    write_scores,
)
from lulc_engine.training.snapshot import Snapshot

TRAIN_ONLY = "train"
# The model files of CHECKPOINTS, and where a training keeps the network of each.
CHECKPOINTS = {"best_metric": "best", "best_loss": "lowest", "last": "last"}

INTERRUPTED = "The run was interrupted; this is the best model until then."

Parts = dict[str, Path]


@dataclass(frozen=True)
class Trained:
    """A training that is over, and the scores of the network that it keeps.

    Attributes:
        session: its network has the kept weights.
        scored: their scores.
        interrupted: whether it was cancelled before its end.
    """

    session: PatchSession
    scored: Scored
    interrupted: bool


def stage_checkpoints(session: PatchSession, folder: Path, resume: bool, outputs: Outputs) -> Parts:
    """Reserve the model files of a folder of CHECKPOINTS, which is made where it is missing.

    Raises:
        DataError: the folder is to be resumed from and is of another training.
        EnvironmentFailure: the folder cannot be written to.
    """
    open_checkpoints(session, folder, resume)
    endings = SUFFIXES[0]
    return {name: outputs.stage(folder / f"{name}{endings}", SUFFIXES) for name in CHECKPOINTS}


def finish(session: PatchSession, interrupted: bool, feedback: Feedback) -> Trained:
    """Score the kept network of a training, which is left with its weights."""
    if interrupted:
        session.fit.notes.append(INTERRUPTED)
    return Trained(session, _score(session, session.kept, interrupted, feedback), interrupted)


def write_checkpoints(trained: Trained, parts: Parts) -> None:
    """Write the model files of CHECKPOINTS: best by metric, best by loss, last.

    The training is over and its state safe, so that nothing asks any more whether to stop.
    """
    session = trained.session
    for name, part in parts.items():
        kept: Snapshot = getattr(session.fit, CHECKPOINTS[name])
        same = kept.epoch == session.kept.epoch
        scored = trained.scored if same else _score(session, kept, trained.interrupted, Feedback())
        session.network.load_state_dict(kept.weights)
        _write(part, session, scored, kept, trained.interrupted)
    session.network.load_state_dict(session.kept.weights)


def write_unscored(part: Path, session: PatchSession, kept: Snapshot) -> None:
    """Write a model file of a training that goes on; the network stays as it is."""
    copied = dataclasses.replace(session, network=copy.deepcopy(session.network))
    copied.network.load_state_dict(kept.weights)
    _write(part, copied, Scored(), kept, interrupted=True)


def publish(
    options: TrainPatchesOptions,
    trained: Trained,
    study: Sequence[StudyRow],
    parts: Parts,
    feedback: Feedback,
) -> dict[str, Any]:
    """Write all outputs but checkpoints; return the result of the command.

    Args:
        options: what was asked for.
        trained: the training whose network becomes MODEL.
        study: the rows of a band study, none where there was none.
        parts: temporary paths by name.
        feedback: for the warning that scores are optimistic.
    """
    session, scored = trained.session, trained.scored
    session.network.load_state_dict(session.kept.weights)
    digest, card = _write(parts["model"], session, scored, session.kept, trained.interrupted)
    if "predictions" in parts:
        _save_predictions(options, parts["predictions"], trained)
    split = headline_split(scored.by_split)
    main = scored.by_split[split]
    tables = [study_table(study, readable(session.recipe.metric))] if study else []
    write_scores(
        options,
        parts,
        main,
        lambda: patch_report(options, session, card, scored, tables),
        study_csv(study) if study else None,
    )
    if split == "validation":
        said = (
            "The scores are of validation, which chose the best epoch: they are optimistic. "
            if main["reference"]["n"]
            else "There are no scores. "
        )
        feedback.warning(said + _how_to_test(session))
    # An optimistic score is no result where an untouched test could give an honest one.
    waiting = split == "validation" and len(session.patches.indices(TEST)) > 0
    return {
        **{name: getattr(options, name) for name in ("model", *SCORES, *PREDICTIONS)},
        **{name: None if waiting else main[name] for name in HEADLINE},
        "split": split,
        "best_epoch": session.kept.epoch,
        "model_sha256": digest,
        "rejected": len(session.patches.rejected),
        "run_folder": options.run_folder,
        "scores": main,
    }


def _how_to_test(session: PatchSession) -> str:
    """Say how scores of an untouched test are had: of patches held back already, if there are."""
    patches = session.patches
    if held_back := len(patches.indices(TEST)):
        return (
            f"{held_back} patches are held back for an untouched test: run MODE test on MODEL. "
            "Until then no score is given as a result; REPORT and METRICS have those of validation."
        )
    why = ""
    if patches.units is not None and session.options.test_share is None:
        units = f"{MIN_UNITS_FOR_TEST} {patches.split}s"
        why = f"; where a class has fewer than {units}, none are held back unasked"
    return f"Hold patches back with TEST_SHARE for an untouched test{why}."


def _score(session: PatchSession, kept: Snapshot, interrupted: bool, feedback: Feedback) -> Scored:
    session.network.load_state_dict(kept.weights)
    return score_network(
        session.network,
        session.patches,
        session.options.mode != TRAIN_ONLY,
        session.machine.device,
        feedback,
        interrupted,
    )


def _write(
    part: Path, session: PatchSession, scored: Scored, kept: Snapshot, interrupted: bool
) -> tuple[str, dict[str, Any]]:
    """Write a model file of the network as it is; return its hash and its card."""
    card = _card(session, scored, kept, interrupted)
    return write_model(part, network_tensors(session.network), card), card


def _card(
    session: PatchSession, scored: Scored, kept: Snapshot, interrupted: bool
) -> dict[str, Any]:
    spec, network = session.spec, session.network
    if spec.patch is None:
        raise ValueError("the spec is of a segmenter")
    facts = dataclasses.replace(spec.patch, thresholds=scored.thresholds)
    temperature, scores = for_card(scored.by_split)
    training = describe_patch_training(session, interrupted)
    statistics = (network.input.mean.flatten().tolist(), network.input.spread.flatten().tolist())
    return make_card(
        dataclasses.replace(spec, patch=facts, temperature=temperature),
        f"{spec.architecture} for {len(spec.legend)} classes",
        # A frozen backbone is part of the model all the same.
        parameter_count(network.requires_grad_(True)),
        str(torch.__version__),
        statistics,
        {**training, "best_epoch": kept.epoch},
        scores,
        run_facts(session.machine.started, session.machine.device),
    )


def _save_predictions(options: TrainPatchesOptions, part: Path, trained: Trained) -> None:
    """Write PREDICTIONS; of no patch where an interrupted run had no time for the test."""
    patches, scored = trained.session.patches, trained.scored
    if patches.targets is None:
        raise ValueError("patches without labels were trained on")
    nothing = np.empty((0, len(patches.legend)), np.float32)
    found = scored.test or Predictions([], patches.targets[:0], nothing)
    with friendly_write_errors(options.predictions):
        write_predictions(part, found, patches.legend, scored.thresholds)
