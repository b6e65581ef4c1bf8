"""The command ``classify``: from a scene and a model file to a map."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lulc_engine.errors import DataError
from lulc_engine.feedback import Feedback
from lulc_engine.inference.approach import Approach, Task
from lulc_engine.inference.fitting import FittedScene, open_fitted
from lulc_engine.inference.patch_map import patch_approach
from lulc_engine.inference.pipeline import ReadAhead, in_order
from lulc_engine.inference.pixel_map import segmenter_approach
from lulc_engine.inference.plan import Cover, Job, Pixels, Plan, Sink
from lulc_engine.inference.precision import FEWEST_PIXELS, faithful
from lulc_engine.inference.runtimes import Prediction, Runtime
from lulc_engine.inference.runtimes.machine import Machine, choose_machine
from lulc_engine.inference.writers import MapWriters, ModelIdentity
from lulc_engine.models.card import read_spec, training_area, training_hashes
from lulc_engine.models.model_file import Tensors, read_model
from lulc_engine.options import ClassifyOptions
from lulc_engine.outputs import Outputs
from lulc_engine.rasters.block_cache import Reading, plan_reading
from lulc_engine.rasters.files import gdal_settings
from lulc_engine.rasters.thread_scenes import ThreadScenes
from lulc_engine.reports.plain_text import percent
from lulc_engine.speed import network_name, step_px, told

_PATHS = ("output", "confidence", "probabilities", "areas")


def classify(options: ClassifyOptions, feedback: Feedback) -> dict[str, Any]:
    """Classify a scene and write the map with what else the options name.

    Returns:
        Paths ``output confidence probabilities areas``, ``legend`` as rows of id, name and color,
        ``multilabel`` (whether ``output`` holds probabilities instead of labels), ``pixels``
        (classified), ``nodata_share``, ``unclassified_share`` (of those pixels, because of
        MIN_CONFIDENCE), ``seam_score`` (share of the pixels seen by several windows to which these
        give different labels; None where windows cannot differ), ``seconds`` and ``speed`` (see
        `speed.told`).

    Raises:
        LulcError: see `errors`; nothing is written then.
    """
    started = time.monotonic()
    with gdal_settings(), Outputs([options.image, options.model, *options.mask]) as outputs:
        feedback.progress(0.0, "Reading the model")
        card, tensors = read_model(options.model)
        spec = read_spec(card)
        with open_fitted(options, card, spec, feedback) as fitted:
            task = _task(options, card, tensors, fitted, feedback)
            approach = (segmenter_approach if spec.patch is None else patch_approach)(task)
            training = card["lulc:training"]
            hashes, area = tuple(training_hashes(training)), training_area(training)
            with MapWriters(
                options,
                approach.grid,
                spec.legend,
                ModelIdentity(card["model_sha256"], hashes, area),
                outputs,
                approach.several,
            ) as writers:
                work = _fill(writers, approach, task, fitted)
                _check_result(writers)
                _say_seams(work.seam_score, feedback)
                _say_unclassified(writers, options.min_confidence, feedback)
                feedback.progress(0.97, "Completing the files")
    feedback.progress(1.0, "Done")
    seconds = time.monotonic() - started
    speed = told(
        network_name(spec), _windows(task, writers), work.prepared - started, work.windows_s
    )
    return {
        **{name: getattr(options, name) for name in _PATHS},
        **_about(approach, writers),
        "seam_score": work.seam_score,
        "seconds": round(seconds, 2),
        "speed": speed,
    }


def _windows(task: Task, writers: MapWriters) -> float:
    """Return how many windows were classified."""
    options = task.options
    step = step_px(task.spec, options.stride, options.per_pixel)
    return writers.pixels / step**2 if options.per_pixel else writers.pixels


def _about(approach: Approach, writers: MapWriters) -> dict[str, Any]:
    """Return what the map holds."""
    total = approach.grid.height * approach.grid.width
    return {
        "multilabel": approach.several,
        "pixels": writers.pixels,
        "nodata_share": 1 - writers.pixels / total,
        "unclassified_share": writers.unclassified / writers.pixels,
        "legend": [
            {"id": c.id, "name": c.name, "color": c.hex_color} for c in writers.legend.classes
        ],
    }


@dataclass(frozen=True)
class _Work:
    """What all windows told and took: the seam score, when they began and how long they lasted."""

    seam_score: float | None
    prepared: float
    windows_s: float


def _task(
    options: ClassifyOptions,
    card: dict[str, Any],
    tensors: Tensors,
    fitted: FittedScene,
    feedback: Feedback,
) -> Task:
    spec = read_spec(card)
    return Task(
        options,
        spec,
        tensors,
        fitted.radiometry,
        fitted.scene.grid,
        fitted.part,
        feedback,
        card["model_sha256"],
        fitted.scene.dtype(fitted.bands),
        choose_machine(options, spec.patch is not None),
    )


def _fill(writers: MapWriters, approach: Approach, task: Task, fitted: FittedScene) -> _Work:
    """Classify all windows."""
    with contextlib.closing(ThreadScenes(fitted.scene)) as scenes:

        def read(job: Job) -> Pixels | None:
            return approach.plan.read(scenes.here(), fitted.bands, job)

        runtime = _runtime(approach, task.machine, read, task.feedback)
        sink = approach.sink(writers)
        prepared = time.monotonic()
        reading = _reading(fitted, approach.plan, task)
        _run(approach.plan, read, reading, runtime, sink, task.feedback)
        return _Work(sink.seam_score, prepared, time.monotonic() - prepared)


def _runtime(
    approach: Approach,
    machine: Machine,
    read: Callable[[Job], Pixels | None],
    feedback: Feedback,
) -> Runtime:
    """Return what executes the network, after a comparison where precision is to be chosen."""
    feedback.progress(0.0, "Preparing the network")
    if machine.precision != "auto":
        return approach.runtime(machine)
    if approach.plan.height * approach.plan.width < FEWEST_PIXELS:
        return approach.runtime(machine.at("f32"))
    return faithful(approach.runtime, machine, approach.plan, read, feedback)


def _reading(fitted: FittedScene, plan: Plan, task: Task) -> Reading:
    """Return how the scene is read; says where that takes longer than it should."""
    layout = fitted.scene.layout(fitted.bands)
    reading = plan_reading(layout, [job.window for job in plan.jobs], task.machine.readers)
    if reading.repeats:
        task.feedback.info(
            f"{fitted.scene.path.name} is stored in blocks so wide that they are decoded again for "
            "every window. A tiled copy is read faster: gdal_translate -co TILED=YES -co "
            "COMPRESS=DEFLATE."
        )
    return reading


def _run(
    plan: Plan,
    read: Callable[[Job], Pixels | None],
    reading: Reading,
    runtime: Runtime,
    sink: Sink,
    feedback: Feedback,
) -> None:
    """Do all jobs of a plan."""

    def compute(pixels: Pixels | None) -> tuple[Cover, Prediction] | None:
        return None if pixels is None else (pixels.cover, runtime.run(*pixels))

    started, count = time.monotonic(), len(plan.jobs)
    with (
        ReadAhead(
            plan.jobs, read, threads=reading.threads, cache_bytes=reading.cache_bytes
        ) as reads,
        contextlib.closing(in_order(reads, compute, runtime.streams)) as windows,
    ):
        for number, (job, found) in enumerate(windows):
            feedback.check()
            if found is not None:
                cover, prediction = found
                sink.put(job, cover, prediction.cut(job.core))
            below = plan.jobs[number + 1].place.row_off if number + 1 < count else plan.height
            if below > job.place.row_off:
                sink.complete_rows(below)
            share = (number + 1) / count
            left = (time.monotonic() - started) * (1 / share - 1)
            feedback.progress(0.97 * share, f"Window {number + 1} of {count}, {left:.0f} s left")


def _say_seams(score: float | None, feedback: Feedback) -> None:
    if score is not None:
        feedback.info(
            f"Seam score: neighbouring windows disagree on {100 * score:.2f} % of the "
            "pixels that several of them see; there they are blended."
        )


def _say_unclassified(writers: MapWriters, least: int, feedback: Feedback) -> None:
    if least:
        feedback.info(
            f"Unclassified: {percent(writers.unclassified / writers.pixels)} of the pixels, of "
            f"which the model is less than {least} % sure."
        )


def _check_result(writers: MapWriters) -> None:
    if writers.pixels == 0:
        raise DataError(
            "There is no valid pixel in the area: everything is nodata or masked.",
            "Check the nodata value, the mask and the extent.",
        )
