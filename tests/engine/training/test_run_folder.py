"""Run folders of both kinds of training: what they hold, whenever one looks in, and repeating."""

import csv
import io
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from factories import write_raster
from landscape import Country
from learning import Record, map_of, train
from patch_training import arrays, lulc, start, trained

from lulc_engine.cli.main import main
from lulc_engine.errors import Cancelled, DataError, EnvironmentFailure, OptionsError
from lulc_engine.models.model_file import read_card
from lulc_engine.reports.plain_text import percent, thousands
from lulc_engine.runs.record import read_record, surely_runs, write_record

NAMES = ("crop", "<script>alert(1)</script>", "=cmd()")
PATCHES = {"architecture": "pixelnet", "epochs": 3, "batch_size": 8, "test_share": 0.2, "seed": 3}
ALWAYS = {"run.json", "config.json", "command.txt", "log.txt"}
BY_EPOCH = {"epochs.csv", "curves.svg", "checkpoints"}
RESULTS = {"metrics.json", "scores.csv", "report.html", "predictions.npz", "class_scores.svg"}
MODELS = {"best_metric.safetensors", "best_loss.safetensors", "last.safetensors"}
SEGMENTER_STATE = {"state.safetensors"}
STATE = {*SEGMENTER_STATE, "training.json"}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Paths of a scene, of training polygons and of test polygons."""
    folder, country = tmp_path_factory.mktemp("country"), Country()
    scene = write_raster(folder / "scene.tif", country.image("uint16"))
    labels = country.polygons(folder / "a label's file.geojson", NAMES, range(7))
    return scene, labels, country.polygons(folder / "t.geojson", NAMES, range(7, 10))


@pytest.fixture(scope="module")
def run(files, tmp_path_factory):
    """Folder and result of a finished training of a segmenter."""
    folder = tmp_path_factory.mktemp("runs") / "first run"
    given = {"epochs": 3, "seed": 5, "test_labels": str(files[2]), "run_folder": str(folder)}
    result = train(*files[:2], folder.parent / "m.safetensors", **given)
    return folder, result


def rows_of(path):
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8"))))


def names_in(folder):
    return {path.name for path in folder.iterdir()}


def test_a_segmenter_leaves_everything(run):
    folder, result = run
    assert names_in(folder) == ALWAYS | BY_EPOCH | RESULTS | {"confusion.svg"}
    assert names_in(folder / "checkpoints") == MODELS | SEGMENTER_STATE
    record = read_record(folder)
    assert (record["status"], record["epochs"], record["split"]) == ("complete", 3, "test")
    assert record["model_sha256"] == result["model_sha256"]
    assert record["scores"]["macro_f1"] == result["macro_f1"]
    metrics = json.loads((folder / "metrics.json").read_text("utf-8"))
    assert metrics["confusion"] == result["scores"]["confusion"]
    assert result["report"] == str(folder / "report.html")


def test_the_examples_of_the_report_are_of_the_network_that_was_scored(run):
    """The country is as large as a window, so that every window has the score of the whole."""
    report = (run[0] / "report.html").read_text("utf-8").replace("\u00a0", " ")
    right = (
        f"{percent(run[1]['overall_accuracy'])} of {thousands(run[1]['scores']['reference']['n'])}"
    )
    assert f"{right} labelled pixels right" in report
    assert "lulc train-segmenter --config &#39;first run/config.json&#39;" in report
    assert "Each epoch took" in report


def test_the_table_of_epochs_is_the_history(run):
    rows = rows_of(run[0] / "epochs.csv")
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    assert float(rows[0]["learning_rate"]) > 0
    assert float(rows[0]["loss"]) > 0
    ious = [float(rows[2][f"validation_iou: {name}"]) for name in NAMES]
    assert float(rows[2]["validation_mean_iou"]) == pytest.approx(np.mean(ious))
    log = (run[0] / "log.txt").read_text("utf-8")
    assert "Epoch 3: loss" in log
    assert log.rstrip().endswith("Ended: complete")


def test_the_predictions_are_those_that_were_scored(run):
    folder, result = run
    with np.load(folder / "predictions.npz", allow_pickle=False) as found:
        ids, targets, predicted = (found[n] for n in ("class_ids", "targets", "predicted"))
        units, confidence = found["units"], found["confidence"]
        assert [str(name) for name in found["class_names"]] == sorted(NAMES)
    matrix = [[int(((targets == a) & (predicted == b)).sum()) for b in ids] for a in ids]
    assert matrix == result["scores"]["confusion"]["matrix"]
    assert len(np.unique(units)) == result["scores"]["intervals"]["units"]
    assert 1 / 3 <= confidence.min() <= confidence.max() <= 1


def test_checkpoints_are_models_that_classify_reads(run, files, tmp_path):
    folder = run[0] / "checkpoints"
    cards = {Path(name).stem: read_card(folder / name) for name in MODELS}
    assert cards["best_metric"]["model_sha256"] == run[1]["model_sha256"]
    assert cards["last"]["lulc:training"]["best_epoch"] == 3
    assert not cards["last"]["lulc:training"]["interrupted"]
    rows = rows_of(run[0] / "epochs.csv")
    lowest = min(rows, key=lambda row: float(row["validation_loss"]))
    assert cards["best_loss"]["lulc:training"]["best_epoch"] == int(lowest["epoch"])
    for card in cards.values():
        assert set(card["lulc:scores"]) == {"validation", "test"}
    assert map_of(files[0], folder / "last.safetensors", tmp_path / "map.tif").any()


def test_the_command_in_the_folder_repeats_the_run(run, capsys):
    """Without a run folder, which changes nothing in the model."""
    folder, result = run
    command = shlex.split((folder / "command.txt").read_text("utf-8"))
    assert command[0] == "lulc"
    assert main([*command[1:], "--json"]) == 0
    said = capsys.readouterr()
    again = json.loads(said.out)
    assert again["model_sha256"] == result["model_sha256"]
    assert again["model"] == str(folder / "repeated.safetensors")
    assert "The model is the same as that of the run" in said.err
    assert read_record(folder)["status"] == "complete"


def test_the_configuration_has_no_open_defaults(run, files):
    config = json.loads((run[0] / "config.json").read_text("utf-8"))
    options = config["options"]
    assert (options["batch_size"], options["loss"]) == (4, "class_focused")
    assert options["learning_rate"] == config["recipe"]["learning_rate"] > 0
    assert (options["device"], options["threads"]) == ("cpu", 1)
    assert options["labels"] == str(files[1])
    assert Path(options["image"][0]).is_absolute()
    assert config["data"]["labels"]["sha256"]


def test_another_seed_makes_another_model_and_says_so(run, tmp_path, capsys):
    words = ["--config", run[0] / "config.json", "--seed", 6, "--model", tmp_path / "m.safetensors"]
    assert main(["train-segmenter", *map(str, words), "--epochs", "1"]) == 0
    assert "The model differs from that of the run" in capsys.readouterr().err


def test_a_configuration_must_be_one(run, tmp_path, capsys):
    (tmp_path / "c.json").write_text("[]", encoding="utf-8")
    for path, command, sentence in (
        (tmp_path / "none.json", "train-segmenter", "does not exist"),
        (tmp_path / "c.json", "train-segmenter", "is not the configuration of a run"),
        (run[0] / "config.json", "train-patches", "of train-segmenter, not of train-patches"),
    ):
        assert main([command, "--config", str(path)]) == 2
        assert sentence in capsys.readouterr().err


def test_a_cancelled_run_can_be_read(files, tmp_path):
    folder = tmp_path / "run"
    with pytest.raises(Cancelled):
        train(
            *files[:2], tmp_path / "m.safetensors", Record(cancel_after=2), run_folder=str(folder)
        )
    assert not (tmp_path / "m.safetensors").exists()
    assert names_in(folder) == ALWAYS | BY_EPOCH
    assert read_record(folder)["status"] == "cancelled"
    assert len(rows_of(folder / "epochs.csv")) == read_record(folder)["epochs"] == 2
    card = read_card(folder / "checkpoints" / "last.safetensors")
    assert card["lulc:training"]["interrupted"]
    assert set(card["lulc:scores"]) == {"validation"}
    with pytest.raises(OptionsError, match="not empty: it holds a run that is cancelled"):
        train(*files[:2], tmp_path / "m.safetensors", run_folder=str(folder))


def test_the_best_model_of_a_cancelled_run_is_there(files, tmp_path):
    folder, given = tmp_path / "run", {"keep_best": True, "test_labels": str(files[2])}
    with pytest.raises(Cancelled):
        train(*files[:2], tmp_path / "m.safetensors", Record(cancel_after=1),
              run_folder=str(folder), **given)  # fmt: skip
    assert read_record(folder)["status"] == "interrupted"
    assert names_in(folder) >= RESULTS


# 5 epochs find the focus classes, by which the loss then weighs.
@pytest.mark.parametrize(
    ("stop", "options"),
    [(1, {"epochs": 3}), (6, {"epochs": 7, "recipe": "published", "focus_classes": "auto"})],
    ids=["average and one cycle", "focus and plateau"],
)
def test_a_cancelled_run_is_resumed(files, tmp_path, stop, options):
    """To the last bit like one that was never stopped."""
    given = {**options, "seed": 5, "test_labels": str(files[2])}
    whole = train(*files[:2], tmp_path / "whole.safetensors", **given)
    folder, model = tmp_path / "run", tmp_path / "m.safetensors"
    given |= {"run_folder": str(folder)}
    with pytest.raises(Cancelled):
        train(*files[:2], model, Record(cancel_after=stop), **given)
    watch = Record()
    done = train(*files[:2], model, watch, resume=True, **given)
    assert [row["epoch"] for row in watch.epochs] == list(range(stop + 1, options["epochs"] + 1))
    assert done["model_sha256"] == whole["model_sha256"]
    assert done["scores"] == whole["scores"]
    assert [int(row["epoch"]) for row in rows_of(folder / "epochs.csv")] == list(
        range(1, options["epochs"] + 1)
    )
    seconds = [float(row["seconds"]) for row in rows_of(folder / "epochs.csv")]
    assert seconds == sorted(seconds)
    record = read_record(folder)
    assert (record["status"], len(record["resumed"])) == ("complete", 1)


def test_only_the_same_run_is_resumed(run, files, tmp_path):
    folder, model = run[0], tmp_path / "m.safetensors"
    given = {"epochs": 3, "seed": 5, "test_labels": str(files[2]), "resume": True}
    config = (folder / "config.json").read_bytes()
    for labels, more, error, sentence in (
        (files[1], {}, OptionsError, "--resume needs --run-folder"),
        (files[1], {"run_folder": str(tmp_path / "new")}, DataError, "holds no run"),
        (files[1], {"run_folder": str(folder), "seed": 6}, DataError, "--seed was 5 and is now 6"),
        (
            Country(seed=1).polygons(tmp_path / Path(files[1]).name, NAMES, range(7)),
            {"run_folder": str(folder)},
            DataError,
            "had other scenes or labels",
        ),
    ):
        with pytest.raises(error, match=sentence):
            train(files[0], labels, model, **{**given, **more})
    assert (folder / "config.json").read_bytes() == config
    assert (read_record(folder)["status"], read_record(folder)["resumed"]) == ("complete", [])


def test_a_run_that_failed_says_why_and_may_be_overwritten(files, tmp_path):
    folder, model = tmp_path / "run", tmp_path / "m.safetensors"
    with pytest.raises(DataError):
        train(files[0], files[1], model, class_field="none", run_folder=str(folder))
    record = read_record(folder)
    assert record["status"] == "failed"
    assert "none" in record["message"]
    train(*files[:2], model, epochs=1, run_folder=str(folder))
    assert read_record(folder)["status"] == "complete"


def test_a_run_whose_process_is_gone_was_killed(run, tmp_path):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    record = {**read_record(run[0]), "status": "running"}
    for process, status in ((ended.pid, "killed"), (os.getpid(), "running")):
        write_record(tmp_path, {**record, "process": {**record["process"], "id": process}})
        assert read_record(tmp_path)["status"] == status
        assert surely_runs(read_record(tmp_path)) == (status == "running")
    elsewhere = {**record, "process": {"host": "0", "id": os.getpid()}}
    assert not surely_runs(elsewhere)


def test_folders_of_others_are_left_alone(files, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    for folder, error, sentence in (
        (tmp_path / "full", OptionsError, "is not empty: it holds other files"),
        (tmp_path / "full" / "mine.txt", OptionsError, "is a file"),
        (tmp_path / "no" / "where", EnvironmentFailure, "does not exist"),
    ):
        with pytest.raises(error, match=sentence):
            train(*files[:2], tmp_path / "m.safetensors", run_folder=str(folder))
    assert names_in(tmp_path / "full") == {"mine.txt"}


# --- patches -------------------------------------------------------------------------------------


def test_patches_leave_everything_and_repeat(data, tmp_path, capsys):
    folder, model, report = tmp_path / "run", tmp_path / "m.safetensors", tmp_path / "r.html"
    done = trained(model=model, run_folder=folder, report=report, **data, **PATCHES)
    assert names_in(folder) == ALWAYS | BY_EPOCH | RESULTS | {"confusion.svg"}
    assert names_in(folder / "checkpoints") == MODELS | STATE
    assert (folder / "report.html").read_bytes() == report.read_bytes()
    record = read_record(folder)
    assert record["model_sha256"] == done.result["model_sha256"]
    assert read_card(folder / record["model_file"])["model_sha256"] == record["model_sha256"]
    with np.load(folder / "predictions.npz", allow_pickle=False) as found:
        share = (found["targets"] == found["predicted"]).mean()
    assert share == pytest.approx(done.result["overall_accuracy"])
    config = json.loads((folder / "config.json").read_text("utf-8"))
    assert None not in [config["options"][n] for n in ("loss", "metric", "patience", "schedule")]
    command = shlex.split((folder / "command.txt").read_text("utf-8"))
    assert main([*command[1:], "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["model_sha256"] == record["model_sha256"]


def test_a_cancelled_run_of_patches_is_resumed(data, tmp_path):
    whole = trained(model=tmp_path / "whole.safetensors", **data, **PATCHES)
    folder, given = tmp_path / "run", {"model": tmp_path / "m.safetensors", **data, **PATCHES}
    with pytest.raises(Cancelled):
        start(Record(cancel_after=2), run_folder=folder, **given)
    assert read_record(folder)["status"] == "cancelled"
    assert names_in(folder / "checkpoints") == MODELS | STATE
    refused = lulc(run_folder=folder, **given)
    assert refused.code == 2
    assert "go on with that run with RESUME" in refused.result["error"]["hint"]
    done = trained(run_folder=folder, resume=True, **given)
    assert done.result["model_sha256"] == whole.result["model_sha256"]
    assert len(rows_of(folder / "epochs.csv")) == 3
    record = read_record(folder)
    assert (record["status"], len(record["resumed"])) == ("complete", 1)
    assert lulc(run_folder=tmp_path / "other", resume=True, **given).code == 3
    assert not (tmp_path / "other").exists()


def test_several_classes_per_patch_have_the_matrix_of_what_occurs_together(tmp_path):
    folder, several = tmp_path / "run", arrays(tmp_path / "d", several=True)
    trained(model=tmp_path / "m.safetensors", run_folder=folder, **several, **PATCHES)
    assert names_in(folder) == ALWAYS | BY_EPOCH | RESULTS | {"cooccurrence.svg"}
    assert "<svg" in (folder / "cooccurrence.svg").read_text("utf-8")


def test_a_band_study_has_checkpoints_by_set(data, tmp_path):
    folder = tmp_path / "run"
    given = {**PATCHES, "band_sets": "rgb,nir", "epochs": 2}
    done = trained(model=tmp_path / "m.safetensors", run_folder=folder, **data, **given)
    assert names_in(folder / "checkpoints") == {"rgb", "nir"}
    record = read_record(folder)
    assert record["model_file"].split("/")[1] in ("rgb", "nir")
    assert read_card(folder / record["model_file"])["model_sha256"] == done.result["model_sha256"]


def test_what_does_not_go_with_a_run_folder_is_refused(data, tmp_path):
    given = {"model": tmp_path / "m.safetensors", "run_folder": tmp_path / "run", **data}
    for more, sentence in (
        ({"checkpoints": tmp_path / "c"}, "two places for the same files"),
        ({"mode": "test"}, "cannot be used with --mode test"),
    ):
        done = lulc(**given, **more)
        assert done.code == 2
        assert sentence in done.message
    assert not (tmp_path / "run").exists()
