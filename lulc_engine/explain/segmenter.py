"""Explaining what a segmenter says of a part of a scene.

Windows are read and cut as for classifying, several times over: once to see which class is where,
for Grad-CAM once for the gradients of the whole part, and once to paint.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from lulc_engine.explain.canvas import Canvas
from lulc_engine.explain.methods import (
    Activations,
    Method,
    Occlusion,
    SegmenterGradCam,
    segmenter_gradient,
)
from lulc_engine.explain.occlusion import BandCounts
from lulc_engine.explain.subject import Subject
from lulc_engine.explain.view import Found, View, found_on, nothing_valid
from lulc_engine.feedback import Feedback
from lulc_engine.inference.blending import MARGIN_PX, blended_plan, ramp
from lulc_engine.inference.plan import Job, Pixels, Plan, pixel_plan
from lulc_engine.inference.window_size import window_side
from lulc_engine.options import ExplainOptions
from lulc_engine.rasters.grid import Window
from lulc_engine.samples.chips import as_input

# Of windows of a network whose reach is known: gradients need more memory than classifying.
_LARGEST_SIDE_PX = 768


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
    # First, so that a part that is too large is refused before the work.
    bands = len(subject.spec.bands) if options.method == "occlusion" else 1
    canvas = Canvas(view.part, bands)
    walk = _Walk(subject, view)
    survey = _survey(walk, subject, feedback.part(0, 0.25))
    if survey.samples.sum() == 0:
        raise nothing_valid()
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
    labels = view.labels if options.method == "occlusion" else None
    for step in walk.steps(feedback.part(0.6, 0.95), "Painting"):
        known = None if labels is None else labels(step.job.window)[None]
        answer = method.ask(step.raw, known, step.counted)
        canvas.add(step.job.window, answer.maps[0], step.weights, step.pixels.valid)
    return found_on(canvas, subject, survey, counts if options.method == "occlusion" else None)


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
