"""How raw values become reflectance: the rules and their order."""

import math

import numpy as np
import pytest
from factories import random_image

from lulc_engine.errors import OptionsError
from lulc_engine.rasters.reflectance import find_radiometry, has_sentinel_offset
from lulc_engine.rasters.scene import Scene

L2A_NEW = "/data/S2B_MSIL2A_20220815T102559_N0400_R108_T32TLT_20220815T164551.SAFE/IMG_DATA/a.jp2"
L2A_OLD = "/data/S2B_MSIL2A_20200815T102559_N0214_R108_T32TLT_20200815T164551.tif"
L1C_NEW = "S2A_MSIL1C_20230101T102421_N0509_R065_T32TLT_20230101T121042.tif"
LANDSAT = "/x/LC08_L2SP_196027_20200813_20200920_02_T1_SR.tif"

rng = np.random.default_rng(0)
PLAIN = rng.integers(200, 4000, (2, 500)).astype(np.uint16)
SHIFTED = (PLAIN + 1000).astype(np.uint16)


def find(path="scene.tif", tags=None, scales=(1, 1), offsets=(0, 0), values=PLAIN, **options):
    found = find_radiometry(path, tags or {}, scales, offsets, values, **options)
    assert len(found.scale) == len(found.offset) == len(scales)
    return found


def test_options_come_first():
    found = find(L2A_NEW, {"PROCESSING_BASELINE": "04.00"}, (2, 2), (1, 1),
                 option_scale=0.5, option_offset=-3.0)  # fmt: skip
    assert (found.scale, found.offset, found.source) == ((0.5, 0.5), (-3, -3), "option")
    assert find(option_scale=0.5).offset == (0, 0)
    assert find(option_offset=0.0).source == "option"


def test_a_scale_of_zero_is_refused():
    with pytest.raises(OptionsError, match="cannot be 0"):
        find(option_scale=0.0)


def test_scale_and_offset_of_the_file_come_before_tags():
    found = find(L2A_NEW, {"BOA_QUANTIFICATION_VALUE": "10000"}, (2e-5, 1), (0, -0.2))
    assert (found.scale, found.offset, found.source) == ((2e-5, 1), (0, -0.2), "tags")


@pytest.mark.parametrize(
    ("tags", "scale", "offset"),
    [
        ({"BOA_QUANTIFICATION_VALUE": "10000", "BOA_ADD_OFFSET": "-1000"}, 1e-4, -0.1),
        ({"PROCESSING_BASELINE": "04.00"}, 1e-4, -0.1),
        ({"processing_baseline": "05.11"}, 1e-4, -0.1),
        ({"PROCESSING_BASELINE": "03.01"}, 1e-4, 0),
        ({"QUANTIFICATION_VALUE": "5000"}, 2e-4, 0),
        ({"RADIO_ADD_OFFSET": "-1000"}, 1e-4, -0.1),
    ],
)
def test_tags_come_before_the_name(tags, scale, offset):
    found = find(L2A_OLD, tags)
    assert found.scale == pytest.approx((scale,) * 2)
    assert found.offset == pytest.approx((offset,) * 2)
    assert found.source == "tags"


@pytest.mark.parametrize("text", ["", "unknown", "nan", "inf"])
def test_tags_without_a_number_do_not_count(text):
    assert find(L2A_OLD, {"QUANTIFICATION_VALUE": text}).source == "name"


@pytest.mark.parametrize(
    ("path", "scale", "offset"),
    [
        (L2A_NEW, 1e-4, -0.1),
        (L2A_OLD, 1e-4, 0),
        (L1C_NEW, 1e-4, -0.1),
        (LANDSAT, 2.75e-5, -0.2),
    ],
)
def test_product_names_come_before_values(path, scale, offset):
    found = find(path, values=SHIFTED)
    assert (found.scale, found.offset, found.source) == ((scale,) * 2, (offset,) * 2, "name")


@pytest.mark.parametrize(
    ("values", "scale", "offset"),
    [
        (PLAIN, 1e-4, 0),
        (SHIFTED, 1e-4, -0.1),
        (PLAIN.astype(np.uint8), 1 / 255, 0),
        ((PLAIN / 1e4).astype(np.float32), 1, 0),
        (PLAIN.astype(np.float32), 1e-4, 0),
        (SHIFTED.astype(np.float32), 1e-4, -0.1),
        (np.zeros((2, 0), np.uint16), 1e-4, 0),
        (np.zeros((2, 0), np.float32), 1, 0),
    ],
)
def test_values_are_the_last_resort(values, scale, offset):
    found = find(values=values)
    assert (found.scale, found.offset, found.source) == ((scale,) * 2, (offset,) * 2, "values")


def test_one_dark_band_tells_the_offset():
    bright = np.full((1, 500), 2500, np.uint16)
    assert has_sentinel_offset(np.vstack([bright, SHIFTED[:1]]))
    assert not has_sentinel_offset(np.vstack([bright, PLAIN[:1]]))
    assert not has_sentinel_offset(bright * 2), "a scene of snow tells nothing"
    assert not has_sentinel_offset(SHIFTED[:, :10]), "too few pixels"


def test_a_scene_asks_for_its_chosen_bands(write_raster):
    def calibrate(dataset):
        dataset.scales, dataset.offsets = (1.0, 0.5, 0.25), (0.0, 1.0, 2.0)

    scene = Scene(write_raster("scene.tif", random_image(3, 16, 16), alter=calibrate))
    found = scene.radiometry([scene.bands[2], scene.bands[1]])
    assert (found.scale, found.offset, found.source) == ((0.25, 0.5), (2, 1), "tags")
    assert scene.radiometry(scene.bands[:1]).source == "values"
    assert "value * (0.25, 0.5) + (2, 1)" in found.summary()


@pytest.mark.parametrize("scale", [0.0, math.nan, math.inf])
def test_a_scale_that_cannot_be_meant_does_not_count(scale):
    found = find_radiometry("x.tif", {}, [scale] * 2, [0.0] * 2, sentinel(20, 3000))
    assert (found.scale, found.offset, found.source) == ((1e-4,) * 2, (0.0,) * 2, "values")


@pytest.mark.parametrize("tags", [{}, {"PROCESSING_BASELINE": "05.09"}])
def test_a_product_name_tells_nothing_of_values_that_were_converted(tags):
    path = "S2A_MSIL2A_20230601T100601_N0509_R022_T32TLT_20230601T160259.tif"
    reflectance = sentinel(20, 3000) / np.float32(10000)
    assert find_radiometry(path, tags, [1.0] * 2, [0.0] * 2, reflectance).scale == (1, 1)
    picture = (sentinel(20, 3000) // 12).astype(np.uint8)
    assert find_radiometry(path, tags, [1.0] * 2, [0.0] * 2, picture).scale == (1 / 255,) * 2
    stored = sentinel(1020, 3000).astype(np.float32)
    assert find_radiometry(path, tags, [1.0] * 2, [0.0] * 2, stored).offset == (-0.1,) * 2


@pytest.mark.parametrize("dtype", ["uint16", "float32"])
def test_borders_without_data_do_not_hide_the_offset(dtype):
    values = sentinel(1020, 3000).astype(dtype)
    values[:, :300] = 0
    assert find_radiometry("x.tif", {}, [1.0] * 2, [0.0] * 2, values).offset == (-0.1,) * 2
    values[0, 300:400] = 0  # a dark band, where the other is not
    assert find_radiometry("x.tif", {}, [1.0] * 2, [0.0] * 2, values).offset == (0, 0)


def sentinel(low, high):
    """Return values (2, 1000) uint16 from low to high."""
    return np.linspace([low, low + 100], [high, high], 1000, axis=1).astype(np.uint16)
