"""Applying segmenters: every pixel has a label of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from lulc_engine.errors import OptionsError
from lulc_engine.inference.approach import Approach, DirectSink, Task
from lulc_engine.inference.plan import Plan, pixel_plan
from lulc_engine.inference.runtimes import Runtime, Wanted
from lulc_engine.inference.runtimes.machine import Machine

if TYPE_CHECKING:  # PyTorch takes seconds to load, and a prepared network does without
    from lulc_engine.inference.runtimes.stored_graph import StoredGraph
    from lulc_engine.models.network import Network

# Large enough that the halo costs little, small enough for a laptop's memory.
TILE_PX = 576
# Margin of networks whose reach has no useful bound; their windows may show faint seams.
FALLBACK_HALO_PX = 128


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
    halo = FALLBACK_HALO_PX if spec.halo_px is None else spec.halo_px
    side = options.tile_px or TILE_PX

    plan = pixel_plan(task.scene.window, task.part, side, halo, spec.stride)
    wanted = Wanted(True, bool(options.confidence), bool(options.probabilities))

    def network() -> Network:
        from lulc_engine.models.build import load_network

        network = load_network(spec, task.tensors)
        network.input.set_radiometry(task.radiometry.scale, task.radiometry.offset)
        return network

    def runtime(machine: Machine) -> Runtime:
        if machine.runtime == "openvino":
            return _openvino(task, plan, wanted, network, machine)
        from lulc_engine.inference.runtimes.torch_runtime import TorchRuntime

        return TorchRuntime(network(), machine.torch_device(), wanted)

    return Approach(task.scene.crop(task.part), plan, DirectSink, runtime)


def _openvino(
    task: Task, plan: Plan, wanted: Wanted, network: Callable[[], Network], machine: Machine
) -> Runtime:
    """Return the runtime for the plan's windows, which all have one shape."""
    from lulc_engine.inference.runtimes.openvino_runtime import OpenVinoRuntime, Recipe

    def graph() -> StoredGraph:
        from lulc_engine.inference.runtimes.stored_graph import StoredGraph

        return StoredGraph(network(), wanted)

    window = plan.jobs[0].window
    recipe = Recipe(
        task.model_sha256,
        task.radiometry.scale,
        task.radiometry.offset,
        (len(task.spec.bands), window.height, window.width),
        task.dtype.name,
        wanted,
    )
    return OpenVinoRuntime(recipe, graph, machine.precision, machine.threads)
