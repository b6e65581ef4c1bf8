"""Explaining what a patch classifier says of overlapping windows of a part of a scene."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from lulc_engine.errors import OptionsError
from lulc_engine.explain.canvas import Canvas
from lulc_engine.explain.methods import Activations, Method, Occlusion, PatchGradCam
from lulc_engine.explain.occlusion import BandCounts
from lulc_engine.explain.subject import Subject
from lulc_engine.explain.view import Found, View, found_on
from lulc_engine.feedback import Feedback
from lulc_engine.inference.lattice import Lattice
from lulc_engine.inference.plan import Job, Pixels
from lulc_engine.models.card import ModelSpec
from lulc_engine.options import ExplainOptions
from lulc_engine.rasters.grid import Window
from lulc_engine.samples.chips import as_input

_MOST_WINDOWS = 200_000
_JOB_PX = 512
# Normalised values of patches that are asked at once.
_BATCH_VALUES, _LARGEST_BATCH = 2**22, 256


def explain_windows(
    options: ExplainOptions, subject: Subject, view: View, feedback: Feedback
) -> Found:
    """Explain what a patch classifier says of overlapping windows of a part of a scene.

    Windows begin every half of their side; each is asked for itself, and where they overlap they
    are averaged with weights that fall towards their edges.

    Raises:
        OptionsError: there are too many windows.
        DataError: nothing is valid.
    """
    spec = subject.spec
    size = spec.patch.size_px if spec.patch else 1
    lattice = Lattice.of(view.scene.grid.window, size, max(1, size // 2), by_centre=False)
    cells = lattice.windows_on(view.part)
    if cells.height * cells.width > _MOST_WINDOWS:
        raise OptionsError(
            f"The part to explain has {cells.height * cells.width} windows of {size} pixels; "
            f"{_MOST_WINDOWS} are allowed.",
            "Choose a smaller --extent.",
        )
    survey = BandCounts(spec.bands, len(spec.legend))
    counts = BandCounts(spec.bands, len(spec.legend))
    method = patch_method(options, subject, counts)
    canvas = Canvas(view.part, method.layers)
    plan = lattice.plan(cells, _JOB_PX)
    for number, job in enumerate(plan.jobs):
        feedback.check()
        feedback.progress(
            0.95 * number / len(plan.jobs), f"Windows {number + 1} of {len(plan.jobs)}"
        )
        pixels = plan.read(view.scene, view.bands, job)
        if pixels is None:
            continue
        labels = None if view.labels is None else view.labels(job.window)
        for window, raw, valid, known in _patches(lattice, cells, job, pixels, labels, spec):
            feedback.check()
            answer = method.ask(torch.from_numpy(raw).to(subject.device), known, None)
            survey.begin(answer.shares)
            for place, maps, inside in zip(window, answer.maps, valid, strict=True):
                canvas.add(place, maps, _taper(size), inside)
    return found_on(canvas, subject, survey, counts if options.method == "occlusion" else None)


def patch_method(options: ExplainOptions, subject: Subject, counts: BandCounts) -> Method:
    """Return the method for patches."""
    if options.method == "gradcam":
        return PatchGradCam(subject)
    if options.method == "occlusion":
        return Occlusion(subject, counts)
    return Activations(subject, options.channel)


def batch_size(spec: ModelSpec) -> int:
    """Return how many patches are asked at once."""
    side = spec.patch.size_px if spec.patch else 1
    return min(max(_BATCH_VALUES // (side * side * spec.in_channels), 1), _LARGEST_BATCH)


def _patches(
    lattice: Lattice,
    cells: Window,
    job: Job,
    pixels: Pixels,
    labels: np.ndarray | None,
    spec: ModelSpec,
) -> Iterator[tuple[list[Window], np.ndarray, np.ndarray, np.ndarray | None]]:
    """Yield batches of windows: where they are, raw values, validity and class indices."""
    size, step = lattice.rows.size, lattice.rows.step
    raw = as_input(pixels.values, pixels.valid)
    cut = np.lib.stride_tricks.sliding_window_view
    values = cut(raw, (size, size), (1, 2))[:, ::step, ::step]
    valid = cut(pixels.valid, (size, size))[::step, ::step]
    places = np.argwhere(pixels.known)
    for start in range(0, len(places), batch_size(spec)):
        rows, columns = places[start : start + batch_size(spec)].T
        windows = [
            Window(job.window.row_off + row * step, job.window.col_off + column * step, size, size)
            for row, column in zip(rows.tolist(), columns.tolist(), strict=True)
        ]
        known = None
        if labels is not None:
            marked = cut(labels, (size, size))[::step, ::step][rows, columns]
            known = np.array([_most(patch) for patch in marked], np.int64)
        batch = np.ascontiguousarray(values[:, rows, columns].swapaxes(0, 1))
        yield windows, batch, valid[rows, columns], known


def _most(labels: np.ndarray) -> int:
    """Return the class that most labelled pixels have, -1 where there are none."""
    known = labels[labels >= 0]
    return int(np.bincount(known).argmax()) if len(known) else -1


def _taper(size: int) -> np.ndarray:
    """Return weights (size, size) that fall linearly towards the edges and are never 0."""
    places = np.arange(size) + 0.5
    side = np.minimum(places, size - places) / (size / 2)
    weights: np.ndarray = np.outer(side, side).astype(np.float32)
    return weights
