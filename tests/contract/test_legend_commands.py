"""Names and colours given to classes reach model and report, by qgis_process and by lulc."""

import json

import pytest
from support import lulc, run, run_qgis_process, write_labels, write_scene

ROWS = [{"id": 5, "name": "town, dense", "color": "#123456"}, {"id": 1, "name": "lake"}]
EXPECTED = [(1, "lake"), (2, "forest"), (5, "town, dense")]
FIELDS = {"CLASS_FIELD": "class_id", "CLASS_NAME_FIELD": "class"}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    scene, labels = write_scene(folder / "scene.tif"), write_labels(folder / "labels.geojson")
    return {"INPUT": scene, "LABELS": labels, **FIELDS}


def legend_of(model):
    rows = lulc("info", "--model", model)["legend"]
    return [(row["id"], row["name"]) for row in rows], {row["id"]: row["color"] for row in rows}


def test_a_segmenter_learns_them(env, data, tmp_path):
    model, metrics = tmp_path / "model.safetensors", tmp_path / "metrics.json"
    run(
        env,
        "trainsegmenter",
        **data,
        LEGEND=json.dumps(ROWS),
        FOCUS_CLASSES="lake, 5",
        EPOCHS=1,
        WINDOW_PX=32,
        BATCH_SIZE=2,
        MODEL=model,
        METRICS=metrics,
    )
    names, colors = legend_of(model)
    assert names == EXPECTED
    assert colors[5] == "#123456"
    classes = json.loads(metrics.read_text(encoding="utf-8"))["classes"]
    assert [row["name"] for row in classes] == [name for _, name in EXPECTED]


def test_a_patch_classifier_learns_them(data, tmp_path):
    table = tmp_path / "legend.json"
    table.write_text(json.dumps(ROWS), encoding="utf-8")
    model = tmp_path / "model.safetensors"
    lulc(
        "train-patches", "--image", data["INPUT"], "--labels", data["LABELS"],
        "--class-field", "class_id", "--class-name-field", "class", "--legend", table,
        "--epochs", 1, "--max-per-class", 60, "--model", model,
    )  # fmt: skip
    names, colors = legend_of(model)
    assert names == EXPECTED
    assert colors[5] == "#123456"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"LEGEND": '[{"id": 1, "name": "forest"}]'}, "LEGEND gives the name 'forest'"),
        ({"LEGEND": "no.json"}, "LEGEND: no.json cannot be read"),
        ({"FOCUS_CLASSES": "forest, meadow"}, "no class 'meadow'"),
    ],
)
def test_what_cannot_be_used_is_named(env, data, tmp_path, given, words):
    model = tmp_path / "model.safetensors"
    code, _, err = run_qgis_process(env, "lulc:trainsegmenter", **data, **given, MODEL=model)
    assert code == 1
    assert words in err
    assert not model.exists()
