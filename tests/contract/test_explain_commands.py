"""Explaining models and showing their cards, with the real engine in qgis_process."""

import csv
from pathlib import Path

import numpy as np
import pytest
from osgeo import gdal
from support import (
    CLASSES,
    PIXEL_M,
    ROOT,
    engine_python,
    lulc,
    pixels,
    run,
    run_qgis_process,
)

pytestmark = pytest.mark.skipif(engine_python() is None, reason="no Python with the engine")

PATCHES = ROOT / "tests" / "data" / "eurosat" / "River"
BUNDLED = "eurosat_rgb"


@pytest.fixture(scope="module")
def segmenter(data, tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "model.safetensors"
    lulc(
        "train-segmenter", "--image", data["scene"], "--labels", data["labels"],
        "--class-field", "class_id", "--class-name-field", "class", "--model", path,
        "--epochs", 1, "--window-px", 32, "--batch-size", 4, "--seed", 3, "--device", "cpu",
    )  # fmt: skip
    return path


def test_a_part_of_a_scene_is_explained_and_shown_in_colours(
    env, data, segmenter, tmp_path, qgis_app
):
    from qgis.core import QgsRasterLayer

    files = {"OUTPUT": tmp_path / "heat.tif", "REPORT": tmp_path / "heat.html"}
    files["PICTURE"] = tmp_path / "heat.png"
    west, north = 500000 + 20 * PIXEL_M, 5200000 - 10 * PIXEL_M
    extent = f"{west},{west + 600},{north - 500},{north} [EPSG:32632]"
    given = {"INPUT": data["scene"], "MODEL": segmenter, "CLASS": "forest", "EXTENT": extent}
    got = run(env, "explainprediction", **given, **files)
    assert got["EXPLAINED_CLASS"] == "forest"
    heat = pixels(got["OUTPUT"])
    assert heat.dtype == np.float32
    assert heat.shape == (50, 60)
    assert (heat.min(), heat.max()) == (pytest.approx(0, abs=1), pytest.approx(1))
    assert gdal.Open(got["OUTPUT"]).GetGeoTransform()[0::3] == (west, north)
    assert "What speaks for forest" in Path(got["REPORT"]).read_text("utf-8")
    assert Path(got["PICTURE"]).read_bytes().startswith(b"\x89PNG")
    layer = QgsRasterLayer(got["OUTPUT"], "heat")
    assert layer.renderer().type() == "singlebandpseudocolor"
    assert (layer.renderer().classificationMin(), layer.renderer().classificationMax()) == (0, 1)
    stops = layer.renderer().shader().rasterShaderFunction().colorRampItemList()
    assert [stop.color.alpha() for stop in stops] == sorted(stop.color.alpha() for stop in stops)
    assert stops[0].color.alpha() == 0
    again = lulc(
        "explain", "--image", data["scene"], "--model", segmenter, "--class", "forest",
        "--extent", extent, "--output", tmp_path / "again.tif",
    )  # fmt: skip
    assert again["explained_id"] == next(i for i, name in CLASSES.items() if name == "forest")
    np.testing.assert_allclose(pixels(tmp_path / "again.tif"), heat, atol=1e-5)


def test_the_importance_of_bands_is_measured(env, data, segmenter, tmp_path):
    got = run(
        env, "explainprediction", INPUT=data["scene"], MODEL=segmenter, METHOD="occlusion",
        LABELS=data["labels"], CLASS_FIELD="class", TABLE=tmp_path / "t.csv",
        OUTPUT=tmp_path / "drops.tif",
    )  # fmt: skip
    with open(got["TABLE"], encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["class"] == "all"]
    assert [row["role"] for row in rows] == ["blue", "green", "red", "nir"]
    drops = {row["role"]: float(row["drop"]) for row in rows}
    assert got["TOP_BAND"] == max(drops, key=drops.get)
    assert got["TOP_DROP"] == pytest.approx(max(drops.values()), abs=1e-6)
    assert all(row["accuracy_drop"] for row in rows)
    assert pixels(got["OUTPUT"]).shape == (4, 96, 96)


def test_patches_become_pictures(env, tmp_path):
    got = run(
        env, "explainprediction", PATCHES=PATCHES, MODEL=BUNDLED, MAX_PATCHES=3,
        OUTPUT=tmp_path / "pictures", REPORT=tmp_path / "r.html",
    )  # fmt: skip
    assert got["OUTPUT"] == str(tmp_path / "pictures")
    names = sorted(path.name for path in (tmp_path / "pictures").iterdir())
    assert len(names) == 3
    assert names[0].startswith("1_River")
    assert got["PROBABILITY"] > 0.5
    assert "What it does not show" in Path(got["REPORT"]).read_text("utf-8")


def test_errors_name_the_parameters_and_what_is_allowed(env, data, segmenter, tmp_path):
    output = tmp_path / "heat.tif"
    given = {"INPUT": data["scene"], "MODEL": segmenter, "OUTPUT": output}
    code, _, err = run_qgis_process(env, "lulc:explainprediction", **given, CLASS="marsh")
    assert code != 0
    assert "Its classes are: 1 water, 2 forest, 5 built-up." in err
    assert not output.exists()


def test_a_model_shows_its_layers(env, tmp_path):
    got = run(env, "modelinfo", MODEL=BUNDLED, REPORT=tmp_path / "m.html")
    text = Path(got["REPORT"]).read_text("utf-8")
    for words in ("blocks.2", "80 x 16 x 16", "All 33 layers", "4.3 MB", "Scores on the test set"):
        assert words in text, words
