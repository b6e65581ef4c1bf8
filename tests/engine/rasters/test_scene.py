"""Reading scenes: which pixels are valid, and which files are refused."""

import math
import random

import numpy as np
import pytest
import rasterio
from affine import Affine
from factories import CRS, ORIGIN, random_image
from rasterio.control import GroundControlPoint
from rasterio.enums import ColorInterp
from rasterio.warp import transform_bounds

from lulc_engine.errors import LulcError, OptionsError, RasterError
from lulc_engine.rasters.files import gdal_settings
from lulc_engine.rasters.grid import Window
from lulc_engine.rasters.scene import SCL_EXCLUDED, Scene

WHOLE = Window(0, 0, 32, 40)


def read(path, window=WHOLE, bands=None, **options):
    scene = Scene(path, **options)
    try:
        return scene.read(window, scene.bands if bands is None else bands)
    finally:
        scene.close()


@pytest.fixture
def image():
    return random_image(3, 32, 40)


def write_vrt(path, bands, height=32, width=40):
    """Write a VRT from (dtype, nodata, source path, source band) per band."""
    parts = [
        f'<VRTRasterBand dataType="{dtype}" band="{number}">'
        + (f"<NoDataValue>{nodata}</NoDataValue>" if nodata is not None else "")
        + f"<SimpleSource><SourceFilename>{source}</SourceFilename><SourceBand>{band}</SourceBand>"
        "</SimpleSource></VRTRasterBand>"
        for number, (dtype, nodata, source, band) in enumerate(bands, start=1)
    ]
    path.write_text(
        f'<VRTDataset rasterXSize="{width}" rasterYSize="{height}"><SRS>{CRS}</SRS>'
        f"<GeoTransform>{', '.join(map(str, ORIGIN.to_gdal()))}</GeoTransform>"
        f"{''.join(parts)}</VRTDataset>"
    )
    return str(path)


@pytest.mark.parametrize(
    "dtype", ["uint8", "int8", "uint16", "int16", "int32", "uint32", "float32", "float64"]
)
def test_all_types_are_read_as_they_are(write_raster, image, dtype):
    image = image.astype(dtype)
    image[1, 3, 4] = 0
    values, valid = read(write_raster("scene.tif", image, nodata=0))
    assert values.dtype == dtype
    np.testing.assert_array_equal(values, image)
    assert np.argwhere(~valid).tolist() == [[3, 4]]


@pytest.mark.parametrize("count", [1, 2, 13, 400])
def test_any_number_of_bands(write_raster, count):
    image = random_image(count, 8, 8)
    scene = Scene(write_raster("scene.tif", image, interleave="pixel"))
    assert [band.number for band in scene.bands] == list(range(1, count + 1))
    values, valid = scene.read(Window(0, 0, 8, 8), scene.bands[::-1])
    np.testing.assert_array_equal(values, image[::-1])
    assert valid.all()


def test_too_many_bands(write_raster):
    with pytest.raises(RasterError, match="401 bands; 400 are allowed"):
        Scene(write_raster("scene.tif", random_image(401, 4, 4)))


def test_a_vrt_has_a_nodata_value_per_band(write_raster, image, tmp_path):
    image[0, 1, 1], image[1, 2, 2], image[2, 3, 3] = 200, 201, 202
    image[0, 4, 4], image[1, 5, 5] = 201, 202  # nodata of another band
    source = write_raster("bands.tif", image)
    path = write_vrt(tmp_path / "scene.vrt", [("UInt16", 200 + n, source, n + 1) for n in range(3)])
    _, valid = read(path)
    assert np.argwhere(~valid).tolist() == [[1, 1], [2, 2], [3, 3]]
    scene = Scene(path)
    _, valid = scene.read(WHOLE, scene.bands[1:2])
    assert np.argwhere(~valid).tolist() == [[2, 2]], "only the chosen bands count"


def test_bands_of_different_types(write_raster, image, tmp_path):
    a = write_raster("a.tif", image.astype("uint8"))
    b = write_raster("b.tif", image.astype("float32") / 8, nodata=-9999)
    path = write_vrt(
        tmp_path / "scene.vrt", [("Byte", 7, a, 1), ("Float32", -9999, b, 2), ("Byte", 7, a, 3)]
    )
    values, valid = read(path)
    assert values.dtype == np.float32
    np.testing.assert_array_equal(values[1], (image[1] / 8).astype("float32"))
    np.testing.assert_array_equal(values[2], image[2])
    np.testing.assert_array_equal(valid, (image[0] != 7) & (image[2] != 7))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_what_is_not_finite_is_not_valid(write_raster, image, dtype, value):
    image = image.astype(dtype)
    image[2, 5, 6] = value
    _, valid = read(write_raster("scene.tif", image))
    assert np.argwhere(~valid).tolist() == [[5, 6]]


def test_nodata_may_be_nan(write_raster, image):
    image = image.astype("float32")
    image[:, 5, 6] = math.nan
    _, valid = read(write_raster("scene.tif", image, nodata=math.nan))
    assert np.argwhere(~valid).tolist() == [[5, 6]]


@pytest.mark.parametrize("nodata", [-3.4e38, -3.4028234663852886e38, 0.1])
def test_nodata_of_floats_is_found_in_spite_of_rounding(write_raster, image, nodata):
    image = image.astype("float32")
    image[0, 5, 6] = nodata
    _, valid = read(write_raster("scene.tif", image, nodata=nodata))
    assert np.argwhere(~valid).tolist() == [[5, 6]]


def test_float64_beyond_float32_is_not_valid(write_raster, image):
    image = image.astype("float64")
    image[0, 5, 6], image[1, 7, 8] = 1e300, -1e39
    _, valid = read(write_raster("scene.tif", image))
    assert np.argwhere(~valid).tolist() == [[5, 6], [7, 8]]


@pytest.mark.parametrize("place", [1, 2, 4])
def test_alpha_is_a_mask_and_no_band(write_raster, place):
    image = random_image(4, 32, 40, "uint8")
    image[place - 1] = 255
    image[place - 1, 5, 6] = 0
    image[place - 1, 7, 8] = 1
    uses = [ColorInterp.gray] * 4
    uses[place - 1] = ColorInterp.alpha

    def say_so(dataset):
        dataset.colorinterp = uses

    path = write_raster("scene.tif", image, alter=say_so)
    scene = Scene(path)
    assert [band.number for band in scene.bands] == [n for n in (1, 2, 3, 4) if n != place]
    values, valid = scene.read(WHOLE, scene.bands)
    np.testing.assert_array_equal(values, np.delete(image, place - 1, axis=0))
    assert np.argwhere(~valid).tolist() == [[5, 6]]


def test_nothing_but_alpha(write_raster):
    def say_so(dataset):
        dataset.colorinterp = [ColorInterp.alpha]

    with pytest.raises(RasterError, match="no bands"):
        Scene(write_raster("scene.tif", np.full((1, 8, 8), 255, np.uint8), alter=say_so))


def test_a_measured_band_that_is_called_alpha(write_raster):
    image = random_image(4, 32, 40, "uint8")
    path = write_raster("scene.tif", image)  # GDAL calls the fourth band of bytes alpha
    with rasterio.open(path) as dataset:
        assert dataset.colorinterp[3] == ColorInterp.alpha
    values, valid = read(path)
    np.testing.assert_array_equal(values, image)
    assert valid.all()
    assert "Band 4" in Scene(path).warnings[0]


def test_alpha_is_a_band_where_the_user_or_the_file_names_it(write_raster):
    image = random_image(4, 32, 40, "uint8")
    image[3] = 255 * (image[3] > 50)
    named = write_raster("named.tif", image, descriptions=("red", "green", "blue", "NIR"))
    assert [band.role for band in Scene(named).bands] == ["red", "green", "blue", "nir"]
    path = write_raster("scene.tif", image)
    assert len(Scene(path).bands) == 3
    assert len(Scene(path, band_names=("red", "green", "blue")).bands) == 3
    assert len(Scene(path, band_names=("red", "green", "blue", "nir")).bands) == 4


def test_a_table_of_colours_is_no_measurement(write_raster):
    def paint(dataset):
        dataset.write_colormap(1, {n: (n, 0, 255 - n, 255) for n in range(256)})

    path = write_raster("scene.tif", random_image(1, 32, 40, "uint8"), alter=paint)
    with pytest.raises(RasterError, match="colours in a table"):
        Scene(path)


def test_a_mask_per_band(write_raster, image, tmp_path):
    write_raster("scene.tif", image)
    write_raster("shown.tif", 255 * (image[1] > 50).astype(np.uint8))
    mask = (
        '<MaskBand><VRTRasterBand dataType="Byte"><SimpleSource><SourceFilename '
        'relativeToVRT="1">shown.tif</SourceFilename><SourceBand>1</SourceBand></SimpleSource>'
        "</VRTRasterBand></MaskBand>"
    )
    path = write_vrt(tmp_path / "s.vrt", [("UInt16", None, tmp_path / "scene.tif", 1)] * 2)
    text = (
        (tmp_path / "s.vrt")
        .read_text()
        .replace("</VRTRasterBand></V", f"{mask}</VRTRasterBand></V")
    )
    (tmp_path / "s.vrt").write_text(text)
    _, valid = read(path)
    np.testing.assert_array_equal(valid, image[1] > 50)
    _, valid = read(path, bands=Scene(path).bands[:1])
    assert valid.all()


def test_says_what_a_scene_lacks(write_raster, image):
    whole = write_raster("scene.tif", image)
    assert Scene(whole).warnings == []
    without = write_raster("without.tif", image, crs=None)
    assert "no coordinate reference system" in Scene(without).warnings[0]
    for crs, transform in ((CRS, ORIGIN * Affine.translation(500, 0)), ("EPSG:32634", ORIGIN)):
        mask = write_raster("mask.tif", image[0], crs=crs, transform=transform)
        assert "mask.tif lies nowhere on the scene" in Scene(whole, mask=mask).warnings[0]


def test_says_that_points_place_a_scene(write_raster, image):
    corners = [(0, 0), (0, 40), (32, 0)]
    points = [GroundControlPoint(r, c, *(ORIGIN * (c, r))) for r, c in corners]

    def tie(dataset):
        dataset.gcps = (points, rasterio.crs.CRS.from_string(CRS))

    path = write_raster("scene.tif", image, crs=None, transform=None, alter=tie)
    assert "rectify it first" in Scene(path).warnings[0]


@pytest.mark.parametrize("internal", ["YES", "NO"])
def test_mask_of_the_file(write_raster, image, tmp_path, internal):
    shown = np.full((32, 40), 255, np.uint8)
    shown[5, 6] = 0
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=internal):
        path = write_raster("scene.tif", image, alter=lambda dataset: dataset.write_mask(shown))
    assert (tmp_path / "scene.tif.msk").exists() == (internal == "NO")
    _, valid = read(path)
    assert np.argwhere(~valid).tolist() == [[5, 6]]


@pytest.mark.parametrize(
    "window",
    [
        Window(-3, -5, 10, 10),
        Window(25, 33, 16, 16),
        Window(-4, -4, 60, 60),
        Window(100, 100, 8, 8),
        Window(0, -20, 32, 8),
        Window(31, 39, 1, 1),
        Window(5, 5, 0, 0),
    ],
)
def test_windows_over_the_edge(write_raster, image, window):
    around = np.pad(image, ((0, 0), (150, 150), (150, 150)))
    there = np.pad(np.ones((32, 40), bool), 150)
    rows = slice(window.row_off + 150, window.row_stop + 150)
    columns = slice(window.col_off + 150, window.col_stop + 150)
    values, valid = read(write_raster("scene.tif", image), window)
    np.testing.assert_array_equal(values, around[:, rows, columns])
    np.testing.assert_array_equal(valid, there[rows, columns])


@pytest.mark.parametrize(
    "transform",
    [
        Affine.translation(5e5, 5e6) * Affine.rotation(30) * Affine.scale(10, -10),
        Affine(10, 0, 500_000, 0, 10, 5_200_000),
    ],
)
def test_rotated_and_south_up_scenes(write_raster, image, transform):
    path = write_raster("scene.tif", image, transform=transform)
    scene = Scene(path)
    assert scene.grid.transform.almost_equals(transform, 1e-9)
    values, valid = scene.read(Window(4, 8, 10, 12), scene.bands)
    np.testing.assert_array_equal(values, image[:, 4:14, 8:20])
    assert valid.all()


@pytest.mark.parametrize("side", [10, 20, 30])
def test_mask_raster_on_another_grid(write_raster, image, side):
    mask = np.zeros((160 // side * 2, 200 // side * 2), np.uint8)
    mask[1, 2] = 4
    transform = Affine(side, 0, ORIGIN.c, 0, -side, ORIGIN.f)
    path = write_raster("clouds.tif", mask, transform=transform)
    _, valid = read(write_raster("scene.tif", image), mask=path)
    covered = {tuple(p) for p in (np.argwhere(~valid) * 10 // side).tolist()}
    assert covered == {(1, 2)}
    assert (~valid).sum() == (side // 10) ** 2


def test_mask_raster_in_another_crs(write_raster, image):
    path = write_raster("scene.tif", image)
    with rasterio.open(path) as dataset:
        west, south, east, north = transform_bounds(CRS, "EPSG:4326", *dataset.bounds)
    mask = np.zeros((64, 80), np.uint8)
    mask[:, 40:] = 1
    step = Affine((east - west) / 80, 0, west, 0, (south - north) / 64, north)
    mask_path = write_raster("clouds.tif", mask, transform=step, crs="EPSG:4326")
    _, valid = read(path, mask=mask_path)
    assert valid[:, :19].all()
    assert not valid[:, 21:].any()


@pytest.mark.parametrize("name", ["clouds.tif", "SCL.tif"])
def test_beyond_the_mask_raster_all_is_valid(write_raster, image, name):
    mask = write_raster(name, np.ones((10, 10), np.uint8))
    _, valid = read(write_raster("scene.tif", image), mask=mask)
    assert not valid[:10, :10].any()
    assert valid[10:].all()
    assert valid[:, 10:].all()


@pytest.mark.parametrize(
    ("name", "is_classification"),
    [
        ("SCL.tif", True),
        ("T32TLT_20200102_SCL_20m.tif", True),
        ("scl-2020.tif", True),
        ("misclassified.tif", False),
        ("clouds.tif", False),
    ],
)
def test_scene_classification_is_recognised(write_raster, image, name, is_classification):
    classes = np.arange(12, dtype=np.uint8).repeat(4)[None, :40].repeat(32, axis=0)
    _, valid = read(write_raster("scene.tif", image), mask=write_raster(name, classes))
    expected = ~np.isin(classes, SCL_EXCLUDED) if is_classification else classes == 0
    np.testing.assert_array_equal(valid, expected)


def test_values_that_the_mask_excludes(write_raster, image):
    classes = np.arange(40, dtype=np.uint8)[None].repeat(32, axis=0)
    path = write_raster("SCL.tif", classes)
    _, valid = read(write_raster("scene.tif", image), mask=path, mask_values=("3", "17"))
    np.testing.assert_array_equal(valid, ~np.isin(classes, [3, 17]))


def test_mask_values_must_be_numbers(write_raster, image):
    path = write_raster("scene.tif", image)
    with pytest.raises(OptionsError, match="must be numbers, not cloud"):
        Scene(path, mask=path, mask_values=("cloud",))


def test_band_names_must_be_one_per_band(write_raster, image):
    path = write_raster("scene.tif", image)
    assert [b.role for b in Scene(path, ("red", "nir", "swir16")).bands] == ["red", "nir", "swir16"]
    with pytest.raises(OptionsError, match="names 2 bands"):
        Scene(path, ("red", "nir"))


def test_samples_are_valid_pixels(write_raster):
    image = random_image(2, 300, 200)
    image[:, ::2] = 0
    scene = Scene(write_raster("scene.tif", image, nodata=0))
    sample = scene.sample(scene.bands)
    assert sample.shape[0] == 2
    assert sample.shape[1] > 1000
    assert (sample > 0).all()


@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
def test_refuses_complex_numbers(write_raster, dtype):
    path = write_raster("radar.tif", random_image(1, 8, 8).astype(dtype))
    with pytest.raises(RasterError, match=r"radar\.tif holds complex numbers"):
        Scene(path)


@pytest.mark.parametrize("name", ["scene.tif", "SCENE.TIFF"])
def test_refuses_a_vrt_that_calls_itself_tiff(write_raster, image, tmp_path, name):
    source = write_raster("source.tif", image)
    path = write_vrt(tmp_path / name, [("UInt16", None, source, 1)])
    with pytest.raises(RasterError, match="is not a readable TIFF"):
        Scene(path)


def test_names_a_missing_file(tmp_path):
    with pytest.raises(RasterError, match=r"no such.tif does not exist") as caught:
        Scene(tmp_path / "no such.tif")
    assert caught.value.exit_code == 3


def test_names_a_file_that_is_no_raster(tmp_path):
    (tmp_path / "notes.img").write_text("words")
    with pytest.raises(RasterError, match=r"notes\.img is not a raster"):
        Scene(tmp_path / "notes.img")


def test_a_folder_is_no_raster(tmp_path):
    with pytest.raises(RasterError):
        Scene(tmp_path)


def test_a_vrt_without_its_source(tmp_path):
    path = write_vrt(tmp_path / "scene.vrt", [("UInt16", None, str(tmp_path / "gone.tif"), 1)])
    with pytest.raises(RasterError, match=r"scene\.vrt"):
        read(path)


@pytest.mark.parametrize("kept", [0, 4, 8, 100, 1000, 3000, 4200])
def test_a_truncated_file_is_named(write_raster, tmp_path, kept):
    path = write_raster("scene.tif", random_image(3, 64, 64), tiled=True, blockxsize=16,
                        blockysize=16, compress="deflate")  # fmt: skip
    content = (tmp_path / "scene.tif").read_bytes()
    assert len(content) > 4500
    (tmp_path / "scene.tif").write_bytes(content[:kept])
    with pytest.raises(RasterError, match=r"scene\.tif is (not a readable TIFF|damaged)"):
        read(path, Window(0, 0, 64, 64))


# rasterio cannot log a message with bytes that are no UTF-8.
@pytest.mark.filterwarnings("ignore:Exception ignored in")
@pytest.mark.filterwarnings("ignore:Dataset has no geotransform")
def test_damaged_bytes_never_end_as_a_bug(write_raster, tmp_path):
    write_raster("good.tif", random_image(2, 32, 40), tags={"A": "ä"}, descriptions=("red", "nir"))
    good = (tmp_path / "good.tif").read_bytes()
    chance = random.Random(0)
    refused = []
    for _ in range(400):
        content = bytearray(good)
        for _ in range(chance.randint(1, 4)):  # the directory and tags are at both ends
            content[chance.choice([chance.randrange(500), -chance.randrange(1, 600)])] = (
                chance.randrange(256)
            )
        (tmp_path / "bad.tif").write_bytes(content)
        try:
            with gdal_settings():
                scene = Scene(tmp_path / "bad.tif")
                scene.read(Window(0, 0, 32, 40), scene.bands[:4])
                scene.radiometry(scene.bands[:4])
        except LulcError as err:
            refused.append(str(err))
    assert len(refused) > 20
    assert all("bad.tif" in text for text in refused)


@pytest.mark.parametrize(("dtype", "is_refused"), [("uint8", False), ("float64", True)])
def test_refuses_blocks_that_do_not_fit_in_memory(tmp_path, dtype, is_refused):
    path = tmp_path / "scene.tif"
    side = {"width": 16000, "height": 16000, "blockxsize": 16000, "blockysize": 16000}
    with rasterio.open(
        path, "w", driver="GTiff", dtype=dtype, count=1, tiled=True, sparse_ok=True, crs=CRS,
        transform=ORIGIN, **side,
    ):  # fmt: skip
        pass
    if is_refused:
        with pytest.raises(RasterError, match="16000 x 16000 pixels, too large"):
            Scene(path)
    else:
        Scene(path).close()


def test_warns_of_black_borders(write_raster, image):
    image[:, :, :10] = 0
    for nodata, warned in ((None, True), (0, False)):
        scene = Scene(write_raster("scene.tif", image, nodata=nodata))
        scene.radiometry(scene.bands)
        assert any("25% of its pixels" in text for text in scene.warnings) is warned
