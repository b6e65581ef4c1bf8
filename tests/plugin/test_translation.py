"""Texts in another language, from a .qm file as lrelease makes it, in dialogs of QGIS."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QCoreApplication
from qgis.PyQt.QtWidgets import QLabel

from lulc_qgis_plugin import help_text, translation
from lulc_qgis_plugin.provider import ALGORITHMS

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "lulc_qgis_plugin" / "i18n" / "lulc_qgis_plugin_xx.ts"
GERMAN = Path(__file__).with_name("translation")


@pytest.fixture
def german(provider, monkeypatch):
    """QGIS for a user in Austria, with the German texts of the tests."""
    monkeypatch.setattr(translation, "FOLDER", GERMAN)
    monkeypatch.setattr(QgsApplication, "locale", staticmethod(lambda: "de_AT"))
    translator = translation.install_translator()
    assert translator is not None
    yield
    QCoreApplication.removeTranslator(translator)


def algorithm(name):
    return next(item for item in ALGORITHMS if name == item.ID)().create()


def test_an_algorithm_speaks_the_language_of_the_user(german):
    made = algorithm("trainsegmenter")
    assert made.displayName() == "Segmentierer trainieren"
    assert made.parameterDefinition("INPUT").description() == "Szenen"
    assert made.parameterDefinition("LABELS").help() == "Flächen, Punkte oder ein Raster."
    assert made.outputDefinition("OVERALL_ACCURACY").description() == "Gesamtgenauigkeit"
    assert made.groupId() == "train"  # an id, whatever the language


def test_what_is_not_translated_stays_english(german):
    assert algorithm("classifyraster").displayName() == "Classify raster"


def test_a_dialog_shows_the_translation(german, provider, monkeypatch):
    from processing.gui.AlgorithmDialog import AlgorithmDialog

    for name in ("AlgorithmDialog", "ParametersPanel"):  # pytest-qgis's mock, which QGIS refuses
        monkeypatch.setattr(f"processing.gui.{name}.iface", None)
    dialog = AlgorithmDialog(provider.algorithm("trainsegmenter").create(), False, None)
    shown = [label.text() for label in dialog.findChildren(QLabel)]
    assert any("Szenen" in text for text in shown)
    assert "Segmentierer trainieren" in dialog.windowTitle()
    dialog.close()


def test_the_set_up_dialog_shows_the_translation(german, tmp_path, monkeypatch):
    from lulc_qgis_plugin.setup_dialog import SetupDialog

    monkeypatch.setenv("LULC_HOME", str(tmp_path / "none"))
    dialog = SetupDialog()
    assert "Die Rechenumgebung ist noch nicht eingerichtet." in dialog._state.text()
    dialog.deleteLater()


@pytest.mark.parametrize("locale", ["en_GB", "tlh", "", "C"])
def test_without_a_file_for_the_language_there_is_no_translator(locale, monkeypatch):
    monkeypatch.setattr(translation, "FOLDER", GERMAN)
    monkeypatch.setattr(QgsApplication, "locale", staticmethod(lambda: locale))
    assert translation.install_translator() is None


def test_a_damaged_file_is_no_obstacle(monkeypatch, tmp_path):
    (tmp_path / "lulc_qgis_plugin_de.qm").write_bytes(b"not a translation")
    monkeypatch.setattr(translation, "FOLDER", tmp_path)
    monkeypatch.setattr(QgsApplication, "locale", staticmethod(lambda: "de_AT"))
    assert translation.install_translator() is None


def test_help_is_taken_in_the_language_of_the_user(monkeypatch, tmp_path):
    (tmp_path / "help" / "de").mkdir(parents=True)
    (tmp_path / "help" / "de" / "one.md").write_text("Hilfe", encoding="utf-8")
    for name in ("one", "two"):
        (tmp_path / "help" / f"{name}.md").write_text("Help", encoding="utf-8")
    monkeypatch.setattr(help_text, "resource", lambda *parts: tmp_path.joinpath(*parts))
    monkeypatch.setattr(QgsApplication, "locale", staticmethod(lambda: "de_AT"))
    assert help_text.help_text("one") == "<p>Hilfe</p>"
    assert help_text.help_text("two") == "<p>Help</p>"


def test_the_template_is_up_to_date(provider):
    """Nearly: texts may change between two runs of make translations."""
    known = {message.findtext("source") for message in ET.parse(TEMPLATE).iter("message")}  # noqa: S314
    wanted = set()
    for made in (item().create() for item in ALGORITHMS):
        wanted |= {made.displayName(), made.group(), made.shortDescription()}
        for definition in made.parameterDefinitions():
            wanted |= {definition.description(), definition.help()}
        wanted |= {definition.description() for definition in made.outputDefinitions()}
    assert len(wanted - known) < 0.05 * len(wanted), sorted(wanted - known)


def test_every_text_of_a_window_is_marked():
    """What a window shows is never a bare literal."""
    bare = re.compile(r"(QLabel|QPushButton|QGroupBox|setWindowTitle|setToolTip)\(f?[\"'][A-Za-z]")
    sources = (ROOT / "lulc_qgis_plugin").rglob("*.py")
    found = [path.name for path in sources if bare.search(path.read_text(encoding="utf-8"))]
    assert found == []
