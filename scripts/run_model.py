"""Run the graphical model on the demo scene through qgis_process, down both of its branches.

    scripts/with_plugin.sh .venv/bin/python scripts/run_model.py

A short training serves: what counts here is that the numbers of one algorithm steer the next.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODEL = ROOT / "resources/models3/train_classify_assess.model3"
DEMO = ROOT / "resources/demo"
OUTPUTS = {
    "train:Model": "model.safetensors",
    "train:Training report": "training_report.html",
    "classify:Map": "map.tif",
    "assess:Accuracy report": "report.html",
    "assess:Accuracy metrics": "metrics.json",
    "areas:Class areas": "areas.html",
}


def main() -> int:
    """Run both branches and return 0 where each did what it should."""
    with tempfile.TemporaryDirectory() as folder:
        good, poor = Path(folder, "good"), Path(folder, "poor")
        faults = check_good_branch(good, run(good, epochs=2, minimum=0.01))
        if not faults:
            faults = check_poor_branch(poor, run(poor, epochs=1, minimum=1))
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


def run(folder: Path, epochs: int, minimum: float) -> subprocess.CompletedProcess[str]:
    """Run the model with its outputs in a new folder."""
    folder.mkdir()
    values = {
        "SCENE": DEMO / "scene.tif",
        "LABELS": DEMO / "train.geojson",
        "TEST_LABELS": DEMO / "test.geojson",
        "CLASS_FIELD": "class_id",
        "CLASS_NAME_FIELD": "class",
        "EPOCHS": epochs,
        "MINIMUM_MEAN_IOU": minimum,
        **{name: folder / file for name, file in OUTPUTS.items()},
    }
    given = [f"{name}={value}" for name, value in values.items()]
    print(f"{MODEL.name}, {epochs} epochs, least mean IoU {minimum}", flush=True)
    return subprocess.run(
        [os.environ["QGIS_PROCESS"], "run", str(MODEL), "--", *given],
        capture_output=True,
        text=True,
        errors="replace",
    )


def check_good_branch(folder: Path, done: subprocess.CompletedProcess[str]) -> list[str]:
    """Return what is wrong with a run that should have reported the areas."""
    missing = [file for file in OUTPUTS.values() if not (folder / file).is_file()]
    if done.returncode != 0 or missing:
        return [done.stdout, done.stderr, f"exit code {done.returncode}, missing: {missing}"]
    scored = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))["mean_iou"]
    print(f"  mean IoU {scored:.3f}: the areas are reported")
    return []


def check_poor_branch(folder: Path, done: subprocess.CompletedProcess[str]) -> list[str]:
    """Return what is wrong with a run that should have stopped after the assessment."""
    faults = []
    if done.returncode != 1:
        faults.append(f"exit code {done.returncode}, not 1: {done.stdout} {done.stderr}")
    if "is below the minimum of 1" not in done.stderr:
        faults.append(f"no message about the minimum: {done.stderr}")
    if not (folder / "metrics.json").is_file() or (folder / "areas.html").exists():
        faults.append("the model must assess the map, and report no areas of a poor one")
    if not faults:
        print("  stopped, as it should: the mean IoU is below the minimum")
    return faults


if __name__ == "__main__":
    sys.exit(main())
