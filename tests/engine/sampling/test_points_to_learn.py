"""Points where a model is unsure: what is unsure, how points are spread, and what they are no."""

import csv
import dataclasses

import numpy as np
import pyogrio
import pytest
import rasterio
import shapely
from factories import ORIGIN
from recorder import Recorder
from scipy import ndimage
from scipy.spatial.distance import pdist

from lulc_engine.errors import OptionsError, RasterError
from lulc_engine.evaluation import class_map
from lulc_engine.evaluation.assess import assess
from lulc_engine.feedback import Feedback
from lulc_engine.options import (
    AssessOptions,
    SuggestSamplesOptions,
    TrainPatchesOptions,
    TrainSegmenterOptions,
)
from lulc_engine.rasters.grid import Grid, Window
from lulc_engine.rasters.legend import make_legend
from lulc_engine.rasters.unclassified import legend_tag, with_unclassified
from lulc_engine.sampling import learning
from lulc_engine.sampling.candidates import BestOfCells, Strip, scored
from lulc_engine.sampling.spread import Spacing, choose
from lulc_engine.sampling.suggest import suggest_samples
from lulc_engine.sampling.uncertainty import Uncertainty
from lulc_engine.training.patches import train_patches
from lulc_engine.training.recipe import RECIPES
from lulc_engine.training.segmenter import train_segmenter

LEGEND = make_legend([1, 5, 9], ["water", "forest", "built-up"])
SHAPE = (90, 80)
PIXEL_M = 10


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch):
    """Let small maps have many blocks and strips, as large ones do."""
    monkeypatch.setattr(class_map, "_BLOCK_PX", 32)
    monkeypatch.setattr(learning, "_MOST_ROWS", 16)
    monkeypatch.setattr(learning, "_LEAST_ROWS", 16)


@pytest.fixture
def classes():
    """Two halves, a small third class in a corner, nodata at the top."""
    values = np.full(SHAPE, 1, np.uint8)
    values[:, 40:] = 5
    values[70:80, 60:70] = 9
    values[:5] = 0
    return values


@pytest.fixture
def shares(classes):
    """Probabilities (3, H, W) that have the map's classes as the likeliest."""
    noise = np.random.default_rng(3).normal(0, 1, (3, *SHAPE))
    odds = np.exp(15 * ndimage.gaussian_filter(noise, (0, 3, 3)))
    result = (odds / odds.sum(axis=0)).astype(np.float32)
    own, likeliest = np.searchsorted(LEGEND.ids, classes)[None], result.argmax(axis=0)[None]
    best, other = (np.take_along_axis(result, index, 0) for index in (likeliest, own))
    np.put_along_axis(result, likeliest, other, 0)
    np.put_along_axis(result, own, best, 0)
    result[:, classes == 0] = np.nan
    return result


@pytest.fixture
def suggest(write_raster, classes, shares, tmp_path):
    def run(by="probabilities", feedback=None, **options):
        percent = np.where(classes > 0, np.nan_to_num(shares.max(axis=0) * 100), 255).round()
        rasters = {
            "probabilities": (shares, {"nodata": float("nan")}),
            "confidence": (percent.astype(np.uint8), {"nodata": 255}),
        }
        given = {}
        for name in filter(None, by.split("+")):
            values, profile = rasters[name]
            given[name] = write_raster(f"{name}.tif", values, LEGEND, **profile)
        path = write_raster("map.tif", classes, LEGEND, nodata=0)
        output = str(tmp_path / "points.gpkg")
        asked = SuggestSamplesOptions(**{"map": path, "output": output, **given, **options})
        return suggest_samples(asked, feedback or Feedback()), places(output)

    return run


def places(path):
    """Return pixels (N, 2) and the fields of a layer of points on the map's grid."""
    meta, _, geometry, data = pyogrio.raw.read(path)
    points = shapely.from_wkb(geometry)
    columns, rows = ~ORIGIN * (shapely.get_x(points), shapely.get_y(points))
    return np.stack([rows, columns], axis=1), dict(zip(meta["fields"], data, strict=True))


def by_hand(unsure):
    """Return the lesser of each uncertainty and the mean of the 5 x 5 around it."""
    known = np.nan_to_num(unsure.astype(float))
    mean = ndimage.convolve(known, np.full((5, 5), 1 / 25), mode="constant")
    return np.where(np.isnan(unsure), np.nan, np.minimum(unsure, mean))


def test_margins_are_those_of_the_sorted_probabilities(write_raster, shares):
    path = write_raster("p.tif", shares, nodata=float("nan"))
    with Uncertainty(path, True, Grid.of(rasterio.open(path))) as source:
        found = source.read(Window(0, 0, *SHAPE))
    ordered = np.sort(shares, axis=0)
    np.testing.assert_allclose(found, 1 - (ordered[-1] - ordered[-2]), atol=1e-6)
    assert np.isnan(found[:5]).all()


def test_many_bands_are_read_in_parts(write_raster, shares, monkeypatch):
    monkeypatch.setattr("lulc_engine.sampling.uncertainty._READ_BYTES", 1)
    monkeypatch.setattr("lulc_engine.sampling.uncertainty._BLOCK_PX", 32)
    path = write_raster("p.tif", shares, nodata=float("nan"))
    with Uncertainty(path, True, Grid.of(rasterio.open(path))) as source:
        found = source.read(Window(10, 0, 40, SHAPE[1]))
    ordered = np.sort(shares[:, 10:50], axis=0)
    np.testing.assert_allclose(found, 1 - (ordered[-1] - ordered[-2]), atol=1e-6)


def test_least_confidence_is_what_is_missing_to_all(write_raster):
    path = write_raster("c.tif", np.array([[0, 37, 100, 255]], np.uint8), nodata=255)
    with Uncertainty(path, False, Grid.of(rasterio.open(path))) as source:
        found = source.read(Window(0, 0, 1, 4))
    np.testing.assert_allclose(found, [[1, 0.63, 0, np.nan]], atol=1e-6)


@pytest.mark.parametrize("heights", [[30], [7, 7, 7, 7, 2], [2, 2, 25, 1]])
def test_scores_do_not_depend_on_strips(heights):
    unsure = np.random.default_rng(5).random((30, 21), np.float32)
    unsure[4:9, 3:6] = np.nan
    starts = np.cumsum([0, *heights[:-1]])
    strips = [
        Strip(int(row), np.zeros((height, 21), int), unsure[row : row + height])
        for row, height in zip(starts, heights, strict=True)
    ]
    got = np.concatenate([score for _, score in scored(iter(strips))])
    np.testing.assert_allclose(got, by_hand(unsure), atol=1e-6)


def test_the_best_of_every_class_in_every_cell_is_kept():
    rng = np.random.default_rng(6)
    score, index = rng.random((23, 31), np.float32).round(3), rng.integers(-1, 3, (23, 31))
    best = BestOfCells(23, 31, 3, (5, 7), seed=0)
    for row in range(0, 23, 4):
        best.add(row, index[row : row + 4], score[row : row + 4])
    found = best.result()
    assert (np.diff(found.scores) <= 0).all()
    seen = {}
    for row, column, k, value in zip(
        found.rows, found.columns, found.classes, found.scores, strict=True
    ):
        assert index[row, column] == k
        assert score[row, column] == pytest.approx(value, abs=1e-4)
        seen[row // 5, column // 7, k] = value
    wanted = {}
    for (row, column), k in np.ndenumerate(index):
        if k >= 0 and score[row, column] > 0:
            key = row // 5, column // 7, k
            wanted[key] = max(wanted.get(key, 0), float(score[row, column]))
    assert seen == pytest.approx(wanted, abs=1e-4)


def _candidates(score, index):
    best = BestOfCells(*score.shape, int(index.max()) + 1, (1, 1), seed=0)
    best.add(0, index, score)
    return best.result()


def test_half_of_the_points_are_divided_equally_and_half_go_where_it_is_least_sure():
    score = np.linspace(0.2, 0.4, 900, dtype=np.float32).reshape(30, 30)
    index = np.zeros((30, 30), int)
    index[:, 15:] = 1
    score[:, 15:] += 0.5  # the second class is less sure everywhere
    found = _candidates(score, index)
    chosen = choose(found, 2, 40, Spacing(2.0, (1.0, 1.0), True))
    numbers = np.bincount(found.classes[chosen.positions])
    assert numbers.tolist() == [10, 30]
    first = found.classes[chosen.positions[:4]]
    assert np.bincount(first).tolist() == [1, 3]  # and so in every round
    spots = np.stack([found.rows, found.columns], axis=1)[chosen.positions]
    assert pdist(spots).min() >= 2


def test_a_class_that_is_too_small_moves_closer_unless_told_not_to():
    score, index = np.full((40, 40), 0.5, np.float32), np.zeros((40, 40), int)
    index[:5, :5] = 1
    found = _candidates(score, index)
    numbers = {}
    for fixed in (True, False):
        chosen = choose(found, 2, 16, Spacing(8.0, (1.0, 1.0), fixed))
        numbers[fixed] = int((found.classes[chosen.positions] == 1).sum())
        spots = np.stack([found.rows, found.columns], axis=1)[chosen.positions]
        assert pdist(spots).min() >= chosen.distance
        assert (chosen.distance == 8) == fixed
    assert numbers[True] <= 1 < numbers[False]


def test_points_move_closer_rather_than_to_where_the_model_is_sure():
    score, index = np.full((60, 60), 0.01, np.float32), np.zeros((60, 60), int)
    score[10:20, 10:20] = 0.5
    found = _candidates(score, index)
    chosen = choose(found, 1, 9, Spacing(8.0, (1.0, 1.0), False))
    assert (found.scores[chosen.positions] == 0.5).all()
    assert chosen.distance == 2


@pytest.mark.parametrize("by", ["probabilities", "confidence"])
def test_points_lie_where_the_model_is_unsure(suggest, classes, shares, by):
    result, (pixels, fields) = suggest(by, size=24, map_class=True)
    assert result["sampling"] == "uncertain"
    assert result["expected_error"] is None
    assert result["points"] == len(pixels) == 24
    assert fields["rank"].tolist() == fields["id"].tolist() == list(range(1, 25))
    row, column = pixels.astype(int).T
    assert (classes[row, column] == fields["map_id"]).all()
    assert (np.bincount(fields["map_id"], minlength=10)[[1, 5, 9]] >= 4).all()
    ordered = np.sort(shares, axis=0)
    unsure = 1 - (ordered[-1] - ordered[-2]) if by == "probabilities" else 1 - ordered[-1]
    np.testing.assert_allclose(fields["uncertainty"], unsure[row, column], atol=6e-3)
    for class_id in LEGEND.ids:  # the first of each class is the best there is
        score = np.where(classes == class_id, by_hand(unsure), 0)
        first = np.flatnonzero(fields["map_id"] == class_id)[0]
        assert score[row[first], column[first]] >= score.max() - 0.02


def test_fields_are_empty_and_say_what_the_points_are(suggest):
    _, (_, fields) = suggest(size=10)
    assert list(fields) == ["id", "class_id", "class", "rank", "uncertainty", "sampling"]
    assert np.isnan(fields["class_id"]).all()
    assert all(value is None for value in fields["class"])
    assert set(fields["sampling"]) == {"uncertain"}


def test_points_keep_their_distance_and_fewer_is_said(suggest):
    said = Recorder()
    result, (pixels, _) = suggest(size=500, min_distance=150, feedback=said)
    assert pdist(pixels).min() * PIXEL_M >= 150
    assert 10 < result["points"] < 500
    assert "Give a smaller --min-distance" in said.warnings[0]


def test_seed_decides_between_equals_and_nothing_else(suggest, shares):
    one, two = (suggest(size=30, seed=7)[1][0] for _ in range(2))
    assert (one == two).all()
    shares[:] = np.where(np.isnan(shares), np.nan, 1 / 3)
    one, two, other = (suggest(size=30, seed=seed)[1][0] for seed in (7, 7, 8))
    assert (one == two).all()
    assert (one != other).any()


def test_the_table_says_of_which_class_the_model_is_unsure(suggest, classes, shares, tmp_path):
    result, _ = suggest(size=20, table=str(tmp_path / "t.csv"))
    with open(result["table"], encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    ordered = np.sort(shares, axis=0)
    unsure = 1 - (ordered[-1] - ordered[-2])
    for row, class_id in zip(rows, LEGEND.ids, strict=True):
        assert int(row["pixels"]) == (classes == class_id).sum()
        mean = unsure[classes == class_id].mean()
        assert float(row["mean_uncertainty"]) == pytest.approx(mean, abs=1e-5)
    assert sum(int(row["points"]) for row in rows) == 20


def test_what_was_left_unclassified_is_asked_about(write_raster, classes, shares, tmp_path):
    _, nodata, legend = with_unclassified(LEGEND)
    unsure = (shares.max(axis=0) < 0.8) & (classes > 0)
    value = legend.ids[-1]
    tags = {"LULC_LEGEND": legend_tag(legend, value)}
    values = np.where(unsure, value, classes).astype(np.uint8)
    output = str(tmp_path / "p.gpkg")
    given = SuggestSamplesOptions(
        map=write_raster("m.tif", values, nodata=nodata, tags=tags), output=output, size=30,
        probabilities=write_raster("p.tif", shares, nodata=float("nan")), map_class=True,
    )  # fmt: skip
    result = suggest_samples(given, Feedback())
    assert [item["name"] for item in result["legend"]] == list(LEGEND.names)
    assert (places(output)[1]["map_class"] == "unclassified").sum() >= 10


def test_contradictions_are_refused(suggest):
    for by, options, match in (
        ("", {"sampling": "uncertain"}, "Give --confidence or --probabilities"),
        ("confidence", {"sampling": "simple"}, "has no use for --confidence"),
        ("probabilities+confidence", {}, "both given"),
        ("", {"min_distance": 5}, "--min-distance is for --sampling uncertain"),
        ("confidence", {"expected_accuracy": "0.9"}, "--expected-accuracy is for random samples"),
    ):
        with pytest.raises(OptionsError, match=match):
            suggest(by, **options)


def test_rasters_that_do_not_belong_to_the_map_are_refused(suggest, write_raster, shares, classes):
    other = ORIGIN.translation(10, 0) * ORIGIN
    percent = np.full(SHAPE, 50, np.uint8)
    nan = {"nodata": float("nan")}
    for name, path, match in (
        ("confidence", write_raster("a.tif", percent, transform=other), "not lie on the grid"),
        ("confidence", write_raster("b.tif", percent[:-1]), "not lie on the grid"),
        ("confidence", write_raster("c.tif", percent / 100), "whole percent"),
        ("confidence", write_raster("d.tif", percent + 60), "no percent"),
        ("probabilities", write_raster("e.tif", percent), "fractions for each class"),
        ("probabilities", write_raster("f.tif", shares * 2, **nan), "do not sum to 1"),
    ):
        with pytest.raises(RasterError, match=match):
            suggest("", **{name: path})


def test_another_model_is_warned_of(write_raster, classes, shares, tmp_path):
    said, nan = Recorder(), float("nan")
    given = SuggestSamplesOptions(
        map=write_raster("m.tif", classes, LEGEND, {"LULC_MODEL_SHA256": "a"}, nodata=0),
        probabilities=write_raster("p.tif", shares, None, {"LULC_MODEL_SHA256": "b"}, nodata=nan),
        output=str(tmp_path / "p.gpkg"),
    )
    suggest_samples(given, said)
    assert "another model" in said.warnings[0]


def _labelled(path, truth, name="labelled.gpkg", every=1):
    """Save points again with the class that is there, in the order of rank; the rest stay empty."""
    meta, _, geometry, _ = pyogrio.raw.read(path)
    pixels, fields = places(path)
    row, column = pixels.astype(int).T
    ids = np.where(np.arange(len(row)) % every == 0, truth[row, column].astype(float), np.nan)
    out = path.replace("points.gpkg", name)
    pyogrio.raw.write(
        out, geometry, [fields["rank"], ids, fields["sampling"]], ["rank", "class_id", "sampling"],
        geometry_type="Point", crs=meta["crs"],
    )  # fmt: skip
    return out


def test_they_are_no_accuracy_sample(suggest, classes):
    result, _ = suggest(size=30)
    reference = _labelled(result["output"], classes)
    given = {"map": result["output"].replace("points.gpkg", "map.tif"), "reference": reference}
    for design in ("simple", "stratified"):
        with pytest.raises(OptionsError, match="chosen where a model was unsure"):
            assess(AssessOptions(**given, class_field="class_id", sampling=design), Feedback())
    said = Recorder()
    scores = assess(AssessOptions(**given, class_field="class_id"), said)["scores"]
    assert scores["reference"]["n"] == 30
    assert any("chosen where a model was unsure" in text for text in said.warnings)
    assert any("chosen where a model was unsure" in text for text in scores["cautions"])


def test_models_learn_from_those_that_are_labelled(
    suggest, classes, write_raster, tmp_path, monkeypatch
):
    short = dataclasses.replace(RECIPES["default"], steps=(2, 2))
    monkeypatch.setitem(RECIPES, "default", short)
    result, _ = suggest(size=60)
    labels = _labelled(result["output"], classes, every=2)
    levels = {0: 1, 1: 20, 5: 50, 9: 90}
    noise = np.random.default_rng(8).normal(0, 2, (3, *SHAPE))
    image = np.vectorize(levels.get)(classes) * np.array([1, 2, 3])[:, None, None] + noise
    scene = write_raster("scene.tif", image.clip(1).astype(np.uint16), descriptions=("a", "b", "c"))
    given = {"image": [scene], "labels": labels, "class_field": "class_id", "epochs": 1}
    trainings = (
        (train_segmenter, TrainSegmenterOptions, {"batch_size": 2}),
        (train_patches, TrainPatchesOptions, {"architecture": "pixelnet"}),
    )
    for train, options, more in trainings:
        said, model = Recorder(), tmp_path / f"{train.__name__}.safetensors"
        train(options(**given, **more, model=str(model)), said)
        assert model.exists()
        assert any("30 features of labelled.gpkg have no class" in text for text in said.infos)
