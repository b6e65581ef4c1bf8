"""Samples drawn from small maps: where the points lie, how many, and that all are as likely."""

import csv
import sys
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import shapely
from affine import Affine
from factories import ORIGIN
from recorder import Recorder
from scipy import stats

from lulc_engine.errors import DataError, EnvironmentFailure, OptionsError, RasterError
from lulc_engine.evaluation import class_map
from lulc_engine.evaluation.assess import assess
from lulc_engine.feedback import Feedback
from lulc_engine.options import AssessOptions, SuggestSamplesOptions
from lulc_engine.rasters.grid import Window
from lulc_engine.rasters.legend import make_legend
from lulc_engine.sampling.census import Census
from lulc_engine.sampling.draw import draw_simple, draw_stratified
from lulc_engine.sampling.suggest import suggest_samples

LEGEND = make_legend([1, 5, 9], ["water", "forest", "built-up"])


@pytest.fixture
def values():
    """A map of 90 x 80 pixels: nodata at the top, one rare class."""
    rng = np.random.default_rng(1)
    values = rng.choice([1, 5], (90, 80), p=[0.3, 0.7]).astype(np.uint8)
    values[:5] = 0
    values[40:44, 10:20] = 9
    return values


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch):
    """Let small maps have many blocks, as large ones do."""
    monkeypatch.setattr(class_map, "_BLOCK_PX", 32)


@pytest.fixture
def draw(write_raster, values, tmp_path):
    def run(name="points.gpkg", feedback=None, **options):
        path = write_raster("map.tif", values, LEGEND, nodata=0)
        output = str(tmp_path / name)
        given = SuggestSamplesOptions(map=path, output=output, **options)
        return suggest_samples(given, feedback or Feedback()), output

    return run


def places(path):
    """Return rows, columns and the fields of a layer of points on the map's grid."""
    meta, _, geometry, data = pyogrio.raw.read(path)
    points = shapely.from_wkb(geometry)
    columns, rows = ~ORIGIN * (shapely.get_x(points), shapely.get_y(points))
    return rows, columns, dict(zip(meta["fields"], data, strict=True)), meta


def test_points_lie_at_the_centres_of_pixels_that_have_a_class(draw, values):
    result, path = draw(size=300, min_per_class=20, map_class=True)
    rows, columns, fields, meta = places(path)
    assert result["points"] == len(rows) == 300
    assert rows % 1 == pytest.approx(0.5)
    assert columns % 1 == pytest.approx(0.5)
    pixels = np.stack([rows, columns]).astype(int)
    assert len(np.unique(pixels, axis=1).T) == 300
    assert values[tuple(pixels)].tolist() == fields["map_id"].tolist()
    assert set(fields["map_class"]) == {"water", "forest", "built-up"}
    assert fields["id"].tolist() == list(range(1, 301))
    assert meta["crs"] == "EPSG:32632"
    assert np.bincount(fields["map_id"])[9] == 20


def test_whoever_labels_sees_empty_fields_and_no_class_of_the_map(draw):
    _, path = draw(size=60, min_per_class=2, sampling="simple")
    fields = places(path)[2]
    assert list(fields) == ["id", "class_id", "class"]
    assert all(value is None for value in fields["class"])
    assert np.isnan(fields["class_id"]).all()


def test_seed_decides(draw):
    first, again, other = (draw(size=50, min_per_class=5, seed=seed)[1] for seed in (3, 3, 4))
    assert first == again == other  # one file, written three times
    one, two, three = (
        np.stack(places(draw(size=50, min_per_class=5, seed=seed)[1])[:2]) for seed in (3, 3, 4)
    )
    assert (one == two).all()
    assert (one != three).any()


def test_table_says_the_design(draw, values, tmp_path):
    table = tmp_path / "design.csv"
    result, _ = draw(table=str(table), expected_accuracy="0.9,water=0.8", standard_error=0.03)
    with open(table, encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["name"] for row in rows] == ["water", "forest", "built-up"]
    assert [int(row["pixels"]) for row in rows] == [int((values == i).sum()) for i in (1, 5, 9)]
    assert sum(float(row["share"]) for row in rows) == pytest.approx(1)
    assert [float(row["expected_accuracy"]) for row in rows] == [0.8, 0.9, 0.9]
    assert [int(row["points"]) for row in rows][2] == 40  # all the pixels it has, not 50
    assert sum(int(row["points"]) for row in rows) == result["points"]
    assert result["expected_error"] == pytest.approx(0.03, rel=0.15)


def test_geojson_is_in_degrees_and_hits_the_same_pixels(draw, write_raster, values):
    _, path = draw("points.geojson", size=40, min_per_class=5, map_class=True)
    meta, _, geometry, data = pyogrio.raw.read(path)
    assert meta["crs"] == "EPSG:4326"
    assert np.abs(shapely.get_y(shapely.from_wkb(geometry))).max() < 90
    # Assessing finds each point in the pixel that it was drawn from
    scores = assess(
        AssessOptions(map=path.replace("points.geojson", "map.tif"), reference=path,
                      class_field="map_id", sampling="stratified"), Feedback(),
    )["scores"]  # fmt: skip
    assert (scores["overall_accuracy"], scores["reference"]["n"]) == (1, 40)
    assert len(data[0]) == 40


def test_a_sample_that_nobody_has_labelled_is_no_reference(draw):
    _, path = draw(size=40, min_per_class=5)
    given = AssessOptions(
        map=path.replace("points.gpkg", "map.tif"), reference=path, class_field="class_id"
    )
    with pytest.raises(DataError, match="empty in every feature"):
        assess(given, Feedback())


def _frame(values):
    """A census of an array, and a map that reads from it."""
    blocks = tuple(
        Window(row, column, min(4, values.shape[0] - row), min(3, values.shape[1] - column))
        for row in range(0, values.shape[0], 4)
        for column in range(0, values.shape[1], 3)
    )

    class Map:
        def read(self, window):
            return values[window.relative_to(Window(0, 0, *values.shape))]

    parts = [Map().read(block) for block in blocks]
    counts = [[int((part == i).sum()) for i in LEGEND.ids] for part in parts]
    return Map(), Census(LEGEND, blocks, np.array(counts))


@pytest.mark.parametrize("design", ["simple", "stratified"])
def test_every_pixel_of_a_stratum_is_as_likely(design):
    values = np.random.default_rng(2).choice([0, 1, 5, 9], (10, 8), p=[0.2, 0.1, 0.4, 0.3])
    source, census = _frame(values)
    sizes = np.array([2, 4, 6]) if design == "stratified" else None
    hits, draws = np.zeros(values.shape), 2000
    for seed in range(draws):
        if sizes is None:
            drawn = draw_simple(source, census, 12, seed, Feedback())
        else:
            drawn = draw_stratified(source, census, sizes, seed, Feedback())
            assert np.bincount(drawn.classes).tolist() == sizes.tolist()
        hits[drawn.rows, drawn.columns] += 1
    assert (hits[values == 0] == 0).all()
    strata = [values > 0] if sizes is None else [values == i for i in LEGEND.ids]
    for stratum in strata:
        assert stats.chisquare(hits[stratum]).pvalue > 0.001


def test_neighbours_are_as_likely_to_be_drawn_together_as_any_two_pixels():
    values = np.ones((10, 8), np.uint8)
    source, census = _frame(values)
    size, draws, together = 12, 3000, 0
    for seed in range(draws):
        drawn = draw_simple(source, census, size, seed, Feedback())
        hit = np.zeros(values.shape, bool)
        hit[drawn.rows, drawn.columns] = True
        together += (hit[:, 1:] & hit[:, :-1]).sum()
    pairs = 10 * 7
    share = size * (size - 1) / (80 * 79)  # of two given pixels
    assert together / draws / pairs == pytest.approx(share, rel=0.05)


def test_whole_map_can_be_drawn(draw, values):
    result, _ = draw(sampling="simple", size=int((values > 0).sum()))
    assert result["points"] == (values > 0).sum()
    assert result["expected_error"] == 0


def test_sizes_that_cannot_be_are_refused(draw, values):
    with pytest.raises(OptionsError, match="cannot hold 50 points for each of the 3 classes"):
        draw(size=100)
    for design in ("simple", "stratified"):
        with pytest.raises(OptionsError, match="more than the 6800 pixels"):
            draw(size=10_000, sampling=design)
    with pytest.raises(OptionsError, match=r"must end in \.gpkg or \.geojson"):
        draw("points.shp")


def test_maps_that_cannot_be_sampled_are_refused(write_raster, tmp_path):
    def expect(kind, match, path):
        given = SuggestSamplesOptions(map=path, output=str(tmp_path / "p.gpkg"))
        with pytest.raises(kind, match=match):
            suggest_samples(given, Feedback())
        assert not (tmp_path / "p.gpkg").exists()

    expect(DataError, "no class anywhere", write_raster("0.tif", np.zeros((5, 5), np.uint8)))
    many = np.arange(4900, dtype=np.uint16).reshape(70, 70)
    expect(DataError, "different values", write_raster("many.tif", many))
    nowhere = write_raster("nowhere.tif", np.ones((50, 50), np.uint8), crs=None)
    expect(RasterError, "no coordinate reference system", nowhere)


def test_degrees_that_shrink_are_warned_of(write_raster, tmp_path):
    values = np.ones((90, 80), np.uint8)
    place = {"crs": "EPSG:4326", "transform": Affine(0.1, 0, 5, 0, -0.1, 60)}
    path = write_raster("degrees.tif", values, nodata=0, **place)
    feedback = Recorder()
    given = SuggestSamplesOptions(map=path, output=str(tmp_path / "p.gpkg"), size=50)
    suggest_samples(given, feedback)
    assert "Reproject the map to an equal-area CRS" in feedback.warnings[0]


@pytest.mark.skipif(sys.platform == "win32", reason="no such limit on Windows")
@pytest.mark.parametrize("name", ["cut.gpkg", "cut.geojson"])
def test_a_layer_that_a_full_disk_cuts_off_is_not_published(draw, name):
    """GDAL writes the end of a file when it closes it, and tells nobody if there is no room."""
    import resource

    _, whole = draw(f"whole-{name}", size=200)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (Path(whole).stat().st_size - 64, before[1]))
    try:
        with pytest.raises(EnvironmentFailure, match=f"{name} could not be written"):
            draw(name, size=200)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not Path(whole).with_name(name).exists()
