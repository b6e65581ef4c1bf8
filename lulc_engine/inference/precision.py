"""Whether a faster, less exact runtime may make a map."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from lulc_engine.feedback import Feedback
from lulc_engine.inference.plan import Job, Pixels, Plan
from lulc_engine.inference.runtimes import Prediction, Runtime
from lulc_engine.inference.runtimes.machine import Machine
from lulc_engine.rasters.grid import Window

# Share of pixels that must get the same label.
SMALLEST_AGREEMENT = 0.995
# Below this many pixels nothing is gained by the comparison, so small maps are always exact.
FEWEST_PIXELS = 4_000_000
# What is compared is one window put together from so many pieces a side, from all over the scene.
_PIECES = 4


def patchwork(plan: Plan, read: Callable[[Job], Pixels | None]) -> Pixels | None:
    """Return a window of the plan's shape, made of pieces from all over what the plan reads.

    Returns:
        The values, their validity, and which pixels to look at; None where nothing is valid.
    """
    first, last = plan.jobs[0].window, plan.jobs[-1].window
    starts = [
        (np.linspace(begin, end - size // _PIECES, _PIECES).astype(int), size // _PIECES)
        for begin, end, size in (
            (first.row_off, last.row_stop, first.height),
            (first.col_off, last.col_stop, first.width),
        )
    ]
    (rows, height), (columns, width) = starts
    if height == 0 or width == 0:
        return None
    values, valid = None, np.zeros((first.height, first.width), bool)
    everything = (slice(None), slice(None))
    for i, row in enumerate(rows.tolist()):
        for j, column in enumerate(columns.tolist()):
            window = Window(row, column, height, width)
            piece = read(Job(window, everything, window))
            if piece is None:
                continue
            if values is None:
                values = np.zeros((len(piece.values), *valid.shape), piece.values.dtype)
            place = (slice(i * height, (i + 1) * height), slice(j * width, (j + 1) * width))
            values[(slice(None), *place)], valid[place] = piece.values, piece.valid
    return None if values is None else Pixels(values, valid, valid)


def faithful(
    make: Callable[[Machine], Runtime],
    machine: Machine,
    plan: Plan,
    read: Callable[[Job], Pixels | None],
    feedback: Feedback,
) -> Runtime:
    """Return a runtime in bf16 where that agrees with float32, else one in that; says which.

    Both label the same patchwork of pieces of the scene, of the size of a window: that says as much
    about arithmetic as whole windows would, and costs as little as one. Where no piece has a valid
    pixel nothing can be compared, and the exact one is taken.

    Args:
        make: makes the runtime of a machine; called from another thread too.
        machine: where to compute.
        plan: windows of the map.
        read: reads a job's pixels.
        feedback: is told the choice.
    """
    machines = (machine.at("bf16"), machine.at("f32", together=True))
    with ThreadPoolExecutor(1) as pool:
        making = [pool.submit(make, one) for one in machines]
        pixels = patchwork(plan, read)
        fast, exact = (one.result() for one in making)
    del making  # it holds them too
    share = None
    if pixels is not None:
        labels = _labels(exact.run(*pixels))
        del exact  # its windows take twice as much memory as those of the fast one
        share = float((labels == _labels(fast.run(*pixels)))[pixels.known].mean())
    if share is not None and share >= SMALLEST_AGREEMENT:
        feedback.info(
            f"Computed in bf16: on samples {100 * share:.2f} % of the labels are those "
            "of f32. PRECISION f32 is exact."
        )
        return fast
    if share is not None:
        feedback.info(
            f"Computed in f32: bf16 gives only {100 * share:.2f} % of the pixels the same label."
        )
    return make(machine.at("f32"))


def _labels(prediction: Prediction) -> np.ndarray:
    """Return the winning classes, of which there are also where only probabilities are wanted."""
    if prediction.classes is not None:
        return prediction.classes
    if prediction.probabilities is None:
        raise ValueError("a prediction without classes and probabilities")
    labels: np.ndarray = prediction.probabilities.argmax(axis=0)
    return labels
