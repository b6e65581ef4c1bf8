"""Applying segmenters: every pixel has a label of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lulc_engine.errors import OptionsError
from lulc_engine.inference.approach import Approach, DirectSink, Task
from lulc_engine.inference.plan import pixel_plan
from lulc_engine.inference.runtimes import Runtime, Wanted

if TYPE_CHECKING:
    import torch

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

    def runtime(device: torch.device) -> Runtime:
        from lulc_engine.inference.runtimes.torch_runtime import TorchRuntime
        from lulc_engine.models.build import load_network

        network = load_network(spec, task.tensors)
        network.input.set_radiometry(task.radiometry.scale, task.radiometry.offset)
        wanted = Wanted(True, bool(options.confidence), bool(options.probabilities))
        return TorchRuntime(network, device, wanted)

    return Approach(
        task.scene.crop(task.part),
        pixel_plan(task.scene.window, task.part, side, halo, spec.stride),
        DirectSink,
        runtime,
    )
