"""Intervals of a patch classifier's test: over patches, or over the polygons of a scene."""

import numpy as np
import pytest

from lulc_engine.rasters.bands import Band
from lulc_engine.rasters.legend import make_legend
from lulc_engine.rasters.reflectance import Radiometry
from lulc_engine.reports.ranges import explanation
from lulc_engine.samples.patches.patch_set import PatchSet
from lulc_engine.samples.split import TEST, Split
from lulc_engine.training.patch_intervals import intervals_of_test as intervals_of
from lulc_engine.training.patch_scores import Predictions

LEGEND = make_legend((1, 2), ("crop", "forest"))


def patches(count, rows=None, roles=None):
    units = None
    if rows is not None:
        sizes = np.zeros((rows.max() + 1, 2), np.int64)
        units = Split(np.full(len(sizes), TEST, np.int8), sizes, "polygon", None)
    return PatchSet(
        images=np.zeros((count, 1, 1, 1), np.uint8), valid=None, targets=np.zeros(count, np.int16),
        roles=np.full(count, TEST, np.int8) if roles is None else roles,
        names=[str(n) for n in range(count)], bands=(Band(1, "b", "red"),),
        radiometry=Radiometry((1.0,), (0.0,), "option", ""), legend=LEGEND, split="random",
        source="arrays", units=units, unit_rows=rows,
    )  # fmt: skip


def predictions(targets, right):
    """Return predictions of which these are right."""
    said = np.where(right, targets, 1 - targets)
    names = [str(n) for n in range(len(targets))]
    return Predictions(names, targets.astype(np.int16), np.eye(2, dtype=np.float32)[said])


def test_patches_are_drawn_one_by_one():
    rng = np.random.default_rng(0)
    targets, right = rng.integers(0, 2, 300), rng.random(300) < 0.8
    found = intervals_of(predictions(targets, right), patches(300), LEGEND)["intervals"]
    assert (found["unit"], found["units"], found["method"]) == ("patches", 300, "bootstrap")
    drawn = right[rng.integers(0, 300, (4000, 300))].mean(axis=1)
    low, high = np.quantile(drawn, [0.025, 0.975])
    assert found["overall_accuracy"] == pytest.approx([low, high], abs=0.01)
    assert "counts every patch as independent" in explanation({"intervals": found})


def test_patches_of_a_scene_are_drawn_by_polygon():
    """Ten polygons, each all right or all wrong: the interval is far wider than by patches."""
    rows = np.repeat(np.arange(12), 30)
    roles = np.where(rows < 10, TEST, 0).astype(np.int8)
    tested = rows[roles == TEST]
    targets, right = tested % 2, tested < 8
    whole = patches(len(rows), rows.astype(np.int32), roles)
    found = intervals_of(predictions(targets, right), whole, LEGEND)
    assert (found["intervals"]["unit"], found["intervals"]["units"]) == ("polygons", 10)
    low, high = found["intervals"]["overall_accuracy"]
    assert high - low > 0.4
    by_patch = intervals_of(predictions(targets, right), patches(300), LEGEND)["intervals"]
    assert np.diff(by_patch["overall_accuracy"]) < 0.12
    text = explanation({**found, "reference": {"kind": "patches"}})
    assert "10 polygons as wholes" in text
    assert "patches next to each other" in text


def named(names):
    several = make_legend((1, 2, 3), ("crop", "forest", "water"))
    targets = np.random.default_rng(0).integers(0, 2, (len(names), 3)).astype(np.uint8)
    said = Predictions(names, targets, (targets * 0.8 + 0.1).astype(np.float32))
    return intervals_of(said, patches(len(names)), several, (0.5, 0.5, 0.5))


def test_several_classes_are_drawn_by_scene_where_names_tell_which():
    names = [f"S2A_MSIL2A_201706{day}T113321_{n}_55" for day in (13, 17, 20) for n in range(10)]
    found = named(names)
    assert (found["intervals"]["unit"], found["intervals"]["units"]) == ("scenes", 3)
    assert found["cautions"][0] == (
        "The whole reference lies in 3 scenes: the intervals are rough."
    )
    assert "Neighbouring patches" in named(names[:10])["cautions"][0]
    assert named(names[:10])["intervals"]["map"] is None
    alone = named([f"patch {n}" for n in range(30)])
    assert (alone["intervals"]["unit"], alone["intervals"]["units"]) == ("patches", 30)
    assert alone["cautions"] == []
    text = explanation({**alone, "reference": {"kind": "patches"}, "multilabel": {}})
    assert "counts every patch as independent" in text
    assert named(["a", "b", "c"])["cautions"] == [
        "The whole reference is 3 patches: the intervals are rough."
    ]
