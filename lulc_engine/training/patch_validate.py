"""Scoring a patch classifier on patches with labels."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn

from lulc_engine.evaluation import confusion, multilabel, scores
from lulc_engine.feedback import Feedback
from lulc_engine.samples.patches.patch_set import PatchSet
from lulc_engine.training.precision import low_precision

_RATES = ("precision", "recall", "f1", "iou")


def predict(
    network: nn.Module,
    patches: PatchSet,
    indices: np.ndarray,
    device: torch.device,
    feedback: Feedback,
    batch: int = 256,
    bfloat16: bool = False,
) -> np.ndarray:
    """Return logits (n, K) float32 of patches.

    Args:
        network: raw values in, logits out; put into eval mode.
        patches: where they are.
        indices: (n,) numbers of patches.
        device: where the network is.
        feedback: asked between batches whether to stop.
        batch: patches at a time.
        bfloat16: whether to compute as a training in low precision does.
    """
    network.eval()
    found = [np.empty((0, len(patches.legend)), np.float32)]
    for start in range(0, len(indices), batch):
        feedback.check()
        raw = torch.from_numpy(patches.raw(indices[start : start + batch])).to(device)
        with torch.inference_mode(), low_precision(device, bfloat16):
            logits = network(raw.contiguous(memory_format=torch.channels_last))
        found.append(logits.float().cpu().numpy())
    return np.concatenate(found)


def epoch_scores(targets: np.ndarray, logits: np.ndarray) -> dict[str, Any]:
    """Return the scores of an epoch: those of `options.PATCH_METRICS` and lists per class.

    Args:
        targets: (n,) class indices or (n, K) of 0 and 1; n may be 0, then all scores are None.
        logits: (n, K).
    """
    classes = logits.shape[1]
    single = targets.ndim == 1
    if single:
        matrix = confusion.count(targets, logits.argmax(axis=1).astype(np.int16), classes)
        per_class = scores.class_scores(matrix)
        accuracy, kappa = scores.overall_accuracy(matrix), scores.kappa(matrix)
        one_hot = np.eye(classes, dtype=np.uint8)[targets]
    else:
        one_hot, decisions = targets, logits > 0
        counts = multilabel.binary_tables(targets, decisions)
        per_class = [multilabel.table_scores(table) for table in counts]
        accuracy, kappa = multilabel.subset_accuracy(targets, decisions), None
    precisions = multilabel.average_precisions(one_hot, _probabilities(logits, single))
    return {
        "overall_accuracy": accuracy,
        "kappa": kappa,
        "macro_f1": scores.macro(per_class, "f1"),
        "mean_iou": scores.macro(per_class, "iou"),
        "map": multilabel.mean(precisions),
        "average_precision": precisions,
        **{rate: [getattr(item, rate) for item in per_class] for rate in _RATES},
    }


def _probabilities(logits: np.ndarray, single: bool) -> np.ndarray:
    wide = torch.from_numpy(logits).double()
    return (torch.softmax(wide, dim=1) if single else torch.sigmoid(wide)).numpy()
