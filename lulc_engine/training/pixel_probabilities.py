"""The probabilities of a trained segmenter: its temperature, and how far they can be believed."""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np
import torch

from lulc_engine.errors import Cancelled
from lulc_engine.evaluation.calibration import fit_temperature
from lulc_engine.evaluation.probability_metrics import (
    KEY,
    Probable,
    most_samples,
    probability_block,
)
from lulc_engine.feedback import Feedback
from lulc_engine.samples.chips import as_input
from lulc_engine.samples.split import TEST, VALIDATION
from lulc_engine.training.patch_scores import Deadline, to_probabilities
from lulc_engine.training.session import Session

# A cancelled run has a few seconds to publish its best model before it is killed.
_INTERRUPTED_S = 1.5


def add_probabilities(
    session: Session, by_split: dict[str, Any], interrupted: bool, feedback: Feedback
) -> None:
    """Fit the temperature on validation, and add the part on probabilities to each split's metrics.

    Validation and test are asked once more: with the temperature of the network that was kept. Of
    many labelled pixels some are drawn at random, always the same ones.

    Args:
        session: its network has the weights to ask.
        by_split: metrics objects of validation and, where there is one, of the test.
        interrupted: whether the run was asked to stop already: then what takes too long is left
            out, and the temperature stays 1.
        feedback: asked between windows whether to stop.
    """
    in_time = Deadline(_INTERRUPTED_S) if interrupted else feedback
    with contextlib.suppress(Cancelled) if interrupted else contextlib.nullcontext():
        targets, logits, of = ask_pixels(session, VALIDATION, in_time)
        temperature = fit_temperature(logits, targets)
        if "validation" in by_split:
            found = _probable(targets, logits, temperature, of, len(session.dataset.legend))
            by_split["validation"][KEY] = probability_block(found, session.dataset.legend)
        if "test" in by_split:
            legend = session.dataset.test_legend
            targets, logits, of = ask_pixels(session, TEST, in_time)
            found = _probable(targets, logits, temperature, of, len(legend))
            by_split["test"][KEY] = probability_block(found, legend)


def ask_pixels(
    session: Session, role: int, feedback: Feedback
) -> tuple[np.ndarray, np.ndarray, int]:
    """Return class indices (n,), logits (n, K) float32 of pixels of a role, and how many it has.

    Every labelled pixel is as likely to be among them.
    """
    dataset, classes = session.dataset, len(session.dataset.legend)
    total = int(dataset.count(role, len(dataset.test_legend)).sum())
    share = min(1.0, most_samples(classes) / max(total, 1))
    rng = np.random.default_rng(0)
    targets, logits = [np.empty(0, np.int16)], [np.empty((0, classes), np.float32)]
    session.network.eval()
    for chip in dataset.chips:
        if role not in chip.held_out:
            continue
        feedback.check()
        held = chip.held_out[role]
        rows, columns = np.nonzero((held >= 0) & (rng.random(held.shape) < share))
        if not len(rows):
            continue
        with torch.inference_mode():
            raw = torch.from_numpy(as_input(chip.image, chip.valid))[None].to(session.device)
            found = session.network(raw.contiguous(memory_format=torch.channels_last))[0]
            logits.append(found[:, rows, columns].T.float().cpu().numpy())
        targets.append(held[rows, columns])
    return np.concatenate(targets), np.concatenate(logits), total


def _probable(
    targets: np.ndarray, logits: np.ndarray, temperature: float, of: int, classes: int
) -> Probable:
    """Return probabilities for all classes; those that only the test has are never probable."""
    beyond = ((0, 0), (0, classes - logits.shape[1]))
    plain, scaled = (np.pad(to_probabilities(logits, False, t), beyond) for t in (1.0, temperature))
    return Probable(targets, plain, scaled, temperature, of)
