"""Windows and grids by property."""

import math

import numpy as np
import pytest
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from rasterio.crs import CRS

from lulc_engine.rasters.grid import Grid, Window
from lulc_engine.rasters.ground import pixel_metres

offsets = st.integers(-60, 60)
sizes = st.integers(0, 50)
windows = st.builds(Window, offsets, offsets, sizes, sizes)
UTM = CRS.from_epsg(32632)


def pixels(window):
    return {
        (row, column)
        for row in range(window.row_off, window.row_stop)
        for column in range(window.col_off, window.col_stop)
    }


@st.composite
def transforms(draw):
    turn = draw(st.sampled_from([0, 0, 30, 90, 200]))
    width, height = (draw(st.sampled_from([-30.0, -0.25, 0.1, 10.0, 33.3])) for _ in range(2))
    x, y = (draw(st.floats(-1e6, 1e6)) for _ in range(2))
    return Affine.translation(x, y) * Affine.rotation(turn) * Affine.scale(width, height)


@given(windows, windows)
def test_intersection_holds_the_common_pixels(a, b):
    assert pixels(a.intersect(b)) == pixels(a) & pixels(b)
    assert pixels(b.intersect(a)) == pixels(a) & pixels(b)


@given(windows, windows)
def test_relative_slices_cut_the_same_pixels(outer, other):
    inner = other.intersect(outer)
    if inner.height and inner.width:
        rows, columns = np.mgrid[outer.row_off : outer.row_stop, outer.col_off : outer.col_stop]
        place = inner.relative_to(outer)
        cut = set(zip(rows[place].ravel().tolist(), columns[place].ravel().tolist(), strict=True))
        assert cut == pixels(inner)


@pytest.mark.parametrize("size", [(-1, 2), (2, -1)])
def test_a_window_has_no_negative_size(size):
    with pytest.raises(ValueError, match="cannot have the size"):
        Window(0, 0, *size)


def test_rasterio_counts_columns_first():
    window = Window(1, 2, 3, 4).to_rasterio()
    assert (window.row_off, window.col_off, window.height, window.width) == (1, 2, 3, 4)


@given(transforms(), windows, st.integers(0, 49), st.integers(0, 49))
def test_a_crop_keeps_every_pixel_in_place(transform, window, row, column):
    whole = Grid(UTM, transform, 100, 100)
    part = whole.crop(window)
    assert (part.height, part.width) == (window.height, window.width)
    there = whole.transform * (window.col_off + column, window.row_off + row)
    assert part.transform * (column, row) == pytest.approx(there, rel=1e-9, abs=1e-6)


@given(transforms(), windows)
def test_a_crop_is_aligned_and_half_a_pixel_is_not(transform, window):
    whole = Grid(UTM, transform, 100, 80)
    part = whole.crop(window)
    assert whole.is_aligned_with(part)
    assert part.is_aligned_with(whole)
    for shift in ((0.5, 0), (0, 0.02), (-0.3, 7)):
        moved = Grid(UTM, transform * Affine.translation(*shift), 100, 80)
        assert not whole.is_aligned_with(moved)


def test_other_pixels_or_systems_are_not_aligned():
    whole = Grid(UTM, Affine(10, 0, 0, 0, -10, 0), 100, 100)
    assert not whole.is_aligned_with(Grid(UTM, Affine(20, 0, 0, 0, -20, 0), 50, 50))
    assert not whole.is_aligned_with(Grid(UTM, Affine(10.01, 0, 0, 0, -10, 0), 100, 100))
    assert not whole.is_aligned_with(Grid(UTM, Affine(10, 0, 0, 0, 10, 0), 100, 100))
    assert not whole.is_aligned_with(Grid(CRS.from_epsg(32633), whole.transform, 100, 100))


@given(transforms())
def test_the_outline_has_the_area_of_all_pixels(transform):
    grid = Grid(UTM, transform, 30, 20)
    corners = np.array(grid.outline()) - grid.outline()[0]  # near 0 sums lose nothing
    x, y = corners.T
    area = abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2
    assert area == pytest.approx(600 * abs(transform.determinant), rel=1e-5)


@pytest.mark.parametrize(
    ("crs", "transform", "metres"),
    [
        (UTM, Affine(10, 0, 0, 0, -20, 0), (10, 20)),
        (UTM, Affine.rotation(30) * Affine.scale(10, -20), (10, 20)),
        (CRS.from_epsg(2263), Affine(100, 0, 0, 0, -100, 0), (30.48006, 30.48006)),
        (CRS.from_epsg(4326), Affine(0.01, 0, 8, 0, -0.01, 60.05), (556.6, 1113.2)),
        (CRS.from_epsg(4326), Affine(0.01, 0, 8, 0, 0.01, 59.95), (556.6, 1113.2)),
        (None, Affine.identity(), None),
    ],
)
def test_pixels_in_metres(crs, transform, metres):
    found = pixel_metres(Grid(crs, transform, 10, 10))
    assert (found is None) == (metres is None)
    assert metres is None or found == pytest.approx(metres, rel=1e-3)
    assert metres is None or not any(map(math.isnan, found))
