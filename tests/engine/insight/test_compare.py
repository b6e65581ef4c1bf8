"""The command on invented runs."""

import csv
import json

import numpy as np
import pytest
from runs import NAMES, metrics, write_metrics, write_predictions, write_run
from scipy import stats

from lulc_engine.errors import DataError, LulcError, ModelFileError, OptionsError
from lulc_engine.feedback import Feedback
from lulc_engine.insight.compare import compare
from lulc_engine.options import CompareOptions
from lulc_engine.rasters.legend import make_legend


def run(*models, **options):
    return compare(CompareOptions(models=tuple(map(str, models)), **options), Feedback())


def answers(right, rng, size=200):
    """Return labels and answers of which about a share is right."""
    targets = np.arange(size) % 3
    wrong = rng.random(size) >= right
    return targets, np.where(wrong, (targets + 1) % 3, targets)


# --- ranking -------------------------------------------------------------------------------------


def test_models_and_metrics_side_by_side(tmp_path):
    good = write_run(tmp_path / "good.safetensors", {"test": metrics(90)})
    bad = write_metrics(tmp_path / "bad.json", 50)
    report, table = tmp_path / "report.html", tmp_path / "table.csv"
    result = run(bad, good, report=str(report), table=str(table))
    assert (result["best"], result["best_name"], result["models"]) == (good, "good", 2)
    assert result["best_score"] == pytest.approx(metrics(90)["macro_f1"])
    first, second = result["comparison"]["models"]
    assert (first["name"], first["split"], first["n"]) == ("good", "test", 330)
    assert (first["architecture"], first["parameters"], first["training_s"]) == (
        "mobile_unet",
        1,
        90,
    )
    assert first["size_bytes"] == (tmp_path / "good.safetensors").stat().st_size
    assert (second["parameters"], second["size_bytes"], second["versus_best"]) == (None,) * 3
    with open(table, encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [(row["rank"], row["name"]) for row in rows] == [("1", "good"), ("2", "bad")]
    assert float(rows[1]["kappa"]) == metrics(50)["kappa"]
    assert (rows[1]["model"], rows[1]["metrics"]) == ("", bad)
    assert "The best is good" in report.read_text("utf-8")


@pytest.mark.parametrize("metric", ["overall_accuracy", "kappa", "mean_iou", "weighted_f1", "mcc"])
def test_the_metric_that_is_asked_for_decides(tmp_path, metric):
    for name, right in (("low", 30), ("high", 80)):
        write_metrics(tmp_path / f"{name}.json", right)
    result = run(tmp_path, metric=metric)
    expected = metrics(80)
    expected["weighted_f1"] = expected["weighted"]["f1"]
    assert (result["best_name"], result["best_score"]) == ("high", expected[metric])


def test_optimistic_scores_do_not_win(tmp_path):
    write_metrics(tmp_path / "test.json", 60)
    write_metrics(tmp_path / "flattered.json", 95, split="validation")
    result = run(tmp_path)
    assert result["best_name"] == "test"
    assert any("are optimistic" in text for text in result["comparison"]["cautions"])


def test_only_optimistic_scores_are_ranked_and_warned_of(tmp_path):
    for name, right in (("a", 60), ("b", 95)):
        write_metrics(tmp_path / f"{name}.json", right, split="validation")
    result = run(tmp_path)
    assert result["best_name"] == "b"
    assert any("All scores are optimistic" in text for text in result["comparison"]["cautions"])


def test_the_test_of_a_model_counts_before_its_validation(tmp_path):
    both = {"validation": metrics(99, "validation"), "test": metrics(70)}
    write_run(tmp_path / "a.safetensors", both)
    write_run(tmp_path / "b.safetensors", {"test": metrics(80)})
    models = {row["name"]: row for row in run(tmp_path)["comparison"]["models"]}
    assert models["a"]["scores"]["macro_f1"] == pytest.approx(metrics(70)["macro_f1"])


# --- what can be compared ------------------------------------------------------------------------


def test_other_samples_and_other_classes_are_said(tmp_path):
    write_metrics(tmp_path / "a.json", 60)
    write_metrics(tmp_path / "b.json", 60, names=("crop", "forest", "sea", "rock"))
    comparison = run(tmp_path)["comparison"]
    text = " ".join(comparison["cautions"])
    assert "not scored on the same samples" in text
    assert "do not have the same classes" in text
    rows = {row["name"]: row for row in comparison["classes"]}
    assert list(rows)[:2] == ["crop", "forest"]
    assert sorted(rows) == sorted({*NAMES, "sea", "rock"})
    assert [value is None for value in rows["water"]["f1"]] != [False, False]


def test_the_same_samples_give_no_caution(tmp_path):
    for name, right in (("a", 60), ("b", 60)):
        write_metrics(tmp_path / f"{name}.json", right)
    assert run(tmp_path)["comparison"]["cautions"] == []


def test_differences_by_class(tmp_path):
    for name, right in (("a", 60), ("b", 80)):
        write_metrics(tmp_path / f"{name}.json", right)
    (crop, *_) = run(tmp_path)["comparison"]["classes"]
    assert crop["f1"] == [metrics(r)["classes"][0]["f1"] for r in (80, 60)]
    assert crop["iou"] == [metrics(r)["classes"][0]["iou"] for r in (80, 60)]


# --- folders -------------------------------------------------------------------------------------


def test_a_folder_of_runs(tmp_path):
    rng = np.random.default_rng(0)
    for name, right in (("first", 0.9), ("second", 0.6)):
        folder = tmp_path / "runs" / name
        write_run(folder / "model.safetensors", {"test": metrics(int(100 * right))})
        write_metrics(folder / "metrics.json", int(100 * right))
        write_predictions(folder / "predictions.npz", *answers(right, rng))
        (folder / "options.json").write_text('{"epochs": 3}')
        (folder / "log.txt").write_text("done")
    (tmp_path / "runs" / ".hidden").mkdir()
    write_metrics(tmp_path / "runs" / ".hidden" / "metrics.json", 100)
    result = run(tmp_path / "runs")
    assert [row["name"] for row in result["comparison"]["models"]] == ["first", "second"]
    assert result["best"] == str(tmp_path / "runs" / "first" / "model.safetensors")
    assert result["comparison"]["models"][1]["versus_best"] is not None


def test_checkpoints_of_one_folder_are_models_of_their_own(tmp_path):
    for name, right in (("best_metric", 80), ("best_loss", 75), ("last", 70)):
        write_run(tmp_path / f"{name}.safetensors", {"validation": metrics(right, "validation")})
    found = [row["name"] for row in run(tmp_path)["comparison"]["models"]]
    assert found == ["best_metric", "best_loss", "last"]


def test_two_files_of_one_folder_that_are_named_are_two_models(tmp_path):
    model = write_run(tmp_path / "new.safetensors", {"test": metrics(70)})
    assert run(model, write_metrics(tmp_path / "old.json", 60))["models"] == 2


def test_names_are_as_short_as_they_can_be(tmp_path):
    for folder in ("x/first", "x/second", "y/second"):
        write_metrics(tmp_path / folder / "metrics.json", 60)
    found = run(tmp_path)["comparison"]["models"]
    assert [row["name"] for row in found] == ["first", "x/second", "y/second"]
    write_metrics(tmp_path / "y" / "other.json", 60)
    found = run(tmp_path)["comparison"]["models"]
    expected = ["first/metrics", "other", "x/second/metrics", "y/second/metrics"]
    assert sorted(row["name"] for row in found) == expected


def test_what_is_named_twice_counts_once(tmp_path):
    paths = [write_metrics(tmp_path / f"{name}.json", 60) for name in "ab"]
    assert run(tmp_path, *paths)["models"] == 2


def test_unusable_models_in_a_folder_are_left_out(tmp_path):
    for name, right in (("a", 60), ("b", 70)):
        write_metrics(tmp_path / f"{name}.json", right)
    (tmp_path / "c.safetensors").write_bytes(b"nothing")
    write_run(tmp_path / "d.safetensors", {})
    assert run(tmp_path)["models"] == 2


# --- McNemar's test ------------------------------------------------------------------------------


def test_predictions_of_the_same_patches_are_tested(tmp_path):
    rng = np.random.default_rng(1)
    targets, first = answers(0.95, rng)
    _, second = answers(0.6, rng)
    order = rng.permutation(len(targets))  # another order of the same patches
    names = [f"p_{n}" for n in order]
    one = write_predictions(tmp_path / "one.npz", targets, first)
    two = write_predictions(tmp_path / "two.npz", targets[order], second[order], names)
    result = run(one, two)
    assert result["best_name"] == "one"
    test = result["comparison"]["models"][1]["versus_best"]
    b = int(((first == targets) & (second != targets)).sum())
    c = int(((first != targets) & (second == targets)).sum())
    assert (test["best_only"], test["other_only"]) == (b, c)
    expected = stats.chi2.sf((abs(b - c) - 1) ** 2 / (b + c), 1)
    assert test["p"] == test["p_holm"] == pytest.approx(expected)
    scores = result["comparison"]["models"][0]["scores"]
    assert scores["overall_accuracy"] == (first == targets).mean()


def test_equally_good_models_are_said_to_be(tmp_path):
    rng = np.random.default_rng(2)
    for name in "ab":
        write_predictions(tmp_path / f"{name}.npz", *answers(0.8, rng))
    cautions = run(tmp_path)["comparison"]["cautions"]
    assert any("Chance alone could explain" in text for text in cautions)


def test_only_patches_that_both_answered_count(tmp_path):
    targets, rng = np.arange(30) % 3, np.random.default_rng(0)
    one = write_predictions(tmp_path / "one.npz", targets, targets)
    wrong = (targets + 1) % 3
    two = write_predictions(
        tmp_path / "two.npz", targets[:12], wrong[:12], [f"p_{n}" for n in range(6, 18)]
    )
    test = run(one, two)["comparison"]["models"][1]["versus_best"]
    assert (test["best_only"], test["other_only"], test["exact"]) == (12, 0, True)
    other = write_predictions(
        tmp_path / "other.npz", *answers(0.5, rng), [f"q_{n}" for n in range(200)]
    )
    assert run(one, other)["comparison"]["models"][1]["versus_best"] is None


def test_other_labels_of_the_same_names_are_not_compared(tmp_path):
    targets = np.arange(30) % 3
    one = write_predictions(tmp_path / "one.npz", targets, targets)
    two = write_predictions(tmp_path / "two.npz", (targets + 1) % 3, targets)
    assert run(one, two)["comparison"]["models"][1]["versus_best"] is None


def test_classes_go_by_name_whatever_their_ids(tmp_path):
    targets = np.arange(30) % 3
    one = write_predictions(tmp_path / "one.npz", targets, targets)
    turned = make_legend((7, 8, 9), NAMES[::-1])
    two = write_predictions(tmp_path / "two.npz", 2 - targets, 2 - (targets + 1) % 3, legend=turned)
    test = run(one, two)["comparison"]["models"][1]["versus_best"]
    assert (test["best_only"], test["other_only"]) == (30, 0)


def test_several_classes_per_patch(tmp_path):
    rng = np.random.default_rng(0)
    targets = (rng.random((60, 3)) < 0.5).astype(np.uint8)
    second = targets ^ (rng.random((60, 3)) < 0.1)
    one = write_predictions(tmp_path / "one.npz", targets, targets)
    two = write_predictions(tmp_path / "two.npz", targets, second)
    result = run(one, two, metric="map", report=str(tmp_path / "r.html"))
    assert result["best_score"] == 1
    test = result["comparison"]["models"][1]["versus_best"]
    assert test["best_only"] == (second != targets).any(axis=1).sum()


# --- refusals ------------------------------------------------------------------------------------


def test_bad_input_is_refused(tmp_path):
    good = write_metrics(tmp_path / "good.json", 60)
    write_metrics(tmp_path / "other.json", 60)
    (tmp_path / "list.json").write_text("[1, 2]")
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken.npz").write_bytes(b"PK no archive")
    np.savez(tmp_path / "else.npz", x=np.arange(3))
    np.savez(tmp_path / "pickle.npz", names=np.array([{}], dtype=object))
    cases = [
        ((good,), "one model with scores"),
        ((tmp_path / "empty",), "no model with scores"),
        ((good, tmp_path / "missing.json"), "does not exist"),
        ((good, tmp_path / "list.json"), "not a metrics file"),
        *(((good, tmp_path / f"{n}.npz"), "not a file of predictions")
          for n in ("broken", "else", "pickle")),
    ]  # fmt: skip
    for models, message in cases:
        with pytest.raises(DataError, match=message):
            run(*models)
    unscored = write_run(tmp_path / "unscored.safetensors", {})
    with pytest.raises(ModelFileError, match="records no scores"):
        run(good, unscored)
    with pytest.raises(LulcError, match="neither a model nor"):
        run(good, __file__)
    with pytest.raises(DataError, match="None of the models has the score map"):
        run(good, tmp_path / "other.json", metric="map")
    with pytest.raises(OptionsError, match=r"\.csv"):
        run(good, tmp_path / "other.json", table=str(tmp_path / "t.txt"))
    with pytest.raises(OptionsError, match="--metric cannot be"):
        run(good, metric="beauty")
    assert not list(tmp_path.glob("*.html"))


def test_the_result_is_json(tmp_path):
    for name, right in (("a", 60), ("b", 70)):
        write_metrics(tmp_path / f"{name}.json", right)
    assert json.loads(json.dumps(run(tmp_path)))["best_name"] == "b"
