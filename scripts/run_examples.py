"""Run the models for folders of scenes and for choosing a network, through qgis_process.

    scripts/with_plugin.sh .venv/bin/python scripts/run_examples.py

Like run_model.py, which has the first model: short trainings, because what counts is that numbers
steer what comes next.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import rasterio

ROOT = Path(__file__).resolve().parent.parent
DEMO = ROOT / "resources/demo"
CLASSES = {"CLASS_FIELD": "class_id", "CLASS_NAME_FIELD": "class"}


def main() -> int:
    """Run both and return 0 where each did what it should."""
    with tempfile.TemporaryDirectory() as folder:
        check_better(Path(folder, "better"))
        check_scenes(Path(folder, "scenes"), Path(folder, "better", "first.safetensors"))
    return 0


def check_better(folder: Path) -> None:
    """See that the map is made by the network with the higher mean IoU."""
    folder.mkdir()
    outputs = {
        "first:First model": "first.safetensors",
        "first:First report": "first.html",
        "first:First metrics": "first.json",
        "second:Second model": "second.safetensors",
        "second:Second report": "second.html",
        "second:Second metrics": "second.json",
        "classify_first:Map by the first": "map_first.tif",
        "classify_second:Map by the second": "map_second.tif",
    }
    log = run(
        "Choose the better of two networks",
        SCENE=DEMO / "scene.tif",
        LABELS=DEMO / "train.geojson",
        TEST_LABELS=DEMO / "test.geojson",
        **CLASSES,
        FIRST="mobile_unet",
        SECOND="fpn",
        EPOCHS=2,
        **{name: folder / file for name, file in outputs.items()},
    )
    scores = {name: mean_iou(folder / f"{name}.json") for name in ("first", "second")}
    better = "first" if scores["first"] >= scores["second"] else "second"
    made = sorted(path.stem for path in folder.glob("map_*.tif"))
    require(made == [f"map_{better}"], f"{scores}, but the maps are {made}")
    require(f"{better.title()} network: mean IoU" in log, f"the log does not say so: {log}")
    print(f"  mean IoU {scores}: the map is by the {better} network")


def check_scenes(folder: Path, model: Path) -> None:
    """Classify the scenes of a folder one after the other, as a batch does."""
    folder.mkdir()
    for name, left in (("east", 160), ("west", 0)):
        cut_scene(folder / f"{name}.tif", left)
    for scene in sorted(folder.glob("*.tif")):
        outputs = {
            "classify:Map": folder / f"map_{scene.name}",
            "classify:Confidence": folder / f"confidence_{scene.name}",
            "classify:Class areas": folder / f"areas_{scene.stem}.csv",
        }
        run("Classify scenes with one model", SCENE=scene, MODEL=model, **outputs)
        missing = [path.name for path in outputs.values() if not path.is_file()]
        require(not missing, f"missing for {scene.name}: {missing}")
    print("  every scene of the folder has its map, confidence and areas")


def cut_scene(path: Path, left: int) -> None:
    """Write 160 x 160 pixels of the demo scene with their band names."""
    with rasterio.open(DEMO / "scene.tif") as source:
        window = rasterio.windows.Window(left, 0, 160, 160)
        profile = {**source.profile, "width": 160, "height": 160}
        profile["transform"] = source.window_transform(window)
        with rasterio.open(path, "w", **profile) as target:
            target.write(source.read(window=window))
            target.descriptions = source.descriptions


def mean_iou(metrics: Path) -> float:
    """Return the score in a metrics file; 0 where it does not exist, as the model has it."""
    return float(json.loads(metrics.read_text(encoding="utf-8"))["mean_iou"] or 0)


def run(name: str, **parameters: object) -> str:
    """Run an example model; return what it printed."""
    given = [f"{key}={value}" for key, value in parameters.items()]
    print(name, flush=True)
    done = subprocess.run(
        [os.environ["QGIS_PROCESS"], "run", f"lulcexamples:{name}", "--", *given],
        capture_output=True,
        text=True,
        errors="replace",
    )
    require(done.returncode == 0, f"{done.stdout}\n{done.stderr}")
    return done.stdout + done.stderr


def require(holds: bool, otherwise: str) -> None:
    """End the run where a condition does not hold."""
    if not holds:
        sys.exit(otherwise)


if __name__ == "__main__":
    sys.exit(main())
