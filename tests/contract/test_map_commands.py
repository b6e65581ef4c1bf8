"""Sampling and comparing maps, with the real engine in qgis_process."""

import csv
import json

import numpy as np
import pytest
from osgeo import ogr
from support import (
    CLASSES,
    class_array,
    engine_python,
    lulc,
    metrics_of,
    pixels,
    run,
    run_qgis_process,
    write_raster,
)

pytestmark = pytest.mark.skipif(engine_python() is None, reason="no Python with the engine")


@pytest.fixture(scope="module")
def map_path(tmp_path_factory):
    folder = tmp_path_factory.mktemp("map")
    return write_raster(folder / "map.tif", class_array().astype("uint8"), nodata=0)


def test_a_sample_is_drawn_and_assesses_the_map(env, map_path, tmp_path):
    design = {"MAP": map_path, "SAMPLING": "stratified", "SIZE": 150, "MIN_PER_CLASS": 20}
    got = run(
        env, "suggestsamples", **design, MAP_CLASS="true", SEED=5,
        OUTPUT=tmp_path / "points.gpkg", TABLE=tmp_path / "design.csv",
    )  # fmt: skip
    assert got["POINTS"] == 150
    assert got["EXPECTED_ERROR"] == pytest.approx(0.029, abs=0.001)  # sqrt(0.85 * 0.15 / 150)
    with open(got["TABLE"], encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [int(row["id"]) for row in rows] == list(CLASSES)
    assert sum(int(row["points"]) for row in rows) == 150

    assessed = run(
        env, "assessaccuracy", MAP=map_path, REFERENCE=got["OUTPUT"], CLASS_FIELD="map_id",
        SAMPLING="stratified", METRICS=tmp_path / "metrics.json",
    )  # fmt: skip
    area = metrics_of(assessed["METRICS"])["area"]
    assert area["overall_accuracy"] == {"value": 1, "ci95": 0}
    assert sum(item["hectares"]["value"] for item in area["classes"]) == pytest.approx(92.16)


def test_the_command_line_draws_too(map_path, tmp_path):
    result = lulc(
        "suggest-samples", "--map", map_path, "--sampling", "simple", "--standard-error", "0.03",
        "--output", tmp_path / "points.geojson",
    )  # fmt: skip
    assert result["points"] == 140  # 0.1275 / (0.03^2 + 0.1275 / 9216)


@pytest.fixture(scope="module")
def unsure(tmp_path_factory):
    """Confidence of the map in which a square is unsure, and the same as probabilities."""
    folder = tmp_path_factory.mktemp("unsure")
    classes = class_array()
    percent = np.full(classes.shape, 99, "uint8")
    percent[20:60, 20:60] = 55
    likeliest = np.arange(3)[:, None, None] == np.searchsorted(list(CLASSES), classes)
    shares = np.where(likeliest, percent / 100, (1 - percent / 100) / 2).astype("float32")
    return {
        "confidence": write_raster(folder / "confidence.tif", percent, nodata=255),
        "probabilities": write_raster(folder / "probabilities.tif", shares),
    }


def test_points_to_label_next_lie_where_the_model_is_unsure(env, map_path, unsure, tmp_path):
    got = run(
        env, "suggestsamples", MAP=map_path, CONFIDENCE=unsure["confidence"], SIZE=12,
        MIN_DISTANCE=50, OUTPUT=tmp_path / "points.gpkg", TABLE=tmp_path / "table.csv",
    )  # fmt: skip
    assert got["POINTS"] == 12
    layer = ogr.Open(str(got["OUTPUT"]))
    points = [
        (point["rank"], point["uncertainty"], point["class_id"], point["sampling"])
        for point in layer.GetLayer(0)
    ]
    assert points == [(rank, 0.45, None, "uncertain") for rank in range(1, 13)]
    with open(got["TABLE"], encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert all(int(row["points"]) >= 2 for row in rows)

    code, _, said = run_qgis_process(
        env, "lulc:suggestsamples", MAP=map_path, SAMPLING="uncertain",
        OUTPUT=tmp_path / "no.gpkg",
    )  # fmt: skip
    assert code != 0
    assert "Give CONFIDENCE or PROBABILITIES" in said


def test_the_command_line_asks_for_labels_too(map_path, unsure, tmp_path):
    output = tmp_path / "points.geojson"
    result = lulc(
        "suggest-samples", "--map", map_path, "--probabilities", unsure["probabilities"],
        "--size", 10, "--output", output,
    )  # fmt: skip
    assert (result["sampling"], result["points"]) == ("uncertain", 10)
    assert result["expected_error"] is None
    features = json.loads(output.read_text(encoding="utf-8"))["features"]
    found = [feature["properties"]["uncertainty"] for feature in features]
    assert found == pytest.approx([1 - 0.55 + 0.225] * 10)


def test_change_between_two_maps(env, map_path, tmp_path):
    later = class_array().astype("uint8")
    later[:48] = np.where(later[:48] == 2, 5, later[:48])  # half of class 2 becomes class 5
    after = write_raster(tmp_path / "after.tif", later, nodata=0)
    files = {"OUTPUT": tmp_path / "change.tif", "TABLE": tmp_path / "change.csv"}
    files["REPORT"] = tmp_path / "change.html"
    got = run(env, "detectchange", BEFORE=map_path, AFTER=after, **files)
    change = pixels(got["OUTPUT"])
    assert set(np.unique(change)) == {11, 22, 25, 55}
    assert ((change == 25) == (later != class_array())).all()
    assert got["CHANGED_HECTARES"] == pytest.approx((change == 25).sum() * 0.01)
    assert got["CHANGED_SHARE"] == pytest.approx((change == 25).mean())
    with open(got["TABLE"], encoding="utf-8", newline="") as stream:
        rows = {(row["from_id"], row["to_id"]): row for row in csv.DictReader(stream)}
    assert int(rows["2", "5"]["pixels"]) == (change == 25).sum()
    with open(got["REPORT"], encoding="utf-8") as stream:
        assert "became" in stream.read()
