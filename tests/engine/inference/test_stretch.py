"""Models of pictures with 8 bits on scenes in reflectance, and whatever else values can be."""

import numpy as np
import pytest
from factories import write_raster
from patch_models import loop_logits, make_patch_spec, write_patch_model
from recorder import Recorder
from seamless import expect_whole, read_map, run_classify

from lulc_engine.errors import DataError
from lulc_engine.inference.radiometry import fit_radiometry, stretched
from lulc_engine.rasters.reflectance import Radiometry

pytestmark = pytest.mark.usefixtures("flat")

IDS = (1, 2, 3)
ROLES = ("red", "green", "blue")
PICTURES = Radiometry((1 / 255,) * 3, (0.0,) * 3, "values", "8-bit values")
STRETCH = ((0.0, 0.25), (0.02, 0.3), (0.05, 0.2))


def picture_spec(**changes):
    given = {"radiometry": PICTURES, "value_range": ((3.0, 250.0),) * 3}
    return make_patch_spec("flat", 5, ROLES, **{**given, **changes})


def fit(spec, values, scale=None, offset=None, source="values"):
    """Return the radiometry for values (C, n), and the log."""
    reflectance = {"uint8": 1 / 255, "float32": 1.0}.get(values.dtype.name, 1e-4)
    found = Radiometry((scale or reflectance,) * 3, (offset or 0.0,) * 3, source, "so it is")
    log = Recorder()
    return fit_radiometry(found, lambda: values, spec, log), log


def values_of(dtype, low, high, count=400):
    rng = np.random.default_rng(0)
    return rng.uniform(low, high, (3, count)).astype(dtype)


# --- the numbers ---------------------------------------------------------------------------------


def test_low_becomes_black_and_high_white():
    sentinel = Radiometry((1e-4,) * 3, (-0.1,) * 3, "tags", "as given")
    made = stretched(sentinel, STRETCH)
    for band, (low, high) in enumerate(STRETCH):
        for reflectance, shown in ((low, 0.0), (high, 1.0), ((low + high) / 2, 0.5)):
            value = (reflectance + 0.1) / 1e-4
            assert value * made.scale[band] + made.offset[band] == pytest.approx(shown)


@pytest.mark.parametrize("source", ["values", "tags", "name", "option"])
def test_scenes_in_reflectance_are_stretched_like_the_pictures(source):
    spec = picture_spec(stretch=STRETCH)
    made, log = fit(spec, values_of("uint16", 300, 3000), offset=-0.02, source=source)
    assert made.scale == pytest.approx([1e-4 / (high - low) for low, high in STRETCH])
    assert made.offset == pytest.approx([(-0.02 - low) / (high - low) for low, high in STRETCH])
    assert any("0 to 0.25, 0.02 to 0.3, 0.05 to 0.2 became black to white" in x for x in log.infos)
    assert log.warnings == []


@pytest.mark.parametrize("dtype", ["uint8", "float32", "uint16"])
@pytest.mark.parametrize("stretch", [(), STRETCH])
def test_pictures_are_taken_as_they_are(dtype, stretch):
    made, log = fit(picture_spec(stretch=stretch), values_of(dtype, 0, 255))
    assert (made.scale, made.offset) == (PICTURES.scale, PICTURES.offset)
    assert not any("stretch" in line for line in log.infos)


def test_pictures_that_somebody_says_are_reflectance_are_stretched():
    made, _ = fit(picture_spec(stretch=STRETCH), values_of("uint8", 0, 255), 0.002, 0, "option")
    assert made.scale == pytest.approx([0.002 / (high - low) for low, high in STRETCH])


@pytest.mark.parametrize(("low", "high", "word"), [(0, 400, "black"), (9000, 12000, "white")])
def test_a_stretch_that_shows_nothing_is_said(low, high, word):
    spec = picture_spec(stretch=((0.05, 0.3),) * 3)
    _, log = fit(spec, values_of("uint16", low, high))
    assert any(f"100% of the values are {word}" in line for line in log.warnings)


# --- refusals ------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", ["values", "tags", "name"])
@pytest.mark.parametrize("dtype", ["uint16", "float32"])
def test_without_a_known_stretch_reflectance_is_refused(source, dtype):
    values = values_of("uint16", 300, 3000) if dtype == "uint16" else values_of(dtype, 0.03, 0.3)
    with pytest.raises(DataError, match="does not say which reflectance") as caught:
        fit(picture_spec(), values, source=source)
    assert "STRETCH" in caught.value.hint
    made, _ = fit(picture_spec(), values, 1 / 3000, 0, "option")  # the user knows
    assert made.scale == (1 / 3000,) * 3


def test_pictures_are_refused_by_models_of_reflectance():
    sentinel = Radiometry((1e-4,) * 3, (0.0,) * 3, "values", "judged")
    spec = picture_spec(radiometry=sentinel, value_range=((200.0, 3000.0),) * 3)
    with pytest.raises(DataError, match="of 8 bits, the model was trained on values up to 3000"):
        fit(spec, values_of("uint8", 0, 255))


def test_models_of_raw_numbers_take_them_whatever_the_file_says():
    raw = Radiometry((1 / 65535,) * 3, (0.0,) * 3, "option", "as published")
    spec = picture_spec(radiometry=raw, value_range=((200.0, 3000.0),) * 3)
    for source in ("tags", "name", "values"):
        made, _ = fit(spec, values_of("uint16", 200, 3000), source=source)
        assert made.scale == raw.scale
    made, _ = fit(spec, values_of("uint16", 200, 3000), 2e-4, 0, "option")
    assert made.scale == (2e-4,) * 3


# --- from a scene to a map -----------------------------------------------------------------------


def write_scene(path, dtype):
    rng = np.random.default_rng(1)
    reflectance = rng.uniform(-0.02, 0.32, (3, 40, 44))
    image = np.round((reflectance + 0.1) / 1e-4) if dtype == "uint16" else reflectance
    write_raster(path, image.astype(dtype), descriptions=ROLES)
    return image.astype(dtype)


@pytest.mark.parametrize(
    ("dtype", "options", "offset"),
    [("uint16", {"scale": 1e-4, "offset": -0.1}, -0.1), ("float32", {}, 0.0)],
)
def test_a_map_of_a_scene_in_reflectance(tmp_path, dtype, options, offset):
    """The network sees values that are stretched and cut off at black and white."""
    path, network = write_patch_model(
        tmp_path / "m.safetensors", picture_spec(stretch=STRETCH), mean=0.4, spread=0.3
    )
    image = write_scene(tmp_path / "s.tif", dtype)
    run_classify(tmp_path / "s.tif", path, tmp_path / "map.tif", **options)
    scale = 1e-4 if dtype == "uint16" else 1.0
    reflectance = image.astype(np.float64) * scale + offset
    shown = np.stack(
        [
            (band - low) / (high - low)
            for band, (low, high) in zip(reflectance, STRETCH, strict=True)
        ]
    ).clip(0, 1)
    assert (shown == 0).any()
    assert (shown == 1).any()
    network.input.set_radiometry([1.0] * 3, [0.0] * 3)
    valid = np.ones(image.shape[1:], bool)
    rows, columns = (np.arange(length) - 2 for length in valid.shape)
    logits = loop_logits(network, shown, valid, 5, rows, columns)
    assert expect_whole(read_map(tmp_path / "map.tif"), logits, valid, IDS) > 0.99


def test_a_map_of_a_picture(tmp_path):
    path, network = write_patch_model(
        tmp_path / "m.safetensors", picture_spec(stretch=STRETCH), mean=0.4, spread=0.3
    )
    image = np.random.default_rng(2).integers(0, 256, (3, 30, 34)).astype(np.uint8)
    write_raster(tmp_path / "s.tif", image, descriptions=ROLES)
    run_classify(tmp_path / "s.tif", path, tmp_path / "map.tif")
    valid = np.ones(image.shape[1:], bool)
    rows, columns = (np.arange(length) - 2 for length in valid.shape)
    logits = loop_logits(network, image, valid, 5, rows, columns)
    assert expect_whole(read_map(tmp_path / "map.tif"), logits, valid, IDS) > 0.99


def test_a_scene_that_does_not_fit_leaves_no_map(tmp_path):
    path, _ = write_patch_model(tmp_path / "m.safetensors", picture_spec(), mean=0.4, spread=0.3)
    write_scene(tmp_path / "s.tif", "uint16")
    with pytest.raises(DataError, match="pictures of 8 bits") as caught:
        run_classify(tmp_path / "s.tif", path, tmp_path / "map.tif")
    assert caught.value.exit_code == 3
    assert not (tmp_path / "map.tif").exists()
