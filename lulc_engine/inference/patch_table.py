"""The command ``classify-patches``: a table with the class of every patch, or its classes."""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np

from lulc_engine.errors import OptionsError
from lulc_engine.evaluation.thresholds import decide
from lulc_engine.feedback import Feedback
from lulc_engine.inference.radiometry import fit_radiometry
from lulc_engine.models.card import ModelSpec, read_spec
from lulc_engine.models.model_file import Tensors, read_model
from lulc_engine.options import ClassifyPatchesOptions
from lulc_engine.outputs import Outputs, friendly_write_errors
from lulc_engine.reports.csv_table import Cell, csv_text
from lulc_engine.samples.chips import ChipStore
from lulc_engine.samples.patches.patch_set import PatchSet, sample_values
from lulc_engine.samples.patches.unlabelled import open_unlabelled

_SEPARATOR = "|"
# Patches between two reports of progress, and bytes of normalised values in a batch.
_REPORT_EVERY, _BATCH_BYTES, _LARGEST_BATCH = 1024, 64 * 2**20, 256
_MOST_NAMED = 50


def classify_patches(options: ClassifyPatchesOptions, feedback: Feedback) -> dict[str, Any]:
    """Classify patches and write a row for each: class, id, confidence and all probabilities.

    Returns:
        Path ``output``, ``patches``, ``rejected`` and ``unclassified`` (how many; the last ones
        because of MIN_CONFIDENCE), and ``classes``: rows of id, name, color and ``patches``, how
        many have the class.

    Raises:
        LulcError: see `errors`; nothing is written then.
    """
    inputs = [path for path in (options.patches, options.features, options.model) if path]
    with Outputs(inputs) as outputs, contextlib.closing(ChipStore()) as store:
        part = outputs.stage(options.output, (".csv",))
        feedback.progress(0.0, "Reading the model")
        card, tensors = read_model(options.model)
        spec = read_spec(card)
        _check(options, spec)
        patches = open_unlabelled(options, spec, feedback.part(0.0, 0.3), store)
        _name_rejected(patches, feedback)
        probabilities = _probabilities(options, spec, tensors, patches, feedback.part(0.3, 0.95))
        chosen = choose_classes(probabilities, spec, options.min_confidence)
        unclassified = int((~chosen.any(axis=1)).sum()) if options.min_confidence else 0
        _say_unclassified(unclassified, len(patches), options.min_confidence, feedback)
        with friendly_write_errors(options.output):
            text = csv_text(table_rows(patches.names, probabilities, chosen, spec))
            part.write_text(text, "utf-8", newline="")
    feedback.progress(1.0, "Done")
    return {
        "output": options.output,
        "patches": len(patches),
        "rejected": len(patches.rejected),
        "unclassified": unclassified,
        "classes": [
            {"id": c.id, "name": c.name, "color": c.hex_color, "patches": int(count)}
            for c, count in zip(spec.legend.classes, chosen.sum(axis=0), strict=True)
        ],
    }


def choose_classes(
    probabilities: np.ndarray, spec: ModelSpec, min_confidence: int = 0
) -> np.ndarray:
    """Return which classes (N, K) bool each patch is said to have.

    The most probable one, or none where it is less probable than ``min_confidence`` percent; or,
    where a patch may have several, all whose probability reaches the threshold that the model card
    has for them, else 0.5. There may be none.
    """
    if spec.patch is not None and spec.patch.multilabel:
        return decide(probabilities, spec.patch.thresholds)
    chosen = np.zeros(probabilities.shape, bool)
    chosen[np.arange(len(chosen)), probabilities.argmax(axis=1)] = True
    chosen[probabilities.max(axis=1) * 100 < min_confidence] = False
    return chosen


def table_rows(
    names: list[str], probabilities: np.ndarray, chosen: np.ndarray, spec: ModelSpec
) -> list[list[Cell]]:
    """Return the patch table with its header.

    The confidence is that of the likeliest class. Where a patch may have several it is that of the
    least certain class that it is said to have; where it has none, 1 minus the highest probability:
    how sure it is that the likeliest is not there.

    Args:
        names: of the patches.
        probabilities: (N, K) float.
        chosen: (N, K) bool.
        spec: the model's.
    """
    ids = [str(number) for number in spec.legend.ids]
    rows: list[list[Cell]] = [
        ["patch", "class", "class_id", "confidence", *(f"p_{name}" for name in spec.legend.names)]
    ]
    likeliest = probabilities.max(axis=1)
    confidence = likeliest
    if spec.patch is not None and spec.patch.multilabel:
        least = np.where(chosen, probabilities, np.inf).min(axis=1)
        confidence = np.where(chosen.any(axis=1), least, 1 - likeliest)
    for name, shares, said, sure in zip(names, probabilities, chosen, confidence, strict=True):
        places = np.flatnonzero(said)
        rows.append(
            [
                name,
                _SEPARATOR.join(spec.legend.names[i] for i in places),
                _SEPARATOR.join(ids[i] for i in places),
                f"{sure:.6f}",
                *(f"{share:.6f}" for share in shares),
            ]
        )
    return rows


def _probabilities(
    options: ClassifyPatchesOptions,
    spec: ModelSpec,
    tensors: Tensors,
    patches: PatchSet,
    feedback: Feedback,
) -> np.ndarray:
    """Return the probabilities (N, K) float32 of all patches."""
    radiometry = fit_radiometry(
        patches.radiometry, lambda: sample_values(patches.images, patches.valid), spec, feedback
    )
    feedback.progress(0.0, "Loading PyTorch")
    # Imported here: it takes seconds, and wrong input should fail before.
    import torch

    from lulc_engine.devices import choose_device, use_threads
    from lulc_engine.models.build import load_patch_network
    from lulc_engine.training.patch_scores import to_probabilities
    from lulc_engine.training.patch_validate import predict

    device = choose_device(options.device)
    use_threads(options.threads)
    network = load_patch_network(spec, tensors)
    network.input.set_radiometry(radiometry.scale, radiometry.offset)
    network.to(device).to(memory_format=torch.channels_last)
    patch_bytes = 4 * spec.in_channels * patches.size_px**2
    batch = min(max(_BATCH_BYTES // patch_bytes, 1), _LARGEST_BATCH)
    found = []
    for start in range(0, len(patches), _REPORT_EVERY):
        some = np.arange(start, min(start + _REPORT_EVERY, len(patches)))
        found.append(predict(network, patches, some, device, feedback, batch))
        feedback.progress((int(some[-1]) + 1) / len(patches), f"{some[-1] + 1} patches")
    several = spec.patch is not None and spec.patch.multilabel
    return to_probabilities(np.concatenate(found), several, spec.temperature)


def _check(options: ClassifyPatchesOptions, spec: ModelSpec) -> None:
    if options.min_confidence and spec.patch is not None and spec.patch.multilabel:
        raise OptionsError(
            "The model gives several classes per patch, each with a threshold of its own: "
            "--min-confidence has no meaning.",
            "Leave it out; the table holds the probability of every class.",
        )


def _say_unclassified(count: int, patches: int, least: int, feedback: Feedback) -> None:
    if least:
        feedback.info(
            f"{count} of {patches} patches are unclassified: the model is less than {least} % sure "
            "of any class. Their class is empty."
        )


def _name_rejected(patches: PatchSet, feedback: Feedback) -> None:
    for item in patches.rejected[:_MOST_NAMED]:
        feedback.warning(f"{item.name} was left out: {item.reason}.")
    if len(patches.rejected) > _MOST_NAMED:
        feedback.warning(f"{len(patches.rejected) - _MOST_NAMED} more were left out.")
