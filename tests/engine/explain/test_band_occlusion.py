import csv

import numpy as np
import pytest
import torch
from explain_networks import OneBand, offer_one_band, subject_of
from factories import pixel_box, write_geojson, write_raster
from patch_files import write_image
from patch_models import make_patch_spec, write_patch_model

from lulc_engine.explain.command import explain
from lulc_engine.explain.methods import Occlusion
from lulc_engine.explain.occlusion import TABLE_HEADER, BandCounts, without_band
from lulc_engine.feedback import Feedback
from lulc_engine.models.network import InputLayer
from lulc_engine.options import ExplainOptions
from lulc_engine.rasters.bands import Band

BANDS = (Band(1, "B04", "red"), Band(2, "B08", "nir"))


def softmax(values):
    shares = np.exp(values - np.max(values, axis=-1, keepdims=True))
    return shares / shares.sum(axis=-1, keepdims=True)


def test_a_band_becomes_its_mean_and_indices_follow():
    layer = InputLayer(["red", "nir"], ["ndvi"], clip=None)
    reflectance = torch.tensor([[[[0.1, torch.nan]], [[0.3, 0.5]]]])
    found = without_band(layer, reflectance, 1, 0.2)
    np.testing.assert_allclose(found[0, :, 0, 0], [0.1, 0.2, (0.2 - 0.1) / (0.2 + 0.1)], rtol=1e-6)
    assert found[0, :, 0, 1].tolist() == [0, 0, 0]  # not valid before, not valid after
    assert reflectance[0, 1, 0, 0] == pytest.approx(0.3)


def test_only_the_band_that_a_network_uses_matters():
    subject = subject_of(OneBand(3, 2), 4, bands=3, means=(0.5, 0.25, 0.5))
    subject.network.input.set_statistics(torch.tensor([0.5, 0.25, 0.5]), torch.ones(3))
    counts = BandCounts(subject.spec.bands, 2)
    raw = torch.rand(5, 3, 4, 4, generator=torch.Generator().manual_seed(0)) + 1
    answer = Occlusion(subject, counts).ask(raw)
    # Logits are -m and m, m being the mean of the second band; without it m is 0.
    middle = raw[:, 1].mean(dim=(1, 2)).numpy() - 0.25
    expected = softmax(np.stack([-middle, middle], axis=1))[:, 1] - 0.5
    np.testing.assert_allclose(answer.maps[:, 1, 0, 0], expected, atol=1e-6)
    assert not answer.maps[:, [0, 2]].any()
    drops = [item.drop for item in counts.importances(None)]
    np.testing.assert_allclose(drops, [0, expected.mean(), 0], atol=1e-6)
    assert counts.samples.tolist() == [0, 5]


def test_counts_by_hand():
    counts = BandCounts(BANDS, 2)
    counts.begin(np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]]), np.array([0, 1, -1]))
    counts.without(0, np.array([[0.7, 0.3], [0.3, 0.7], [0.2, 0.8]]))
    counts.without(1, np.array([[0.4, 0.6], [0.5, 0.5], [0.0, 1.0]]))
    red, nir = counts.importances(None)
    assert (red.samples, red.labelled) == (3, 2)
    assert red.probability == pytest.approx((0.9 + 0.6 + 0.8) / 3)
    assert red.drop == pytest.approx((0.2 + 0.3 + 0) / 3)
    assert nir.drop == pytest.approx((0.5 + 0.1 - 0.2) / 3)
    # With all bands one of two is right; without red both; without nir none (0.5 is a draw).
    assert (red.accuracy, red.accuracy_without, red.accuracy_drop) == (0.5, 1, -0.5)
    assert nir.accuracy_drop == 0.5
    (first, _) = counts.importances(1)
    assert (first.samples, first.probability, first.accuracy_drop) == (1, 0.8, None)


def test_a_class_that_is_given_nowhere_is_looked_for_everywhere():
    counts = BandCounts(BANDS[:1], 2)
    counts.begin(np.array([[0.9, 0.1], [0.6, 0.4]]))
    counts.without(0, np.array([[0.7, 0.3], [0.3, 0.7]]))
    (red,) = counts.importances(1)
    assert (red.samples, red.probability) == (2, pytest.approx(0.25))
    assert red.drop == pytest.approx(0.25 - 0.5)


@pytest.fixture
def one_band_model(monkeypatch, tmp_path):
    """A model file of a network that goes by band 2: below the mean class 1, above it class 2."""
    offer_one_band(monkeypatch)
    spec = make_patch_spec("one_band", 8, roles=("red", "nir", "swir16"), ids=(1, 2))
    path, network = write_patch_model(tmp_path / "m.safetensors", spec)
    return path, network


def test_patches_in_folders_named_like_classes_tell_the_accuracy(one_band_model, tmp_path):
    model, _ = one_band_model
    rng = np.random.default_rng(0)
    for name, level in (("class 1", 20), ("class 2", 80)):
        for number in range(2):
            values = rng.integers(1, 99, (3, 8, 8)).astype("uint16")
            values[1] = level + rng.integers(0, 10, (8, 8))
            path = tmp_path / "patches" / name / f"{number}.tif"
            write_image(path, values, ("red", "nir", "swir16"))
    table, report = tmp_path / "t.csv", tmp_path / "r.html"
    found = explain(
        ExplainOptions(
            patches=str(tmp_path / "patches"), model=model, method="occlusion", scale=1.0,
            offset=0.0, table=str(table), report=str(report), output=str(tmp_path / "pictures"),
        ),
        Feedback(),
    )  # fmt: skip
    drops = {row["role"]: row for row in found["importance"]}
    assert found["top_band"] == "nir"
    assert drops["red"]["drop"] == drops["swir16"]["drop"] == pytest.approx(0, abs=1e-6)
    assert drops["nir"]["drop"] > 0.2
    # Without it all patches look alike: half of them are right by chance.
    assert drops["nir"]["accuracy_drop"] == pytest.approx(0.5)
    assert drops["red"]["accuracy_drop"] == 0
    with open(table, encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert tuple(rows[0]) == TABLE_HEADER
    assert [(row["role"], row["class"]) for row in rows[:4]] == [
        ("red", "all"), ("nir", "all"), ("swir16", "all"), ("red", "class 1"),
    ]  # fmt: skip
    assert float(rows[1]["accuracy"]) == 1
    text = report.read_text("utf-8")
    assert "Accuracy" in text
    assert "Class by class" in text
    assert len(list((tmp_path / "pictures").glob("*.png"))) == 4


def test_a_model_that_knows_no_means_takes_those_of_the_data(monkeypatch, tmp_path):
    """As networks do that were trained elsewhere, on values as they are."""
    offer_one_band(monkeypatch)
    spec = make_patch_spec("one_band", 8, roles=("red", "nir"), ids=(1, 2), clip=None)
    model, _ = write_patch_model(tmp_path / "m.safetensors", spec, mean=0.0, spread=1.0)
    values = np.full((2, 8, 8), 50, "uint16")
    values[1] = np.arange(64).reshape(8, 8)
    write_image(tmp_path / "p.tif", values, ("red", "nir"))
    report = tmp_path / "r.html"
    found = explain(
        ExplainOptions(
            patches=str(tmp_path / "p.tif"), model=model, method="occlusion", scale=1.0,
            offset=0.0, report=str(report),
        ),
        Feedback(),
    )  # fmt: skip
    # The network goes by the patch's mean, and the data are this patch: nothing is lost.
    assert found["top_drop"] == pytest.approx(0, abs=1e-5)
    assert "that it has in these data" in report.read_text("utf-8")


def test_labels_on_a_scene_tell_the_accuracy_too(one_band_model, tmp_path):
    model, _ = one_band_model
    values = np.full((3, 32, 32), 50, "uint16")
    values[1, :, :16], values[1, :, 16:] = 10, 90
    scene = write_raster(tmp_path / "s.tif", values, descriptions=("red", "nir", "swir16"))
    labels = write_geojson(
        tmp_path / "l.geojson",
        [
            (pixel_box(0, 0, 32, 12), {"class": "class 1"}),
            (pixel_box(0, 20, 32, 12), {"class": "class 2"}),
        ],
    )
    given = {
        "image": scene, "model": model, "method": "occlusion", "scale": 1.0, "offset": 0.0,
        "output": str(tmp_path / "d.tif"), "labels": labels, "class_field": "class",
    }  # fmt: skip
    found = explain(ExplainOptions(**given), Feedback())
    assert found["top_band"] == "nir"
    rows = {row["role"]: row["accuracy_drop"] for row in found["importance"]}
    assert rows["red"] == rows["swir16"] == 0
    assert 0.3 < rows["nir"] < 0.7
