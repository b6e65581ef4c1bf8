"""Trainings leave a temperature in the card, and numbers on probabilities in their metrics."""

import csv
import json

import numpy as np
import pytest
from landscape import Country, write_raster
from learning import Record, train
from patch_training import arrays, trained

from lulc_engine.errors import Cancelled
from lulc_engine.evaluation.calibration import fit_temperature
from lulc_engine.evaluation.probability_metrics import CURVES, KEY
from lulc_engine.feedback import Feedback
from lulc_engine.inference.patch_table import classify_patches
from lulc_engine.models.model_file import read_card
from lulc_engine.options import ClassifyPatchesOptions
from lulc_engine.samples.split import VALIDATION
from lulc_engine.training import pixel_probabilities

QUICK = {"epochs": 4, "architecture": "pixelnet"}


@pytest.mark.parametrize("several", [False, True])
def test_a_patch_classifier_says_what_it_is_worth(tmp_path, several):
    data = arrays(tmp_path / "d", several=several)
    if not several:  # without an error there is nothing to be calibrated
        labels, rng = np.load(data["targets"]), np.random.default_rng(0)
        wrong = rng.random(len(labels)) < 0.2
        np.save(data["targets"], np.where(wrong, rng.integers(0, 3, len(labels)), labels))
    done = trained(
        model=tmp_path / "m.safetensors", metrics=tmp_path / "m.json", report=tmp_path / "r.html",
        predictions=tmp_path / "p.npz", scale=1e-4, **data, **QUICK,
    )  # fmt: skip
    card = read_card(tmp_path / "m.safetensors")
    metrics = json.loads((tmp_path / "m.json").read_text(encoding="utf-8"))
    part, own = metrics[KEY], card["lulc:scores"]["validation"][KEY]
    temperature = card["lulc:calibration"]["temperature"]
    assert temperature == part["temperature"] == own["temperature"] != 1
    assert CURVES in part
    assert CURVES not in own
    assert part["n"] == part["of"] == metrics["reference"]["n"]
    if several:
        assert part["average_precision"]["macro"] == pytest.approx(metrics["multilabel"]["map"])
        assert part["thresholds"][-1]["macro_f1"] == pytest.approx(metrics["macro_f1"])
    else:
        assert part["calibration"]["scaled"]["right"] == pytest.approx(metrics["overall_accuracy"])
        assert part["abstaining"][0]["accuracy"] == pytest.approx(metrics["overall_accuracy"])
    assert "expected calibration error" in (tmp_path / "r.html").read_text(encoding="utf-8")
    assert done.result["split"] == "test"
    # The table of patches has the same probabilities as the predictions of the test.
    options = ClassifyPatchesOptions(
        features=str(data["features"]), model=str(tmp_path / "m.safetensors"), scale=1e-4,
        output=str(tmp_path / "t.csv"), threads=1,
    )  # fmt: skip
    classify_patches(options, Feedback())
    with open(options.output, encoding="utf-8", newline="") as stream:
        rows = {row["patch"]: row for row in csv.DictReader(stream)}
    with np.load(tmp_path / "p.npz", allow_pickle=False) as found:
        for name, shares in zip(found["names"], found["probabilities"], strict=True):
            row = rows[str(name)]
            written = [float(row[f"p_{c}"]) for c in found["class_names"]]
            np.testing.assert_allclose(written, shares, atol=2e-5)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("country")
    country = Country()
    scene = write_raster(folder / "scene.tif", country.image("uint16"))
    return scene, country.polygons(folder / "labels.geojson", ["a", "b", "c"])


def test_a_segmenter_says_what_it_is_worth(tmp_path, files, monkeypatch):
    asked = {}
    real = pixel_probabilities.ask_pixels

    def noted(session, role, feedback):
        asked[role] = real(session, role, feedback)
        return asked[role]

    monkeypatch.setattr(pixel_probabilities, "ask_pixels", noted)
    model, metrics = tmp_path / "m.safetensors", tmp_path / "m.json"
    result = train(*files, model, epochs=2, metrics=str(metrics))
    card = read_card(model)
    targets, logits, of = asked[VALIDATION]
    assert len(targets) == len(logits) == of > 0
    matrix = np.array(card["lulc:scores"]["validation"]["confusion"]["matrix"])
    assert of == matrix.sum()
    own = card["lulc:scores"]["validation"][KEY]
    assert own["calibration"]["scaled"]["right"] == pytest.approx(np.trace(matrix) / matrix.sum())
    assert card["lulc:calibration"]["temperature"] == fit_temperature(logits, targets)
    part = json.loads(metrics.read_text(encoding="utf-8"))[KEY]
    assert part["temperature"] == card["lulc:calibration"]["temperature"]
    assert part["abstaining"][0]["accuracy"] == pytest.approx(result["overall_accuracy"])


def test_many_pixels_are_sampled(tmp_path, files, monkeypatch):
    monkeypatch.setattr(pixel_probabilities, "most_samples", lambda classes: 200)
    train(*files, tmp_path / "m.safetensors", epochs=1)
    part = read_card(tmp_path / "m.safetensors")["lulc:scores"]["validation"][KEY]
    assert 100 < part["n"] < 300 < part["of"]


def test_an_interrupted_training_that_has_no_time_is_not_calibrated(tmp_path, files, monkeypatch):
    monkeypatch.setattr(pixel_probabilities, "_INTERRUPTED_S", -1.0)
    model = tmp_path / "m.safetensors"
    with pytest.raises(Cancelled):
        train(*files, model, Record(cancel_after=1), keep_best=True)
    card = read_card(model)
    assert card["lulc:calibration"] == {"temperature": 1.0}
    assert KEY not in card["lulc:scores"]["validation"]
