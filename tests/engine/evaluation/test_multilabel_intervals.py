"""Intervals of patches with several classes, against the scores of samples that are written out."""

import numpy as np
import pytest
from scipy import stats

from lulc_engine.evaluation.bootstrap import expanded_levels
from lulc_engine.evaluation.metrics import ReferenceInfo
from lulc_engine.evaluation.multilabel_bootstrap import (
    MEASURED,
    _by_unit,
    _precisions,
    _scores,
    multilabel_block,
)
from lulc_engine.evaluation.patch_metrics import patch_metrics
from lulc_engine.evaluation.thresholds import decide
from lulc_engine.rasters.legend import make_legend

LIMITS = (0.4, 0.5, 0.7)
LEGEND = make_legend(range(3), ("a", "b", "c"))


def sample(count, seed=0, right=0.75):
    """Return targets and probabilities of patches, two digits so that some are equal."""
    rng = np.random.default_rng(seed)
    targets = (rng.random((count, 3)) < (0.2, 0.5, 0.7)).astype(np.uint8)
    seen = np.where(rng.random(targets.shape) < right, targets, 1 - targets)
    return targets, np.round(0.7 * seen + 0.3 * rng.random(targets.shape), 2)


def by_name(metrics):
    """Return the scores of a metrics object by the names of the intervals."""
    several = metrics["multilabel"]
    rows = [
        {**a, **b} for a, b in zip(metrics["classes"], several["classes"], strict=True)
    ]  # fmt: skip
    names = ("precision", "recall", "f1", "iou", "kappa", "f2", "average_precision")
    return {
        **{name: metrics[name] for name in ("overall_accuracy", "mean_iou", "macro_f1")},
        **{name: several[name] for name in ("map", "hamming_loss", "one_error", "lrap")},
        "micro_f1": several["micro"]["f1"],
        **{f"class {name}": [row[name] for row in rows] for name in names},
    }


@pytest.mark.parametrize("seed", range(3))
def test_a_draw_has_the_scores_of_its_patches_written_out(seed):
    """Units of one to three patches, each drawn none to three times."""
    targets, probabilities = sample(60, seed)
    rng = np.random.default_rng(seed)
    unit = np.sort(rng.integers(0, 30, 60))
    unit = np.unique(unit, return_inverse=True)[1]
    times = rng.integers(0, 4, (1, unit.max() + 1)).astype(float)
    decided = decide(probabilities, LIMITS)
    parts = _by_unit(targets.astype(bool), decided, probabilities, unit)
    found = {**_scores(times, parts), **_precisions(times[:, unit], targets, probabilities)}
    rows = np.repeat(np.arange(60), times[0, unit].astype(int))
    info = ReferenceInfo("patches", True, "test", len(rows))
    expected = by_name(patch_metrics(targets[rows], probabilities[rows], LEGEND, info, LIMITS))
    assert set(found) == set(expected)
    for name, value in expected.items():
        assert np.ravel(found[name]) == pytest.approx(np.ravel(value)), name


def test_the_interval_is_the_one_of_scipy():
    targets, probabilities = sample(150)
    wrong = (decide(probabilities, LIMITS) != targets.astype(bool)).mean(axis=1)
    low, high = expanded_levels(150)
    expected = stats.bootstrap(
        (wrong,), np.mean, method="percentile", n_resamples=4000, confidence_level=high - low, rng=0
    ).confidence_interval
    found = multilabel_block(targets, probabilities, LIMITS, LEGEND)["hamming_loss"]
    assert found == pytest.approx(list(expected), abs=0.1 * (expected.high - expected.low))


def test_every_score_lies_within_its_interval():
    targets, probabilities = sample(200)
    block = multilabel_block(targets, probabilities, LIMITS, LEGEND)
    info = ReferenceInfo("patches", True, "test", 200)
    scores = by_name(patch_metrics(targets, probabilities, LEGEND, info, LIMITS))
    for name in MEASURED:
        assert block[name][0] < scores[name] < block[name][1], name
    for number, item in enumerate(block["classes"]):
        for name in ("precision", "recall", "f1", "f2", "iou", "kappa", "average_precision"):
            assert item[name][0] < scores[f"class {name}"][number] < item[name][1], name
    assert block["kappa"] is None
    assert block["units"] == 200
    assert block == multilabel_block(targets, probabilities, LIMITS, LEGEND)


def test_copies_of_patches_in_a_scene_tell_nothing_new():
    targets, probabilities = sample(40)
    alone = multilabel_block(targets, probabilities, LIMITS, LEGEND)
    scenes = np.repeat(np.arange(40), 25)
    many = multilabel_block(targets[scenes], probabilities[scenes], LIMITS, LEGEND, scenes)
    assert many["units"] == 40
    for name in MEASURED:
        assert many[name] == pytest.approx(alone[name])


@pytest.mark.parametrize("count", [2, 3, 4])
def test_hardly_any_patches_say_hardly_anything(count):
    targets, probabilities = sample(count, seed=4, right=0.6)
    block = multilabel_block(targets, probabilities, LIMITS, LEGEND)
    known = [block[name] for name in MEASURED if block[name] is not None]
    assert known
    assert all(0 <= low <= high <= 1 for low, high in known)


def test_what_cannot_be_measured_has_no_interval():
    targets, probabilities = sample(30)
    targets[:, 0] = 0
    targets[:, 1] = np.arange(30) == 7
    block = multilabel_block(targets, probabilities, (), LEGEND)
    assert block["classes"][0]["average_precision"] is None
    assert block["classes"][0]["recall"] is None
    assert block["classes"][1]["recall"] is None  # one patch only
    assert [item["units"] for item in block["classes"][:2]] == [0, 1]
    one = multilabel_block(targets[:1], probabilities[:1], (), LEGEND)
    assert {one[name] for name in MEASURED} == {None}
    right = multilabel_block(*[(np.arange(30)[:, None] % 2 == [0, 1, 0]).astype(float)] * 2, (),
                             LEGEND)  # fmt: skip
    assert right["hamming_loss"] == pytest.approx([0, 1 - 0.025 ** (1 / 30)])
    assert right["map"] == pytest.approx([0.025 ** (1 / 30), 1])


def test_intervals_cover_the_truth():
    """400 sets of 300 patches: 95 +- 3 in 100; truth from a thousand times as many patches."""
    names, sets = ("micro_f1", "hamming_loss", "macro_f1", "map", "lrap"), 400
    targets, probabilities = sample(300_000, 99)
    info = ReferenceInfo("patches", True, "test", len(targets))
    truth = by_name(patch_metrics(targets, probabilities, LEGEND, info, LIMITS))
    covered = dict.fromkeys(names, 0)
    for seed in range(sets):
        block = multilabel_block(*sample(300, seed), LIMITS, LEGEND, draws=200)
        for name in names:
            covered[name] += block[name][0] <= truth[name] <= block[name][1]
    assert all(0.92 <= count / sets <= 0.98 for count in covered.values()), covered
