import numpy as np
import pytest
from page_reader import NAMES, check_harmless

from lulc_engine.errors import LulcError, ModelFileError, OptionsError
from lulc_engine.feedback import Feedback
from lulc_engine.models.card import ModelSpec, make_card
from lulc_engine.models.info import info
from lulc_engine.models.model_file import write_model
from lulc_engine.options import InfoOptions
from lulc_engine.rasters.bands import Band
from lulc_engine.rasters.reflectance import Radiometry


@pytest.fixture
def card(nasty_metrics, nasty_legend):
    bands = (Band(1, NAMES[0], None), Band(2, "B08", "nir"))
    spec = ModelSpec(
        "semantic-segmentation", "mobile_unet", {"filters": [32, 64]}, bands, ("ndvi",),
        Radiometry((1e-4, 1e-4), (-0.1, -0.1), "tags", "Sentinel-2"), ((0, 1), (0, 1)),
        nasty_legend, 66, 16,
    )  # fmt: skip
    training = {"seed": 0, "data": {"<b>scene</b>.tif": "ab" * 32}, "split": {"training": [1, 2]}}
    return make_card(
        spec, NAMES[7], 235_296, "2.0", ([0.1] * 3, [0.2] * 3), training,
        {"test": nasty_metrics, "validation": nasty_metrics}, {"duration_s": 12.5},
    )  # fmt: skip


def write(path, card):
    write_model(path, {"weight": np.zeros(3, np.float32)}, card)
    return str(path)


def test_page_and_facts(card, tmp_path):
    model, report = write(tmp_path / "model.safetensors", card), tmp_path / "model.html"
    result = info(InfoOptions(model=model, report=str(report)), Feedback())
    assert result["report"] == str(report)
    assert result["architecture"] == "mobile_unet"
    assert result["parameters"] == 235_296
    assert result["classes"] == NAMES
    assert result["bands"] == [NAMES[0], "B08"]
    assert len(result["model_sha256"]) == 64
    words = check_harmless(report.read_text("utf-8")).words
    for text in (
        "235\u202f296", "NDVI", "66 pixels", "Scores on the test set", "Validation, optimistic",
        "<b>scene</b>.tif", result["model_sha256"],
    ):  # fmt: skip
        assert text in words


def test_without_a_report_nothing_is_written(card, tmp_path):
    model = write(tmp_path / "model.safetensors", card)
    assert info(InfoOptions(model=model), Feedback())["report"] == ""
    assert [path.name for path in tmp_path.iterdir()] == ["model.safetensors"]


def test_models_without_scores_say_so(card, tmp_path):
    model = write(tmp_path / "m.safetensors", {**card, "lulc:scores": {}})
    report = tmp_path / "m.html"
    info(InfoOptions(model=model, report=str(report)), Feedback())
    assert "records no scores" in report.read_text("utf-8")


@pytest.mark.parametrize("key", ["lulc:legend", "lulc:bands", "mlm:architecture"])
def test_an_incomplete_card_is_refused(card, tmp_path, key):
    del card[key]
    model = write(tmp_path / "m.safetensors", card)
    with pytest.raises(ModelFileError, match="incomplete") as caught:
        info(InfoOptions(model=model), Feedback())
    assert caught.value.exit_code == 4


def test_other_files_and_endings_are_refused(card, tmp_path):
    other = tmp_path / "other.safetensors"
    other.write_bytes(b"nothing of the kind")
    for path in (other, tmp_path / "missing.safetensors"):
        with pytest.raises(LulcError) as caught:
            info(InfoOptions(model=str(path)), Feedback())
        assert caught.value.exit_code == 4
    model = write(tmp_path / "m.safetensors", card)
    with pytest.raises(OptionsError):
        info(InfoOptions(model=model, report=str(tmp_path / "page.txt")), Feedback())
