"""Applying segmenters: every pixel has a label of its own."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from lulc_engine.errors import OptionsError
from lulc_engine.inference.approach import Approach, DirectSink, Task
from lulc_engine.inference.blending import BlendingSink, blended_plan
from lulc_engine.inference.plan import Plan, Sink, pixel_plan
from lulc_engine.inference.runtimes import Runtime, Wanted
from lulc_engine.inference.runtimes.machine import Machine
from lulc_engine.inference.runtimes.recipe import Recipe
from lulc_engine.inference.writers import MapWriters

if TYPE_CHECKING:  # PyTorch takes seconds to load, and a prepared network does without
    from lulc_engine.inference.runtimes.stored_graph import StoredGraph
    from lulc_engine.models.network import Network

# Large enough that the halo costs little, small enough for a laptop's memory.
TILE_PX = 576


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
    whole, part, side = task.scene.window, task.part, options.tile_px or TILE_PX
    sink: Callable[[MapWriters], Sink]
    if spec.halo_px is None:
        plan = blended_plan(whole, part, side, spec.stride)
        wanted, sink = Wanted(False, False, True), partial(BlendingSink, whole=whole, part=part)
    else:
        plan = pixel_plan(whole, part, side, spec.halo_px, spec.stride)
        wanted = Wanted(True, bool(options.confidence), bool(options.probabilities))
        sink = DirectSink

    def network() -> Network:
        from lulc_engine.models.build import load_network

        network = load_network(spec, task.tensors)
        network.input.set_radiometry(task.radiometry.scale, task.radiometry.offset)
        return network

    def runtime(machine: Machine) -> Runtime:
        if machine.runtime != "torch":
            return _prepared(task, plan, wanted, network, machine)
        from lulc_engine.inference.runtimes.torch_runtime import TorchRuntime

        low_precision = machine.precision == "bf16"
        return TorchRuntime(network(), machine.torch_device(), wanted, low_precision)

    return Approach(task.scene.crop(part), plan, sink, runtime)


def _prepared(
    task: Task, plan: Plan, wanted: Wanted, network: Callable[[], Network], machine: Machine
) -> Runtime:
    """Return a runtime that is prepared for the plan's windows, which all have one shape."""
    window = plan.jobs[0].window
    recipe = Recipe(
        task.model_sha256,
        task.radiometry.scale,
        task.radiometry.offset,
        (len(task.spec.bands), window.height, window.width),
        task.dtype.name,
        wanted,
    )

    def graph() -> StoredGraph:
        from lulc_engine.inference.runtimes.stored_graph import StoredGraph

        return StoredGraph(network(), wanted)

    if machine.runtime == "onnxruntime":
        from lulc_engine.inference.runtimes.onnx_runtime import OnnxRuntime

        return OnnxRuntime(recipe, graph, machine.threads)
    from lulc_engine.inference.runtimes.openvino_runtime import OpenVinoRuntime

    return OpenVinoRuntime(recipe, graph, machine.precision, machine.threads)
