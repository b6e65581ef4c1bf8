"""Looking into data and models, with the real engine in qgis_process."""

import pytest
from support import CLASSES, engine_python, metrics_of, run, write_labels, write_scene

pytestmark = pytest.mark.skipif(engine_python() is None, reason="no Python with the engine")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    return {
        "scene": write_scene(folder / "scene.tif"),
        "labels": write_labels(folder / "labels.geojson"),
    }


def test_data_are_described(env, data, tmp_path):
    report, numbers = tmp_path / "data.html", tmp_path / "data.json"
    got = run(
        env, "describedata", INPUT=data["scene"], LABELS=data["labels"], CLASS_FIELD="class",
        REPORT=report, METRICS=numbers,
    )  # fmt: skip
    assert got["REPORT"] == str(report)
    assert (got["CLASS_COUNT"], got["SUSPICIOUS"], got["REJECTED"]) == (3, 0, 0)
    assert 1.9 < got["LOWEST_SEPARABILITY"] <= 2
    found = metrics_of(numbers)
    assert {row["name"] for row in found["classes"]} == set(CLASSES.values())
    assert got["SAMPLES"] == sum(row["samples"] for row in found["classes"])
    assert "Training data" in report.read_text(encoding="utf-8")
