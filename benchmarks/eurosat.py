"""Train the bundled EuroSAT classifier, and compare networks, through the ``lulc`` command line.

    LULC_DATA=FOLDER python benchmarks/eurosat.py bundle WORK     # the bundled model and its test
    LULC_DATA=FOLDER python benchmarks/eurosat.py compare WORK    # SpectralNet beside ResNet18

LULC_DATA holds ``eurosat_rgb/eurosat_rgb.tar`` (a folder per class) and the lists
``eurosat_{train,val,test}.txt`` beside it. WORK is made and holds the patches, checkpoints, reports
and tables; a stopped run goes on from there. Options after WORK are passed on to
``lulc train-patches``.

``compare`` never looks at the test list; ``bundle`` does once, after the last epoch.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
MODEL = ROOT / "resources" / "models" / "eurosat_rgb.safetensors"
SPLITS = ("train", "val", "test")
# EuroSAT's authors made the pictures by gdal_translate -scale 0 2750 1 255 of Level-1C numbers
# (their FAQ), so 0 would be a reflectance at the top of the atmosphere of -0.00108 and 255 is one
# of 0.275. Level-2A scenes, which most people have, lack the light that the air adds. With
# top = path + share * surface, of rough values for a clear sky, the ends are at the surface:
ENDS, AIR = (-0.00108, 0.275), {"red": (0.020, 0.93), "green": (0.037, 0.89), "blue": (0.065, 0.85)}
STRETCH = ",".join(f"{(end - path) / share:.4f}" for path, share in AIR.values() for end in ENDS)
ALIKE = {"batch-size": 32, "threads": 1, "seed": 0}
BUNDLED = {**ALIKE, "architecture": "spectralnet", "metric": "overall_accuracy"}
# Cycles of a learning rate that rises and falls; each begins with the weights of the one before.
CYCLES = (
    {"epochs": 36},
    {"epochs": 30, "learning-rate": 0.002, "mixup": 0.15, "cutmix": 0.35},
)
COMPARED = ("spectralnet", "resnet18")
COMPARISON = {**ALIKE, "epochs": 8, "fraction": 0.25, "mode": "train"}


def main() -> int:
    """Run the benchmark named on the command line."""
    runs = {"bundle": bundle, "compare": compare}
    if len(sys.argv) < 3 or sys.argv[1] not in runs:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    work = Path(sys.argv[2]).resolve()
    runs[sys.argv[1]](work, sys.argv[3:])
    return 0


def bundle(work: Path, extra: list[str]) -> None:
    """Train the bundled model in cycles, go on where it was stopped, and test it."""
    MODEL.parent.mkdir(parents=True, exist_ok=True)
    before: dict[str, Any] = {}
    for number, cycle in enumerate(CYCLES[:-1], start=1):
        model = work / f"cycle{number}.safetensors"
        if not model.exists():
            train(
                work,
                f"cycle{number}",
                model,
                {**BUNDLED, **cycle, **before, "mode": "train"},
                extra,
            )
        before = {"initial-model": model}
    result = train(work, "bundle", MODEL, {**BUNDLED, **CYCLES[-1], **before}, extra)
    sys.stdout.write(f"{result['split']} accuracy: {result['overall_accuracy']:.4f}\n")
    for row in result["scores"]["classes"]:
        numbers = " ".join(f"{row[rate]:.4f}" for rate in ("precision", "recall", "f1"))
        sys.stdout.write(f"{row['name']} {numbers} ({row['support']})\n")


def compare(work: Path, extra: list[str]) -> None:
    """Train networks alike and print their best validation accuracy."""
    for name in COMPARED:
        model = work / f"{name}.safetensors"
        result = train(work, name, model, {**COMPARISON, "architecture": name}, extra)
        sys.stdout.write(f"{name}: {result['split']} accuracy {result['overall_accuracy']:.4f}\n")


def train(
    work: Path, name: str, model: Path, options: dict[str, Any], extra: list[str]
) -> dict[str, Any]:
    """Run ``lulc train-patches`` on EuroSAT and return its result."""
    state = work / f"{name}_checkpoints"
    outputs = {
        kind: str(work / f"{name}_{kind}.{suffix}")
        for kind, suffix in (("report", "html"), ("metrics", "json"), ("table", "csv"))
    }
    command = [sys.executable, "-m", "lulc_engine", "train-patches", "--json"]
    command += ["--patches", str(patches(work)), f"--stretch={STRETCH}"]
    command += ["--model", str(model), "--checkpoints", str(state)]
    command += [part for kind, path in outputs.items() for part in (f"--{kind}", path)]
    if (state / "state.safetensors").exists():
        command.append("--resume")
    command += [f"--{option}={value}" for option, value in options.items()]
    done = subprocess.run([*command, *extra], stdout=subprocess.PIPE, cwd=ROOT, check=True)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def patches(work: Path) -> Path:
    """Return the table of EuroSAT's patches, classes and splits, made on the first call."""
    table = work / "patches.csv"
    if table.exists():
        return table
    source = Path(os.environ["LULC_DATA"]) / "eurosat_rgb"
    rows = [
        (name, name.split("/")[0], split)
        for split in SPLITS
        for name in (source / f"eurosat_{split}.txt").read_text(encoding="utf-8").split()
    ]
    with tarfile.open(source / "eurosat_rgb.tar") as archive:
        for name, label, _ in rows:  # only what the lists name, wherever a member would go
            (work / label).mkdir(parents=True, exist_ok=True)
            member = archive.extractfile(name)
            if member is None:
                raise FileNotFoundError(name)
            (work / name).write_bytes(member.read())
    with table.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([("path", "label", "split"), *rows])
    return table


if __name__ == "__main__":
    sys.exit(main())
