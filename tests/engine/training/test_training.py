"""Trainings end to end: any scene, the same again, focus, cancelling, and what the card says."""

import json
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import rasterio
from factories import ORIGIN, write_geojson, write_raster
from landscape import Country
from learning import Record, majority, map_of, train

from lulc_engine import options
from lulc_engine.errors import BandError, Cancelled, DataError, LabelError, OptionsError
from lulc_engine.losses import dice as dice_module
from lulc_engine.models.model_file import read_card, read_model

NAMES = ("crop", "forest", "water")


@pytest.fixture(scope="module")
def country():
    return Country()


@pytest.fixture(scope="module")
def files(country, tmp_path_factory):
    """Paths of a scene and of polygons with class names."""
    folder = tmp_path_factory.mktemp("country")
    scene = write_raster(folder / "scene.tif", country.image("uint16"))
    return scene, country.polygons(folder / "labels.geojson", NAMES)


@pytest.fixture
def model(tmp_path):
    return tmp_path / "m.safetensors"


# --- any scene -----------------------------------------------------------------------------------

CASES = {
    "bytes, polygons": ("uint8", 1, "EPSG:32632", "polygons", (0, 255, 70000)),
    "int16, 13 bands": ("int16", 13, "EPSG:2056", "polygons", ("b", "a", "c")),
    "points": ("uint16", 3, "EPSG:3857", "points", (3, 1, 200)),
    "sparse raster": ("float32", 3, "EPSG:32632", "raster 0.05", (1, 9, 300)),
    "dense raster": ("float64", 3, "EPSG:3035", "raster 1", (0, 1, 70000)),
}


@pytest.mark.parametrize("case", CASES)
def test_any_scene_is_learned_and_comes_back_with_its_ids(tmp_path, model, case):
    dtype, bands, crs, kind, values = CASES[case]
    country = Country(bands)
    scene = write_raster(tmp_path / "scene.tif", country.image(dtype), crs=crs)
    if kind == "polygons":
        labels = country.polygons(tmp_path / "l.geojson", values, crs=crs)
    elif kind == "points":
        labels = country.points(tmp_path / "l.geojson", values)
        labels = write_with_crs(labels, crs)
    else:
        labels = country.raster(tmp_path / "l.tif", values, -1, "int32", float(kind.split()[1]))
        with_crs(labels, crs)
    result = train(scene, labels, model)
    found = map_of(scene, model, tmp_path / "map.tif")
    ids = values
    if isinstance(values[0], str):
        ids = tuple(sorted(values).index(value) + 1 for value in values)
    assert set(np.unique(found)) <= set(ids)
    assert country.share_right(found, ids) > majority(country) + 0.2
    card = read_card(model)
    shuffled = any("dealt out anew" in note for note in card["lulc:training"]["notes"])
    assert shuffled == (case == "dense raster")
    legend = {row["id"]: row["name"] for row in card["lulc:legend"]}
    assert set(legend) == set(ids)
    if isinstance(values[0], str):
        assert legend == {1: "a", 2: "b", 3: "c"}
    assert result["overall_accuracy"] > majority(country)


def with_crs(path, crs):
    with rasterio.open(path, "r+") as dataset:
        dataset.crs = crs
    return path


def write_with_crs(path, crs):
    text = Path(path).read_text(encoding="utf-8").replace("EPSG:32632", crs)
    Path(path).write_text(text, encoding="utf-8")
    return path


def test_several_scenes_a_mask_and_indices(tmp_path, model):
    first, second = Country(4, seed=1), Country(4, seed=1)
    roles = ("green", "red", "nir", "swir16")
    elsewhere = ORIGIN * ORIGIN.translation(500, 0)
    scenes = [
        write_raster(tmp_path / "a.tif", first.image("uint16"), descriptions=roles),
        write_raster(
            tmp_path / "b.tif", second.image("uint16"), descriptions=roles, transform=elsewhere
        ),
    ]
    mask = np.zeros(first.truth.shape, np.uint8)
    mask[:48] = 1
    write_raster(tmp_path / "mask.tif", mask)
    labels = first.polygons(tmp_path / "l.geojson", NAMES)
    record = Record()
    options = {"indices": ["ndvi", "ndwi", "ndbi", "savi"], "mask": [str(tmp_path / "mask.tif")]}
    train(scenes, labels, model, record, epochs=2, **options)
    card = read_card(model)
    assert card["lulc:indices"] == ["ndvi", "ndwi", "ndbi", "savi"]
    assert [band["role"] for band in card["lulc:bands"]] == list(roles)
    assert any("b.tif has no labels" in note for note in card["lulc:training"]["notes"])
    used = sum(
        row[role]["pixels"]
        for row in card["lulc:training"]["split"]["classes"]
        for role in ("training", "validation", "test")
    )
    assert used == 64 * 8 * 8 // 2  # the masked half is gone
    with pytest.raises(BandError, match="EVI needs the band blue"):
        train(scenes, labels, model, indices=["evi"])


# --- the same again ------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_model_and_map(tmp_path, files):
    hashes, maps = [], []
    for number, seed in enumerate((7, 7, 8)):
        model = tmp_path / f"{number}.safetensors"
        hashes.append(train(*files, model, epochs=2, seed=seed)["model_sha256"])
        map_of(files[0], model, tmp_path / f"{number}.tif")
        maps.append((tmp_path / f"{number}.tif").read_bytes())
    assert hashes[0] == hashes[1] != hashes[2]
    first, second = (read_model(tmp_path / f"{n}.safetensors") for n in (0, 1))
    assert {k: v for k, v in first[0].items() if k != "run"} == {
        k: v for k, v in second[0].items() if k != "run"
    }
    assert all((first[1][name] == second[1][name]).all() for name in first[1])
    assert hashes[0] == read_card(tmp_path / "0.safetensors")["model_sha256"]
    with rasterio.open(tmp_path / "0.tif") as a, rasterio.open(tmp_path / "1.tif") as b:
        assert (a.read() == b.read()).all()
        assert a.tags()["LULC_MODEL_SHA256"] == hashes[0]


# --- roles ---------------------------------------------------------------------------------------


def test_test_labels_are_untouched(tmp_path, country, files):
    """Whatever classes the test labels say, the network is the same; only its score differs."""
    own = country.polygons(tmp_path / "own.geojson", NAMES, range(7))
    results = []
    for name, values in (("right", NAMES), ("wrong", NAMES[1:] + NAMES[:1])):
        tests = country.polygons(tmp_path / f"{name}.geojson", values, range(7, 10))
        model = tmp_path / f"{name}.safetensors"
        results.append(train(files[0], own, model, test_labels=tests, epochs=4))
    tensors = [read_model(tmp_path / f"{name}.safetensors")[1] for name in ("right", "wrong")]
    assert all((tensors[0][name] == tensors[1][name]).all() for name in tensors[0])
    assert [result["split"] for result in results] == ["test", "test"]
    assert results[0]["overall_accuracy"] > results[1]["overall_accuracy"]
    reference = results[0]["scores"]["reference"]
    assert (reference["split"], reference["independent"]) == ("test", True)
    intervals = results[0]["scores"]["intervals"]
    drawn = len(json.loads((tmp_path / "right.geojson").read_text("utf-8"))["features"])
    assert (intervals["unit"], intervals["units"]) == ("polygons", drawn)
    low, high = intervals["overall_accuracy"]
    assert low <= results[0]["overall_accuracy"] <= high


def test_roles_never_share_a_polygon(files, model):
    result = train(*files, model, epochs=1, test_share=0.25)
    split = read_card(model)["lulc:training"]["split"]
    assert split["unit"] == "polygon"
    assert sum(split["units"].values()) == 64
    assert min(split["units"].values()) > 5
    assert all(row["status"] == "ok" for row in split["classes"])
    tested = sum(row["test"]["pixels"] for row in split["classes"])
    assert result["scores"]["reference"]["n"] == tested == split["units"]["test"] * 64
    assert result["scores"]["intervals"]["units"] == split["units"]["test"]


def test_scores_of_validation_are_said_to_be_optimistic(files, model):
    record = Record()
    assert train(*files, model, record, epochs=1, test_share=0)["split"] == "validation"
    assert any("they are optimistic" in line for line in record.lines)


# --- focus, recipes, losses ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "expected"),
    [(["water"], ["water"]), (["3", "crop"], ["water", "crop"]), (["none"], [])],
)
def test_named_focus_classes(files, model, words, expected):
    train(*files, model, epochs=1, focus_classes=words)
    assert read_card(model)["lulc:training"]["focus_classes"] == expected


def test_focus_classes_are_found_after_five_epochs(tmp_path, model):
    country = Country(1)
    country.reflectance += np.random.default_rng(0).normal(0, 0.2, country.reflectance.shape)
    scene = write_raster(tmp_path / "s.tif", country.image("float32").clip(0.01))
    labels = country.polygons(tmp_path / "l.geojson", NAMES)
    record = Record()
    # So low a rate that classes are certainly confused after 5 epochs, whatever the recipe.
    train(scene, labels, model, record, focus_classes=["auto"], epochs=6, learning_rate=1e-5)
    focus = read_card(model)["lulc:training"]["focus_classes"]
    assert len(focus) == 2
    assert any(line.startswith("Focus classes, the most confused") for line in record.lines)


def test_unknown_focus_classes_fail_before_the_work(files, model):
    with pytest.raises(DataError, match="no class 'swamp'") as caught:
        train(*files, model, focus_classes=["water", "swamp"])
    assert "crop, forest, water" in caught.value.hint
    assert not model.exists()


@pytest.mark.parametrize("loss", options.LOSSES)
def test_every_loss_trains(files, model, loss):
    record = Record()
    train(*files, model, record, loss=loss, epochs=3, focus_classes=["water"])
    assert record.epochs[-1]["loss"] < record.epochs[0]["loss"]
    assert read_card(model)["lulc:training"]["recipe"]["loss"] == loss


def test_the_published_recipe(files, model):
    record = Record()
    train(*files, model, record, recipe="published", epochs=2)
    recipe = read_card(model)["lulc:training"]["recipe"]
    assert (recipe["optimizer"], recipe["learning_rate"]) == ("adam", 3e-4)
    assert [row["learning_rate"] for row in record.epochs] == [3e-4, 3e-4]
    assert record.fractions[-1] == 1


def test_another_architecture(tmp_path, files, model):
    train(*files, model, architecture="fpn", epochs=2, batch_size=2)
    card = read_card(model)
    assert card["lulc:architecture"]["settings"]["encoder"] == "mobilenet_v2"
    assert card["lulc:receptive_field"]["stride"] == 32
    assert map_of(files[0], model, tmp_path / "map.tif").all()


def test_training_stops_early(files, model):
    record = Record()
    train(*files, model, record, learning_rate=1e-8, patience=2, epochs=40)
    assert len(record.epochs) < 40
    assert any(line.startswith("Stopped: no better") for line in record.lines)


def test_a_diverged_training_says_so(files, model, monkeypatch):
    nothing = float("nan")
    monkeypatch.setattr(dice_module, "loss", lambda x, y, c: x.sum() * nothing)
    with pytest.raises(DataError, match="not a number any more") as caught:
        train(*files, model, loss="dice")
    assert "LEARNING_RATE" in caught.value.hint
    assert not list(model.parent.iterdir())


def test_a_few_bad_steps_do_no_harm(files, model, monkeypatch):
    calls = []
    right = dice_module.loss

    def sometimes(logits, labels, context):
        calls.append(1)
        return right(logits, labels, context) * (float("nan") if len(calls) % 4 == 0 else 1)

    monkeypatch.setattr(dice_module, "loss", sometimes)
    train(*files, model, loss="dice", epochs=2)
    assert all(np.isfinite(tensor).all() for tensor in read_model(model)[1].values())


# --- cancelling ----------------------------------------------------------------------------------


def test_cancelling_from_a_thread_leaves_nothing(files, model):
    record = Record()
    moment = []

    def cancel():
        moment.append(time.monotonic())
        record.cancel()

    threading.Timer(1.0, cancel).start()
    with pytest.raises(Cancelled) as caught:
        train(*files, model, record, epochs=1000, patience=1000)
    assert time.monotonic() - moment[0] < 5
    assert caught.value.exit_code == 130
    assert not list(model.parent.iterdir())


def test_cancelling_before_the_first_epoch_keeps_nothing(files, model):
    record = Record()
    record.cancel()
    with pytest.raises(Cancelled):
        train(*files, model, record, keep_best=True)
    assert not list(model.parent.iterdir())


def test_the_best_network_may_be_kept(tmp_path, files, model):
    report = tmp_path / "r.html"
    with pytest.raises(Cancelled, match="best model so far is in") as caught:
        train(*files, model, Record(2), keep_best=True, report=str(report), epochs=50)
    assert caught.value.exit_code == 130
    card = read_card(model)
    assert card["lulc:training"]["interrupted"] is True
    assert card["lulc:training"]["epochs"] == 2
    assert "interrupted" in report.read_text(encoding="utf-8")
    map_of(files[0], model, tmp_path / "map.tif")


# --- refusals ------------------------------------------------------------------------------------


def test_one_class_is_too_few(tmp_path, country, files, model):
    labels = country.polygons(tmp_path / "l.geojson", ("a", "a", "a"))
    with pytest.raises(LabelError, match="at least two classes"):
        train(files[0], labels, model)
    assert not model.exists()


def test_labels_elsewhere(tmp_path, files, model):
    square = [[0, 0], [1, 0], [1, 1], [0, 0]]
    box = {"type": "Polygon", "coordinates": [square]}
    labels = write_geojson(tmp_path / "l.geojson", [(box, {"class": 1}), (box, {"class": 2})])
    with pytest.raises(LabelError, match="overlap"):
        train(files[0], labels, model)


def test_masks_must_be_one_or_one_per_scene(files, model):
    with pytest.raises(OptionsError, match="2 masks were given for 1 scenes"):
        train(*files, model, mask=["a.tif", "b.tif"])


def test_the_model_is_staged_before_the_work(files, tmp_path):
    with pytest.raises(OptionsError, match=r"must end in \.safetensors"):
        train(*files, tmp_path / "m.pt")
