"""What GDAL must keep: for strips a row of windows, for tiles little, never more than the limit."""

import sys
from pathlib import Path

import numpy as np
import pytest
import rasterio
import rasterio.shutil
from factories import write_raster

from lulc_engine.rasters.block_cache import BlockLayout, plan_reading
from lulc_engine.rasters.files import gdal_settings
from lulc_engine.rasters.grid import Window
from lulc_engine.rasters.scene import Scene

MB = 2**20


def windows_over(height, width, side, step):
    return [
        Window(row, column, side, side)
        for row in range(0, height - side + 1, step)
        for column in range(0, width - side + 1, step)
    ]


def planned(height, width, rows, columns, bytes_per_px, threads=1):
    layout = BlockLayout(height, width, rows, columns, bytes_per_px)
    return plan_reading(layout, windows_over(height, width, 720, 608), threads)


def test_of_strips_a_row_of_windows_is_kept():
    reading = planned(10980, 10980, 1, 10980, 20, threads=4)
    assert 720 * 10980 * 20 < reading.cache_bytes < 1.2 * 720 * 10980 * 20
    assert (reading.threads, reading.repeats) == (1, False)


def test_of_tiles_two_windows_are_kept_where_a_row_of_them_is_much():
    whole, half = planned(16384, 16384, 256, 256, 20), planned(8192, 8192, 256, 256, 20)
    assert whole == half  # flat, whatever the width
    # 720 rows lie in up to four rows of blocks, 1,440 columns in up to seven.
    assert 1024 * 1792 * 20 < whole.cache_bytes < 1.2 * 1024 * 1792 * 20
    assert planned(4096, 4096, 256, 256, 20).cache_bytes > 1024 * 4096 * 20  # little: the whole row


def test_of_large_tiles_a_row_of_windows_is_kept():
    assert planned(10980, 10980, 1024, 1024, 20).cache_bytes > 2048 * 10980 * 20


@pytest.mark.parametrize("threads", [2, 8])
def test_threads_that_share_windows_each_have_blocks_of_their_own(threads):
    reading = planned(16384, 16384, 256, 256, 20, threads)
    assert reading.threads == threads
    assert 1024 * 1024 * 20 * threads < reading.cache_bytes < 1.2 * 1024 * 1024 * 20 * threads


def test_what_does_not_fit_is_told():
    assert planned(65536, 65536, 1, 65536, 48).repeats
    assert planned(65536, 65536, 1, 65536, 48).cache_bytes == 1280 * MB
    assert not planned(65536, 65536, 1, 65536, 20).repeats
    assert planned(65536, 65536, 512, 512, 48).cache_bytes < 512 * MB
    assert planned(65536, 65536, 1024, 1024, 20).cache_bytes < 512 * MB  # not the row


def test_a_small_raster_needs_no_more_than_the_least():
    layout = BlockLayout(100, 90, 100, 90, 2)
    reading = plan_reading(layout, [Window(0, 0, 100, 90)], 1)
    assert (reading.cache_bytes, layout.in_strips) == (32 * MB, False)


@pytest.mark.parametrize(
    ("options", "block"),
    [
        ({"tiled": False, "blockysize": 3}, (3, 200)),
        ({"tiled": True, "blockxsize": 64, "blockysize": 32}, (32, 64)),
    ],
)
def test_layout_of_a_file_and_of_a_virtual_raster_of_it(tmp_path, options, block):
    path = write_raster(tmp_path / "a.tif", np.ones((4, 150, 200), np.uint16), **options)
    virtual = tmp_path / "a.vrt"
    rasterio.shutil.copy(path, virtual, driver="VRT")
    for name in (path, virtual):
        scene = Scene(name)
        found = scene.layout(scene.bands[:3])
        scene.close()
        assert (found.height, found.width, found.rows, found.columns) == (150, 200, *block)
        assert found.bytes_per_px in (6, 8)  # 8 where four bands are decoded together


def test_layout_of_a_file_whose_interleaving_is_of_another_time(tmp_path):
    path = write_raster(tmp_path / "a.tif", np.ones((4, 150, 200), np.uint16), interleave="band")
    virtual = tmp_path / "a.vrt"
    rasterio.shutil.copy(path, virtual, driver="VRT")
    text = virtual.read_text(encoding="utf-8")
    assert text.count('"INTERLEAVE">BAND<') == 1
    virtual.write_text(text.replace('"INTERLEAVE">BAND<', '"INTERLEAVE">TILE<'), encoding="utf-8")
    scene = Scene(virtual)
    assert scene.layout(scene.bands[:3]).bytes_per_px == 6
    scene.close()


@pytest.mark.skipif(sys.platform != "linux", reason="counts what is read as Linux does")
def test_a_cache_of_that_size_decodes_strips_once(tmp_path, monkeypatch):
    """The real thing: a row of windows over strips, counted in bytes that are read."""
    pixels = np.random.default_rng(0).integers(1, 9000, (10, 300, 8000), np.uint16)
    path = write_raster(
        tmp_path / "strips.tif", pixels, tiled=False, interleave="pixel", compress="deflate"
    )
    windows = windows_over(300, 8000, 300, 1000)
    scene = Scene(path)
    reading = plan_reading(scene.layout(scene.bands), windows, 1)
    read, small = {}, 40 * MB
    for cache in (reading.cache_bytes, small):
        with gdal_settings(cache):
            rasterio.env.set_gdal_config("GDAL_CACHEMAX", 0)  # forget what was kept
            rasterio.env.set_gdal_config("GDAL_CACHEMAX", cache)
            before = _bytes_read()
            for window in windows:
                scene.read(window, scene.bands)
            read[cache] = _bytes_read() - before
    scene.close()
    size = Path(path).stat().st_size
    assert read[reading.cache_bytes] < 1.1 * size
    assert read[small] > 5 * size


def _bytes_read():
    """Return what this process has read so far, in bytes (Linux)."""
    with open("/proc/self/io", encoding="ascii") as counts:
        return int(next(line for line in counts if line.startswith("rchar")).split()[1])
