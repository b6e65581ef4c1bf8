"""`lulc train-patches` end to end: real patches, arrays, a scene, several classes, bad input."""

import csv
import json

import numpy as np
import pytest
from factories import write_raster
from landscape import Country
from patch_training import BANDS, BIGEARTHNET, EUROSAT, arrays, lulc, trained

from lulc_engine.cli.console import print_result
from lulc_engine.feedback import Feedback
from lulc_engine.models.model_file import read_card, read_model
from lulc_engine.options import TrainPatchesOptions
from lulc_engine.samples.chips import ChipStore
from lulc_engine.samples.patches.sources import open_patches
from lulc_engine.samples.split import TRAINING

QUICK = {"epochs": 4, "learning_rate": 0.01}
# Without mixing and early stopping, since there are few patches and little time.
SHORT = {"mixup": 0, "cutmix": 0, "patience": 1000, "keep": "last", "test_share": 0.3}


# --- real patches --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def eurosat(tmp_path_factory):
    """The result of a training on EuroSAT, and the folder of its files."""
    folder = tmp_path_factory.mktemp("eurosat")
    names = {"model": "m.safetensors", "report": "r.html", "metrics": "m.json", "table": "t.csv"}
    files = {name: folder / file for name, file in names.items()}
    done = trained(
        patches=EUROSAT, architecture="spectralnet", resize_px=32, epochs=20, stretch="0,0.3",
        validation_share=0.1, predictions=folder / "p.npz", **files, **SHORT,
    )  # fmt: skip
    return done.result, folder


CHANCE = 0.1


def test_spectralnet_beats_chance_on_real_patches(eurosat):
    result, _ = eurosat
    assert result["split"] == "test"
    assert result["overall_accuracy"] > CHANCE + 0.2


@pytest.mark.parametrize(
    ("architecture", "options"),
    [
        ("pixelnet", {"resize_px": 11, "epochs": 40}),
        ("dcnn5", {"resize_px": 16, "epochs": 60, "batch_size": 8}),
    ],
)
def test_small_networks_beat_chance_on_real_patches(tmp_path, architecture, options):
    done = trained(
        patches=EUROSAT, architecture=architecture, model=tmp_path / "m.safetensors",
        validation_share=0.1, **SHORT, **options,
    )  # fmt: skip
    assert done.result["overall_accuracy"] > CHANCE + 0.2


def test_all_files_agree(eurosat):
    result, folder = eurosat
    metrics = json.loads((folder / "m.json").read_text(encoding="utf-8"))
    assert metrics == result["scores"]
    with np.load(folder / "p.npz", allow_pickle=False) as stored:
        found = dict(stored)
    count = metrics["reference"]["n"]
    assert (found["predicted"] == found["targets"]).mean() == pytest.approx(
        metrics["overall_accuracy"]
    )
    assert found["probabilities"].shape == (count, 10)
    np.testing.assert_allclose(found["probabilities"].sum(axis=1), 1, atol=1e-5)
    own = [name.split("/")[0] for name in found["names"]]
    assert own == [found["class_names"][index] for index in found["targets"]]
    assert found["class_ids"].tolist() == list(range(10))
    with open(folder / "t.csv", encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["name"] for row in rows[:10]] == found["class_names"].tolist()
    page = (folder / "r.html").read_text(encoding="utf-8")
    assert "--resize-px 32" in page
    assert "tested with patches that were used for no choice" in page


def test_the_card_tells_how_the_model_was_made(eurosat):
    _, folder = eurosat
    card = read_card(folder / "m.safetensors")
    training = card["lulc:training"]
    assert card["mlm:tasks"] == ["scene-classification"]
    assert card["lulc:patch"]["size_px"] == 64
    assert card["lulc:patch"]["stretch"] == [[0, 0.3]] * 3
    assert card["lulc:architecture"] == {"name": "spectralnet", "settings": {"resize_px": 32}}
    assert [band["role"] for band in card["lulc:bands"]] == ["red", "green", "blue"]
    assert training["options"]["patches"] == "eurosat"
    assert "model" not in training["options"]
    assert training["data"]["files"][-1]["sha256"]
    assert (training["seed"], training["kept"], training["best_epoch"]) == (0, "last", 20)
    assert sum(training["split"]["units"].values()) == 120
    for row in training["split"]["classes"]:
        assert row["training"] + row["validation"] + row["test"] == 12
    assert training["rejected"] == 0
    assert set(card["lulc:scores"]) == {"validation", "test"}
    assert card["lulc:scores"]["validation"]["reference"]["optimistic"]


def test_spoilt_patches_are_counted_and_listed(tmp_path):
    root = tmp_path / "patches"
    for name in ("Forest", "SeaLake"):
        (root / name).mkdir(parents=True)
        for source in sorted((EUROSAT / name).iterdir()):
            (root / name / source.name).write_bytes(source.read_bytes())
    (root / "Forest" / "broken.jpg").write_bytes(b"no picture at all")
    done = trained(
        patches=root, resize_px=16, architecture="dcnn5", epochs=1,
        model=tmp_path / "m.safetensors", report=tmp_path / "r.html",
    )  # fmt: skip
    assert done.result["rejected"] == 1
    assert "Forest/broken.jpg" in (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "1 patch was left out" in done.said


def test_bigearthnet_gives_scores_of_several_classes(tmp_path, capsys):
    done = trained(
        patches=BIGEARTHNET, architecture="dcnn5", resize_px=16, epochs=2,
        validation_share=0.3, test_share=0.3,
        model=tmp_path / "m.safetensors", metrics=tmp_path / "m.json", table=tmp_path / "t.csv",
        report=tmp_path / "r.html", predictions=tmp_path / "p.npz",
    )  # fmt: skip
    scores, card = done.result["scores"], read_card(tmp_path / "m.safetensors")
    assert done.result["kappa"] is None
    assert {"f2", "hamming_loss", "one_error", "map"} <= set(scores["multilabel"])
    assert len(card["lulc:bands"]) == 12
    assert [row["id"] for row in card["lulc:legend"]] == list(range(19))
    assert card["lulc:patch"]["multilabel"]
    assert len(card["lulc:patch"]["thresholds"]) == 19
    assert card["lulc:training"]["recipe"]["loss"] == "focal_bce"
    with np.load(tmp_path / "p.npz", allow_pickle=False) as found:
        assert found["targets"].shape == found["predicted"].shape == found["probabilities"].shape
        assert found["thresholds"].tolist() == card["lulc:patch"]["thresholds"]
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "Broad-leaved forest" in page
    print_result("train-patches", done.result, as_json=False)
    assert f"mean average precision: {scores['multilabel']['map']:.3f}" in capsys.readouterr().out


# --- other sources -------------------------------------------------------------------------------


def test_windows_of_a_scene_are_learned_with_the_users_ids(tmp_path):
    country = Country(bands=4)
    scene = write_raster(tmp_path / "s.tif", country.image("uint16"), descriptions=BANDS)
    labels = country.polygons(tmp_path / "l.geojson", (7, 70, 700))
    done = trained(
        image=scene, labels=labels, class_field="class", max_per_class=150, indices="ndvi",
        model=tmp_path / "m.safetensors", predictions=tmp_path / "p.npz", **QUICK,
    )  # fmt: skip
    card = read_card(tmp_path / "m.safetensors")
    assert card["lulc:architecture"]["name"] == "pixelnet"
    assert card["lulc:transform"] == "log_ratio"
    assert card["lulc:patch"]["size_px"] == 5
    assert [row["id"] for row in card["lulc:legend"]] == [7, 70, 700]
    split = card["lulc:training"]["split"]
    assert split["kind"] == split["unit"] == "polygon"
    assert sum(split["units"].values()) == 64  # fields, each of hundreds of windows
    assert sum(split["patches"].values()) > 400
    assert card["lulc:training"]["pixel_m"] == [10.0, 10.0]
    assert done.result["overall_accuracy"] > 1 / 3 + 0.2
    with np.load(tmp_path / "p.npz") as found:
        assert set(found["targets"]) == {7, 70, 700}


def test_few_polygons_are_named_where_none_is_held_back(tmp_path):
    """Three fields of a class are too few to take a test from them without being asked."""
    country = Country(bands=4, side=3)
    scene = write_raster(tmp_path / "s.tif", country.image("uint16"), descriptions=BANDS)
    labels = country.polygons(tmp_path / "l.geojson", (1, 2, 3))
    quick = {"epochs": 1, "max_per_class": 50}
    done = trained(
        image=scene, labels=labels, class_field="class", model=tmp_path / "m.safetensors", **quick
    )
    assert done.result["split"] == "validation"
    assert "where a class has fewer than 5 polygons, none are held back unasked" in done.said


def test_arrays_of_several_classes_have_thresholds_from_validation(tmp_path):
    data = arrays(tmp_path / "d", several=True)
    done = trained(
        model=tmp_path / "m.safetensors", predictions=tmp_path / "p.npz",
        classes="crop,forest,water", class_weights="balanced", loss="binary_cross_entropy",
        **data, **QUICK,
    )  # fmt: skip
    card = read_card(tmp_path / "m.safetensors")
    limits = card["lulc:patch"]["thresholds"]
    used = [row["threshold"] for row in done.result["scores"]["multilabel"]["classes"]]
    assert used == limits
    assert len(set(limits)) > 1
    with np.load(tmp_path / "p.npz") as found:
        assert (found["predicted"] == (found["probabilities"] >= np.array(limits))).all()


def test_the_published_recipe(tmp_path):
    data = arrays(tmp_path / "d", classes=5)
    done = trained(
        recipe="published", epochs=1, model=tmp_path / "m.safetensors", report=tmp_path / "r.html",
        **data,
    )  # fmt: skip
    assert "Reflectance = value * 1.5259e-05 + 0 (the published recipe)." in done.said
    assert done.said.count("Reflectance = ") == 1  # that of the data is not used
    card, tensors = read_model(tmp_path / "m.safetensors")
    recipe = card["lulc:training"]["recipe"]
    assert card["lulc:architecture"]["name"] == "dcnn5"
    assert card["lulc:radiometry"]["scale"] == [1 / 65535] * 4
    assert card["lulc:normalisation"] == {"mean": [0.0] * 4, "spread": [1.0] * 4}
    assert (recipe["optimizer"], recipe["learning_rate"]) == ("adam", 1e-4)
    assert (recipe["batch_size"], recipe["average"], recipe["turn"]) == (128, 0.0, False)
    body = [t.size for name, t in tensors.items() if name.startswith("body.")]
    assert sum(body) - 3 == 24_181  # without the counters of the three batch norms


# --- the same again, and what may not matter -----------------------------------------------------


def test_the_same_seed_gives_the_same_file(tmp_path):
    data, hashes, files = arrays(tmp_path / "d"), [], []
    for number, seed in enumerate((7, 7, 8)):
        model = tmp_path / f"{number}.safetensors"
        hashes.append(trained(model=model, seed=seed, **data, **QUICK).result["model_sha256"])
        card, tensors = read_model(model)
        files.append(({k: v for k, v in card.items() if k != "run"}, tensors))
    assert hashes[0] == hashes[1] != hashes[2]
    assert files[0][0] == files[1][0]
    assert all((files[0][1][name] == files[1][1][name]).all() for name in files[0][1])


def test_patches_that_are_held_back_change_nothing_in_the_network(tmp_path):
    data = {**arrays(tmp_path / "d"), "scale": 1e-4}
    given = {name: str(value) for name, value in data.items()}
    options = TrainPatchesOptions(model="m.safetensors", split="contiguous", **given)
    roles = open_patches(options, Feedback(), ChipStore()).roles
    before = trained_tensors(tmp_path / "a.safetensors", data)
    values = np.load(data["features"])
    values[roles != TRAINING] = values[roles != TRAINING][::-1] // 3 + 7
    np.save(data["features"], values)
    after = trained_tensors(tmp_path / "b.safetensors", data)
    assert all((before[name] == after[name]).all() for name in before)


def trained_tensors(model, data):
    trained(model=model, keep="last", patience=100, split="contiguous", **data, **QUICK)
    return read_model(model)[1]


# --- bad input -----------------------------------------------------------------------------------

WRONG = {
    "unknown architecture": ({"architecture": "resnet_of_my_own"}, 2, "resnet_of_my_own"),
    "too large for pixelnet": ({"architecture": "pixelnet", "resize_px": 64}, 2, "1 to 15"),
    "weights of our own": ({"weights": "imagenet"}, 2, "no imagenet weights of pixelnet"),
    "loss of one class": ({"several": True, "loss": "cross_entropy"}, 2, "one class per patch"),
    "score of one class": ({"several": True, "metric": "kappa"}, 2, "one class per patch"),
    "stretch of 16 bits": ({"stretch": "0,0.3"}, 2, "for patches of 8 bits"),
    "stretch upside down": ({"stretch": "1,0", "dtype": "uint8"}, 2, "lower first"),
    "stretch of other bands": ({"stretch": "0,1,0,1", "dtype": "uint8"}, 2, "each of the 4 bands"),
    "predictions without a test": ({"mode": "train", "predictions": "p.npz"}, 2, "of the test"),
    "resume without checkpoints": ({"resume": True}, 2, "needs --checkpoints"),
    "an index without its band": ({"indices": "ndbi"}, 3, "swir16"),
    "one class": ({"classes": 1}, 3, "two classes"),
    "predictions, no test": ({"test_share": 0, "predictions": "p.npz"}, 3, "no test patches"),
    "no such folder": ({"report": "nowhere/r.html"}, 5, "does not exist"),
    "wrong ending": ({"table": "t.xlsx"}, 2, "must end in .csv"),
    "nothing to resume": ({"resume": True, "checkpoints": "c"}, 3, "nothing to resume from"),
}


@pytest.mark.parametrize("case", WRONG)
def test_bad_input_is_refused_with_a_sentence(tmp_path, case):
    options, code, words = WRONG[case]
    options = dict(options)
    made = {name: options.pop(name) for name in ("several", "dtype") if name in options}
    if options.get("classes") == 1:
        made["classes"] = options.pop("classes")
    for name in ("predictions", "report", "table", "checkpoints"):
        if name in options:
            options[name] = tmp_path / options[name]
    data = arrays(tmp_path / "d", per_class=10, **made)
    done = lulc(model=tmp_path / "m.safetensors", epochs=1, **{**data, **options})
    assert done.code == code, done.result
    assert words in done.message
    assert not list(tmp_path.glob("*.*"))


def test_an_input_is_not_overwritten(tmp_path):
    data = arrays(tmp_path / "d", per_class=10)
    done = lulc(model=tmp_path / "m.safetensors", metrics=data["targets"], **data)
    assert done.code == 2
