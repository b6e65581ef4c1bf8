"""Judge PixelNet on real 5x5 patches of ground it has not seen, beside a random forest.

    LULC_DATA=FOLDER python benchmarks/pixelnet.py WORK [--folds 5] [--dcnn5-epochs 0]

Takes ``sentinel2_patches_5x5/`` in that folder: 12,000 patches of 4 bands, sorted by class, in
which consecutive patches are neighbours. A fold is a contiguous part of every class; two folds are
the harder question, since more of the ground is new. PixelNet is trained and tested through
``lulc train-patches``: the epoch is chosen on a contiguous part of the training folds, and the test
fold is read once, by ``--mode test``. With --dcnn5-epochs the published 5x5 network is trained by
its own recipe for so many epochs (of 300). WORK is made and holds patches, models and metrics. Any
other options are passed on to PixelNet's training.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.ensemble import RandomForestClassifier

ROOT = Path(__file__).resolve().parent.parent
BAD = 65535  # every value of the one patch that is no measurement
COMMON = ["--band-names=blue,green,red,nir", "--scale=0.0001", "--offset=0", "--threads=1"]
# A scale that is given would take the place of the published one.
COMMON_PUBLISHED = [word for word in COMMON if not word.startswith(("--scale", "--offset"))]
# Neighbours stay together in the validation part too.
TRAINING = ["--mode=train", "--split=contiguous", "--validation-share=0.1", "--test-share=0"]


def main() -> int:
    """Print the accuracy of every network on every fold."""
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--dcnn5-epochs", type=int, default=0)
    given, extra = parser.parse_known_args()
    features, targets = patches(Path(os.environ["LULC_DATA"]) / "sentinel2_patches_5x5")
    fold_of = folds(targets, given.folds)
    published = ["--recipe=published", f"--epochs={given.dcnn5_epochs}", "--validation-share=0.1"]
    rows = []
    for fold in range(given.folds):
        here = given.work.resolve() / f"fold{fold}of{given.folds}"
        here.mkdir(parents=True, exist_ok=True)
        held = fold_of == fold
        for name, some in (("train", ~held), ("test", held)):
            np.save(here / f"{name}_x.npy", features[some])
            np.save(here / f"{name}_y.npy", targets[some])
        row = {"pixelnet": accuracy(here, "pixelnet", [*COMMON, *extra])}
        if given.dcnn5_epochs:
            row["dcnn5"] = accuracy(here, "dcnn5", [*COMMON_PUBLISHED, *published])
        row["random forest"] = forest_accuracy(features, targets, held)
        rows.append(row)
        write_row(f"fold {fold}", row)
    means = {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}
    write_row("mean", means)
    return 0


def patches(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return patches (N, 5, 5, 4) uint16 without the bad one, and class ids (N,)."""
    features = np.load(folder / "training_features.npy")
    targets = np.load(folder / "training_labels.npy").astype(np.int64)
    good = ~(features == BAD).all(axis=(1, 2, 3))
    return features[good], targets[good]


def folds(targets: np.ndarray, count: int) -> np.ndarray:
    """Return the fold (N,) of every patch: contiguous parts of every class, as equal as can be."""
    found = np.empty(len(targets), dtype=np.int64)
    for index in np.unique(targets):
        members = np.flatnonzero(targets == index)
        found[members] = np.arange(len(members)) * count // len(members)
    return found


def accuracy(folder: Path, architecture: str, options: list[str]) -> float:
    """Train on a fold's training patches and return the accuracy on its test patches."""
    alike = [f"--architecture={architecture}", f"--model={folder / architecture}.safetensors"]
    data = {
        name: [f"--features={folder / name}_x.npy", f"--targets={folder / name}_y.npy"]
        for name in ("train", "test")
    }
    # What a user adds comes last and wins.
    train_patches([*alike, *data["train"], *TRAINING, *options])
    bands = [word for word in options if word in COMMON]
    tested = train_patches([*alike, *data["test"], "--mode=test", *bands])
    return float(tested["overall_accuracy"])


def train_patches(words: list[str]) -> dict[str, Any]:
    """Run ``lulc train-patches`` and return its result."""
    command = [sys.executable, "-m", "lulc_engine", "train-patches", "--json", *words]
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=ROOT, check=True
    )
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def forest_accuracy(features: np.ndarray, targets: np.ndarray, held: np.ndarray) -> float:
    """Return the accuracy of a random forest of 300 trees on the 100 values of a patch."""
    flat = features.reshape(len(features), -1)
    forest = RandomForestClassifier(300, random_state=0).fit(flat[~held], targets[~held])
    return float(forest.score(flat[held], targets[held]))


def write_row(title: str, row: dict[str, float]) -> None:
    """Print one line of the table."""
    numbers = ", ".join(f"{name} {value:.4f}" for name, value in row.items())
    sys.stdout.write(f"{title}: {numbers}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
