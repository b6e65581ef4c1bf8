"""Every architecture of patch classifiers, at every size, and on real patches: `make test-models`.

These are too many for `make test`, which takes each architecture through one size.
"""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from patch_networks import ARCHITECTURES, expect_a_life, patch_spec

BANDS = (3, 4, 12)
SIDES = {"pixelnet": (5, 15), "dcnn5": (5, 64)}
USUAL_SIDES = (64, 120)

EUROSAT = Path(__file__).resolve().parents[1] / "data" / "eurosat"
CHANCE = 0.1
# Little time and few patches: no mixing, no early stopping, all patches small.
SHORT = {
    "resize_px": 32,
    "batch_size": 8,
    "epochs": 16,
    "learning_rate": 0.0003,
    "mixup": 0,
    "cutmix": 0,
    "patience": 1000,
    "keep": "last",
    "validation_share": 0.1,
    "test_share": 0.3,
    "seed": 1,
    "device": "cpu",
}
OWN = {
    "pixelnet": {"resize_px": 11, "epochs": 40, "learning_rate": 0.003},
    "dcnn5": {"resize_px": 16, "epochs": 60, "learning_rate": 0.003},
    "spectralnet": {"epochs": 20, "learning_rate": 0.003},
    "small_resnet": {"epochs": 20, "learning_rate": 0.03},
    "resnet18": {"learning_rate": 0.0005},
    "densenet121": {"epochs": 12, "learning_rate": 0.0005},
    "efficientnet_b0": {"epochs": 30, "learning_rate": 0.002},
    # Large ones keep the low rate above; those that take long get few epochs.
    "resnet50": {"epochs": 12},
    "vgg16": {"epochs": 24},
    "vgg19": {"epochs": 24},
    "swin": {"epochs": 24},
    "vit": {"epochs": 10},
    "wide_resnet50_2": {"epochs": 6},
}


@pytest.mark.parametrize("bands", BANDS)
@pytest.mark.parametrize(
    ("architecture", "patch_px"),
    [(name, side) for name in ARCHITECTURES for side in SIDES.get(name, USUAL_SIDES)],
)
def test_a_step_a_file_and_a_map_keep_the_network(architecture, patch_px, bands, tmp_path):
    expect_a_life(patch_spec(architecture, bands, patch_px=patch_px), tmp_path)


# --- real patches, through both doors ------------------------------------------------------------


@pytest.mark.timeout(1800)  # the largest networks on processors, twice
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_real_patches_are_told_apart(architecture, tmp_path):
    """Train with `lulc` and with `qgis_process`: both beat chance, and they are the same."""
    options = {"patches": EUROSAT, "architecture": architecture}
    options |= {**SHORT, **OWN.get(architecture, {})}
    folders = [tmp_path / "lulc", tmp_path / "qgis"]
    for folder in folders:
        folder.mkdir()
    by_line = lulc("train-patches", **options, **outputs(folders[0]))
    in_qgis = qgis("trainpatchclassifier", **options, **outputs(folders[1]))
    assert by_line["split"] == in_qgis["SPLIT"] == "test"
    assert by_line["overall_accuracy"] >= CHANCE + 0.2
    assert in_qgis["OVERALL_ACCURACY"] >= CHANCE + 0.2
    assert read(folders[0] / "m.json") == read(folders[1] / "m.json")

    given = {"patches": EUROSAT}
    table, same = folders[0] / "t.csv", folders[1] / "t.csv"
    lulc("classify-patches", **given, model=folders[0] / "m.safetensors", output=table)
    qgis("classifypatches", **given, model=folders[1] / "m.safetensors", output=same)
    assert table.read_bytes() == same.read_bytes()
    with open(table, encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    right = [row["class"] == row["patch"].split("/")[0] for row in rows]
    assert len(right) == len(list(EUROSAT.glob("*/*.jpg")))
    assert sum(right) / len(right) >= CHANCE + 0.2


def outputs(folder):
    return {"model": folder / "m.safetensors", "metrics": folder / "m.json"}


def lulc(command, **options):
    """Run a command of the engine in a process of its own; return its result."""
    given = [command]
    for name, value in options.items():
        given += ["--" + name.replace("_", "-"), str(value)]
    command = [sys.executable, "-m", "lulc_engine", *given, "--json"]
    return json.loads(run(command))


def qgis(algorithm, **parameters):
    """Run the algorithm with the same options in qgis_process; return its results."""
    given = [f"{name.upper()}={value}" for name, value in parameters.items()]
    program = os.environ["QGIS_PROCESS"]
    return json.loads(run([program, "--json", "run", f"lulc:{algorithm}", "--", *given]))["results"]


def run(command):
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))
