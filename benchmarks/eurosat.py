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

from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
MODEL = ROOT / "resources" / "models" / "eurosat_rgb.safetensors"
SPLITS = ("train", "val", "test")
# EuroSAT's authors made the pictures by gdal_translate -scale 0 2750 1 255 of Level-1C numbers
# (their FAQ), so 0 would be a reflectance at the top of the atmosphere of -0.00108 and 255 is one
# of 0.275. Level-2A scenes, which most people have, lack the light that the air adds. With
# top = path + share * surface, of rough values for a clear sky, the ends are at the surface:
ENDS, AIR = (-0.00108, 0.275), {"red": (0.020, 0.93), "green": (0.037, 0.89), "blue": (0.065, 0.85)}
STRETCH = ",".join(f"{(end - path) / share:.4f}" for path, share in AIR.values() for end in ENDS)
BUNDLED = {"architecture": "small_resnet", "metric": "overall_accuracy", "threads": 1}
FIRST = {"epochs": 46, "cutmix": 0.35, "seed": 0}
# A second cycle of a rate that rises and falls begins with the weights of the first. It shows every
# training picture as two libraries decode it, for the first network had learned one's rounding.
SECOND = {"epochs": 20, "learning-rate": 0.05, "mixup": 0.15, "cutmix": 0.4, "seed": 1}
COMPARED = ("spectralnet", "resnet18")
COMPARISON = {
    "batch-size": 32,
    "threads": 1,
    "seed": 0,
    "epochs": 8,
    "fraction": 0.25,
    "mode": "train",
}


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
    """Train the bundled model in two cycles, go on where it was stopped, and test it."""
    MODEL.parent.mkdir(parents=True, exist_ok=True)
    once, first = patches(work), work / "first.safetensors"
    if not first.exists():
        train(work, "first", once, first, {**BUNDLED, **FIRST, "mode": "train"}, extra)
    options = {**BUNDLED, **SECOND, "initial-model": first}
    result = train(work, "bundle", decoded_twice(work, once), MODEL, options, extra)
    sys.stdout.write(f"{result['split']} accuracy: {result['overall_accuracy']:.4f}\n")
    for row in result["scores"]["classes"]:
        numbers = " ".join(f"{row[rate]:.4f}" for rate in ("precision", "recall", "f1"))
        sys.stdout.write(f"{row['name']} {numbers} ({row['support']})\n")


def compare(work: Path, extra: list[str]) -> None:
    """Train networks alike and print their best validation accuracy."""
    for name in COMPARED:
        model = work / f"{name}.safetensors"
        options = {**COMPARISON, "architecture": name}
        train(work, name, patches(work), model, options, extra)
        # While the test stays untouched the result of the command has no scores.
        scores = json.loads((work / f"{name}_metrics.json").read_text(encoding="utf-8"))
        split = scores["reference"]["split"]
        sys.stdout.write(f"{name}: {split} accuracy {scores['overall_accuracy']:.4f}\n")


def train(
    work: Path, name: str, table: Path, model: Path, options: dict[str, Any], extra: list[str]
) -> dict[str, Any]:
    """Run ``lulc train-patches`` on a table of EuroSAT's patches and return its result."""
    state = work / f"{name}_checkpoints"
    outputs = {
        kind: str(work / f"{name}_{kind}.{suffix}")
        for kind, suffix in (("report", "html"), ("metrics", "json"), ("table", "csv"))
    }
    command = [sys.executable, "-m", "lulc_engine", "train-patches", "--json"]
    command += ["--patches", str(table), f"--stretch={STRETCH}"]
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


def decoded_twice(work: Path, once: Path) -> Path:
    """Return a table that also names Pillow's reading of each training picture, as PNG.

    GDAL's and Pillow's differ by about one of 255 in red and blue, which JPEG stores at half
    resolution.
    """
    table = work / "patches_twice.csv"
    if table.exists():
        return table
    with once.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    twice = []
    for row in rows:
        twice.append(row)
        if row["split"] == "train":
            other = Path("other_decoder", row["path"]).with_suffix(".png")
            (work / other).parent.mkdir(parents=True, exist_ok=True)
            with Image.open(work / row["path"]) as picture:
                picture.convert("RGB").save(work / other)
            twice.append({**row, "path": other.as_posix()})
    with table.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=["path", "label", "split"])
        writer.writeheader()
        writer.writerows(twice)
    return table


if __name__ == "__main__":
    sys.exit(main())
