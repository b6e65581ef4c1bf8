"""Applying patch classifiers to scenes.

Small windows stand for the pixel in their middle, so the map has the scene's pixels, or every
STRIDEth of them. Larger patches stand for all that they show: the map has a pixel per step, or,
with PER_PIXEL, the scene's pixels, each with the mean of all windows that see it. Every kind of map
covers the whole scene; where its sides are no multiples of STRIDE, pixels reach over its edges.
"""

from __future__ import annotations

from functools import partial

from lulc_engine.errors import OptionsError
from lulc_engine.inference.approach import Approach, DirectSink, Task
from lulc_engine.inference.averaging import AveragingSink
from lulc_engine.inference.lattice import Lattice
from lulc_engine.inference.patch_runtimes import Work, patch_runtime
from lulc_engine.inference.runtimes import Runtime, Wanted
from lulc_engine.inference.runtimes.machine import Machine
from lulc_engine.models.card import PatchFacts
from lulc_engine.options import ClassifyOptions
from lulc_engine.rasters.grid import Window
from lulc_engine.speed import SMALL_PX, step_px

# What a job advances, in pixels: enough windows for a batch, little enough for a laptop's memory.
_TILE_PX, _LARGEST_TILE_PX, _FEWEST_WINDOWS = 512, 1024, 4
# Of larger patches, along a side: so many take seconds, after which progress is due.
_MOST_WINDOWS = 32
_BAND_BYTES = 128 * 2**20


def patch_approach(task: Task) -> Approach:
    """Return how a patch classifier is applied.

    Raises:
        OptionsError: the options do not go together, or not with the model.
    """
    options, facts = task.options, task.spec.patch
    if facts is None:
        raise ValueError("the spec is of a segmenter")
    _check(options, facts)
    step = step_px(task.spec, options.stride, options.per_pixel)
    by_centre = facts.size_px <= SMALL_PX and not options.per_pixel
    of_cells = not options.per_pixel
    lattice = Lattice.of(task.scene.window, facts.size_px, step, by_centre, of_cells)
    cells = lattice.windows_on(task.part) if options.per_pixel else lattice.cells_in(task.part)
    grid = task.scene.crop(task.part) if options.per_pixel else lattice.grid(task.scene, cells)
    _say(task, step)

    return Approach(
        grid,
        lattice.plan(cells, _tile_px(task, facts.size_px, step)),
        lambda writers: (
            AveragingSink(writers, lattice, cells, task.part)
            if options.per_pixel
            else DirectSink(writers)
        ),
        partial(_runtime, task, facts, step, cells),
        facts.multilabel,
    )


def _runtime(task: Task, facts: PatchFacts, step: int, cells: Window, machine: Machine) -> Runtime:
    options = task.options
    labels = not (options.per_pixel or facts.multilabel)
    wanted = Wanted(
        labels,
        labels and bool(options.confidence or options.min_confidence),
        not labels or bool(options.probabilities),
        facts.multilabel,
        task.spec.temperature,
    )
    work = Work(facts.size_px, step, cells.height * cells.width, wanted)
    return patch_runtime(task, work, machine)


def _check(options: ClassifyOptions, facts: PatchFacts) -> None:
    if options.per_pixel and options.stride is not None and options.stride > facts.size_px:
        raise OptionsError(
            f"With --per-pixel --stride can be at most the window's side of {facts.size_px} "
            f"pixels, not {options.stride}: pixels between windows would get no label.",
            "Choose a smaller step.",
        )
    if facts.multilabel and (options.confidence or options.areas or options.min_confidence):
        raise OptionsError(
            "The model gives several classes per patch, so there is no winning class: "
            "--confidence and --areas cannot be written, and --min-confidence has no meaning.",
            "Leave them out; OUTPUT holds the probability of every class.",
        )


def _say(task: Task, step: int) -> None:
    size = task.spec.patch.size_px if task.spec.patch else 0
    if task.options.per_pixel:
        text = f"Windows of {size} pixels at steps of {step}, averaged for each pixel."
    elif step == 1 and size <= SMALL_PX:
        text = f"Every pixel is classified by the window of {size} pixels around it."
    else:
        text = f"Windows of {size} pixels; the map has a pixel for every {step} of the scene's."
    task.feedback.info(text)


def _tile_px(task: Task, size: int, step: int) -> int:
    """Return about how many pixels a job advances."""
    side = min(max(_TILE_PX, _FEWEST_WINDOWS * size), _LARGEST_TILE_PX)
    if size > SMALL_PX:
        side = min(side, _MOST_WINDOWS * step)
    if task.options.per_pixel:
        row_bytes = 4 * len(task.spec.legend) * task.part.width
        side = min(side, max(_BAND_BYTES // row_bytes - size, 1))
    return task.options.tile_px or side
