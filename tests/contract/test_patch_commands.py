"""The algorithms for patches with the real engine, in qgis_process and beside `lulc`."""

import csv
from pathlib import Path

import numpy as np
import pytest
from support import (
    CLASSES,
    ROOT,
    engine_python,
    lulc,
    metrics_of,
    pixels,
    run,
    write_raster,
)

pytestmark = pytest.mark.skipif(engine_python() is None, reason="no Python with the engine")

EUROSAT = ROOT / "tests" / "data" / "eurosat"
NAMES = sorted(path.name for path in EUROSAT.iterdir() if path.is_dir())
BIGEARTHNET = ROOT / "tests" / "data" / "bigearthnet"
SCORES = ("OVERALL_ACCURACY", "KAPPA", "MEAN_IOU", "MACRO_F1")
FAST = {"EPOCHS": 1, "SEED": 3, "DEVICE": "cpu"}


def rows_of(path):
    with open(path, encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


# --- patches in folders --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def trained(env, tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    return run(
        env,
        "trainpatchclassifier",
        PATCHES=EUROSAT,
        ARCHITECTURE="pixelnet",
        RESIZE_PX=9,
        **{**FAST, "EPOCHS": 16, "BATCH_SIZE": 8},
        MODEL=folder / "model.safetensors",
        REPORT=folder / "report.html",
        METRICS=folder / "metrics.json",
        TABLE=folder / "table.csv",
        PREDICTIONS=folder / "predictions.npz",
        CHECKPOINTS=folder / "checkpoints",
    )


def test_training_gives_files_and_numbers(trained):
    for name in ("MODEL", "REPORT", "METRICS", "TABLE"):
        assert Path(trained[name]).stat().st_size > 0
    metrics = metrics_of(trained["METRICS"])
    for name in SCORES:
        assert trained[name] == pytest.approx(metrics[name.lower()])
    assert trained["SPLIT"] == "test"
    assert [row["name"] for row in metrics["classes"]] == NAMES
    assert np.load(trained["PREDICTIONS"]).files
    assert list(Path(trained["CHECKPOINTS"]).glob("*.safetensors"))


def test_real_patches_are_told_apart(trained):
    assert trained["OVERALL_ACCURACY"] >= 0.3  # ten classes: chance is 0.1


def test_a_network_of_timm_tells_them_apart_too(env, tmp_path):
    """Of a residual network's usual size, so with small patches, few epochs and nothing mixed."""
    short = {"RESIZE_PX": 16, "EPOCHS": 12, "BATCH_SIZE": 8, "LEARNING_RATE": 0.0005}
    short.update(MIXUP=0, CUTMIX=0, KEEP="last", VALIDATION_SHARE=0.1, TEST_SHARE=0.3)
    got = run(
        env, "trainpatchclassifier", PATCHES=EUROSAT, ARCHITECTURE="resnet18",
        **{**FAST, **short}, MODEL=tmp_path / "model.safetensors",
    )  # fmt: skip
    assert got["SPLIT"] == "test"
    assert got["OVERALL_ACCURACY"] >= 0.3


@pytest.fixture(scope="module")
def table(env, trained, tmp_path_factory):
    output = tmp_path_factory.mktemp("table") / "classes.csv"
    given = {"PATCHES": EUROSAT, "MODEL": trained["MODEL"], "OUTPUT": output}
    assert run(env, "classifypatches", **given) == {
        "OUTPUT": str(output),
        "UNCLASSIFIED": 0,
    }
    return output


def test_every_patch_gets_a_row(table):
    rows = rows_of(table)
    assert list(rows[0])[:4] == ["patch", "class", "class_id", "confidence"]
    assert list(rows[0])[4:] == [f"p_{name}" for name in NAMES]
    assert len(rows) == len(list(EUROSAT.glob("*/*.jpg")))
    for row in rows:
        shares = {name: float(row[f"p_{name}"]) for name in NAMES}
        assert shares[row["class"]] == max(shares.values()) == float(row["confidence"])
        assert sum(shares.values()) == pytest.approx(1, abs=1e-4)
        assert NAMES[int(row["class_id"])] == row["class"]
    assert table.with_suffix(".csvt").is_file()


def test_one_image_will_do(env, trained, table, tmp_path):
    image = next(EUROSAT.glob("SeaLake/*.jpg"))
    given = {"PATCHES": image, "MODEL": trained["MODEL"], "OUTPUT": tmp_path / "one.csv"}
    (row,) = rows_of(run(env, "classifypatches", **given)["OUTPUT"])
    (same,) = [item for item in rows_of(table) if item["patch"].endswith(image.name)]
    assert row["class"] == same["class"]
    assert float(row["confidence"]) == pytest.approx(float(same["confidence"]), abs=1e-4)


def test_the_command_line_gives_the_same_table(trained, table, tmp_path):
    lulc(
        "classify-patches", "--patches", EUROSAT, "--model", trained["MODEL"],
        "--output", tmp_path / "classes.csv",
    )  # fmt: skip
    assert (tmp_path / "classes.csv").read_bytes() == table.read_bytes()


def test_a_patch_classifier_maps_a_scene_in_large_pixels(env, trained, tmp_path):
    """A patch classifier for 64 pixels on a scene of bytes: one pixel of the map per window."""
    values = np.random.default_rng(0).integers(0, 256, (3, 128, 192)).astype("uint8")
    scene = write_raster(tmp_path / "rgb.tif", values, names=("red", "green", "blue"))
    given = {"INPUT": scene, "MODEL": trained["MODEL"], "OUTPUT": tmp_path / "map.tif"}
    assert pixels(run(env, "classifyraster", **given)["OUTPUT"]).shape == (2, 3)
    given.update(STRIDE=32, PER_PIXEL="true", OUTPUT=tmp_path / "fine.tif")
    assert pixels(run(env, "classifyraster", **given)["OUTPUT"]).shape == (128, 192)


# --- patches from scenes -------------------------------------------------------------------------


def test_a_scene_with_labels_is_learned_and_mapped(env, data, tmp_path):
    model, given = tmp_path / "model.safetensors", {"CLASS_FIELD": "class_id"}
    given.update(CLASS_NAME_FIELD="class", MAX_PER_CLASS=300, PATCH_PX=5, **FAST)
    got = run(
        env, "trainpatchclassifier", INPUT=data["scene"], LABELS=data["labels"],
        MODEL=model, **{**given, "EPOCHS": 3},
    )  # fmt: skip
    assert got["SPLIT"] in ("test", "validation")
    mapped = run(
        env, "classifyraster", INPUT=data["other"], MODEL=model, OUTPUT=tmp_path / "map.tif"
    )
    found = pixels(mapped["OUTPUT"])
    assert found.shape == (96, 96)
    assert set(np.unique(found)) <= {*CLASSES, 255, 0}


# --- several classes per patch -------------------------------------------------------------------


def test_several_classes_per_patch_give_shares(env, tmp_path):
    random = np.random.default_rng(0)
    targets = random.integers(0, 2, (80, 2)).astype("uint8")
    features = random.normal(1000, 50, (80, 9, 9, 4))
    features[..., :2] += 2000 * targets[:, None, None, :]
    np.save(tmp_path / "x.npy", features.astype("uint16"))
    np.save(tmp_path / "y.npy", targets)
    model = tmp_path / "model.safetensors"
    got = run(
        env, "trainpatchclassifier", FEATURES=tmp_path / "x.npy", TARGETS=tmp_path / "y.npy",
        CLASSES="left,right", **FAST, MODEL=model,
    )  # fmt: skip
    assert got["KAPPA"] is None
    assert got["MACRO_F1"] is not None

    given = {"MODEL": model, "OUTPUT": tmp_path / "classes.csv"}
    rows = rows_of(run(env, "classifypatches", FEATURES=tmp_path / "x.npy", **given)["OUTPUT"])
    assert [row["patch"] for row in rows] == [str(index) for index in range(80)]
    assert {name for row in rows for name in row["class"].split("|")} <= {"left", "right", ""}

    scene = write_raster(tmp_path / "scene.tif", features[0].transpose(2, 0, 1).astype("uint16"))
    given = {"INPUT": scene, "MODEL": model, "OUTPUT": tmp_path / "shares.tif"}
    shares = pixels(run(env, "classifyraster", **given)["OUTPUT"])
    assert shares.shape == (2, 9, 9)
    assert 0 <= np.nanmin(shares) <= np.nanmax(shares) <= 1


def test_the_layout_of_bigearthnet_is_learned(env, tmp_path):
    metrics = tmp_path / "metrics.json"
    got = run(
        env, "trainpatchclassifier", PATCHES=BIGEARTHNET, BANDS="blue,green,red,nir", **FAST,
        MODEL=tmp_path / "model.safetensors", METRICS=metrics,
    )  # fmt: skip
    assert got["KAPPA"] is None
    assert "multilabel" in metrics_of(metrics)
