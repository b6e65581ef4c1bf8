"""Train, classify and assess real scenes over several seeds, through the ``lulc`` command line.

    python benchmarks/accuracy.py neuchatel            # the demo scene, in the repository
    LULC_DATA=FOLDER python benchmarks/accuracy.py slovenia

Prints a line per seed and the median, for `RESULTS.md`. Test labels are only ever assessed on.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SEEDS = range(5)
SCORES = ("overall_accuracy", "kappa", "mean_iou", "macro_f1")


def main() -> int:
    """Run the benchmark named on the command line."""
    scene = sys.argv[1] if len(sys.argv) > 1 else ""
    if scene not in BENCHMARKS:
        sys.stderr.write(f"Name one of: {', '.join(BENCHMARKS)}.\n")
        return 2
    rows = [BENCHMARKS[scene](seed, sys.argv[2:]) for seed in SEEDS]
    for name in SCORES:
        values = [row[name] for row in rows]
        sys.stdout.write(f"median {name}: {statistics.median(values):.4f}\n")
    return 0


def neuchatel(seed: int, extra: list[str]) -> dict[str, Any]:
    """Train on 15 polygons of the demo scene and assess its map on the 6 others."""
    demo = ROOT / "resources" / "demo"
    classes = ["--class-field", "class_id", "--class-name-field", "class"]
    with tempfile.TemporaryDirectory() as folder:
        model, output, areas = (f"{folder}/{n}" for n in ("m.safetensors", "m.tif", "a.csv"))
        scene = ["--image", str(demo / "scene.tif")]
        labels = ["--labels", str(demo / "train.geojson"), *classes]
        started = time.monotonic()
        trained = lulc(
            "train-segmenter", *scene, *labels, "--model", model, "--seed", str(seed), *extra
        )
        seconds = time.monotonic() - started
        lulc("classify", *scene, "--model", model, "--output", output, "--areas", areas)
        reference = ["--reference", str(demo / "test.geojson"), *classes]
        result = lulc("assess", "--map", output, *reference)
        shares = " ".join(
            line.rsplit(",", 1)[1] for line in Path(areas).read_text().splitlines()[1:]
        )
    report(seed, result, f"best epoch {trained['best_epoch']}, {seconds:.0f} s, shares {shares}")
    return result


def slovenia(seed: int, extra: list[str]) -> dict[str, Any]:
    """Train on dense labels of three dates, with a test of whole blocks held back."""
    data = Path(os.environ["LULC_DATA"]) / "slovenia"
    scenes = [part for path in sorted(data.glob("s2_*.tif")) for part in ("--image", str(path))]
    with tempfile.TemporaryDirectory() as folder:
        started = time.monotonic()
        result = lulc(
            "train-segmenter",
            *scenes,
            "--labels",
            str(data / "lulc_labels.tif"),
            "--test-share",
            "0.2",
            "--model",
            f"{folder}/m.safetensors",
            "--seed",
            str(seed),
            *extra,
        )
    report(seed, result, f"{result['split']}, {time.monotonic() - started:.0f} s")
    return result


def lulc(*arguments: str) -> dict[str, Any]:
    """Run a command of the engine and return its result."""
    command = [sys.executable, "-m", "lulc_engine", *arguments, "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=ROOT)
    result: dict[str, Any] = json.loads(done.stdout)
    if done.returncode != 0:
        sys.exit(f"{arguments[0]} failed: {result}")
    return result


def report(seed: int, result: dict[str, Any], more: str) -> None:
    """Print a line for one seed."""
    numbers = ", ".join(f"{name} {result[name]:.4f}" for name in SCORES)
    sys.stdout.write(f"seed {seed}: {numbers} ({more})\n")
    sys.stdout.flush()


BENCHMARKS = {"neuchatel": neuchatel, "slovenia": slovenia}

if __name__ == "__main__":
    sys.exit(main())
