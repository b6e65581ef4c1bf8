"""Looking into data and models, with the real engine in qgis_process."""

import json

import pytest
from support import CLASSES, engine_python, lulc, metrics_of, run

pytestmark = pytest.mark.skipif(engine_python() is None, reason="no Python with the engine")


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


def test_models_are_compared(env, data, tmp_path):
    fast = {"EPOCHS": 1, "SEED": 3, "DEVICE": "cpu", "MAX_PER_CLASS": 60, "PATCH_PX": 5}
    given = {"INPUT": data["scene"], "LABELS": data["labels"], "CLASS_FIELD": "class"}
    patches = {"TEST_SHARE": 0.3, "ARCHITECTURE": "pixelnet"}
    models, runs = tmp_path / "models", tmp_path / "runs"
    for folder in (models, runs):
        folder.mkdir()
    for name, seed in (("one", 3), ("two", 4)):
        run(
            env, "trainpatchclassifier", **given, **{**fast, **patches},
            LEARNING_RATE=0.001 * seed, MODEL=models / f"{name}.safetensors",
            PREDICTIONS=models / f"{name}.npz", RUN_FOLDER=runs / name,
        )  # fmt: skip
        assert json.loads((runs / name / "run.json").read_text())["status"] == "complete"
    report = tmp_path / "report.html"
    table = tmp_path / "table.csv"
    got = run(env, "comparemodels", MODELS=models, REPORT=report, TABLE=table)
    assert got["BEST"] == str(models / f"{got['BEST_NAME']}.safetensors")
    assert 0 <= got["BEST_SCORE"] <= 1
    assert "more than chance" in report.read_text(encoding="utf-8")
    assert len(table.read_text(encoding="utf-8").splitlines()) == 3
    same = lulc("compare", "--models", models)
    assert (same["best"], same["best_score"]) == (got["BEST"], got["BEST_SCORE"])
    got = run(
        env, "comparemodels", MODELS=runs, FILTER="architecture=pixelnet,seed=3", SORT_BY="name",
        TABLE=table,
    )  # fmt: skip
    assert got["BEST_SCORE"] == same["best_score"]
    assert [row.split(",")[1] for row in table.read_text().splitlines()[1:]] == ["one", "two"]
