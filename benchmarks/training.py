"""Time trainings against the same steps on tensors that are ready.

    python benchmarks/training.py [--threads 2] [--repeats 5] [--steps 20]

A step on ready tensors is forward pass, loss, backward pass, optimiser and moving average; a
training also draws, cuts, turns, jitters, blends and normalises what it shows. Both alternate in
one run, in the training that the command sets up; printed are medians in samples per second and
their ratio. A Mobile-UNet on the demo scene, a SpectralNet on patches of 64 px and a PixelNet on
patches of 5 px, of invented values.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lulc_engine.errors import Cancelled
from lulc_engine.feedback import Feedback
from lulc_engine.options import TrainPatchesOptions, TrainSegmenterOptions
from lulc_engine.training.fit import Trainer
from lulc_engine.training.patch_fit import PatchTrainer
from lulc_engine.training.patches import train_patches
from lulc_engine.training.segmenter import train_segmenter

DEMO = Path(__file__).resolve().parent.parent / "resources" / "demo"


def main() -> int:
    """Run everything and print a row per network."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--steps", type=int, default=20, help="steps of a measurement")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        segmenter = TrainSegmenterOptions(
            image=(str(DEMO / "scene.tif"),),
            labels=str(DEMO / "train.geojson"),
            class_field="class",
            model=str(folder / "m.safetensors"),
            threads=given.threads,
        )
        measure(train_segmenter, segmenter, "mobile_unet", Trainer, given)
        for architecture, size, bands in (("spectralnet", 64, 3), ("pixelnet", 5, 4)):
            options = invented(folder, architecture, size, bands, given.threads)
            measure(train_patches, options, architecture, PatchTrainer, given)
    return 0


def invented(
    folder: Path, architecture: str, size: int, bands: int, threads: int
) -> TrainPatchesOptions:
    """Return the options of a training on patches of noise, each class of another brightness."""
    rng = np.random.default_rng(0)
    count = 2**22 // size**2 if size > 15 else 2**14
    targets = rng.integers(0, 5, count)
    patches = rng.normal(1000 + 200 * targets[:, None, None, None], 90, (count, size, size, bands))
    np.save(folder / "x.npy", patches.clip(1, 9999).astype(np.uint16))
    np.save(folder / "y.npy", targets)
    return TrainPatchesOptions(
        features=str(folder / "x.npy"),
        targets=str(folder / "y.npy"),
        architecture=architecture,
        model=str(folder / "p.safetensors"),
        mode="train",
        threads=threads,
    )


def measure(
    train: Callable[[Any, Feedback], Any],
    options: Any,
    name: str,
    trainer: type[Trainer] | type[PatchTrainer],
    given: argparse.Namespace,
) -> None:
    """Set a training up by its command, and measure instead of training."""

    def run(self: Any, feedback: Feedback) -> None:
        if isinstance(self, Trainer):
            batches: Iterable[Any] = (self.draw() for _ in itertools.count())
            learn: Callable[[Any], Any] = self.step
        else:
            batches = itertools.chain.from_iterable(
                self.batches.epoch(n) for n in itertools.count()
            )
            learn = lambda batch: self.step(*batch)  # noqa: E731
        self._network.train()
        report(name, compare(iter(batches), learn, given.repeats, given.steps))
        raise Cancelled

    original, trainer.run = trainer.run, run  # type: ignore[method-assign,assignment]
    try:
        train(options, Feedback())
    except Cancelled:
        pass
    finally:
        trainer.run = original  # type: ignore[method-assign]


def compare(
    batches: Any, learn: Callable[[Any], Any], repeats: int, steps: int
) -> Sequence[tuple[float, float, int]]:
    """Return seconds of training and of the same number of ready steps, and samples, by repeat."""
    found = []
    for _ in range(repeats + 1):
        ready = [next(batches) for _ in range(steps)]
        started = time.perf_counter()
        for batch in ready:
            learn(batch)
        on_ready = time.perf_counter() - started
        started, samples = time.perf_counter(), 0
        for _ in range(steps):
            batch = next(batches)
            learn(batch)
            samples += len(batch[0])
        found.append((time.perf_counter() - started, on_ready, samples))
    return found[1:]  # the first one warms up


def report(name: str, found: Sequence[tuple[float, float, int]]) -> None:
    """Print a row."""
    training, ready = (
        statistics.median(row[2] / row[column] for row in found) for column in (0, 1)
    )
    ratio = statistics.median(on_ready / whole for whole, on_ready, _ in found)
    sys.stdout.write(
        f"{name:12} training {training:8.1f} samples/s, ready tensors {ready:8.1f}, "
        f"ratio {ratio:.3f}\n"
    )
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
