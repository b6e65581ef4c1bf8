"""Explaining a part of a scene: windows are asked one after another and painted together."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from lulc_engine.errors import DataError, OptionsError
from lulc_engine.explain.canvas import Canvas
from lulc_engine.explain.methods import (
    Activations,
    Method,
    Occlusion,
    PatchGradCam,
    SegmenterGradCam,
    segmenter_gradient,
)
from lulc_engine.explain.occlusion import BandCounts
from lulc_engine.explain.subject import Subject
from lulc_engine.feedback import Feedback
from lulc_engine.inference.blending import MARGIN_PX, blended_plan, ramp
from lulc_engine.inference.lattice import Lattice
from lulc_engine.inference.plan import Job, Pixels, Plan, pixel_plan
from lulc_engine.inference.window_size import window_side
from lulc_engine.models.card import ModelSpec
from lulc_engine.options import ExplainOptions
from lulc_engine.rasters.bands import Band
from lulc_engine.rasters.grid import Window
from lulc_engine.rasters.scene import Scene
from lulc_engine.samples.chips import as_input

# Of a window of a segmenter whose reach is known: gradients need more memory than classifying.
_LARGEST_SIDE_PX = 768
_MOST_WINDOWS = 200_000
_JOB_PX = 512
# Normalised values of patches that are asked at once.
_BATCH_VALUES, _LARGEST_BATCH = 2**22, 256

LabelReader = Callable[[Window], np.ndarray]


@dataclass(frozen=True)
class View:
    """The part of a scene that is explained.

    Attributes:
        scene: open.
        bands: its bands in the model's order.
        part: the part.
        labels: gives class indices (H, W) of a window that may reach over the scene's edges, -1
            where there is no label; None where there are no labels.
    """

    scene: Scene
    bands: Sequence[Band]
    part: Window
    labels: LabelReader | None


@dataclass
class Found:
    """What was found out about a part of a scene.

    Attributes:
        values: (layers, H, W) float32, NaN where not valid.
        subject: with the class that was explained.
        counts: of occlusion, else None.
        pixels: how many pixels or windows were asked.
        given: how many of these got the class, of all classes where none was named.
        probability: mean probability of the class where it was given; None where it never was.
    """

    values: np.ndarray
    subject: Subject
    counts: BandCounts | None
    pixels: int
    given: int
    probability: float | None


@dataclass(frozen=True)
class _Step:
    """A window that was read.

    Attributes:
        job: where it is.
        pixels: what was read.
        raw: (1, bands, H, W), NaN where not valid.
        weights: (H, W) what it weighs where windows overlap.
        counted: (1, H, W) bool, pixels that no other window counts.
    """

    job: Job
    pixels: Pixels
    raw: Tensor
    weights: np.ndarray
    counted: np.ndarray


def explain_segmenter(
    options: ExplainOptions, subject: Subject, view: View, feedback: Feedback
) -> Found:
    """Explain what a segmenter says of a part of a scene, without seams between windows.

    Heats of all windows use the same channel weights, computed from the whole part, so that the
    part looks as if it were one window.

    Raises:
        OptionsError: the part is too large.
        DataError: nothing in it is valid.
    """
    walk = _Walk(subject, view)
    survey = _survey(walk, subject, feedback.part(0, 0.25))
    if survey.samples.sum() == 0:
        raise _nothing()
    if subject.target is None and options.method != "occlusion":
        subject = dataclasses.replace(subject, target=int(survey.samples.argmax()))
        feedback.info(
            f"No class was named: the one that the model gives most pixels here is explained, "
            f"{subject.spec.legend.names[subject.target or 0]}."
        )
    counts = BandCounts(subject.spec.bands, len(subject.spec.legend))
    method: Method
    if options.method == "gradcam":
        weights = _channel_weights(walk, subject, survey, feedback.part(0.25, 0.6))
        method = SegmenterGradCam(subject, weights)
    elif options.method == "occlusion":
        method = Occlusion(subject, counts)
    else:
        method = Activations(subject, options.channel)
    canvas = Canvas(view.part, method.layers)
    labels = view.labels if options.method == "occlusion" else None
    for step in walk.steps(feedback.part(0.6, 0.95), "Painting"):
        known = None if labels is None else labels(step.job.window)[None]
        answer = method.ask(step.raw, known, step.counted)
        canvas.add(step.job.window, answer.maps[0], step.weights, step.pixels.valid)
    return _found(canvas, subject, survey, counts if options.method == "occlusion" else None)


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
    if survey.samples.sum() == 0:
        raise _nothing()
    return _found(canvas, subject, survey, counts if options.method == "occlusion" else None)


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


class _Walk:
    """The windows of a segmenter on a part of a scene, which can be walked several times."""

    def __init__(self, subject: Subject, view: View) -> None:
        spec, whole = subject.spec, view.scene.grid.window
        self._subject, self._view, self._whole = subject, view, whole
        self._blends = spec.halo_px is None
        side = window_side(spec, MARGIN_PX if spec.halo_px is None else spec.halo_px, 1)
        self._plan: Plan
        if spec.halo_px is None:  # as large as classifying has them: what is seen depends on it
            self._plan = blended_plan(whole, view.part, side, spec.stride)
        else:
            side = min(side, _LARGEST_SIDE_PX)
            self._plan = pixel_plan(whole, view.part, side, spec.halo_px, spec.stride)

    def steps(self, feedback: Feedback, text: str) -> Iterator[_Step]:
        """Read the windows in order."""
        counted = np.zeros((self._plan.height, self._plan.width), bool)
        for number, job in enumerate(self._plan.jobs):
            feedback.check()
            count = len(self._plan.jobs)
            feedback.progress(
                number / count, f"{text.capitalize()}, window {number + 1} of {count}"
            )
            pixels = self._plan.read(self._view.scene, self._view.bands, job)
            if pixels is None:
                continue
            weights, own = self._weights(job)
            place = job.place.relative_to(Window(0, 0, *counted.shape))
            fresh = np.zeros(pixels.valid.shape, bool)
            fresh[job.core] = pixels.known & own[job.core] & ~counted[place]
            counted[place] |= fresh[job.core]
            raw = torch.from_numpy(as_input(pixels.values, pixels.valid))[None]
            yield _Step(job, pixels, raw.to(self._subject.device), weights, fresh[None])

    def _weights(self, job: Job) -> tuple[np.ndarray, np.ndarray]:
        """Return what a window weighs in each pixel, and which pixels are rather its own."""
        window = job.window
        if not self._blends:
            weights = np.zeros((window.height, window.width), np.float32)
            weights[job.core] = 1
            return weights, weights > 0
        down = ramp(window.row_off, window.row_stop, self._whole.height)
        across = ramp(window.col_off, window.col_stop, self._whole.width)
        return np.outer(down, across), np.logical_and.outer(down >= 0.5, across >= 0.5)


def _survey(walk: _Walk, subject: Subject, feedback: Feedback) -> BandCounts:
    """Return how many pixels get each class, and how surely."""
    counts = BandCounts(subject.spec.bands, len(subject.spec.legend))
    for step in walk.steps(feedback, "Looking at classes"):
        with torch.no_grad():
            shares = subject.probabilities(subject.network(step.raw)).cpu().numpy()
        counts.begin(np.moveaxis(shares, 1, -1)[step.counted])
    return counts


def _channel_weights(
    walk: _Walk, subject: Subject, survey: BandCounts, feedback: Feedback
) -> Tensor:
    """Return the mean gradient (channels,) over the whole part."""
    everywhere = survey.samples[subject.target or 0] == 0
    if everywhere:
        name = subject.spec.legend.names[subject.target or 0]
        feedback.warning(
            f"The model gives {name} no pixel here: shown is what speaks for it all the same."
        )
    total = torch.zeros(subject.layer.channels if subject.layer else 0, device=subject.device)
    for step in walk.steps(feedback, "Computing gradients"):
        total += segmenter_gradient(subject, step.raw, step.counted, everywhere)
    return total / float(survey.samples.sum())


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


def _found(
    canvas: Canvas, subject: Subject, survey: BandCounts, counts: BandCounts | None
) -> Found:
    target = subject.target
    total = int(survey.samples.sum())
    given = total if target is None else int(survey.samples[target])
    probability = survey.importances(target)[0].probability if given else None
    return Found(canvas.means(), subject, counts, total, given, probability)


def _nothing() -> DataError:
    return DataError(
        "There is no valid pixel in the part to explain: everything is nodata or masked.",
        "Check the nodata value, the mask and the extent.",
    )
