import dataclasses
import math
import warnings

import numpy as np
import pytest
from page_reader import NAMES, check_harmless, pictures

from lulc_engine.evaluation.area import area_block
from lulc_engine.reports.accuracy import AccuracyReport, render_accuracy_report
from lulc_engine.reports.training import TrainingReport, render_training_report


def epochs(number):
    return [
        {
            "epoch": epoch,
            "loss": 1 / epoch,
            "learning_rate": 3e-4 if epoch < 6 else 9e-5,
            "validation": {"mean_iou": 1 - 1 / epoch, "macro_f1": None if epoch == 2 else 0.5},
        }
        for epoch in range(1, number + 1)
    ]


@pytest.fixture
def training_report(nice_metrics):
    test, legend = nice_metrics(3, "test")
    validation, _ = nice_metrics(3, "validation")
    part = {"units": 4, "pixels": 4321}
    rows = [
        {"name": n, "training": part, "validation": part, "test": part, "status": "ok"}
        for n in legend.names
    ]
    rows[2] |= {
        "validation": {"units": 0, "pixels": 0},
        "status": "cannot be validated: one polygon",
    }
    return TrainingReport(
        model_name="model.safetensors",
        legend=legend,
        history=epochs(9),
        best_epoch=8,
        split_rows=rows,
        split_unit="polygons",
        metrics_by_split={"validation": validation, "test": test},
        command="lulc train-segmenter --seed 0",
        facts={"Seed": "0"},
        warnings=["one thing"],
        notes=["another thing"],
    )


def test_names_from_users_do_no_harm_and_are_shown(nasty_metrics, nasty_legend):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        source = render_accuracy_report(
            AccuracyReport(nasty_metrics, nasty_legend, NAMES[0] + ".tif", NAMES[7])
        )
    page = check_harmless(source)
    for name in NAMES[:9]:
        assert " ".join(name.split()) in page.words
    assert "bidi \\u202egnp.exe\\x00\\n\\x1b[31m" in page.words
    for picture in pictures(source):
        assert {element.tag.split("}")[1] for element in picture.iter()}.isdisjoint(
            {"script", "foreignObject", "a"}
        )


def test_accuracy_report_says_what_was_found(nasty_metrics, nasty_legend):
    page = check_harmless(
        render_accuracy_report(AccuracyReport(nasty_metrics, nasty_legend, "m.tif", "r.gpkg"))
    )
    for words in (
        "The map m.tif was compared with r.gpkg",
        f"{nasty_metrics['overall_accuracy']:.1%}".replace("%", " %"),
        f"{nasty_metrics['kappa']:.3f}",
        "These scores are optimistic",
        "Not scored, because the reference has no pixels of “🌲👩\u200d🌾 forest”",
        "17 reference pixels",
        "are mapped as",
        "No: training used it.",
    ):
        assert words in page.words


def test_intervals_are_shown_beside_the_scores(nice_metrics):
    metrics, legend = nice_metrics(2)
    by_class = {"id": 0, "name": "class 0", "units": 9, "precision": [0.5, 1.0], "recall": None}
    metrics["intervals"] = {
        "method": "bootstrap", "unit": "blocks", "block_px": 64, "units": 1234, "draws": 2000,
        "overall_accuracy": [0.912, 0.9999], "kappa": [0.71, 0.92], "mean_iou": None,
        "macro_f1": [0.8, 0.9], "classes": [by_class, {}],
    }  # fmt: skip
    page = check_harmless(render_accuracy_report(AccuracyReport(metrics, legend, "m", "r")))
    assert "91.2–99.9 %" in page.words  # noqa: RUF001 - the dash of ranges
    for text in ("0.71–0.92", "0.80–0.90", "0.50–1.00"):  # noqa: RUF001
        assert text in page.words
    assert "resampling the 1\u202f234 blocks of 64 pixels as wholes" in page.words


def test_pages_without_intervals_say_nothing_of_them(nice_metrics):
    metrics, legend = nice_metrics(2)
    page = check_harmless(render_accuracy_report(AccuracyReport(metrics, legend, "m", "r")))
    assert "interval" not in page.words


def test_area_estimates_are_shown_with_intervals(nice_metrics):
    metrics, legend = nice_metrics(3)
    counts = np.array(metrics["confusion"]["matrix"])
    block, cautions = area_block(counts, legend, [1e8, 2e8, 3e8])
    metrics |= {"area": block, "cautions": [*cautions, "take care"], "sampling": "stratified"}
    page = check_harmless(render_accuracy_report(AccuracyReport(metrics, legend, "m", "r")))
    overall = block["overall_accuracy"]
    assert f"{overall['value'] * 100:.1f} % ± {overall['ci95'] * 100:.1f} %" in page.words
    assert "by the stratified estimator" in page.words
    assert "take care" in page.words


def test_same_numbers_same_bytes(nice_metrics):
    report = AccuracyReport(*nice_metrics(4), "m", "r")
    assert render_accuracy_report(report) == render_accuracy_report(report)


@pytest.mark.parametrize("classes", [1, 2, 12, 30, 120])
def test_any_number_of_classes(nice_metrics, classes):
    source = render_accuracy_report(AccuracyReport(*nice_metrics(classes), "m", "r"))
    check_harmless(source)
    assert len(pictures(source)) == 2
    assert len(source) < 3_000_000


def test_empty_matrix_and_huge_counts(nice_metrics):
    metrics, legend = nice_metrics(2, scale=10**12)
    check_harmless(render_accuracy_report(AccuracyReport(metrics, legend, "m", "r")))


def test_training_report_tells_the_splits_apart(training_report):
    page = check_harmless(render_training_report(training_report))
    words = page.words
    assert words.index("Scores on the test set") < words.index("Scores on the validation set")
    assert "Test: these labels were used for no choice during training." in words
    assert "Validation, optimistic" in words
    test = training_report.metrics_by_split["test"]["overall_accuracy"]
    assert words.index(f"{test:.1%}".replace("%", " %")) < words.index("The labels and how")
    for text in (
        "cannot be validated: one polygon", "4\u202f321", "lulc train-segmenter --seed 0",
        "epoch 8, the best on the validation labels", "one thing", "another thing",
    ):  # fmt: skip
        assert text in words


def test_without_a_test_the_headline_is_called_optimistic(training_report):
    scores = {"validation": training_report.metrics_by_split["validation"]}
    report = dataclasses.replace(training_report, metrics_by_split=scores)
    words = check_harmless(render_training_report(report)).words
    assert "No labels were kept apart for a test" in words
    before_splits = words[: words.index("The labels and how")]
    assert "Validation, optimistic" in before_splits


def test_interrupted_training_without_scores_or_epochs(training_report):
    report = dataclasses.replace(training_report, metrics_by_split={}, history=[], best_epoch=0)
    assert "It was not scored." in check_harmless(render_training_report(report)).words


def test_curves_bear_missing_and_broken_numbers(training_report):
    history = epochs(3)
    history[1]["loss"] = math.nan
    history[2]["validation"] = None
    report = dataclasses.replace(training_report, history=history, best_epoch=1)
    source = render_training_report(report)
    text = "".join("".join(picture.itertext()) for picture in pictures(source))
    assert "best epoch (1)" in text
