"""Maps equal whole-image inference, however scenes are cut into windows."""

import numpy as np
import pytest
import rasterio
from affine import Affine
from factories import ORIGIN, random_image, write_raster
from landscape import make_spec, write_untrained_model
from seamless import expect_whole, logits_of, read_map, run_classify

from lulc_engine.inference.window_size import window_side

IDS = (1, 2, 3)
TILE = 128  # two halos of 56 and two steps of 8: the cores are small and many


def smooth_image(height, width, dtype="uint16", seed=0):
    """Values from 1 to 99 with spots, so that maps are no noise."""
    image = random_image(3, height, width, "float64", seed)
    rows, columns = np.mgrid[:height, :width]
    for band in range(3):
        image[band] = image[band] * 0.4 + 30 * (1 + np.sin(rows / 9 + band) * np.cos(columns / 7))
    return image.clip(1, 99).astype(dtype)


def check(tmp_path, model, image, tile_px=TILE, valid=None, **profile):
    path, network = model
    scene = write_raster(tmp_path / "scene.tif", image, **profile)
    run_classify(scene, path, tmp_path / "map.tif", tile_px=tile_px)
    valid = np.ones(image.shape[1:], bool) if valid is None else valid
    found = read_map(tmp_path / "map.tif")
    compared = expect_whole(found, logits_of(network, image, valid), valid, IDS)
    assert compared > 0.99
    return found


@pytest.mark.parametrize(
    "size",
    [
        (40, 50),  # smaller than a window
        (128, 128),  # a window
        (129, 136),  # one pixel more
        (121, 203),  # no multiple of 8
        (1, 300),
        (300, 1),
        (1, 1),
        (190, 150),
    ],
)
def test_any_size(tmp_path, model, size):
    found = check(tmp_path, model, smooth_image(*size))
    assert min(size) == 1 or set(np.unique(found)) == set(IDS)


def test_holes_are_seen_alike_from_every_window(tmp_path, model):
    image = smooth_image(180, 200)
    rng = np.random.default_rng(4)
    valid = rng.random(image.shape[1:]) > 0.1
    valid[40:90, 30:170] = False
    valid[:, 120] = False
    image[0, ~valid] = 0  # one band is enough
    check(tmp_path, model, image, valid=valid, nodata=0)


@pytest.mark.parametrize("dtype", ["uint8", "int16", "int32", "float32", "float64"])
def test_any_type(tmp_path, model, dtype):
    image = smooth_image(140, 150, dtype)
    valid = np.ones(image.shape[1:], bool)
    if dtype.startswith("float"):
        image[1, 5:9, 60:70] = np.nan
        image[2, 100, 100] = np.inf
        image[0, 20, 20] = 1e300 if dtype == "float64" else -np.inf
        valid[5:9, 60:70] = valid[100, 100] = valid[20, 20] = False
    check(tmp_path, model, image, valid=valid)


@pytest.mark.parametrize(
    "profile",
    [
        {"tiled": True, "blockxsize": 16, "blockysize": 16},
        {"blockysize": 1},
        {"tiled": True, "blockxsize": 256, "blockysize": 256, "compress": "deflate"},
        {"interleave": "pixel"},
        {"transform": ORIGIN * Affine.rotation(30), "crs": "EPSG:2056"},
        {"transform": Affine(0.001, 0, 7, 0, 0.002, 46), "crs": "EPSG:4326"},  # south up
        {"crs": None},
    ],
)
def test_any_layout(tmp_path, model, profile):
    check(tmp_path, model, smooth_image(150, 140), **profile)
    with rasterio.open(tmp_path / "scene.tif") as scene, rasterio.open(tmp_path / "map.tif") as m:
        assert (m.transform, m.crs, m.shape) == (scene.transform, scene.crs, scene.shape)


def test_virtual_rasters(tmp_path, model):
    """Bands from several files, as with products of one file per band."""
    image = smooth_image(90, 170)
    bands = []
    for number, band in enumerate(image, start=1):
        write_raster(tmp_path / f"b{number}.tif", band)
        bands.append(
            f'<VRTRasterBand dataType="UInt16" band="{number}"><SimpleSource>'
            f'<SourceFilename relativeToVRT="1">b{number}.tif</SourceFilename>'
            "<SourceBand>1</SourceBand></SimpleSource></VRTRasterBand>"
        )
    transform = ", ".join(map(str, ORIGIN.to_gdal()))
    (tmp_path / "scene.vrt").write_text(
        f'<VRTDataset rasterXSize="170" rasterYSize="90"><SRS>EPSG:32632</SRS>'
        f"<GeoTransform>{transform}</GeoTransform>{''.join(bands)}</VRTDataset>"
    )
    path, network = model
    run_classify(tmp_path / "scene.vrt", path, tmp_path / "map.tif", tile_px=TILE)
    valid = np.ones((90, 170), bool)
    expect_whole(read_map(tmp_path / "map.tif"), logits_of(network, image, valid), valid, IDS)


def test_many_bands(tmp_path):
    """Hyperspectral scenes are read in windows small enough for a laptop's memory."""
    spec = make_spec((None,) * 400)
    path, network = write_untrained_model(tmp_path / "m.safetensors", spec)
    image = random_image(400, 60, 70)
    scene = write_raster(tmp_path / "scene.tif", image)
    run_classify(scene, path, tmp_path / "map.tif")
    valid = np.ones(image.shape[1:], bool)
    logits = logits_of(network, image, valid)
    assert expect_whole(read_map(tmp_path / "map.tif"), logits, valid, IDS) > 0.99
    side = window_side(spec, 56, 2)
    assert 2 * 56 < side < 300
    assert side**2 * 400 * 4 < 135e6


def test_window_sizes_do_not_matter(tmp_path, model):
    image = smooth_image(200, 190)
    first = check(tmp_path, model, image, tile_px=0)
    for tile_px in (137, 240):
        other = check(tmp_path, model, image, tile_px=tile_px)
        assert (first != other).mean() < 1e-3


@pytest.mark.parametrize(
    ("rows", "columns"), [((0, 150), (0, 40)), ((37, 99), (61, 130)), ((149, 150), (139, 140))]
)
def test_a_part_is_cut_from_the_whole(tmp_path, model, rows, columns):
    image = smooth_image(150, 140)
    whole = check(tmp_path, model, image)
    west, north = ORIGIN * (columns[0], rows[0])
    east, south = ORIGIN * (columns[1], rows[1])
    run_classify(
        tmp_path / "scene.tif", model[0], tmp_path / "part.tif", tile_px=TILE,
        extent=f"{west},{east},{south},{north} [EPSG:32632]",
    )  # fmt: skip
    np.testing.assert_array_equal(
        read_map(tmp_path / "part.tif"), whole[slice(*rows), slice(*columns)]
    )
    with rasterio.open(tmp_path / "part.tif") as part:
        assert part.transform == ORIGIN * Affine.translation(columns[0], rows[0])


def test_networks_without_a_bound_are_seamless_but_for_little(tmp_path):
    settings = {"encoder": "mobilenet_v2", "encoder_weights": None}
    spec = make_spec(architecture="unet", settings=settings, halo_px=None, stride=32)
    path, network = write_untrained_model(tmp_path / "m.safetensors", spec)
    image = smooth_image(70, 90)
    scene = write_raster(tmp_path / "scene.tif", image)
    run_classify(scene, path, tmp_path / "map.tif")
    valid = np.ones((70, 90), bool)
    expect_whole(read_map(tmp_path / "map.tif"), logits_of(network, image, valid), valid, IDS)
