"""Whether a faster, less exact runtime may make a map."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from lulc_engine.feedback import Feedback
from lulc_engine.inference.plan import Job, Pixels, Plan
from lulc_engine.inference.runtimes import Prediction, Runtime

# Share of pixels that must get the same label.
SMALLEST_AGREEMENT = 0.995
# Below this many windows nothing is gained by the comparison, so small maps are always exact.
FEWEST_WINDOWS = 12
_COMPARED = 3


def agreement(
    exact: Runtime, fast: Runtime, plan: Plan, read: Callable[[Job], Pixels | None]
) -> float | None:
    """Return the share of pixels of some windows to which two runtimes give the same label.

    Windows are taken from all over the plan; None where none of them has a valid pixel.
    """
    same = total = 0
    spread = np.linspace(0, len(plan.jobs) - 1, 4 * _COMPARED).astype(int)
    compared = 0
    for number in _from_the_middle(sorted(set(spread.tolist()))):
        job = plan.jobs[number]
        pixels = read(job)
        if pixels is None:
            continue
        labels = [_labels(runtime.run(*pixels).cut(job.core)) for runtime in (exact, fast)]
        same += int((labels[0] == labels[1])[pixels.known].sum())
        total += int(pixels.known.sum())
        compared += 1
        if compared == _COMPARED:
            break
    return same / total if total else None


def faithful(
    exact: Runtime,
    fast: Runtime,
    plan: Plan,
    read: Callable[[Job], Pixels | None],
    feedback: Feedback,
) -> Runtime:
    """Return the fast runtime where it agrees with the exact one, else that; says which."""
    share = agreement(exact, fast, plan, read)
    if share is not None and share >= SMALLEST_AGREEMENT:
        feedback.info(
            f"Computed in bf16: on the windows compared, {100 * share:.2f} % of the labels are "
            "those of f32. PRECISION f32 is exact."
        )
        return fast
    if share is not None:
        feedback.info(
            f"Computed in f32: bf16 gives only {100 * share:.2f} % of the pixels the same label."
        )
    return exact


def _labels(prediction: Prediction) -> np.ndarray:
    """Return the winning classes, of which there are also where only probabilities are wanted."""
    if prediction.classes is not None:
        return prediction.classes
    if prediction.probabilities is None:
        raise ValueError("a prediction without classes and probabilities")
    labels: np.ndarray = prediction.probabilities.argmax(axis=0)
    return labels


def _from_the_middle(numbers: list[int]) -> list[int]:
    """Return numbers in an order that begins in the middle: edges are often nodata."""
    middle = len(numbers) // 2
    return sorted(numbers, key=lambda number: abs(numbers.index(number) - middle))
