"""Sampling and comparing maps, with the real engine in qgis_process."""

import csv

import pytest
from support import CLASSES, class_array, engine_python, lulc, metrics_of, run, write_raster

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
    assert result["points"] == 141  # 0.1275 / (0.03^2 + 0.1275 / 9216)
