"""Whether a scene fits a model: the plugin's verdict is what the engine would do."""

import json
import subprocess

import numpy as np
import pytest
from model_files import card_of, patch_card, write_model
from osgeo import gdal, osr
from support import engine_python, write_raster

from lulc_qgis_plugin import fit_verdict, model_card
from lulc_qgis_plugin.engine_source import SOURCE_DIR, errors
from lulc_qgis_plugin.fit_verdict import DOUBTFUL, FITS, REFUSED, UNKNOWN, Choices, Rules

BGRN = ("blue", "green", "red", "nir")
ENGINE = """
import json, sys
sys.path.insert(0, sys.argv[1])
from lulc_engine.errors import LulcError
from lulc_engine.feedback import Feedback
from lulc_engine.inference.fitting import open_fitted
from lulc_engine.models.card import read_spec
from lulc_engine.models.model_file import read_card
from lulc_engine.options import ClassifyOptions

class Ears(Feedback):
    warned = False
    def warning(self, text):
        self.warned = True

answers = []
for model, path, given in json.load(sys.stdin):
    ears = Ears()
    try:
        card = read_card(model)
        options = ClassifyOptions(image=path, model=model, output="map.tif", **given)
        with open_fitted(options, card, read_spec(card), ears):
            pass
        answers.append("doubtful" if ears.warned else "fits")
    except LulcError as err:
        answers.append("refused")
assert "torch" not in sys.modules
print(json.dumps(answers))
"""


def image(low, high, dtype="uint16", bands=4, side=64, seed=1):
    values = np.random.default_rng(seed).uniform(low, high, (bands, side, side))
    return values.astype(dtype)


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scenes")
    product = "S2A_MSIL2A_20230401T103021_N0509_R108_T32TLT_20230401T160000"
    found = {
        "before 2022": (image(150, 3900), BGRN),
        "since 2022": (image(1150, 4900), BGRN),
        product: (image(1150, 4900), BGRN),
        "picture": (image(0, 255, "uint8"), BGRN),
        "picture in 16 bits": (image(0, 255), BGRN),
        "reflectance": (image(0.01, 0.5, "float32"), BGRN),
        "too bright": (image(0, 65000), BGRN),
        "unnamed": (image(150, 3900), ()),
        "another order": (image(150, 3900), BGRN[::-1]),
        "three bands": (image(150, 3900, bands=3), BGRN[:3]),
        "tiny": (image(150, 3900, side=3), BGRN),
        "one value": (np.full((4, 64, 64), 900, "uint16"), BGRN),
    }
    paths = {n: str(write_raster(folder / f"{n}.tif", a, None, b)) for n, (a, b) in found.items()}
    paths["with nodata"] = with_nodata(folder / "nodata.tif")
    paths["with alpha"] = with_alpha(folder / "alpha.tif")
    paths["with tags"] = with_tags(folder / "tags.tif")
    paths["virtual"] = str(folder / "virtual.vrt")
    paths["infrared called alpha"] = with_alpha(folder / "cir.tif", image(0, 255, "uint8"), ())
    paths["black borders"] = with_black(folder / "black.tif")
    paths["Web Mercator"] = in_web_mercator(folder / "mercator.tif")
    paths["scale of 0"] = with_tags(folder / "zero.tif", 0.0, 0.0)
    gdal.BuildVRT(paths["virtual"], [paths["before 2022"]]).FlushCache()
    return paths


def with_nodata(path):
    values = image(1150, 4900)
    values[:, :40] = 0
    return str(write_raster(path, values, 0, BGRN))


def in_web_mercator(path):
    """Write a scene whose pixels are 10.8 m on the ground, and 16 as its projection has it."""
    write_raster(path, image(150, 3900), None, BGRN)
    system = osr.SpatialReference()
    system.ImportFromEPSG(3857)
    dataset = gdal.Open(str(path), gdal.GA_Update)
    dataset.SetProjection(system.ExportToWkt())
    dataset.SetGeoTransform((9e5, 16, 0, 6e6, 0, -16))
    dataset.FlushCache()
    return str(path)


def with_black(path):
    values = image(1150, 4900)
    values[:, :20] = 0
    return str(write_raster(path, values, None, BGRN))


def with_alpha(path, values=None, names=(*BGRN, "alpha")):
    if values is None:
        values = image(150, 3900, bands=5)
        values[4] = 65535
    write_raster(path, values, None, names)
    dataset = gdal.Open(str(path), gdal.GA_Update)
    dataset.GetRasterBand(len(values)).SetColorInterpretation(gdal.GCI_AlphaBand)
    dataset.FlushCache()
    return str(path)


def with_tags(path, scale=2e-4, offset=-0.05):
    write_raster(path, image(150, 3900), None, BGRN)
    dataset = gdal.Open(str(path), gdal.GA_Update)
    for number in range(1, 5):
        dataset.GetRasterBand(number).SetScale(scale)
        dataset.GetRasterBand(number).SetOffset(offset)
    dataset.FlushCache()
    return str(path)


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    cards = {
        "before 2022": card_of(low=150, high=3900),
        "since 2022": card_of(offset=-0.1, low=1150, high=4900),
        "reflectance": card_of(scale=1.0, low=0.01, high=0.5),
        "two bands": card_of(("red", "nir")),
        "swir": card_of((*BGRN, "swir16")),
        "unnamed": card_of((None,) * 4),
        "fine": card_of(pixel_m=1.0),
        "pictures": patch_card(),
        "pictures, stretch unknown": patch_card(stretch=False),
        "patches": patch_card(BGRN, stretch=False, scale=1e-4, low=150, high=3900),
    }
    return {name: write_model(folder / f"{name}.safetensors", c) for name, c in cards.items()}


def judged(model, path, **given):
    choices = Choices(**{k: tuple(v) if isinstance(v, list) else v for k, v in given.items()})
    return fit_verdict.judge(model_card.read_model_card(model), path, choices, Rules.load())


@pytest.mark.skipif(engine_python() is None, reason="needs the engine")
def test_the_verdict_is_what_the_engine_would_do(models, scenes):
    cases = [(m, s, {}) for m in models for s in scenes]
    for scene in ("before 2022", "unnamed", "three bands", "too bright"):
        cases += [
            ("two bands", scene, {"bands": ["3", "4"]}),
            ("two bands", scene, {"bands": ["1"]}),
            ("two bands", scene, {"bands": ["nonsense"]}),
            ("before 2022", scene, {"band_names": list(BGRN)}),
            ("before 2022", scene, {"scale": 1e-4, "offset": -0.1}),
            ("before 2022", scene, {"scale": 0.0}),
        ]
    question = json.dumps([(models[m], scenes[s], given) for m, s, given in cases])
    command = [engine_python(), "-I", "-c", ENGINE, str(SOURCE_DIR)]
    answer = subprocess.run(command, input=question, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr
    expected = json.loads(answer.stdout)
    ours = [judged(models[m], scenes[s], **given).level for m, s, given in cases]
    assert [c for c, a, b in zip(cases, ours, expected) if a != b] == []
    assert {"fits", "refused", "doubtful"} == set(expected)  # the cases are worth the name


def test_a_missing_offset_is_named(models, scenes):
    verdict = judged(models["before 2022"], scenes["since 2022"])
    assert verdict.level == REFUSED
    assert "1000 were added" in verdict.reasons[0]
    verdict = judged(models["since 2022"], scenes["before 2022"])
    assert verdict.level == REFUSED
    assert "too low" in verdict.reasons[0]


def test_missing_bands_are_named(models, scenes):
    verdict = judged(models["swir"], scenes["before 2022"])
    assert verdict.level == REFUSED
    assert "no band swir16" in verdict.reasons[0]


def test_other_pixels_are_a_doubt(models, scenes):
    verdict = judged(models["fine"], scenes["before 2022"])
    assert verdict.level == DOUBTFUL
    assert "10 m" in verdict.reasons[0]
    assert "1 m" in verdict.reasons[0]


def test_pixels_of_web_mercator_are_measured_on_the_ground(models, scenes):
    verdict = judged(models["before 2022"], scenes["Web Mercator"])
    assert verdict.level == FITS
    assert "10.8 m" in verdict.scene


def test_the_scene_is_described(models, scenes):
    verdict = judged(models["before 2022"], scenes["with nodata"])
    assert verdict.scene.startswith("64 x 64 pixels · 4 bands (blue, green, red, nir) · uint16")
    assert "10 m" in verdict.scene
    assert "UTM zone 32N" in verdict.scene
    assert verdict.valid_share < 0.6


def test_with_a_mask_nothing_is_promised(models, scenes):
    verdict = judged(models["before 2022"], scenes["before 2022"], masks=1)
    assert verdict.level == DOUBTFUL
    refused = judged(models["before 2022"], scenes["since 2022"], masks=1)
    assert refused.level == DOUBTFUL
    assert "Without the mask" in refused.reasons[0]


def test_options_of_the_other_kind_of_model_are_refused(models, scenes):
    for given in ({"stride": 4}, {"per_pixel": True}):
        assert judged(models["before 2022"], scenes["before 2022"], **given).level == REFUSED
    assert judged(models["pictures"], scenes["before 2022"], stride=4).level == FITS
    wide = judged(models["pictures"], scenes["before 2022"], stride=65, per_pixel=True)
    assert wide.level == REFUSED


def test_several_masks_and_an_extent_elsewhere_are_refused(models, scenes):
    for given in ({"masks": 2}, {"is_outside": True}):
        assert judged(models["before 2022"], scenes["before 2022"], **given).level == REFUSED


@pytest.mark.parametrize("name", ["missing.tif", "text.tif", "MTD_MSIL2A.xml"])
def test_what_cannot_be_opened_never_fits(models, tmp_path, name):
    path = tmp_path / name
    if name != "missing.tif":
        path.write_text("no raster")
    level = judged(models["before 2022"], str(path)).level
    assert level == (UNKNOWN if name.endswith(".xml") else REFUSED)


def test_a_scene_without_a_crs_and_one_in_degrees_are_doubts(models, tmp_path):
    path = str(write_raster(tmp_path / "plain.tif", image(150, 3900), None, BGRN))
    gdal.Open(path, gdal.GA_Update).SetProjection("")
    assert "no CRS" in " ".join(judged(models["before 2022"], path).reasons)
    degrees = tmp_path / "degrees.tif"
    box = [7.0, 47.001, 7.001, 47.0]
    gdal.Translate(str(degrees), path, outputSRS="EPSG:4326", outputBounds=box)
    verdict = judged(models["before 2022"], str(degrees))
    assert verdict.level == DOUBTFUL
    assert "degrees" in " ".join(verdict.reasons)


# --- model files ----------------------------------------------------------------------------------


def damaged(path, change):
    content = bytearray(path.read_bytes())
    path.write_bytes(change(content))
    return str(path)


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content + b"x",
        lambda content: bytes([*content[:-2], content[-2] ^ 1, content[-1]]),
    ],
)
def test_damaged_weights_are_found(tmp_path, change):
    path = tmp_path / "model.safetensors"
    write_model(path, card_of())
    verdict = judged(damaged(path, change), "")
    assert verdict.level == REFUSED
    assert "damaged" in verdict.reasons[0]


def test_a_tensor_of_an_impossible_shape_is_damage(tmp_path):
    path = tmp_path / "model.safetensors"
    write_model(path, card_of())
    name = b'"shape": [2]'
    content = path.read_bytes()
    wrong = content.replace(name, b'"shape": [9]')
    path.write_bytes(wrong)
    assert judged(str(path), "").level == REFUSED
    length = int.from_bytes(content[:8], "little")
    header = content[8 : 8 + length].replace(name, b'"shape": [99999999999999999999]')
    path.write_bytes(len(header).to_bytes(8, "little") + header + content[8 + length :])
    assert judged(str(path), "").level == REFUSED


def test_a_file_that_was_cut_off_is_no_model(tmp_path):
    path = tmp_path / "model.safetensors"
    write_model(path, card_of())
    with pytest.raises(errors.ModelFileError, match="incomplete"):
        model_card.read_model_card(damaged(path, lambda content: content[:-1]))


def test_weights_that_are_not_finite_are_found(tmp_path):
    path = write_model(tmp_path / "model.safetensors", card_of(), (1.0, float("nan")))
    assert "not finite" in judged(path, "").reasons[0]


@pytest.mark.parametrize(
    "content",
    [b"", b"short", b"\xff" * 8, b"\x02" + b"\0" * 7 + b"[]", b"\x08" + b"\0" * 7 + b'{"a": 1}'],
)
def test_other_files_are_no_models(tmp_path, content):
    path = tmp_path / "model.safetensors"
    path.write_bytes(content)
    with pytest.raises(errors.ModelFileError, match="not a model file"):
        model_card.read_model_card(str(path))


def test_a_card_of_other_types_is_incomplete(tmp_path):
    card = card_of()
    card["lulc:receptive_field"] = []
    path = write_model(tmp_path / "model.safetensors", card)
    with pytest.raises(errors.ModelFileError, match="incomplete"):
        model_card.read_model_card(path)
