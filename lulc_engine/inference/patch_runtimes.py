"""What executes a patch classifier on the windows of a scene."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from lulc_engine.inference.approach import Task
from lulc_engine.inference.runtimes import Runtime, Wanted
from lulc_engine.inference.runtimes.batches import BatchRuntime, batch_size
from lulc_engine.inference.runtimes.blocks import BLOCK_PX, BlockRuntime
from lulc_engine.inference.runtimes.machine import Machine
from lulc_engine.inference.runtimes.prepared import prepared
from lulc_engine.inference.runtimes.recipe import EVERY_WINDOW, ONE_BY_ONE, Recipe

# Whose bodies have ``dense()``; known without loading PyTorch.
DENSE_ARCHITECTURES = ("pixelnet", "dcnn5")
# Preparing a large network takes longer than to classify so many pixels with it.
_WORTH_PREPARING_PX = 4_000_000


@dataclass(frozen=True)
class Work:
    """What is asked of a patch classifier.

    Attributes:
        size: side of the windows.
        step: pixels from one window to the next.
        windows: how many there are.
        wanted: what to give.
    """

    size: int
    step: int
    windows: int
    wanted: Wanted

    @property
    def overlaps(self) -> bool:
        """Whether windows overlap so much that a convolution is less work than the windows."""
        return self.step <= max(1, self.size // 2)

    @property
    def block_cells(self) -> int:
        """Windows along the side of a block."""
        return max(1, BLOCK_PX // self.step)


def patch_runtime(task: Task, work: Work, machine: Machine) -> Runtime:
    """Return what is fastest: networks for small windows as convolutions, others in batches."""
    is_dense = task.spec.architecture in DENSE_ARCHITECTURES
    dense = work.overlaps and is_dense and task.spec.settings.get("resize_px") is None
    is_short = not dense and work.windows * work.size**2 < _WORTH_PREPARING_PX
    if machine.runtime == "torch" or (is_short and task.options.runtime == "auto"):
        return _in_torch(task, work, machine, dense)
    return (_in_blocks if dense else _in_batches)(task, work, machine)


def _in_torch(task: Task, work: Work, machine: Machine, dense: bool) -> Runtime:
    import torch

    from lulc_engine.inference.runtimes.torch_runtime import TorchRuntime
    from lulc_engine.inference.runtimes.window_runtime import WindowRuntime
    from lulc_engine.models.build import load_patch_network
    from lulc_engine.models.every_window import EveryWindow

    network = load_patch_network(task.spec, task.tensors)
    network.input.set_radiometry(task.radiometry.scale, task.radiometry.offset)
    device, check = machine.torch_device(), task.feedback.check
    if not dense:
        return WindowRuntime(network, device, work.size, work.step, work.wanted, check)
    runtime = TorchRuntime(EveryWindow(network, work.step).eval(), device, work.wanted)
    on_processor = device.type == "cpu"
    threads = torch.get_num_threads() if on_processor else 1
    pool = ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,))
    cells = work.block_cells if on_processor else None
    return BlockRuntime(
        lambda values, valid: runtime.run(values, valid, valid),
        cells, work.size, work.step, pool, check,
    )  # fmt: skip


def _in_blocks(task: Task, work: Work, machine: Machine) -> Runtime:
    side = (work.block_cells - 1) * work.step + work.size
    recipe = _recipe(task, work, (1, side), EVERY_WINDOW)
    runtime = prepared(task.options.model, recipe, machine, task.feedback.check)
    pool = ThreadPoolExecutor(machine.threads)
    return BlockRuntime(
        lambda values, valid: runtime.run(values, valid, valid),
        work.block_cells, work.size, work.step, pool, task.feedback.check,
    )  # fmt: skip


def _in_batches(task: Task, work: Work, machine: Machine) -> Runtime:
    recipe = _recipe(task, work, (batch_size(work.size), work.size), ONE_BY_ONE)
    runtime = prepared(task.options.model, recipe, machine, task.feedback.check)
    return BatchRuntime(
        runtime, work.wanted, work.size, work.step, machine.threads, task.feedback.check
    )


def _recipe(task: Task, work: Work, batch: tuple[int, int], form: str) -> Recipe:
    """Return the recipe for batches of (windows, side)."""
    count, side = batch
    return Recipe(
        task.model_sha256,
        task.radiometry.scale,
        task.radiometry.offset,
        (count, len(task.spec.bands), side, side),
        task.dtype.name,
        work.wanted,
        form,
        work.step if form == EVERY_WINDOW else 1,
    )
