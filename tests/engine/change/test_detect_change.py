"""Change between small maps, against counts by hand and a plain loop over pixels."""

import csv
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from factories import ORIGIN
from recorder import Recorder

from lulc_engine.change.detect import detect_change
from lulc_engine.change.transitions import change_legend
from lulc_engine.errors import DataError, OptionsError
from lulc_engine.evaluation import class_map
from lulc_engine.feedback import Feedback
from lulc_engine.options import DetectChangeOptions
from lulc_engine.rasters.legend import Legend, LegendClass, make_legend

LEGEND = make_legend([1, 5, 9], ["water", "forest", "built-up"])


@pytest.fixture
def detect(tmp_path):
    def run(before, after, feedback=None, **outputs):
        output = str(tmp_path / "change.tif")
        given = DetectChangeOptions(before=before, after=after, output=output, **outputs)
        result = detect_change(given, feedback or Feedback())
        with rasterio.open(output) as dataset:
            return result, dataset.read(1), {**dataset.tags(), **dataset.meta}

    return run


@pytest.fixture
def maps():
    """Two maps of 70 x 60 pixels with nodata in different places."""
    rng = np.random.default_rng(4)
    before = rng.choice([1, 5, 9], (70, 60)).astype(np.uint8)
    after = np.where(rng.random(before.shape) < 0.2, 9, before).astype(np.uint8)
    before[:3], after[:, :4] = 0, 0
    return before, after


def by_hand(before, after, base=10):
    both = (before > 0) & (after > 0)
    return np.where(both, before.astype(int) * base + after, 0)


@pytest.mark.parametrize("block_px", [32, 2048])
def test_every_pixel_says_what_became_of_what(write_raster, maps, detect, block_px, monkeypatch):
    monkeypatch.setattr(class_map, "_BLOCK_PX", block_px)
    paths = [write_raster(f"{i}.tif", values, LEGEND, nodata=0) for i, values in enumerate(maps)]
    result, values, file = detect(*paths)
    expected = by_hand(*maps)
    assert (values == expected).all()
    assert (file["dtype"], file["nodata"]) == ("uint8", 0)
    legend = Legend.from_json(file["LULC_LEGEND"])
    names = dict(zip(legend.ids, legend.names, strict=True))
    assert set(names) == set(np.unique(expected)) - {0}
    assert (names[11], names[59]) == ("water unchanged", "forest → built-up")
    assert len({c.color for c in legend.classes}) == len(legend)
    counts = Counter(expected[expected > 0].tolist())
    matrix = result["transitions"]["pixels"]
    assert matrix == [[counts[10 * i + j] for j in (1, 5, 9)] for i in (1, 5, 9)]
    changed = sum(n for code, n in counts.items() if code // 10 != code % 10)
    assert result["changed_share"] == pytest.approx(changed / sum(counts.values()))
    assert result["changed_hectares"] == pytest.approx(changed * 0.01)


def test_map_has_style_category_names_and_table(write_raster, maps, detect, tmp_path):
    paths = [write_raster(f"{i}.tif", values, LEGEND, nodata=0) for i, values in enumerate(maps)]
    table, report = tmp_path / "change.csv", tmp_path / "change.html"
    result, _, _ = detect(*paths, table=str(table), report=str(report))
    assert 'label="forest → built-up"' in (tmp_path / "change.qml").read_text("utf-8")
    assert "forest → built-up" in (tmp_path / "change.tif.aux.xml").read_text("utf-8")
    with open(table, encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    matrix = np.array(result["transitions"]["hectares"])
    place = {name: i for i, name in enumerate(result["transitions"]["names"])}
    for row in rows:
        area = matrix[place[row["from_name"]], place[row["to_name"]]]
        assert float(row["hectares"]) == pytest.approx(area)
    assert sum(float(row["share"]) for row in rows) == pytest.approx(1, abs=1e-5)
    page = report.read_text("utf-8")
    assert "the errors of both maps add up" in page
    assert "became" in page
    assert "<script" not in page
    assert json.loads(json.dumps(result))["matching"] == "name"


def test_legends_are_matched_by_name_although_ids_differ(write_raster, detect):
    result, values, _ = detect(
        write_raster("b.tif", np.array([[1, 5], [9, 9]], np.uint8), LEGEND, nodata=0),
        write_raster("a.tif", np.array([[3, 2], [2, 3]], np.uint8),
                     make_legend([3, 2], ["Water", "forest "]), nodata=0),
    )  # fmt: skip
    assert result["matching"] == "name"
    assert values.tolist() == [[11, 55], [95, 91]]


def test_other_names_are_matched_by_id_and_said(write_raster, detect):
    log = Recorder()
    result, values, _ = detect(
        write_raster("b.tif", np.array([[1, 5, 9]], np.uint8), LEGEND, nodata=0),
        write_raster("a.tif", np.array([[1, 9, 9]], np.uint8),
                     make_legend([1, 9], ["See", "Stadt"]), nodata=0),
        feedback=log,
    )  # fmt: skip
    assert result["matching"] == "id"
    assert values.tolist() == [[11, 59, 99]]
    assert "1: map before “water”, map after “See”" in log.warnings[0]


def test_a_class_that_is_new_is_said(write_raster, detect):
    log = Recorder()
    legend = make_legend([1, 5, 9, 12], [*LEGEND.names, "mine"])
    result, values, file = detect(
        write_raster("b.tif", np.array([[1, 5, 9]], np.uint8), LEGEND, nodata=0),
        write_raster("a.tif", np.array([[1, 12, 9]], np.uint8), legend, nodata=0),
        feedback=log,
    )
    assert values.tolist() == [[101, 512, 909]]
    assert file["dtype"] == "uint16"
    assert "The map before has no class “mine” of the map after: all of it is new." in log.warnings
    assert result["transitions"]["names"] == [*LEGEND.names, "mine"]


def test_another_grid_is_brought_to_that_of_the_first(write_raster, maps, detect):
    before, _ = maps
    fine = np.kron(before, np.ones((2, 2), np.uint8))
    log = Recorder()
    _, values, _ = detect(
        write_raster("b.tif", before, LEGEND, nodata=0),
        write_raster("a.tif", fine, LEGEND, nodata=0, transform=ORIGIN * Affine.scale(0.5)),
        feedback=log,
    )
    assert (values == by_hand(before, before)).all()
    assert any("nearest neighbour" in text for text in log.infos)


@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32"])
def test_only_the_common_part_is_compared(write_raster, maps, detect, dtype):
    before, after = maps
    shifted = after[20:, 10:40].astype(dtype)
    place = ORIGIN * Affine.translation(10, 20)
    _, values, file = detect(
        write_raster("b.tif", before, LEGEND, nodata=0),
        write_raster("a.tif", shifted, LEGEND, nodata=0, transform=place),
    )
    expected = np.zeros(before.shape, int)
    expected[20:, 10:40] = by_hand(before[20:, 10:40], after[20:, 10:40])
    assert (values == expected).all()
    assert (file["height"], file["width"]) == before.shape


def test_class_0_leaves_another_nodata_value(write_raster, detect):
    legend = make_legend([0, 1], ["other", "water"])
    values = np.array([[0, 1, 255], [0, 1, 1]], np.uint8)
    after = np.array([[0, 0, 1], [1, 1, 255]], np.uint8)
    _, change, file = detect(
        write_raster("b.tif", values, legend, nodata=255),
        write_raster("a.tif", after, legend, nodata=255),
    )
    assert file["nodata"] == 255
    assert change.tolist() == [[0, 10, 255], [1, 11, 255]]


def test_a_map_does_not_differ_from_itself(write_raster, maps, detect, tmp_path):
    path = write_raster("b.tif", maps[0], LEGEND, nodata=0)
    report = str(tmp_path / "r.html")
    result, _, _ = detect(path, path, report=report)
    assert (result["changed_share"], result["changed_hectares"]) == (0, 0)
    assert "Nothing changed." in Path(report).read_text("utf-8")


def test_area_on_the_ellipsoid_and_without_a_place(write_raster, detect):
    values = np.array([[1], [1]], np.uint8)
    after = np.array([[1], [5]], np.uint8)
    degrees = {"crs": "EPSG:4326", "transform": Affine(0.1, 0, 5, 0, -30, 60)}
    result, _, _ = detect(
        write_raster("b.tif", values, LEGEND, nodata=0, **degrees),
        write_raster("a.tif", after, LEGEND, nodata=0, **degrees),
    )
    # From 60 to 30 degrees north lies (sin 60 - sin 30) / (sin 60 - sin 0) of the upper 60 degrees
    assert result["changed_share"] == pytest.approx(np.sin(np.pi / 6) / np.sin(np.pi / 3), rel=0.01)
    nowhere = {"crs": None, "transform": Affine.identity()}
    result, _, _ = detect(
        write_raster("b.tif", values, LEGEND, nodata=0, **nowhere),
        write_raster("a.tif", after, LEGEND, nodata=0, **nowhere),
    )
    assert (result["changed_share"], result["changed_hectares"]) == (0.5, None)


def test_maps_that_do_not_fit_are_refused(write_raster, maps, detect, tmp_path):
    before = write_raster("b.tif", maps[0], LEGEND, nodata=0)
    far = write_raster("f.tif", maps[1], LEGEND, nodata=0, transform=Affine(10, 0, 0, 0, -10, 0))
    with pytest.raises(DataError, match=r"f\.tif does not overlap b\.tif"):
        detect(before, far)
    other = make_legend([30, 31], ["a", "b"])
    strange = np.where(maps[1] == 1, 30, 31).astype(np.uint8)
    with pytest.raises(DataError, match="neither names nor ids in common"):
        detect(before, write_raster("s.tif", strange, other, nodata=0))
    with pytest.raises(DataError, match="no place where both maps have a class"):
        detect(before, write_raster("n.tif", np.zeros((70, 60), np.uint8), LEGEND, nodata=0))
    with pytest.raises(DataError, match="not whole numbers"):
        detect(before, write_raster("h.tif", np.full((70, 60), 0.5, np.float32)))
    with pytest.raises(OptionsError, match="also an input"):
        detect_change(DetectChangeOptions(before=before, after=far, output=far), Feedback())
    assert not (tmp_path / "change.tif").exists()


def test_names_from_users_do_no_harm(write_raster, detect, tmp_path):
    nasty = make_legend([1, 5], ["<script>alert(1)</script>", "=HYPERLINK(1)"])
    table, report = tmp_path / "t.csv", tmp_path / "r.html"
    detect(
        write_raster("b.tif", np.array([[1, 5]], np.uint8), nasty, nodata=0),
        write_raster("a.tif", np.array([[5, 5]], np.uint8), nasty, nodata=0),
        table=str(table),
        report=str(report),
    )
    assert "<script" not in report.read_text("utf-8")
    assert "'=HYPERLINK(1)" in table.read_text("utf-8")


def test_colours_and_ids_of_any_legend():
    same = Legend(tuple(LegendClass(-i, f"c{i}", (9, 9, 9)) for i in range(30)))
    legend = change_legend(same, [(i, j) for i in range(30) for j in range(30)])
    assert len(set(legend.ids)) == 900
    assert max(legend.ids) == 3030
    large = make_legend([1, 70_000], ["a", "b"])
    assert change_legend(large, [(0, 1), (1, 1)]).ids == (12, 22)
