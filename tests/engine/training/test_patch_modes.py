"""Testing a model, resuming, checkpoints, freezing and cancelling of `lulc train-patches`."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from landscape import write_untrained_model
from learning import Record
from patch_training import EUROSAT, arrays, lulc, start, trained

from lulc_engine.devices import make_repeatable
from lulc_engine.errors import Cancelled
from lulc_engine.models.build import build_patch_network, network_tensors
from lulc_engine.models.card import read_spec
from lulc_engine.models.model_file import read_card, read_model
from lulc_engine.training.publish import HEADLINE

QUICK = {"epochs": 4, "learning_rate": 0.01}


@pytest.fixture(scope="module")
def tested(data, tmp_path_factory):
    """A model that was trained with its own seed and tested, its result, and its folder."""
    folder = tmp_path_factory.mktemp("tested")
    done = trained(
        model=folder / "m.safetensors", predictions=folder / "p.npz", seed=5, test_share=0.3,
        bands="nir,red,green", **data, **QUICK,
    )  # fmt: skip
    return done.result, folder


def same(first, second):
    return first.keys() == second.keys() and all((first[n] == second[n]).all() for n in first)


# --- train, test, both ---------------------------------------------------------------------------


def test_training_alone_never_looks_at_the_test(tmp_path, data):
    done = trained(
        mode="train", model=tmp_path / "m.safetensors", metrics=tmp_path / "m.json",
        report=tmp_path / "r.html", **data, **QUICK,
    )  # fmt: skip
    assert done.result["split"] == "validation"
    assert [done.result[name] for name in HEADLINE] == [None] * 4
    assert "Until then no score is given as a result" in done.said
    assert json.loads((tmp_path / "m.json").read_text("utf-8"))["overall_accuracy"] > 0.5
    assert "optimistic" in (tmp_path / "r.html").read_text("utf-8")
    assert set(read_card(tmp_path / "m.safetensors")["lulc:scores"]) == {"validation"}
    assert "they are optimistic" in done.said
    assert "are held back for an untouched test: run MODE test on MODEL" in done.said
    assert "TEST_SHARE" not in done.said


def test_without_a_test_it_says_how_to_have_one(tmp_path, data):
    done = trained(model=tmp_path / "m.safetensors", test_share=0, **data, **QUICK)
    assert "Hold patches back with TEST_SHARE for an untouched test.\n" in done.said
    assert all(done.result[name] is not None for name in HEADLINE)


def test_scores_that_there_are_not_are_not_called_optimistic(tmp_path, data):
    done = trained(model=tmp_path / "m.safetensors", test_share=0, fraction=0.01, **data, **QUICK)
    assert "There are no scores. Hold patches back with TEST_SHARE" in done.said
    assert "they are optimistic" not in done.said


def test_testing_alone_repeats_split_and_scores(tmp_path, data, tested):
    """The seed of the split is the training's, whatever the options say."""
    result, folder = tested
    before = (folder / "m.safetensors").read_bytes()
    done = trained(
        mode="test", model=folder / "m.safetensors", predictions=tmp_path / "p.npz",
        metrics=tmp_path / "m.json", table=tmp_path / "t.csv", report=tmp_path / "r.html", **data,
    )  # fmt: skip
    assert done.result["scores"] == result["scores"]
    assert done.result["model_sha256"] == result["model_sha256"]
    assert (tmp_path / "p.npz").read_bytes() == (folder / "p.npz").read_bytes()
    assert (folder / "m.safetensors").read_bytes() == before
    assert "m.safetensors" in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_other_patches_are_all_tested_on_and_matched_by_band_and_class(tmp_path, tested):
    other = arrays(tmp_path / "other", per_class=20, seed=9)
    values = np.load(other["features"])
    np.save(other["features"], values[..., ::-1])
    other["band_names"] = "nir,red,green,blue"
    done = trained(mode="test", model=tested[1] / "m.safetensors", **other)
    scores = done.result["scores"]
    assert scores["reference"]["n"] == 60
    assert scores["reference"]["independent"] is None
    assert "not those that the model was trained on" in scores["reference"]["notes"][0]
    assert done.result["overall_accuracy"] == pytest.approx(tested[0]["overall_accuracy"], abs=0.25)


def test_classes_that_the_model_lacks_count_as_wrong(tmp_path, tested):
    other = arrays(tmp_path / "other", per_class=10, classes=4)
    done = trained(
        mode="test", model=tested[1] / "m.safetensors", predictions=tmp_path / "p.npz", **other
    )
    rows = done.result["scores"]["classes"]
    assert [row["support"] for row in rows] == [10] * 4
    assert rows[3]["recall"] == 0
    with np.load(tmp_path / "p.npz") as found:
        assert (found["probabilities"][:, 3] == 0).all()


def test_thresholds_of_the_model_are_used_in_its_test(tmp_path):
    data = arrays(tmp_path / "d", several=True)
    files = {"model": tmp_path / "m.safetensors"}
    first = trained(predictions=tmp_path / "a.npz", **files, **data, **QUICK).result
    second = trained(
        mode="test", predictions=tmp_path / "b.npz", report=tmp_path / "r.html", **files, **data
    ).result
    assert first["scores"] == second["scores"]
    assert "The model m.safetensors was compared" in (tmp_path / "r.html").read_text("utf-8")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_what_does_not_fit_the_model_is_refused(tmp_path, data, tested):
    model = tested[1] / "m.safetensors"
    refused(3, "5 px, these have 64", mode="test", model=model, features=wide(tmp_path),
            targets=data["targets"])  # fmt: skip
    several = arrays(tmp_path / "several", several=True)
    refused(3, "gives a patch one class", mode="test", model=model, **several)
    other = arrays(tmp_path / "other", seed=4)
    refused(3, "the model needs 3", mode="test", model=model, bands="red,nir", **other)
    refused(4, "does not exist", mode="test", model=tmp_path / "none.safetensors", **data)
    segmenter, _ = write_untrained_model(tmp_path / "s.safetensors")
    refused(4, "does not take patches", mode="test", model=segmenter, **data)
    refused(2, "--checkpoints", mode="test", model=model, checkpoints=tmp_path / "c", **data)


def refused(code, words, **options):
    done = lulc(**options)
    assert done.code == code, done.result
    assert words in done.message + done.result["error"]["hint"]


def wide(folder):
    np.save(folder / "wide.npy", np.ones((120, 64, 64, 3), np.uint16))
    return folder / "wide.npy"


# --- what is kept --------------------------------------------------------------------------------


def test_checkpoints_are_the_three_networks_and_keep_chooses(tmp_path, data):
    for kept, name in (("metric", "best_metric"), ("loss", "best_loss"), ("last", "last")):
        model, folder = tmp_path / f"{kept}.safetensors", tmp_path / kept
        trained(model=model, keep=kept, checkpoints=folder, **data, **QUICK)
        assert {path.name for path in folder.iterdir()} == {
            "best_metric.safetensors", "best_loss.safetensors", "last.safetensors",
            "state.safetensors", "training.json",
        }  # fmt: skip
        card, tensors = read_model(model)
        other, same_tensors = read_model(folder / f"{name}.safetensors")
        assert same(tensors, same_tensors)
        assert card["lulc:scores"] == other["lulc:scores"]
    assert read_card(tmp_path / "last.safetensors")["lulc:training"]["best_epoch"] == 4


# --- resuming ------------------------------------------------------------------------------------


def test_a_resumed_training_equals_one_that_never_stopped(tmp_path, data):
    whole, half = tmp_path / "whole.safetensors", tmp_path / "half.safetensors"
    trained(model=whole, **data, **QUICK)
    folder = tmp_path / "c"
    with pytest.raises(Cancelled):
        start(Record(cancel_after=2), model=half, checkpoints=folder, **data, **QUICK)
    assert not half.exists()
    assert {path.name for path in folder.iterdir()} == {"state.safetensors", "training.json"}
    trained(model=half, checkpoints=folder, resume=True, **data, **QUICK)
    first, second = read_model(whole), read_model(half)
    assert same(first[1], second[1])
    assert first[0]["model_sha256"] == second[0]["model_sha256"]


def test_only_the_same_training_is_resumed(tmp_path, data):
    folder, model = tmp_path / "c", tmp_path / "m.safetensors"
    trained(model=model, checkpoints=folder, **data, **QUICK)
    again = {"model": model, "checkpoints": folder, "resume": True}
    changed = {**QUICK, "epochs": 9}
    refused(3, "--epochs was 4 and is now 9", **again, **data, **changed)
    refused(3, "--bands was not set and is now nir", **again, **data, **QUICK, bands="nir")
    other = arrays(tmp_path / "d", seed=3)
    refused(3, "had other patches", **again, **other, **QUICK)
    (folder / "training.json").write_text("{", encoding="utf-8")
    refused(3, "is damaged", **again, **data, **QUICK)


# --- freezing ------------------------------------------------------------------------------------


def test_frozen_weights_stay_and_others_move(tmp_path):
    """A network of timm whose backbone is frozen for all epochs, and for the first of two."""
    for name in ("Forest", "SeaLake"):
        shutil.copytree(EUROSAT / name, tmp_path / "data" / name)
    found = {}
    for frozen in (2, 1):
        model = tmp_path / f"{frozen}.safetensors"
        done = trained(
            patches=tmp_path / "data", architecture="resnet18", resize_px=16, epochs=2,
            freeze_epochs=frozen, keep="last", model=model,
        )  # fmt: skip
        found[frozen] = read_model(model)
        assert "FREEZE_EPOCHS keeps weights that are random" in done.said
    make_repeatable(0)
    initial = network_tensors(build_patch_network(read_spec(found[2][0])))
    backbone = [name for name in initial if name.startswith("body.backbone.")]
    head = [name for name in initial if name.startswith("body.head.")]
    assert len(backbone) > 50
    assert all((found[2][1][name] == initial[name]).all() for name in backbone)
    assert all((found[2][1][name] != initial[name]).any() for name in head)
    kernels = [name for name in backbone if initial[name].ndim == 4]
    assert all((found[1][1][name] != initial[name]).any() for name in kernels)


# --- cancelling ----------------------------------------------------------------------------------


def files_in(folder):
    return {path.name for path in Path(folder).iterdir()}


def outputs(folder):
    names = {"model": "m.safetensors", "report": "r.html", "metrics": "m.json", "table": "t.csv"}
    return {name: folder / file for name, file in {**names, "predictions": "p.npz"}.items()}


def test_a_cancelled_training_leaves_nothing(tmp_path, data):
    with pytest.raises(Cancelled):
        start(Record(cancel_after=1), **outputs(tmp_path), **data, **QUICK)
    assert not files_in(tmp_path)


def test_the_best_network_until_then_may_be_kept(tmp_path, data):
    record = Record(cancel_after=2)
    with pytest.raises(Cancelled, match="the best model so far is in"):
        start(record, keep_best=True, **outputs(tmp_path), **data, **QUICK)
    assert files_in(tmp_path) == {path.name for path in outputs(tmp_path).values()}
    training = read_card(tmp_path / "m.safetensors")["lulc:training"]
    assert training["interrupted"]
    assert training["epochs"] == 2
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "The training was interrupted" in page


def test_a_cancel_before_the_first_epoch_keeps_nothing(tmp_path, data):
    record = Record()
    record.cancel()
    with pytest.raises(Cancelled):
        start(record, keep_best=True, **outputs(tmp_path), **data, **QUICK)
    assert not files_in(tmp_path)
