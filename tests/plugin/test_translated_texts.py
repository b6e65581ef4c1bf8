"""Everything that a dialog says of models, scenes and runs goes through the translator."""

import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest
from model_files import card_of, patch_card, write_model
from osgeo import gdal
from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QCoreApplication, QTranslator
from support import write_raster

from lulc_qgis_plugin import estimates, fit_verdict, model_card, model_text
from lulc_qgis_plugin.fit_verdict import DOUBTFUL, FITS, REFUSED, UNKNOWN, Choices, Rules, Verdict
from lulc_qgis_plugin.scene_facts import open_scene

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "translations.py"


class Marker(QTranslator):
    """A translator into a language that has the English words between brackets."""

    def translate(self, context, text, disambiguation=None, n=-1):
        return f"«{text}»" if context == "LulcPlugin" and text else ""


@pytest.fixture(autouse=True)
def foreign(provider):
    translator = Marker()
    QCoreApplication.installTranslator(translator)
    yield
    QCoreApplication.removeTranslator(translator)


def left(text):
    """Return the words of a text, or of HTML, that stand outside all brackets."""
    depth, outside = 0, []
    for sign in re.sub(r"<[^>]*>|&\w+;|&#\d+;", " ", text):
        depth += {"«": 1, "»": -1}.get(sign, 0)
        outside.append(sign if depth == 0 and sign != "»" else " ")
    assert depth == 0
    return set(re.findall(r"[A-Za-z]{2,}", "".join(outside)))


def shown(tmp_path, card):
    model = model_card.read_model_card(write_model(tmp_path / "model.safetensors", card))
    names = {word for name in model.spec.legend.names for word in re.findall("[A-Za-z]+", name)}
    network = set(re.findall("[A-Za-z]{2,}", model.spec.architecture))
    return model, left(model_text.card_html(model)) - names - network


@pytest.mark.parametrize(
    "card",
    [
        card_of(),
        card_of(offset=-0.1),
        card_of(scale=1 / 255),
        patch_card(),
        patch_card(stretch=False),
    ],
)
def test_a_card_is_translated(tmp_path, card):
    assert shown(tmp_path, card)[1] == set()


def test_a_card_without_scores_and_with_many_bands_is_translated(tmp_path):
    card = card_of(tuple(f"band{i}" for i in range(20)))
    card["lulc:scores"] = {}
    model, words = shown(tmp_path, card)
    assert words == set()
    assert "«not recorded»" in model_text.card_html(model)


@pytest.mark.parametrize("level", [FITS, DOUBTFUL, REFUSED, UNKNOWN])
def test_a_verdict_is_translated(level):
    assert left(model_text.verdict_html(Verdict(level), "scene")) == set()


@pytest.mark.parametrize(
    ("given", "level"),
    [
        ({"masks": 2}, REFUSED),
        ({"is_outside": True}, REFUSED),
        ({"stride": 3}, REFUSED),
        ({"bands": ("1", "2")}, REFUSED),
        ({"masks": 1}, DOUBTFUL),
        ({"bands": ("1", "2", "3", "4")}, FITS),
        ({}, FITS),
    ],
)
def test_reasons_are_translated(tmp_path, given, level):
    """Notes of the engine stand in the log, too, and stay English there and here."""
    card = card_of(low=150, high=3900)
    model = model_card.read_model_card(write_model(tmp_path / "model.safetensors", card))
    values = np.random.default_rng(0).uniform(150, 3900, (4, 64, 64)).astype("uint16")
    bands = ("blue", "green", "red", "nir")
    path = str(write_raster(tmp_path / "scene.tif", values, None, bands))
    verdict = fit_verdict.judge(model, path, Choices(**given), Rules.load())
    assert verdict.level == level
    ours = [text for text in verdict.reasons if "Reflectance =" not in text]
    assert ours
    assert [left(text) for text in ours] == [set()] * len(ours)
    assert left(verdict.scene) <= {"uint", "WGS", "UTM", "zone"}


def test_estimates_are_translated(tmp_path):
    card = write_model(tmp_path / "model.safetensors", card_of())
    model = model_card.read_model_card(card)
    size = estimates.size_of(1000, 1000, 1, False, 1.0)
    assert left(estimates.time_text("no such kind", size, model)) == set()
    for seconds in (1, 600, 10**5):
        assert left(estimates.in_words(seconds)) == set()


def test_translators_are_given_every_text(provider):
    """What is looked up is also written into the files of Qt Linguist."""
    assert QgsApplication.instance() is not None
    spec = importlib.util.spec_from_file_location("translations", SCRIPT)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    known = script.literal_texts()
    for texts in (model_text._HEADS, fit_verdict._FOUND):
        assert set(texts.values()) <= set(known)
    assert {model_text._UNKNOWN, "{} min", "Copy the file again."} <= set(known)


def test_warnings_about_a_scene_are_translated(tmp_path):
    values = np.random.default_rng(0).uniform(150, 3900, (4, 64, 64)).astype("uint16")
    path = str(write_raster(tmp_path / "scene.tif", values))
    dataset = gdal.Open(path, gdal.GA_Update)
    dataset.GetRasterBand(4).SetColorInterpretation(gdal.GCI_AlphaBand)
    dataset.SetGCPs([gdal.GCP(7.0, 47.0, 0.0, x, y) for x, y in ((0, 0), (9, 0), (0, 9))], "")
    dataset = None
    warnings = open_scene(path).warnings
    assert [left(text) for text in warnings] == [set(), set()]
