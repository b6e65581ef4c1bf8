"""Scoring a network on the chips of a role, as it would score in a map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from lulc_engine.evaluation import confusion
from lulc_engine.evaluation.units import UnitCounts
from lulc_engine.feedback import Feedback
from lulc_engine.losses import Loss
from lulc_engine.losses.context import LossContext
from lulc_engine.samples.chips import Chip, as_input


@dataclass(frozen=True)
class Validation:
    """What a network did on the labels of a role.

    Attributes:
        matrix: (K, K) int64 confusion counts, rows reference, pooled over all chips.
        loss: mean loss over chips, NaN where it was not asked for.
    """

    matrix: np.ndarray
    loss: float


def validate(
    network: nn.Module,
    chips: Sequence[Chip],
    role: int,
    classes: int,
    device: torch.device,
    feedback: Feedback,
    loss: Loss | None = None,
    context: LossContext | None = None,
    by_unit: UnitCounts | None = None,
) -> Validation:
    """Classify every chip of a role and count.

    Args:
        network: raw values in, logits out; put into eval mode.
        chips: chips; those without labels of the role are passed over.
        role: VALIDATION or TEST.
        classes: side of the matrix, at least the network's classes.
        device: where the network is.
        feedback: asked between chips whether to stop.
        loss: also measured where given.
        context: what the loss needs.
        by_unit: gets the counts by polygon or block where given.
    """
    network.eval()
    matrix = confusion.empty(classes)
    losses, pixels = 0.0, 0
    for chip in chips:
        if role not in chip.held_out:
            continue
        feedback.check()
        held = chip.held_out[role]
        with torch.inference_mode():
            raw = torch.from_numpy(as_input(chip.image, chip.valid))[None].to(device)
            logits = network(raw.contiguous(memory_format=torch.channels_last))
            predicted = logits.argmax(dim=1)[0].to("cpu", torch.int16).numpy()
            if loss is not None:
                labels = torch.from_numpy(held.astype(np.int64))[None].to(device)
                labels[labels >= logits.shape[1]] = -1  # classes that only the test labels have
                count = int((labels >= 0).sum())
                losses += float(loss(logits, labels, context or LossContext())) * count
                pixels += count
        matrix += confusion.count(held, predicted, classes)
        if by_unit is not None:
            by_unit.add_mixed(chip.units, held, predicted)
    return Validation(matrix, losses / pixels if pixels else float("nan"))
