"""Band studies: the same training on several sets of bands, and which of them is the best."""

import csv
import time

import numpy as np
import pytest
from learning import Record
from patch_training import BANDS, arrays, lulc, start, trained

from lulc_engine.errors import BandError, Cancelled
from lulc_engine.models.model_file import read_card, read_model
from lulc_engine.rasters.bands import Band
from lulc_engine.training import patch_session
from lulc_engine.training.band_study import band_sets

QUICK = {"epochs": 4, "learning_rate": 0.01}
SENTINEL = ("blue", "green", "red", "nir", "swir16", "swir22")


@pytest.fixture(scope="module")
def study(data, tmp_path_factory):
    """A study of five sets, its result, its folder, and the rows of its table."""
    folder = tmp_path_factory.mktemp("study")
    done = trained(
        band_sets="rgb,cir,swir,all,blue+green", model=folder / "m.safetensors",
        table=folder / "t.csv", report=folder / "r.html", metrics=folder / "m.json",
        checkpoints=folder / "c", **data, **QUICK,
    )  # fmt: skip
    return done, folder, rows_of(folder / "t.csv")


def rows_of(path):
    with open(path, encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_every_possible_set_has_a_row(study):
    done, folder, rows = study
    assert [row["set"] for row in rows] == ["rgb", "cir", "all", "blue+green"]
    assert [row["bands"] for row in rows] == [
        "red+green+blue", "nir+red+green", "blue+green+red+nir", "blue+green",
    ]  # fmt: skip
    assert {row["split"] for row in rows} == {"test"}
    assert all(float(row["overall_accuracy"]) <= 1 for row in rows)
    assert "The band set swir was left out" in done.said
    page = (folder / "r.html").read_text(encoding="utf-8")
    assert "Band study" in page
    assert "The band set swir was left out" in page


def test_seconds_are_those_of_the_epochs(tmp_path, data, monkeypatch):
    """What PyTorch loads for the first training is no work on the first set."""
    make = patch_session.PatchTrainer.__init__

    def slow_to_begin(self, *args):
        if not slept:
            slept.append(time.sleep(3))
        make(self, *args)

    slept = []
    monkeypatch.setattr(patch_session.PatchTrainer, "__init__", slow_to_begin)
    trained(
        band_sets="cir,rgb", model=tmp_path / "m.safetensors", table=tmp_path / "t.csv",
        **data, **{**QUICK, "epochs": 2},
    )  # fmt: skip
    assert len(slept) == 1
    assert all(0 < float(row["seconds"]) < 3 for row in rows_of(tmp_path / "t.csv"))


def test_the_model_is_the_best_by_validation(study):
    done, folder, rows = study
    cards = {row["set"]: read_card(folder / "c" / row["set"] / "best_metric.safetensors")
             for row in rows}  # fmt: skip
    validation = {n: c["lulc:scores"]["validation"]["macro_f1"] for n, c in cards.items()}
    (best,) = [row for row in rows if row["best"] == "yes"]
    assert validation[best["set"]] == pytest.approx(max(validation.values()))
    card = read_card(folder / "m.safetensors")
    assert [band["role"] for band in card["lulc:bands"]] == best["bands"].split("+")
    assert done.result["model_sha256"] == card["model_sha256"]
    assert float(best["overall_accuracy"]) == done.result["overall_accuracy"]


def test_bands_that_tell_nothing_lose(study):
    rows = {row["set"]: row for row in study[2]}
    assert rows["blue+green"]["best"] == ""
    assert float(rows["cir"]["macro_f1"]) > float(rows["blue+green"]["macro_f1"])


def test_a_set_is_the_training_with_these_bands(tmp_path, data, study):
    trained(bands="nir,red,green", model=tmp_path / "m.safetensors", **data, **QUICK)
    alone = read_model(tmp_path / "m.safetensors")[1]
    in_study = read_model(study[1] / "c" / "cir" / "best_metric.safetensors")[1]
    assert all((alone[name] == in_study[name]).all() for name in alone)


def test_every_band_alone_and_indices_where_they_can_be_made(tmp_path, data):
    done = trained(
        band_sets="single,red+nir", indices="ndvi", model=tmp_path / "m.safetensors",
        table=tmp_path / "t.csv", stretch="0,0.1,0,0.2,0,0.3,0,0.4",
        **arrays(tmp_path / "d", dtype="uint8"), **{**QUICK, "epochs": 1},
    )  # fmt: skip
    rows = rows_of(tmp_path / "t.csv")
    assert [row["set"] for row in rows] == [*BANDS, "red+nir"]
    assert done.said.count("has no NDVI") == 4
    card = read_card(tmp_path / "m.safetensors")
    tops = {"blue": 0.1, "green": 0.2, "red": 0.3, "nir": 0.4}
    roles = [band["role"] for band in card["lulc:bands"]]
    assert [high for _, high in card["lulc:patch"]["stretch"]] == [tops[role] for role in roles]
    assert card["lulc:indices"] == (["ndvi"] if len(roles) == 2 else [])


def test_sets_that_cannot_be_are_refused(tmp_path, data):
    model = tmp_path / "m.safetensors"
    done = lulc(band_sets="red+swir16", model=model, **data)
    assert (done.code, done.result["error"]["code"]) == (3, "LULC-E33")
    assert "swir16" in done.message
    done = lulc(band_sets="swir", model=model, **data)
    assert done.code == 3
    assert "swir was left out" in done.message


def test_sets_by_name():
    sentinel = [Band(n, role, role) for n, role in enumerate(SENTINEL, start=1)]
    sets, notes = band_sets(sentinel, ["single", "swir", "all", "1+4", "blue+nir", "red"])
    assert [item.name for item in sets] == [*SENTINEL, "swir", "all", "1+4"]
    assert [band.role for band in sets[6].bands] == ["swir22", "nir", "red"]
    assert notes == ["The band set blue+nir is 1+4 again.", "The band set red is red again."]
    unknown = [Band(1, "band 1", None), Band(2, "band 2", None)]
    sets, notes = band_sets(unknown, ["single", "rgb"])
    assert [item.name for item in sets] == ["band 1", "band 2"]
    assert len(notes) == 1
    with pytest.raises(BandError):
        band_sets(unknown, ["rgb"])


def test_a_cancelled_study_keeps_the_best_finished_set_and_goes_on(tmp_path, data):
    """Cancelled in the second set: the first is kept; resumed, the study ends as if never."""
    options = {"band_sets": "rgb,red+nir,all", **data, **QUICK}
    folder = tmp_path / "c"

    class InTheSecond(Record):
        def metric(self, name, **values):
            super().metric(name, **values)
            if len(self.epochs) == 6:
                self.cancel()

    with pytest.raises(Cancelled):
        start(
            InTheSecond(), keep_best=True, model=tmp_path / "k.safetensors",
            table=tmp_path / "k.csv", checkpoints=folder, **options,
        )  # fmt: skip
    assert [row["set"] for row in rows_of(tmp_path / "k.csv")] == ["rgb"]
    card = read_card(tmp_path / "k.safetensors")
    assert card["lulc:training"]["interrupted"]
    assert len(card["lulc:bands"]) == 3
    tables = []
    for name, more in (("r", {"checkpoints": folder, "resume": True}), ("w", {})):
        model, table = tmp_path / f"{name}.safetensors", tmp_path / f"{name}.csv"
        trained(model=model, table=table, **more, **options)
        tables.append([{**row, "seconds": ""} for row in rows_of(table)])
    assert tables[0] == tables[1]
    first, second = (read_model(tmp_path / f"{name}.safetensors")[1] for name in "rw")
    assert all(np.array_equal(first[name], second[name]) for name in first)
