"""Train, classify and assess the demo scene through qgis_process, as an analyst's batch would.

    scripts/with_plugin.sh .venv/bin/python scripts/demo.py FOLDER

Leaves in FOLDER: model.safetensors, map.tif (with its sidecars), map.png, report.html and
metrics.json of the assessment on test.geojson, training_report.html of the training.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from map_picture import draw_map

from lulc_engine.cli.console import class_table

ROOT = Path(__file__).resolve().parent.parent
DEMO = ROOT / "resources" / "demo"
LEFT_BEHIND = ("model.safetensors", "map.tif", "report.html", "metrics.json", "map.png")
CLASSES = {"CLASS_FIELD": "class_id", "CLASS_NAME_FIELD": "class"}


def main() -> int:
    """Run the three algorithms and show what came out."""
    folder = Path(sys.argv[1]).resolve()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    started = time.monotonic()
    run_algorithm(
        "lulc:trainsegmenter",
        INPUT=DEMO / "scene.tif",
        LABELS=DEMO / "train.geojson",
        **CLASSES,
        MODEL=folder / "model.safetensors",
        REPORT=folder / "training_report.html",
    )
    run_algorithm(
        "lulc:classifyraster",
        INPUT=DEMO / "scene.tif",
        MODEL=folder / "model.safetensors",
        OUTPUT=folder / "map.tif",
    )
    run_algorithm(
        "lulc:assessaccuracy",
        MAP=folder / "map.tif",
        REFERENCE=DEMO / "test.geojson",
        **CLASSES,
        REPORT=folder / "report.html",
        METRICS=folder / "metrics.json",
    )
    draw_map(DEMO / "scene.tif", folder / "map.tif", folder / "map.png")

    missing = [name for name in LEFT_BEHIND if not (folder / name).is_file()]
    if missing:
        print(f"The demo did not leave {', '.join(missing)} in {folder}.", file=sys.stderr)
        return 1
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    print("\nThe map against test.geojson, whose polygons were never learned from:\n")
    print(class_table(metrics))
    print(f"\noverall accuracy {metrics['overall_accuracy']:.4f}, kappa {metrics['kappa']:.4f}")
    print(f"{time.monotonic() - started:.0f} s; the map is {shown(folder / 'map.png')},", end=" ")
    print(f"the report {shown(folder / 'report.html')}")
    return 0


def run_algorithm(algorithm: str, **parameters: object) -> None:
    """Run one algorithm in qgis_process; its progress and messages go to the terminal."""
    given = [f"{name}={value}" for name, value in parameters.items()]
    readable = " ".join(f"{name}={shown(value)}" for name, value in parameters.items())
    print(f"\n$ qgis_process run {algorithm} -- {readable}", flush=True)
    command = [os.environ["QGIS_PROCESS"], "run", algorithm, "--", *given]
    # QGIS writes deprecation warnings of its own to stderr: worth reading only after a failure.
    result = subprocess.run(command, stderr=subprocess.PIPE, text=True, errors="replace")
    if result.returncode != 0:
        sys.exit(f"{result.stderr}\n{algorithm} failed with exit code {result.returncode}.")


def shown(value: object) -> object:
    """Return a path as seen from where the user stands, anything else as it is."""
    return os.path.relpath(value) if isinstance(value, Path) else value


if __name__ == "__main__":
    sys.exit(main())
