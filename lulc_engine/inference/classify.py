"""The command ``classify``: from a scene and a model file to a map."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from lulc_engine.errors import DataError
from lulc_engine.feedback import Feedback
from lulc_engine.inference.approach import Approach, Task
from lulc_engine.inference.extent import parse_extent
from lulc_engine.inference.fitting import compare_resolution, fit_bands
from lulc_engine.inference.patch_map import patch_approach
from lulc_engine.inference.pipeline import ReadAhead, in_order
from lulc_engine.inference.pixel_map import segmenter_approach
from lulc_engine.inference.plan import Job, Pixels, Plan, Sink
from lulc_engine.inference.precision import FEWEST_PIXELS, faithful
from lulc_engine.inference.radiometry import fit_radiometry
from lulc_engine.inference.runtimes import Prediction, Runtime
from lulc_engine.inference.runtimes.machine import Machine, choose_machine
from lulc_engine.inference.writers import MapWriters, ModelIdentity
from lulc_engine.models.card import read_spec, training_hashes
from lulc_engine.models.model_file import read_model
from lulc_engine.options import ClassifyOptions
from lulc_engine.outputs import Outputs
from lulc_engine.rasters.files import gdal_settings
from lulc_engine.rasters.scene import Scene
from lulc_engine.rasters.thread_scenes import ThreadScenes
from lulc_engine.reports.plain_text import percent
from lulc_engine.speed import network_name, step_px, told


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
        mask = options.mask[0] if options.mask else None
        scene = Scene(options.image, options.band_names, mask, options.mask_values)
        with contextlib.closing(scene), contextlib.ExitStack() as files:
            bands = fit_bands(scene, spec, options.bands, feedback)
            found = scene.radiometry(bands, options.scale, options.offset)
            radiometry = fit_radiometry(found, partial(scene.sample, bands), spec, feedback)
            compare_resolution(scene, card["lulc:training"].get("pixel_m"), feedback)
            part = parse_extent(options.extent, scene.grid)
            task = Task(
                options,
                spec,
                tensors,
                radiometry,
                scene.grid,
                part,
                feedback,
                card["model_sha256"],
                scene.dtype(bands),
                choose_machine(options, spec.patch is not None),
            )
            approach = (segmenter_approach if spec.patch is None else patch_approach)(task)
            identity = ModelIdentity(
                card["model_sha256"], tuple(training_hashes(card["lulc:training"]))
            )
            writers = MapWriters(
                options, approach.grid, spec.legend, identity, outputs, approach.several
            )
            try:
                scenes = files.enter_context(contextlib.closing(ThreadScenes(scene)))

                def read(job: Job) -> Pixels | None:
                    return approach.plan.read(scenes.here(), bands, job)

                runtime = _runtime(approach, task.machine, read, feedback)
                sink = approach.sink(writers)
                prepared = time.monotonic()
                _run(approach.plan, read, task.machine.readers, runtime, sink, feedback)
                windows_s = time.monotonic() - prepared
                _check_result(writers)
                _say_seams(sink, feedback)
                _say_unclassified(writers, options.min_confidence, feedback)
                feedback.progress(0.97, "Completing the files")
                writers.finish()
            except BaseException as err:
                writers.discard(err)
                raise
    feedback.progress(1.0, "Done")
    total = approach.grid.height * approach.grid.width
    step = step_px(spec, options.stride, options.per_pixel)
    windows = writers.pixels / step**2 if options.per_pixel else writers.pixels
    return {
        "output": options.output,
        "confidence": options.confidence,
        "probabilities": options.probabilities,
        "areas": options.areas,
        "multilabel": approach.several,
        "pixels": writers.pixels,
        "nodata_share": 1 - writers.pixels / total,
        "unclassified_share": writers.unclassified / writers.pixels,
        "seam_score": sink.seam_score,
        "seconds": round(time.monotonic() - started, 2),
        "speed": told(network_name(spec), windows, prepared - started, windows_s),
        "legend": [
            {"id": c.id, "name": c.name, "color": c.hex_color} for c in writers.legend.classes
        ],
    }


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
    exact = approach.runtime(machine.at("f32"))
    if approach.plan.height * approach.plan.width < FEWEST_PIXELS:
        return exact
    return faithful(exact, approach.runtime(machine.at("bf16")), approach.plan, read, feedback)


def _run(
    plan: Plan,
    read: Callable[[Job], Pixels | None],
    readers: int,
    runtime: Runtime,
    sink: Sink,
    feedback: Feedback,
) -> None:
    """Do all jobs of a plan."""

    def compute(pixels: Pixels | None) -> Prediction | None:
        return None if pixels is None else runtime.run(*pixels)

    started, count = time.monotonic(), len(plan.jobs)
    with (
        ReadAhead(plan.jobs, read, threads=readers) as reads,
        contextlib.closing(in_order(reads, compute, runtime.streams)) as windows,
    ):
        for number, (job, pixels, prediction) in enumerate(windows):
            feedback.check()
            if pixels is not None and prediction is not None:
                sink.put(job, pixels, prediction.cut(job.core))
            below = plan.jobs[number + 1].place.row_off if number + 1 < count else plan.height
            if below > job.place.row_off:
                sink.complete_rows(below)
            share = (number + 1) / count
            left = (time.monotonic() - started) * (1 / share - 1)
            feedback.progress(0.97 * share, f"Window {number + 1} of {count}, {left:.0f} s left")


def _say_seams(sink: Sink, feedback: Feedback) -> None:
    if sink.seam_score is not None:
        feedback.info(
            f"Seam score: neighbouring windows disagree on {100 * sink.seam_score:.2f} % of the "
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
