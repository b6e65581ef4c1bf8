"""Applying segmenters: every pixel has a label of its own."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from lulc_engine.errors import OptionsError
from lulc_engine.inference.approach import Approach, DirectSink, Task
from lulc_engine.inference.blending import MARGIN_PX, BlendingSink, blended_plan
from lulc_engine.inference.plan import Plan, Sink, pixel_plan
from lulc_engine.inference.runtimes import Runtime, Wanted
from lulc_engine.inference.runtimes.machine import Machine
from lulc_engine.inference.runtimes.prepared import prepared
from lulc_engine.inference.runtimes.recipe import Recipe
from lulc_engine.inference.window_size import window_side
from lulc_engine.inference.writers import MapWriters
from lulc_engine.models.card import ModelSpec
from lulc_engine.rasters.grid import Window

if TYPE_CHECKING:  # PyTorch takes seconds to load, and a prepared network does without
    from lulc_engine.models.network import Network


def segmenter_approach(task: Task) -> Approach:
    """Return how a segmenter is applied.

    Raises:
        OptionsError: an option is for patch classifiers.
    """
    options, spec = task.options, task.spec
    if options.stride is not None or options.per_pixel:
        raise OptionsError(
            "--stride and --per-pixel are for patch classifiers; the model is a segmenter, which "
            "labels every pixel.",
            "Leave them out.",
        )
    whole, part = task.scene.window, task.part
    plan = segmenter_plan(whole, part, spec, options.tile_px, task.machine)
    percent = bool(options.confidence or options.min_confidence)
    wanted = Wanted(True, percent, bool(options.probabilities), temperature=spec.temperature)
    sink: Callable[[MapWriters], Sink] = DirectSink
    if spec.halo_px is None:
        wanted = Wanted(False, False, True, temperature=spec.temperature)
        sink = partial(BlendingSink, whole=whole, part=part)

    def network() -> Network:
        from lulc_engine.models.build import load_network

        network = load_network(spec, task.tensors)
        network.input.set_radiometry(task.radiometry.scale, task.radiometry.offset)
        return network

    def runtime(machine: Machine) -> Runtime:
        if machine.runtime != "torch":
            return _prepared(task, plan, wanted, machine)
        from lulc_engine.inference.runtimes.torch_runtime import TorchRuntime

        low_precision = machine.precision == "bf16"
        return TorchRuntime(network(), machine.torch_device(), wanted, low_precision)

    return Approach(task.scene.crop(part), plan, sink, runtime)


def segmenter_plan(
    whole: Window, part: Window, spec: ModelSpec, side: int, machine: Machine
) -> Plan:
    """Return the windows of a segmenter.

    Args:
        whole: the scene.
        part: what is to be classified.
        spec: the model.
        side: of the windows, in pixels; 0 to have it chosen.
        machine: what executes the network.
    """
    if spec.halo_px is None:
        side = side or window_side(spec, MARGIN_PX, machine.streams)
        return blended_plan(whole, part, side, spec.stride)
    side = side or window_side(spec, spec.halo_px, machine.streams)
    return pixel_plan(whole, part, side, spec.halo_px, spec.stride)


def _prepared(task: Task, plan: Plan, wanted: Wanted, machine: Machine) -> Runtime:
    """Return a runtime that is prepared for the plan's windows, which all have one shape."""
    window = plan.jobs[0].window
    recipe = Recipe(
        task.model_sha256,
        task.radiometry.scale,
        task.radiometry.offset,
        (1, len(task.spec.bands), window.height, window.width),
        # OpenVINO would round integers to bf16 before they are normalised, but not float32. What
        # it is compared with has the same type, so that there is one graph to prepare.
        task.dtype.name if task.machine.precision == "f32" else "float32",
        wanted,
    )
    return prepared(task.options.model, recipe, machine, task.feedback.check)
