"""Exchange with other tools, with the real engine in qgis_process."""

import subprocess

import numpy as np
import pytest
from support import (
    CLASSES,
    ROOT,
    engine_python,
    metrics_of,
    pixels,
    run,
)

pytestmark = pytest.mark.skipif(engine_python() is None, reason="no Python with the engine")

FAST = {"EPOCHS": 1, "SEED": 3, "DEVICE": "cpu"}
# The engine's tests know how Keras lays out its files; QGIS's Python has no h5py.
MAKE_KERAS = "import sys; sys.path.insert(0, sys.argv[1]); from test_keras_import import dcnn5; "
MAKE_KERAS += "dcnn5(classes=3).write_h5(sys.argv[2])"


# --- patches -------------------------------------------------------------------------------------


def test_exported_patches_are_learned(env, data, tmp_path):
    folder = tmp_path / "patches"
    given = {"INPUT": data["scene"], "LABELS": data["labels"], "CLASS_FIELD": "class"}
    got = run(env, "exportpatches", **given, PATCH_PX=9, MAX_PER_CLASS=30, OUTPUT=folder)
    assert got == {"OUTPUT": str(folder), "MANIFEST": str(folder / "manifest.csv")}
    assert {path.parent.name for path in folder.glob("*/*.tif")} == set(CLASSES.values())
    model = tmp_path / "model.safetensors"
    metrics = tmp_path / "metrics.json"
    given = {"PATCHES": got["MANIFEST"], "MODEL": model, "METRICS": metrics}
    run(env, "trainpatchclassifier", **given, **FAST)
    scored = metrics_of(metrics)
    assert {row["name"] for row in scored["classes"]} == set(CLASSES.values())
    with open(got["MANIFEST"], encoding="utf-8") as stream:
        in_test = sum(",test" in line for line in stream)
    assert scored["reference"]["n"] == in_test > 0


def test_tiles_have_an_image_and_labels(env, data, tmp_path):
    folder = tmp_path / "tiles"
    given = {"INPUT": data["scene"], "LABELS": data["labels"], "CLASS_FIELD": "class_id"}
    run(env, "exportpatches", **given, KIND="tiles", TILE_PX=32, OUTPUT=folder)
    shapes = {pixels(path).shape for path in folder.glob("**/*.tif")}
    assert shapes == {(4, 32, 32), (32, 32)}


# --- models --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def imported(env, tmp_path_factory):
    """A model file from a Keras file of random weights."""
    folder = tmp_path_factory.mktemp("imported")
    keras, model = folder / "dcnn5.h5", folder / "model.safetensors"
    made = [
        engine_python(),
        "-c",
        MAKE_KERAS,
        str(ROOT / "tests" / "engine" / "models"),
        str(keras),
    ]
    subprocess.run(made, check=True, cwd=ROOT)
    names = {"BANDS": "blue,green,red,nir", "CLASSES": ",".join(CLASSES.values())}
    assert run(env, "importmodel", INPUT=keras, **names, MODEL=model) == {"MODEL": str(model)}
    return model


def test_an_imported_model_maps_a_scene(env, data, imported, tmp_path):
    got = run(
        env, "classifyraster", INPUT=data["scene"], MODEL=imported, OUTPUT=tmp_path / "map.tif",
        PROBABILITIES=tmp_path / "shares.tif",
    )  # fmt: skip
    assert pixels(got["OUTPUT"]).shape == (96, 96)
    assert np.nansum(pixels(got["PROBABILITIES"]), axis=0).max() == pytest.approx(1, abs=1e-4)


def test_a_model_is_exported_for_other_software(env, imported, tmp_path):
    onnx, openvino = tmp_path / "model.onnx", tmp_path / "model.xml"
    assert run(env, "exportmodel", MODEL=imported, OUTPUT=onnx) == {"OUTPUT": str(onnx)}
    assert b"class_names" in onnx.read_bytes()  # what Deepness reads
    run(env, "exportmodel", MODEL=imported, OUTPUT=openvino)
    assert openvino.with_suffix(".bin").stat().st_size > 0
