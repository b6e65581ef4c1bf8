"""Blocks keep their place whatever the grid."""

import numpy as np
import pytest
from affine import Affine
from factories import ORIGIN
from hypothesis import given
from hypothesis import strategies as st
from rasterio.crs import CRS as AnyCRS  # noqa: N811
from rasterio.warp import transform

from lulc_engine.rasters.grid import Grid, Window
from lulc_engine.samples.blocks import BlockLattice, choose_block_px

UTM = AnyCRS.from_epsg(32632)
FIRST = Grid(UTM, ORIGIN, 200, 160)
LATTICE = BlockLattice(FIRST, 16)


def test_blocks_are_squares_of_the_first_grid():
    units = LATTICE.units(FIRST, FIRST.window)
    assert units.shape == (160, 200)
    corners = units[::16, ::16]
    assert len(np.unique(corners)) == corners.size == len(np.unique(units))
    np.testing.assert_array_equal(np.kron(corners, np.ones((16, 16), int))[:160, :200], units)


@given(st.integers(-100, 250), st.integers(-100, 250), st.integers(1, 40), st.integers(1, 40))
def test_windows_agree(row, column, height, width):
    window = Window(row, column, height, width)
    around = Window(-100, -100, 400, 400)
    rows, columns = window.relative_to(around)
    whole = LATTICE.units(FIRST, around)
    np.testing.assert_array_equal(LATTICE.units(FIRST, window), whole[rows, columns])


@pytest.mark.parametrize(
    ("crs", "transform_of_other"),
    [
        (32632, ORIGIN * Affine.translation(-37, 12)),
        (32632, ORIGIN * Affine.translation(3.4, -7.7) * Affine.scale(2.5)),
        (32632, ORIGIN * Affine.translation(0, 160) * Affine.scale(1, -1)),
        (32632, ORIGIN * Affine.translation(50, 0) * Affine.rotation(30)),
        (4326, Affine(0.0002, 0, 8.99, 0, -0.0001, 46.96)),
        (3035, Affine(10, 0, 4_244_000, 0, -10, 2_650_000)),
    ],
)
def test_a_place_keeps_its_block_on_another_grid(crs, transform_of_other):
    other = Grid(AnyCRS.from_epsg(crs), transform_of_other, 120, 100)
    window = Window(10, 20, 50, 60)
    units = LATTICE.units(other, window)
    rows, columns = np.mgrid[10:60, 20:80] + 0.5
    xs, ys = transform_of_other * (columns.ravel(), rows.ravel())
    if crs != 32632:
        xs, ys = (np.array(part) for part in transform(other.crs, UTM, xs, ys))
    own_rows, own_columns = (5_200_000 - ys) / 160, (xs - 500_000) / 160
    near_an_edge = np.minimum(abs(own_rows - np.round(own_rows)),
                              abs(own_columns - np.round(own_columns))) < 1e-6  # fmt: skip
    places = np.stack([np.floor(own_rows), np.floor(own_columns)]).astype(int)[:, ~near_an_edge]
    found = units.ravel()[~near_an_edge]
    by_place = {}
    for place, unit in zip(places.T.tolist(), found.tolist(), strict=True):
        assert by_place.setdefault(tuple(place), unit) == unit
    assert len(set(by_place.values())) == len(by_place)
    in_first = LATTICE.units(FIRST, FIRST.window)
    for (row, column), unit in by_place.items():
        if 0 <= row < 10 and 0 <= column < 12:
            assert in_first[row * 16, column * 16] == unit


def test_grids_without_a_system_are_taken_as_they_are():
    bare = BlockLattice(Grid(None, Affine.identity(), 200, 160), 16)
    units = bare.units(bare.grid, bare.grid.window)
    assert len(np.unique(units)) == 10 * 13


@pytest.mark.parametrize(
    ("size", "side"),
    [((10, 10), 16), ((96, 500), 16), ((600, 900), 100), ((9000, 9000), 256), ((0, 0), 16)],
)
def test_side_of_blocks(size, side):
    assert choose_block_px(Window(0, 0, *size)) == side
