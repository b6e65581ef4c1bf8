"""Label rasters."""

import json
import math
import shutil

import numpy as np
import pytest
from affine import Affine
from factories import ORIGIN
from rasterio.crs import CRS as AnyCRS  # noqa: N811

from lulc_engine.errors import Cancelled, LabelError, OptionsError, RasterError
from lulc_engine.feedback import Feedback
from lulc_engine.rasters.grid import Grid, Window
from lulc_engine.rasters.legend import make_legend
from lulc_engine.samples.label_files import open_labels, open_source

GRID = Grid(AnyCRS.from_epsg(32632), ORIGIN, 40, 32)


@pytest.fixture
def values():
    values = np.zeros((32, 40), np.uint8)
    values[4:10, 5:20] = 1
    values[12:20, 5:20] = 9
    values[22:25, 30:35] = 255
    return values


def read_ids(labels):
    """Return the users' ids of all pixels; None where there is no label."""
    found = labels.read(labels.grid.window)
    assert found.dtype == np.int16
    return np.array([*labels.legend.ids, None], dtype=object)[found]


def test_nodata_is_no_label(write_raster, values):
    labels = open_labels(write_raster("l.tif", values, nodata=9), GRID)
    assert labels.legend.ids == (0, 1, 255)
    np.testing.assert_array_equal(read_ids(labels), np.where(values == 9, None, values))
    assert labels.notes == []
    assert (labels.kind, labels.read_units(GRID.window), labels.samples()) == ("raster", None, None)


def test_without_nodata_0_is_no_label_and_that_is_said(write_raster, values):
    labels = open_labels(write_raster("l.tif", values), GRID)
    assert labels.legend.ids == (1, 9, 255)
    np.testing.assert_array_equal(read_ids(labels), np.where(values == 0, None, values))
    assert any("l.tif has no nodata value; 0 was taken" in note for note in labels.notes)
    assert labels.window == Window(4, 5, 21, 30)


@pytest.mark.parametrize("nodata", [None, 0, 9])
@pytest.mark.parametrize(
    ("ignore", "kept"), [("none", [0, 1, 9, 255]), ("NONE", [0, 1, 9, 255]), ("1", [0, 9, 255])]
)
def test_ignore_value_comes_before_nodata(write_raster, values, nodata, ignore, kept):
    path = write_raster("l.tif", values, nodata=nodata)
    labels = open_labels(path, GRID, ignore_value=ignore)
    assert labels.legend.ids == tuple(kept)
    assert {i for i in read_ids(labels).ravel() if i is not None} == set(kept)
    assert labels.notes == []


def test_ignore_value_must_be_a_number(write_raster, values):
    with pytest.raises(OptionsError, match="must be a number or none, not 'water'"):
        open_source(write_raster("l.tif", values), ignore_value="water")


@pytest.mark.parametrize("dtype", ["int32", "float32", "float64", "uint16", "int64"])
def test_ids_of_any_type(write_raster, values, dtype):
    values = values.astype(dtype)
    if dtype != "uint16":
        values[values == 9], values[values == 1] = 70000, -7
    labels = open_labels(write_raster("l.tif", values), GRID)
    assert labels.legend.ids == tuple(sorted({int(v) for v in np.unique(values)} - {0}))
    np.testing.assert_array_equal(read_ids(labels), np.where(values == 0, None, values.astype(int)))


@pytest.mark.parametrize("nodata", [None, math.nan, 0])
def test_nan_is_no_label(write_raster, values, nodata):
    values = values.astype("float32")
    values[values == 0] = math.nan
    labels = open_labels(write_raster("l.tif", values, nodata=nodata), GRID)
    assert labels.legend.ids == (1, 9, 255)
    assert (labels.read(GRID.window) >= 0).sum() == np.isfinite(values).sum()


def test_numbers_that_are_not_whole(write_raster, values):
    values = values.astype("float32")
    values[5, 5] = 2.5
    with pytest.raises(LabelError, match=r"not whole numbers, such as 2\.5"):
        open_source(write_raster("l.tif", values))


@pytest.mark.parametrize("value", [1e20, -3e9])
def test_numbers_that_no_map_can_hold(write_raster, values, value):
    values = values.astype("float64")
    values[5, 5] = value
    with pytest.raises(ValueError, match="ids must be"):
        open_source(write_raster("l.tif", values))


def test_an_image_is_no_label_raster(write_raster):
    values = np.arange(32 * 40, dtype=np.uint16).reshape(32, 40)
    with pytest.raises(LabelError, match="more than 1000 different values"):
        open_source(write_raster("l.tif", values))


@pytest.mark.parametrize("profile", [{}, {"nodata": 7}])
def test_nothing_but_ignored(write_raster, profile):
    values = np.full((32, 40), profile.get("nodata", 0), np.uint8)
    with pytest.raises(LabelError, match="holds no labels: every pixel is ignored"):
        open_source(write_raster("l.tif", values, **profile))


@pytest.mark.parametrize("shift", [(0, 0), (-3, 4), (10, -12)])
def test_a_shifted_raster_on_the_same_lattice(write_raster, values, shift):
    rows, columns = shift
    moved = ORIGIN * Affine.translation(columns, rows)
    labels = open_labels(write_raster("l.tif", values, transform=moved), GRID)
    expected = np.full((32, 40), None, dtype=object)
    for row, column in np.argwhere(values):
        if 0 <= row + rows < 32 and 0 <= column + columns < 40:
            expected[row + rows, column + columns] = values[row, column]
    np.testing.assert_array_equal(read_ids(labels), expected)


def test_another_resolution(write_raster, values):
    coarse = ORIGIN * Affine.scale(3)
    labels = open_labels(write_raster("l.tif", values, transform=coarse), GRID)
    expected = np.kron(values, np.ones((3, 3), np.uint8))[:32, :40]
    np.testing.assert_array_equal(read_ids(labels), np.where(expected == 0, None, expected))
    assert any("nearest neighbour" in note for note in labels.notes)
    assert labels.legend.ids == (1, 9, 255), "the legend is that of the whole file"


def test_no_overlap(write_raster, values):
    far = ORIGIN * Affine.translation(5000, 0)
    with pytest.raises(LabelError, match=r"l\.tif do not overlap the scene"):
        open_labels(write_raster("l.tif", values, transform=far), GRID)


def test_names_and_colours_of_a_map_of_ours(write_raster, values):
    legend = make_legend([1, 9, 255, 4], ["water", "a & b", "x", "y"], {9: (1, 2, 3)})
    labels = open_labels(write_raster("l.tif", values, legend), GRID)
    assert labels.legend.classes == tuple(legend.classes[i] for i in (0, 1, 2))


def test_names_of_a_map_that_was_edited(write_raster, values):
    legend = make_legend([1, 9], ["water", "forest"], {9: (1, 2, 3)})
    labels = open_labels(write_raster("l.tif", values, legend), GRID)
    assert labels.legend.names == ("water", "forest", "class 255")
    assert labels.legend.classes[1].color == (1, 2, 3)


@pytest.mark.parametrize("tag", ["not json", '[{"id": 1}]', '{"a": 1}', "{", "[[[]]]"])
def test_tags_that_are_no_legend(write_raster, values, tag):
    path = write_raster("l.tif", values, tags={"LULC_LEGEND": tag})
    assert open_labels(path, GRID).legend.names == ("class 1", "class 9", "class 255")


def test_names_in_a_tag_or_beside_the_file(write_raster, values, tmp_path):
    names = {"1": "water", "9": "forest"}
    tagged = write_raster("a.tif", values, tags={"classes": json.dumps(names)})
    assert open_labels(tagged, GRID).legend.names == ("water", "forest", "class 255")
    path = write_raster("b.tif", values)
    (tmp_path / "b.tif.aux.xml").write_text(
        '<PAMDataset><PAMRasterBand band="1"><CategoryNames><Category/>'
        "<Category>a &amp; b</Category></CategoryNames></PAMRasterBand></PAMDataset>",
        "utf-8",
    )
    assert open_labels(path, GRID).legend.names == ("a & b", "class 9", "class 255")


def test_colours_of_the_colour_table(write_raster, values):
    table = {1: (10, 20, 30, 255), 9: (40, 50, 60, 255)}
    path = write_raster("l.tif", values, alter=lambda d: d.write_colormap(1, table))
    colours = [c.color for c in open_labels(path, GRID).legend.classes]
    assert colours[:2] == [(10, 20, 30), (40, 50, 60)]
    assert len(set(colours)) == 3


def test_windows_agree_with_the_whole(write_raster, values):
    labels = open_labels(write_raster("l.tif", values), GRID)
    window = Window(3, 2, 20, 30)
    rows, columns = window.relative_to(GRID.window)
    np.testing.assert_array_equal(labels.read(window), labels.read(GRID.window)[rows, columns])


def test_reading_a_large_file_can_be_cancelled(write_raster, values):
    feedback = Feedback()
    feedback.cancel()
    with pytest.raises(Cancelled):
        open_source(write_raster("l.tif", values), feedback=feedback)


def test_truncated(write_raster, values, tmp_path):
    path = write_raster("l.tif", values)
    (tmp_path / "l.tif").write_bytes((tmp_path / "l.tif").read_bytes()[:900])
    with pytest.raises(ValueError, match=r"l\.tif"):
        open_labels(path, GRID)


def test_a_colour_picture_is_refused(write_raster, values):
    path = write_raster("l.tif", np.stack([values, values, values]))
    with pytest.raises(RasterError, match="picture of red, green and blue"):
        open_source(path)


def test_says_that_only_the_first_band_is_read(write_raster, values):
    path = write_raster("l.tif", np.stack([values, values + 1]).astype(np.uint16), nodata=0)
    labels = open_labels(path, GRID)
    assert labels.legend.ids == (1, 9, 255)
    assert labels.notes == ["l.tif has 2 bands; the first was read."]


@pytest.mark.parametrize("side", [10, 5])
def test_the_files_mask_hides_labels(write_raster, values, side):
    shown = np.full(values.shape, 255, np.uint8)
    shown[12:20] = 0
    times = 10 // side
    stored = np.kron(values, np.ones((times, times), np.uint8))
    path = write_raster(
        "l.tif",
        stored,
        transform=ORIGIN * Affine.scale(1 / times),
        alter=lambda dataset: dataset.write_mask(
            np.kron(shown, np.ones_like(stored[:times, :times]))
        ),
    )
    labels = open_labels(path, GRID)
    assert labels.legend.ids == (1, 255)
    expected = np.where((values == 0) | (values == 9), None, values)
    np.testing.assert_array_equal(read_ids(labels), expected)


def test_a_raster_is_known_by_its_contents(write_raster, values, tmp_path):
    path = write_raster("l.tif", values, nodata=0)
    renamed = str(shutil.copy(path, tmp_path / "classes.map"))
    assert open_source(renamed).legend.ids == (1, 9, 255)
    (tmp_path / "notes.map").write_text("no raster")
    with pytest.raises(LabelError, match="cannot be read as labels"):
        open_source(str(tmp_path / "notes.map"))
