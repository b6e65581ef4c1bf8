"""Explaining patches, each for itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np
import torch

from lulc_engine.errors import ModelFileError
from lulc_engine.explain.methods import Method
from lulc_engine.explain.occlusion import BandCounts
from lulc_engine.explain.subject import Subject
from lulc_engine.explain.windows import batch_size, patch_method
from lulc_engine.feedback import Feedback
from lulc_engine.models.card import ModelSpec
from lulc_engine.options import ClassifyPatchesOptions, ExplainOptions
from lulc_engine.rasters.legend import Legend
from lulc_engine.samples.chips import ChipStore
from lulc_engine.samples.patches.patch_set import PatchSet
from lulc_engine.samples.patches.unlabelled import open_unlabelled


@dataclass(frozen=True)
class PatchAnswer:
    """What was found out about a patch.

    Attributes:
        name: of the patch.
        values: (bands, k, k) float32 reflectance, NaN where not valid.
        map: (k, k) float32 heat or activation; of occlusion the drops (bands,).
        shares: probabilities (K,).
        explained: index of the class that is explained.
        label: index of the class that its folder is named after, -1 where it is not.
    """

    name: str
    values: np.ndarray
    map: np.ndarray
    shares: np.ndarray
    explained: int
    label: int


def read_patches(
    options: ExplainOptions, spec: ModelSpec, feedback: Feedback, store: ChipStore
) -> PatchSet:
    """Return the patches that the options name, of the model's size and with its bands.

    Raises:
        ModelFileError: the model is a segmenter.
        DataError: nothing can be read, or the patches do not fit the model.
    """
    if spec.patch is None:
        raise ModelFileError(
            "The model labels every pixel of a scene; it does not take patches.",
            "Give a scene (--image) instead of --patches, or a patch classifier.",
        )
    same = {
        name: getattr(options, name)
        for name in ("bands", "band_names", "scale", "offset", "mask", "mask_values")
    }
    wanted = ClassifyPatchesOptions(
        patches=options.patches, model=options.model, output="none.csv", **same
    )
    return open_unlabelled(wanted, spec, feedback, store)


def explain_patches(
    options: ExplainOptions, subject: Subject, patches: PatchSet, feedback: Feedback
) -> tuple[list[PatchAnswer], BandCounts]:
    """Return what a patch classifier goes by in at most MAX_PATCHES of the patches.

    Heats of Grad-CAM are not normalised.
    """
    counts = BandCounts(subject.spec.bands, len(subject.spec.legend))
    method: Method = patch_method(options, subject, counts)
    chosen = evenly(len(patches), options.max_patches)
    labels = folder_classes([patches.names[n] for n in chosen], subject.spec.legend)
    with_labels = (labels >= 0).any() and not subject.several
    size = batch_size(subject.spec)
    answers: list[PatchAnswer] = []
    for start in range(0, len(chosen), size):
        feedback.check()
        feedback.progress(start / len(chosen), f"Patch {start + 1} of {len(chosen)}")
        some = chosen[start : start + size]
        raw = torch.from_numpy(patches.raw(some)).to(subject.device)
        known = labels[start : start + size]
        answer = method.ask(raw, known if with_labels else None, None)
        with torch.inference_mode():
            values = subject.network.input.reflectance(raw).cpu().numpy()
        for row, number in enumerate(some):
            maps = answer.maps[row]
            answers.append(
                PatchAnswer(
                    patches.names[number],
                    values[row],
                    maps[:, 0, 0].copy() if options.method == "occlusion" else maps[0],
                    answer.shares[row],
                    int(answer.explained[row]),
                    int(known[row]),
                )
            )
    return answers, counts


def evenly(count: int, most: int) -> np.ndarray:
    """Return at most so many of ``count`` numbers, evenly from the first to the last.

    >>> evenly(10, 4).tolist(), evenly(3, 4).tolist()
    ([0, 3, 6, 9], [0, 1, 2])
    """
    if count <= most:
        return np.arange(count)
    return np.linspace(0, count - 1, most).round().astype(np.int64)


def folder_classes(names: list[str], legend: Legend) -> np.ndarray:
    """Return the class indices (n,) of patches in folders that are named like classes, else -1."""
    places = {name: index for index, name in enumerate(legend.names)}
    found = []
    for name in names:
        folders = PurePosixPath(name).parts[:-1]
        found.append(next((places[part] for part in reversed(folders) if part in places), -1))
    return np.array(found, np.int64)
