"""One raster on the grid of another."""

import numpy as np
import pytest
import rasterio
from affine import Affine
from factories import CRS, ORIGIN, random_image
from rasterio.warp import calculate_default_transform, reproject, transform

from lulc_engine.errors import RasterError
from lulc_engine.rasters.align import AlignedBand
from lulc_engine.rasters.grid import Grid, Window

GRID = Grid(rasterio.crs.CRS.from_string(CRS), ORIGIN, 40, 32)


@pytest.fixture
def values():
    return random_image(1, 32, 40, "int32")[0] + 70_000


@pytest.mark.parametrize("shift", [(0, 0), (5, 7), (-6, -9), (100, 0)])
def test_the_same_lattice_is_read_as_it_is(write_raster, values, shift):
    rows, columns = shift
    moved = ORIGIN * Affine.translation(columns, rows)
    band = AlignedBand(write_raster("a.tif", values, transform=moved), GRID)
    window = Window(-3, 2, 30, 60)
    found, covered = band.read(window)
    assert band.notes == []
    assert found.dtype == np.int32
    for row in range(window.height):
        for column in range(window.width):
            there = (row - 3 - rows, column + 2 - columns)
            inside = 0 <= there[0] < 32 and 0 <= there[1] < 40
            assert covered[row, column] == inside
            if inside:
                assert found[row, column] == values[there]


@pytest.mark.parametrize("factor", [2, 3, 0.5])
def test_other_resolutions_take_the_pixel_at_the_centre(write_raster, values, factor):
    there = ORIGIN * Affine.scale(factor)
    path = write_raster("a.tif", values, transform=there, nodata=70_001)
    band = AlignedBand(path, GRID)
    assert "nearest neighbour" in band.notes[0]
    found, covered = band.read(GRID.window)
    rows, columns = np.mgrid[0:32, 0:40]
    rows, columns = ((rows + 0.5) / factor).astype(int), ((columns + 0.5) / factor).astype(int)
    inside = (rows < 32) & (columns < 40)
    np.testing.assert_array_equal(covered, inside)
    if factor > 1:  # where a centre falls on an edge, either side is right
        np.testing.assert_array_equal(found[inside], values[rows[inside], columns[inside]])
    part, _ = band.read(Window(10, 20, 5, 7))
    np.testing.assert_array_equal(part, found[10:15, 20:27])


def test_values_survive_another_system(write_raster, values):
    lonlat, width, height = calculate_default_transform(
        CRS, "EPSG:4326", 40, 32, *rasterio.transform.array_bounds(32, 40, ORIGIN)
    )
    fine = lonlat * Affine.scale(0.25)
    there = np.zeros((height * 4, width * 4), np.int32)
    reproject(values, there, src_transform=ORIGIN, src_crs=CRS, dst_transform=fine,
              dst_crs="EPSG:4326", resampling=rasterio.enums.Resampling.nearest)  # fmt: skip
    band = AlignedBand(write_raster("a.tif", there, transform=fine, crs="EPSG:4326"), GRID)
    found, covered = band.read(GRID.window)
    inner = (slice(2, -2), slice(2, -2))
    assert covered[inner].all()
    assert (found[inner] == values[inner]).mean() > 0.95


def test_zeros_are_covered_also_when_warped(write_raster):
    path = write_raster("a.tif", np.zeros((16, 20), np.uint8), nodata=0,
                        transform=ORIGIN * Affine.scale(2))  # fmt: skip
    found, covered = AlignedBand(path, GRID).read(GRID.window)
    assert covered.all()
    assert (found == 0).all()


def test_south_up_and_rotated_rasters(write_raster, values):
    flipped = ORIGIN * Affine.translation(0, 32) * Affine.scale(1, -1)
    found, covered = AlignedBand(
        write_raster("flip.tif", values[::-1], transform=flipped), GRID
    ).read(GRID.window)
    assert covered.all()
    np.testing.assert_array_equal(found, values)
    quarter = ORIGIN * Affine.translation(40, 0) * Affine.rotation(90)
    found, covered = AlignedBand(
        write_raster("turn.tif", np.rot90(values), transform=quarter), GRID
    ).read(GRID.window)
    assert covered.all()
    np.testing.assert_array_equal(found, values)


def test_without_a_system_the_size_must_be_the_same(write_raster, values):
    band = AlignedBand(write_raster("a.tif", values, crs=None, transform=Affine.identity()), GRID)
    assert "no CRS" in band.notes[0]
    found, covered = band.read(GRID.window)
    np.testing.assert_array_equal(found, values)
    assert covered.all()
    with pytest.raises(RasterError, match=r"b\.tif cannot be placed"):
        AlignedBand(write_raster("b.tif", values[1:], crs=None), GRID)
    bare = Grid(None, Affine.identity(), 40, 32)
    assert AlignedBand(write_raster("c.tif", values), bare).read(bare.window)[1].all()


def test_transparent_pixels_are_not_covered(write_raster):
    def say_so(dataset):
        dataset.colorinterp = [rasterio.enums.ColorInterp.gray, rasterio.enums.ColorInterp.alpha]

    pair = np.stack([np.full((32, 40), 7, np.uint8), np.full((32, 40), 255, np.uint8)])
    pair[1, 3, 4] = 0
    for scale in (1, 2):
        there = ORIGIN * Affine.scale(scale)
        path = write_raster("a.tif", pair, transform=there, alter=say_so)
        found, covered = AlignedBand(path, GRID).read(GRID.window)
        assert np.unique(np.argwhere(~covered) // scale, axis=0).tolist() == [[3, 4]]
        assert (found[covered] == 7).all()


def test_systems_without_a_way_between_them(write_raster, values):
    site = (
        'ENGCRS["site",EDATUM["d"],CS[Cartesian,2],AXIS["x",east],AXIS["y",north],'
        'LENGTHUNIT["metre",1]]'
    )
    with pytest.raises(RasterError, match=r"a\.tif cannot be brought to the grid"):
        AlignedBand(write_raster("a.tif", values, crs=site), GRID).read(GRID.window)


@pytest.mark.parametrize("scale", [1, 2])
def test_a_damaged_raster_is_named(write_raster, tmp_path, values, scale):
    path = write_raster("a.tif", values, transform=ORIGIN * Affine.scale(scale), tiled=True,
                        blockxsize=16, blockysize=16, compress="deflate")  # fmt: skip
    content = bytearray((tmp_path / "a.tif").read_bytes())
    content[800:2000] = bytes(1200)
    (tmp_path / "a.tif").write_bytes(content)
    with pytest.raises(RasterError, match=r"a\.tif is damaged"):
        AlignedBand(path, GRID).read(GRID.window)


def test_a_colour_table_or_none(write_raster, values):
    colours = {1: (10, 20, 30, 255), 7: (1, 2, 3, 255)}
    image = values.astype("uint8")
    path = write_raster("a.tif", image, alter=lambda d: d.write_colormap(1, colours))
    table = AlignedBand(path, GRID).colormap()
    assert (table[1], table[7]) == ((10, 20, 30), (1, 2, 3))
    assert AlignedBand(write_raster("b.tif", image), GRID).colormap() == {}


def test_a_place_keeps_its_value_far_from_the_origin(write_raster, values):
    """A small raster in the corner of a large grid is found where its coordinates say."""
    large = Grid(GRID.crs, ORIGIN, 5000, 4000)
    there = ORIGIN * Affine.translation(4900, 3900)
    for angle_free in (there, there * Affine.scale(2)):
        band = AlignedBand(write_raster("a.tif", values, transform=angle_free), large)
        found, covered = band.read(Window(3900, 4900, 16, 20))
        assert covered.all()
        assert found[0, 0] == values[0, 0]
        assert transform(CRS, CRS, [there.c], [there.f]) == ([there.c], [there.f])
