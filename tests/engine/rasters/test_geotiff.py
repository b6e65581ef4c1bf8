"""Writing maps: round trips, the Cloud Optimized layout, verification."""

import functools
import math

import factories
import numpy as np
import pytest
import rasterio
from affine import Affine
from factories import CRS, ORIGIN
from rasterio.enums import ColorInterp

from lulc_engine.errors import EnvironmentFailure, OptionsError, RasterError
from lulc_engine.outputs import Outputs
from lulc_engine.rasters.geotiff import Layout, StripWriter, map_encoding
from lulc_engine.rasters.grid import Grid
from lulc_engine.rasters.legend import make_legend


def grid_of(height, width, crs=CRS, transform=ORIGIN):
    return Grid(rasterio.crs.CRS.from_user_input(crs) if crs else None, transform, width, height)


def write(path, values, layout, grid=None, tile=48):
    """Write values (C, H, W) tile by tile."""
    height, width = values.shape[1:]
    with (
        Outputs() as outputs,
        StripWriter(str(path), grid or grid_of(height, width), layout, outputs) as writer,
    ):
        for row in range(0, height, tile):
            for column in range(0, width, tile):
                writer.put(row, column, values[:, row : row + tile, column : column + tile])
            writer.complete_rows(min(row + tile, height))


@pytest.fixture
def legend():
    return make_legend([1, 2, 5], ["water", "forest", "a & <b>"])


@pytest.mark.parametrize("size", [(1, 1), (100, 130), (128, 128), (300, 257)])
@pytest.mark.parametrize(
    ("dtype", "nodata"), [("uint8", 0), ("uint16", 65535), ("int32", 0), ("float32", math.nan)]
)
def test_round_trip(tmp_path, dtype, nodata, size):
    values = factories.random_image(3, *size, dtype)
    values[:, : size[0] // 2, : size[1] // 3] = nodata
    layout = Layout(dtype, nodata, bands=3, block_px=128, descriptions=("a", "ä", "c"))
    write(tmp_path / "map.tif", values, layout)
    with rasterio.open(tmp_path / "map.tif") as written:
        np.testing.assert_array_equal(written.read(), values)
        assert written.dtypes == (dtype,) * 3
        assert written.nodata == nodata or math.isnan(written.nodata) == math.isnan(nodata)
        assert written.descriptions == ("a", "ä", "c")
        assert Grid.of(written) == grid_of(*size)
        assert written.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert written.profile["compress"] == "deflate"
    assert [path.name for path in tmp_path.iterdir()] == ["map.tif"]


def test_a_tiled_map_with_overviews(tmp_path, legend):
    values = np.full((1, 700, 600), 2, np.uint8)
    write(tmp_path / "map.tif", values, Layout("uint8", 0, legend=legend, block_px=256))
    with rasterio.open(tmp_path / "map.tif") as written:
        assert written.block_shapes == [(256, 256)]
        assert written.overviews(1) == [2, 4]


def test_overviews_of_classes_are_classes(tmp_path, legend):
    rng = np.random.default_rng(1)
    values = rng.choice(np.array([1, 5], np.uint8), (1, 512, 512), p=[0.6, 0.4])
    values[0, :256, :256] = 5
    write(tmp_path / "map.tif", values, Layout("uint8", 0, legend=legend, block_px=128))
    with rasterio.open(tmp_path / "map.tif", overview_level=0) as small:
        shown = small.read(1)
    assert set(np.unique(shown)) == {1, 5}
    assert (shown[:128, :128] == 5).all()


def test_overviews_show_the_class_that_most_pixels_have(tmp_path):
    grey = {1: (0, 0, 0), 2: (150, 150, 150), 5: (200, 200, 200)}
    legend = make_legend(list(grey), ["black", "their mean", "bright"], grey)
    one_of_four = np.random.default_rng(0).integers(0, 4, (128, 128))
    values = np.full((128, 2, 128, 2), 5, np.uint8)
    rows, columns = np.mgrid[0:128, 0:128]
    values[rows, one_of_four // 2, columns, one_of_four % 2] = 1
    layout = Layout("uint8", 0, legend=legend, block_px=128)
    write(tmp_path / "map.tif", values.reshape(1, 256, 256), layout)
    with rasterio.open(tmp_path / "map.tif", overview_level=0) as small:
        assert (small.read(1) == 5).all()


def test_overviews_of_numbers_are_means(tmp_path):
    values = np.tile(np.array([[0, 100], [0, 100]], np.float32), (1, 256, 256))
    layout = Layout("float32", math.nan, overviews="average", block_px=128)
    write(tmp_path / "map.tif", values, layout)
    with rasterio.open(tmp_path / "map.tif", overview_level=0) as small:
        np.testing.assert_allclose(small.read(1), 50)


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_colours_and_tags(tmp_path, legend, dtype):
    layout = Layout(dtype, 0, tags={"LULC_LEGEND": legend.to_json()}, legend=legend)
    write(tmp_path / "map.tif", np.ones((1, 60, 70), dtype), layout)
    with rasterio.open(tmp_path / "map.tif") as written:
        table = written.colormap(1)
        assert [table[c.id][:3] for c in legend.classes] == [c.color for c in legend.classes]
        assert written.colorinterp == (ColorInterp.palette,)
        assert written.tags()["LULC_LEGEND"] == legend.to_json()


@pytest.mark.parametrize(
    "crs",
    [
        None,
        "OGC:CRS84",
        "EPSG:4326",
        "EPSG:3035",
        "ESRI:54030",
        "EPSG:25832+5783",
        "+proj=lcc +lat_1=45 +lat_2=50 +lat_0=47 +lon_0=8 +ellps=GRS80 +units=us-ft",
        'ENGCRS["site",EDATUM["d"],CS[Cartesian,2],AXIS["x",east],AXIS["y",north],'
        'LENGTHUNIT["metre",1]]',
    ],
)
def test_any_reference_system(tmp_path, crs):
    grid = grid_of(40, 50, crs, Affine(0.1, 0, 7, 0, -1 / 3, 47))
    write(tmp_path / "map.tif", np.ones((1, 40, 50), np.uint8), Layout("uint8", 0), grid)
    with rasterio.open(tmp_path / "map.tif") as written:
        assert (written.crs is None) == (crs is None)
        assert written.transform == grid.transform


def test_a_reference_system_that_no_tiff_can_hold(tmp_path):
    rotated_pole = (
        "+proj=ob_tran +o_proj=longlat +o_lon_p=0 +o_lat_p=39.25 +lon_0=18 +R=6371229 "
        "+to_meter=0.0174532925199433"
    )
    grid = grid_of(40, 50, rotated_pole, Affine(0.1, 0, 7, 0, -0.1, 47))
    with pytest.raises(RasterError, match="cannot be stored in a GeoTIFF"):
        write(tmp_path / "map.tif", np.ones((1, 40, 50), np.uint8), Layout("uint8", 0), grid)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "transform",
    [
        Affine.translation(5e5, 5e6) * Affine.rotation(30) * Affine.scale(10, -10),
        Affine(10, 0, 500_000, 0, 10, 5_200_000),
        Affine(1 / 3, 0, 0.1, 0, -1 / 7, 0.7),
        Affine(7, 2, 1e6, -3, -11, 2e6),
    ],
)
def test_any_georeference(tmp_path, transform):
    grid = grid_of(40, 50, transform=transform)
    write(tmp_path / "map.tif", np.ones((1, 40, 50), np.uint8), Layout("uint8", 0), grid)
    with rasterio.open(tmp_path / "map.tif") as written:
        assert written.transform.almost_equals(transform, 1e-9)


@pytest.mark.parametrize("filled", [None, (0, 20), (140, 30), (290, 10)])
def test_rows_without_tiles_are_nodata(tmp_path, filled):
    values = np.zeros((1, 300, 60), np.uint8)
    with (
        Outputs() as outputs,
        StripWriter(
            str(tmp_path / "map.tif"), grid_of(300, 60), Layout("uint8", 0, block_px=128), outputs
        ) as writer,
    ):
        if filled is not None:
            row, height = filled
            values[0, row : row + height, 10:30] = 7
            writer.complete_rows(row)
            writer.put(row, 10, values[0, row : row + height, 10:30])
        writer.complete_rows(300)
    with rasterio.open(tmp_path / "map.tif") as written:
        np.testing.assert_array_equal(written.read(), values)


def change_pixel(path):
    with rasterio.open(path, "r+", IGNORE_COG_LAYOUT_BREAK="YES") as dataset:
        block = dataset.read(1, window=((0, 1), (0, 1)))
        dataset.write(block + 1, 1, window=((0, 1), (0, 1)))


def cut_short(path):
    path.write_bytes(path.read_bytes()[:-2000])


def lose_reference(path):
    with rasterio.open(path) as dataset:
        values = dataset.read()
    factories.write_raster(path, values, crs=None)


def move(path):
    with rasterio.open(path, "r+", IGNORE_COG_LAYOUT_BREAK="YES") as dataset:
        dataset.transform = ORIGIN * Affine.translation(1, 0)


def swap(path):
    factories.write_raster(path, np.ones((130, 100), np.uint8))


@pytest.mark.parametrize("harm", [change_pixel, cut_short, lose_reference, move, swap])
def test_damage_before_publishing_is_noticed(tmp_path, harm):
    (tmp_path / "map.tif").write_text("old")
    values = factories.random_image(1, 100, 130, "uint8")
    outputs = Outputs()
    with StripWriter(
        str(tmp_path / "map.tif"), grid_of(100, 130), Layout("uint8", 0), outputs
    ) as writer:
        writer.put(0, 0, values)
    (staged,) = outputs._staged
    harm(staged.part)
    with pytest.raises(EnvironmentFailure, match="disk"), outputs:
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["map.tif"]
    assert (tmp_path / "map.tif").read_text() == "old"


def test_what_belonged_to_an_older_map_goes(tmp_path):
    write_map = functools.partial(
        write, tmp_path / "map.tif", np.ones((1, 20, 20), np.uint8), Layout("uint8", 0)
    )
    write_map()
    stale = "<PAMDataset><SRS>EPSG:4326</SRS><GeoTransform>1,2,3,4,5,6</GeoTransform></PAMDataset>"
    for ending in (".aux.xml", ".ovr", ".msk"):
        (tmp_path / f"map.tif{ending}").write_text(stale)
    write_map()
    assert [path.name for path in tmp_path.iterdir()] == ["map.tif"]
    with rasterio.open(tmp_path / "map.tif") as written:
        assert Grid.of(written) == grid_of(20, 20)


def test_a_failed_run_keeps_an_older_map_with_its_sidecar(tmp_path):
    (tmp_path / "map.tif").write_text("old")
    (tmp_path / "map.tif.aux.xml").write_text("old")

    def fail():
        with (
            Outputs() as outputs,
            StripWriter(
                str(tmp_path / "map.tif"), grid_of(20, 20), Layout("uint8", 0), outputs
            ) as writer,
        ):
            writer.put(0, 0, np.ones((20, 20), np.uint8))
            raise KeyError("cancelled")

    with pytest.raises(KeyError):
        fail()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["map.tif", "map.tif.aux.xml"]
    assert (tmp_path / "map.tif").read_text() == "old"


def test_a_map_must_be_a_tiff(tmp_path):
    with pytest.raises(OptionsError, match=r"must end in \.tif"):
        write(tmp_path / "map.png", np.ones((1, 9, 9), np.uint8), Layout("uint8", 0))


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        ([1, 254], ("uint8", 0)),
        ([0, 1, 254], ("uint8", 255)),
        ([1, 255], ("uint16", 0)),
        ([0, 255], ("uint16", 65535)),
        ([300], ("uint16", 0)),
        ([0, 65534], ("uint16", 65535)),
        ([1, 65535], ("int32", 0)),
        ([0, 65535], ("int32", -(2**31))),
        ([70000], ("int32", 0)),
        ([-1, 5], ("int32", 0)),
        ([-1, 0, 5], ("int32", -(2**31))),
    ],
)
def test_encoding_of_ids(ids, expected):
    legend = make_legend(ids, [f"class {i}" for i in ids])
    dtype, nodata = map_encoding(legend)
    assert (dtype, nodata) == expected
    assert nodata not in ids
    np.testing.assert_array_equal(np.array([*ids, nodata], dtype).astype(int), [*ids, nodata])
