"""Scoring a finished patch classifier on the patches that it did not learn from."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from lulc_engine.errors import Cancelled
from lulc_engine.evaluation.calibration import fit_temperature
from lulc_engine.evaluation.metrics import ReferenceInfo
from lulc_engine.evaluation.patch_metrics import patch_metrics
from lulc_engine.evaluation.probability_metrics import KEY, Probable, probability_block
from lulc_engine.evaluation.thresholds import decide, tune_thresholds
from lulc_engine.feedback import Feedback
from lulc_engine.models.patch_network import PatchNetwork
from lulc_engine.rasters.legend import Legend
from lulc_engine.samples.patches.patch_set import PatchSet
from lulc_engine.samples.split import ROLE_NAMES, TEST, VALIDATION
from lulc_engine.training.patch_validate import predict

KIND = "patches"
# A cancelled run has a few seconds to publish its best model before it is killed.
_INTERRUPTED_S = 2.0


@dataclass(frozen=True)
class Predictions:
    """What a network said of some patches.

    Attributes:
        names: (n,) of the patches.
        targets: (n,) class indices or (n, K) uint8.
        probabilities: (n, K) float32, of logits divided by the temperature.
        plain: the same with a temperature of 1; None where it is 1.
        temperature: of the model.
    """

    names: list[str]
    targets: np.ndarray
    probabilities: np.ndarray
    plain: np.ndarray | None = None
    temperature: float = 1.0

    @classmethod
    def of(cls, answers: Answers, temperature: float) -> Predictions:
        """Return the probabilities of logits."""
        several, plain = answers.targets.ndim == 2, None
        if temperature != 1:
            plain = to_probabilities(answers.logits, several)
        scaled = to_probabilities(answers.logits, several, temperature)
        return cls(answers.names, answers.targets, scaled, plain, temperature)


class Answers(NamedTuple):
    """Names, targets and logits (n, K) of some patches."""

    names: list[str]
    targets: np.ndarray
    logits: np.ndarray


@dataclass
class Scored:
    """The scores of a network.

    Attributes:
        by_split: metrics objects of validation and, where there is one, of the test.
        thresholds: probability (K,) from which on a class is there; empty for one class per patch.
        test: the predictions of the test, where there is one and time was left for it.
    """

    by_split: dict[str, dict[str, Any]] = field(default_factory=dict)
    thresholds: tuple[float, ...] = ()
    test: Predictions | None = None


class Deadline(Feedback):
    """A silent feedback that stops the work after some seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._end = time.monotonic() + seconds

    def check(self) -> None:
        if time.monotonic() > self._end:
            raise Cancelled


def score_network(
    network: PatchNetwork,
    patches: PatchSet,
    with_test: bool,
    device: torch.device,
    feedback: Feedback,
    interrupted: bool = False,
) -> Scored:
    """Return scores on validation and test; what is fitted is fitted on validation alone.

    That is the temperature and then, on the probabilities that it gives, the thresholds.

    Args:
        network: with the weights to score.
        patches: labelled.
        with_test: whether the test may be looked at.
        device: where the network is.
        feedback: asked between batches whether to stop.
        interrupted: whether the run was asked to stop already: then nothing asks again, and a test
            that takes too long is left out.
    """
    network.to(device)
    own = Feedback() if interrupted else feedback
    answers = ask_role(network, patches, VALIDATION, device, own)
    scored, temperature = Scored(), fit_temperature(answers.logits, answers.targets)
    held_out = Predictions.of(answers, temperature)
    if patches.multilabel:
        scored.thresholds = tune_thresholds(held_out.targets, held_out.probabilities)
    scored.by_split["validation"] = split_metrics(
        held_out, patches.legend, VALIDATION, scored.thresholds
    )
    if with_test and len(patches.indices(TEST)):
        with _in_time(interrupted):
            in_time = Deadline(_INTERRUPTED_S) if interrupted else feedback
            scored.test = predict_role(network, patches, TEST, device, in_time, temperature)
            scored.by_split["test"] = split_metrics(
                scored.test, patches.legend, TEST, scored.thresholds
            )
    return scored


def ask_role(
    network: PatchNetwork, patches: PatchSet, role: int, device: torch.device, feedback: Feedback
) -> Answers:
    """Return what a network says of the patches of a role, of which there may be none."""
    indices = patches.indices(role)
    if patches.targets is None:
        raise ValueError("patches without labels cannot be scored")
    logits = predict(network, patches, indices, device, feedback)
    return Answers([patches.names[index] for index in indices], patches.targets[indices], logits)


def predict_role(
    network: PatchNetwork,
    patches: PatchSet,
    role: int,
    device: torch.device,
    feedback: Feedback,
    temperature: float = 1.0,
) -> Predictions:
    """Return predictions of the patches of a role, of which there may be none."""
    return Predictions.of(ask_role(network, patches, role, device, feedback), temperature)


def split_metrics(
    predictions: Predictions,
    legend: Legend,
    role: int,
    thresholds: Sequence[float],
    independent: bool | None = True,
    notes: tuple[str, ...] = (),
) -> dict[str, Any]:
    """Return the metrics object of a role's predictions.

    Args:
        predictions: of patches.
        legend: the classes.
        role: VALIDATION, never independent, or TEST.
        thresholds: see `Scored`.
        independent: whether no patch of the test was learned from; None if not known.
        notes: what a reader of the numbers must know.
    """
    own = independent if role == TEST else False
    info = ReferenceInfo(KIND, own, ROLE_NAMES[role], len(predictions.names), notes=notes)
    targets, probabilities = predictions.targets, predictions.probabilities
    metrics = patch_metrics(targets, probabilities, legend, info, thresholds)
    plain = probabilities if predictions.plain is None else predictions.plain
    found = Probable(targets, plain, probabilities, predictions.temperature, len(targets))
    return {**metrics, KEY: probability_block(found, legend, thresholds)}


def to_probabilities(logits: np.ndarray, multilabel: bool, temperature: float = 1.0) -> np.ndarray:
    """Return probabilities (n, K) float32 of logits: sigmoid for several classes, else softmax."""
    wide = torch.from_numpy(logits).double() / temperature
    found = torch.sigmoid(wide) if multilabel else torch.softmax(wide, dim=1)
    single: np.ndarray = found.float().numpy()
    return single


def write_predictions(
    path: Path, predictions: Predictions, legend: Legend, thresholds: Sequence[float]
) -> None:
    """Write predictions, of which there may be none, as an .npz file without pickled objects.

    Arrays: ``names``, ``targets`` and ``predicted`` (class ids (n,), or 0 and 1 (n, K) for several
    classes per patch), ``probabilities`` (n, K) float32, ``class_ids``, ``class_names`` and
    ``thresholds`` (empty for one class per patch).
    """
    ids = np.array(legend.ids)
    targets, probabilities = predictions.targets, predictions.probabilities
    if targets.ndim == 2:
        predicted = decide(probabilities, list(thresholds)).astype(np.uint8)
    else:
        targets, predicted = ids[targets], ids[probabilities.argmax(axis=1)]
    with open(path, "wb") as stream:  # a path would get another ending
        np.savez_compressed(
            stream,
            allow_pickle=False,
            names=np.array(predictions.names, dtype=np.str_),
            targets=targets,
            predicted=predicted,
            probabilities=probabilities,
            class_ids=ids,
            class_names=np.array(legend.names, dtype=np.str_),
            thresholds=np.array(thresholds, dtype=np.float64),
        )


def _in_time(interrupted: bool) -> contextlib.AbstractContextManager[object]:
    """Return a context that a deadline may leave; a real cancel ends the run."""
    return contextlib.suppress(Cancelled) if interrupted else contextlib.nullcontext()
