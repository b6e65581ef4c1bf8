"""Compare the loop of patch classifiers with the same steps on tensors that are ready.

    python benchmarks/patch_loop.py

Prints patches a second of processor time for both, one thread, the better of five goes each, on
invented patches. What lies between the two is what reading, turning and jittering cost.
"""

from __future__ import annotations

import dataclasses
import sys
import time
from collections.abc import Callable

import numpy as np
import torch

from lulc_engine.devices import use_threads
from lulc_engine.losses import get_patch_loss
from lulc_engine.losses.context import PatchLossContext
from lulc_engine.models.bodies import build_patch_body
from lulc_engine.models.network import InputLayer
from lulc_engine.models.patch_network import PatchNetwork
from lulc_engine.rasters.bands import Band
from lulc_engine.rasters.legend import make_legend
from lulc_engine.rasters.reflectance import Radiometry
from lulc_engine.samples.patches.patch_set import PatchSet
from lulc_engine.training.patch_fit import PatchTrainer
from lulc_engine.training.patch_recipe import PATCH_RECIPES
from lulc_engine.training.snapshot import PatchFit

# Architecture, side, bands, batch, recipe, batches in a go.
CASES = (
    ("spectralnet", 64, 3, 32, "default", 4),
    ("pixelnet", 5, 4, 64, "default", 60),
    ("pixelnet", 5, 4, 128, "default", 60),
    ("dcnn5", 5, 4, 128, "published", 60),
)
CLASSES, GOES = 5, 5


def main() -> int:
    """Measure all cases."""
    use_threads(1)
    for name, side, bands, batch, recipe, batches in CASES:
        loop, ready = speeds(name, side, bands, batch, recipe, batches)
        sys.stdout.write(
            f"{name} {side} px, batches of {batch}: loop {loop:.0f}/s, ready {ready:.0f}/s, "
            f"ratio {loop / ready:.2f}\n"
        )
    return 0


def speeds(
    name: str, side: int, bands: int, batch: int, recipe: str, batches: int
) -> tuple[float, float]:
    """Return patches a second of the loop and of ready tensors."""
    patches = invented(batch * batches, side, bands)
    layer = InputLayer([None] * bands, (), "log_ratio" if name == "pixelnet" else "none")
    body = build_patch_body(name, layer.channels, CLASSES, {"patch_px": side})
    # Far more epochs than are measured, so that the schedule does not end.
    numbers = dataclasses.replace(PATCH_RECIPES[recipe], batch_size=batch, epochs=1000)
    trainer = PatchTrainer(
        PatchNetwork(layer, body),
        patches,
        numbers,
        get_patch_loss(numbers.loss),
        PatchLossContext(),
        torch.device("cpu"),
        0,
        PatchFit(),
    )
    prepared = [
        (channels.contiguous(memory_format=torch.channels_last), targets)
        for channels, targets in trainer.batches.epoch(1)
    ]

    def ready() -> None:
        for channels, targets in prepared:
            trainer.step(channels, targets)

    def loop() -> None:
        for channels, targets in trainer.batches.epoch(1):
            trainer.step(channels, targets)

    best = {work: float("inf") for work in (loop, ready)}
    for _ in range(GOES):
        for work in best:
            best[work] = min(best[work], seconds(work))
    return len(patches) / best[loop], len(patches) / best[ready]


def seconds(work: Callable[[], None]) -> float:
    """Return the processor time that some work takes."""
    started = time.process_time()
    work()
    return time.process_time() - started


def invented(count: int, side: int, bands: int) -> PatchSet:
    """Return patches of noise, all for training."""
    rng = np.random.default_rng(0)
    return PatchSet(
        images=rng.integers(1, 5000, (count, bands, side, side)).astype(np.uint16),
        valid=None,
        targets=rng.integers(CLASSES, size=count).astype(np.int16),
        roles=np.zeros(count, np.int8),
        names=[str(number) for number in range(count)],
        bands=tuple(Band(number + 1, f"b{number}", None) for number in range(bands)),
        radiometry=Radiometry((1e-4,) * bands, (0.0,) * bands, "option", "invented"),
        legend=make_legend(range(CLASSES), [str(number) for number in range(CLASSES)]),
        split="random",
        source="arrays",
    )


if __name__ == "__main__":
    sys.exit(main())
