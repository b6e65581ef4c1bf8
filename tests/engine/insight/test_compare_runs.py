"""Run folders side by side: what is read of them, filter and order, and runs without an end."""

import csv

import pytest
from recorder import Recorder
from runs import metrics, write_metrics, write_predictions, write_run

from lulc_engine.cli.console import model_table
from lulc_engine.errors import DataError, OptionsError
from lulc_engine.insight.compare import compare
from lulc_engine.leftovers import this_host
from lulc_engine.options import CompareOptions
from lulc_engine.runs.record import write_record


def run(*models, said=None, **options):
    given = CompareOptions(models=tuple(map(str, models)), **options)
    return compare(given, said or Recorder())


def names(result):
    return [row["name"] for row in result["comparison"]["models"]]


def write_folder(folder, right=80, seed=0, day="2026-11-20", status="complete", **changes):
    """Write a run folder as a training would, with two checkpoints; metrics where it is over."""
    folder.mkdir()
    over = status in ("complete", "interrupted")
    training = {"lulc:training": {"seed": seed}}
    for name in ("best_metric", "last"):
        path = folder / "checkpoints" / f"{name}.safetensors"
        write_run(path, {"test": metrics(right)}, **training)
    if over:
        write_metrics(folder / "metrics.json", right)
    process = {"host": this_host(), "id": 2**22 + 1}  # no such process
    write_record(folder, {
        "status": status, "started": f"{day}T10:00:00+00:00", "epochs": 3, "process": process,
        "command": "train-patches", "seed": seed,
        "model_file": "checkpoints/best_metric.safetensors", **changes,
    })  # fmt: skip
    return folder


@pytest.fixture
def folder(tmp_path):
    """Three finished runs and one that was cancelled."""
    root = tmp_path / "runs"
    root.mkdir()
    write_folder(root / "a", 60, seed=3, day="2026-11-03")
    write_folder(root / "b", 90, seed=1, day="2026-11-01")
    write_folder(root / "c", 75, seed=2, day="2026-10-31")
    write_folder(root / "d", status="cancelled")
    return root


def test_a_run_folder_is_one_model(folder):
    said = Recorder()
    result = run(folder, said=said)
    assert names(result) == ["b", "c", "a"]
    assert result["best"] == str(folder / "b" / "checkpoints" / "best_metric.safetensors")
    first = result["comparison"]["models"][0]
    assert (first["seed"], first["date"][:10], first["status"]) == (1, "2026-11-01", "complete")
    assert (first["architecture"], first["training_s"]) == ("mobile_unet", 90.0)
    assert said.warnings[0] == (
        "Left out: The run d has no final scores: cancelled after 3 epochs."
    )
    assert [row["name"] for row in result["comparison"]["unfinished"]] == ["d"]


def test_runs_can_be_named_one_by_one(folder):
    assert names(run(folder / "c", folder / "a")) == ["c", "a"]


def test_a_run_that_was_killed_is_left_out(folder):
    write_folder(folder / "e", status="running")
    assert run(folder)["comparison"]["unfinished"][1]["status"] == "killed"


@pytest.mark.parametrize(
    ("sort_by", "expected"),
    [("rank", "bca"), ("name", "abc"), ("date", "abc"), ("seed", "bca"), ("macro_f1", "bca")],
)
def test_the_list_is_sorted(folder, sort_by, expected):
    result = run(folder, sort_by=sort_by)
    assert "".join(names(result)) == expected
    assert result["best_name"] == "b"
    f1 = result["comparison"]["classes"][0]["f1"]
    assert f1[expected.index("b")] == max(f1)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (["date=2026-11"], "ba"),
        (["date>=2026-11-01", "seed!=1"], None),
        (["seed<3"], "bc"),
        (["macro_f1>0.77,name!=z*"], "bc"),
        (["architecture=MOBILE*", "split=test"], "bca"),
        (["name=[ab]"], "ba"),
        (["status=failed"], None),
        (["map>0"], None),
    ],
)
def test_a_filter_chooses(folder, filters, expected):
    if expected is None:
        with pytest.raises(DataError, match="FILTER leaves"):
            run(folder, filter=tuple(filters))
    else:
        assert "".join(names(run(folder, filter=tuple(filters)))) == expected


@pytest.mark.parametrize("text", ["colour=red", "macro_f1", "macro_f1>good", "=3", "rank=1"])
def test_a_filter_that_is_none_is_refused(folder, text):
    with pytest.raises(OptionsError, match="--filter"):
        run(folder, filter=(text,))


def test_table_and_report_follow_the_order(folder, tmp_path):
    table, report = tmp_path / "t.csv", tmp_path / "r.html"
    result = run(folder, sort_by="date", table=str(table), report=str(report))
    with open(table, encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [(row["name"], row["rank"], row["seed"]) for row in rows] == [
        ("a", "3", "3"), ("b", "1", "1"), ("c", "2", "2"),
    ]  # fmt: skip
    assert rows[0]["date"].startswith("2026-11-03")
    assert rows[0]["status"] == "complete"
    assert "newest first" in report.read_text("utf-8")
    lines = model_table(result["comparison"]["models"]).splitlines()
    assert lines[0].split()[:5] == ["model", "date", "architecture", "seed", "split"]
    assert lines[1].split()[:4] == ["a", "2026-11-03T10:00", "mobile_unet", "3"]


def test_only_predictions_of_patches_answer_for_independent_samples(folder):
    targets = [0, 1, 2] * 20
    for name in "ab":
        write_predictions(folder / name / "predictions.npz", targets, [*targets[:30], *[0] * 30])
    assert run(folder / "a", folder / "b")["comparison"]["models"][1]["versus_best"]
    write_folder(folder / "f", 10, command="train-segmenter")
    write_predictions(folder / "f" / "predictions.npz", targets, targets)
    found = {row["name"]: row for row in run(folder)["comparison"]["models"]}
    assert found["f"]["versus_best"] is None
    assert found["f"]["predictions"] is None
