"""Classes of labels in dialogs: the table, the check boxes, the bands and the epochs."""

import json

import numpy as np
import pytest
from qgis.core import QgsProject, QgsRasterLayer, QgsVectorLayer
from qgis.PyQt.QtGui import QColor
from qgis.PyQt.QtWidgets import QLabel, QLineEdit, QPushButton, QToolButton
from support import write_raster

from lulc_qgis_plugin import label_classes, run_history
from lulc_qgis_plugin.styling import set_legend


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("LULC_HOME", str(tmp_path / "home"))


@pytest.fixture
def polygons(qgis_new_project, labels):
    layer = QgsVectorLayer(labels, "polygons", "ogr")
    QgsProject.instance().addMapLayer(layer)
    return layer


@pytest.fixture
def panel(provider, monkeypatch, polygons):
    from processing.gui.AlgorithmDialog import AlgorithmDialog

    for name in ("AlgorithmDialog", "ParametersPanel"):  # pytest-qgis's mock, which QGIS refuses
        monkeypatch.setattr(f"processing.gui.{name}.iface", None)
    dialog = AlgorithmDialog(provider.algorithm("trainsegmenter").create(), False, None)
    dialog.mainWidget().setParameters({"LABELS": polygons.id()})
    yield dialog.mainWidget()
    dialog.close()


def shown_classes(panel):
    return panel.wrappers["LEGEND"].wrappedWidget().findChild(QLabel, "classes").text()


def boxes(panel):
    box = panel.wrappers["FOCUS_CLASSES"]._box
    return [box.itemText(index) for index in range(box.count())]


def test_classes_follow_labels_and_field(panel):
    assert "choose" in shown_classes(panel) or "chosen" in shown_classes(panel)
    assert boxes(panel) == ["None: all classes alike"]
    panel.setParameters({"CLASS_FIELD": "class_id"})
    assert boxes(panel)[:3] == ["class 1", "class 2", "class 5"]
    panel.setParameters({"CLASS_NAME_FIELD": "class"})
    assert boxes(panel)[:3] == ["water", "forest", "built-up"]
    for name in ("water", "forest", "built&#8209;up"):  # which no line breaks
        assert name in shown_classes(panel)
    panel.setParameters({"CLASS_FIELD": "class", "CLASS_NAME_FIELD": ""})
    assert boxes(panel)[:3] == ["built-up", "forest", "water"]


def test_focus_classes_are_ticked(panel):
    panel.setParameters({"CLASS_FIELD": "class"})
    wrapper = panel.wrappers["FOCUS_CLASSES"]
    assert wrapper.parameterValue() is None
    wrapper._box.setCheckedItems(["built-up", "water"])
    assert wrapper.parameterValue() == "built-up, water"
    wrapper._box.setCheckedItems(["None: all classes alike"])
    assert wrapper.parameterValue() == "none"
    panel.setParameters({"FOCUS_CLASSES": "forest"})
    assert wrapper._box.checkedItems() == ["forest"]
    panel.setParameters({"FOCUS_CLASSES": "auto"})
    assert wrapper.parameterValue() == "auto"
    assert wrapper._box.checkedItems() == []


def test_a_name_with_a_comma_becomes_its_id(panel):
    legend = json.dumps([{"id": 2, "name": "bare, rocky"}])
    panel.setParameters({"CLASS_FIELD": "class_id", "LEGEND": legend})
    wrapper = panel.wrappers["FOCUS_CLASSES"]
    wrapper._box.setCheckedItems(["bare, rocky", "class 5"])
    assert wrapper.parameterValue() == "2, class 5"


def test_the_table_gives_what_was_changed(panel, polygons):
    from lulc_qgis_plugin.class_table import ClassTable

    classes = label_classes.of_vector(polygons, "class_id", "class", False)
    table = ClassTable(classes, {1: {"name": "lake"}})
    assert table.rows() == {1: {"name": "lake"}}
    table._table.item(2, 1).setText("town")
    table._table.cellWidget(1, 2).setColor(QColor("#123456"))
    expected = {1: {"name": "lake"}, 2: {"color": "#123456"}, 5: {"name": "town"}}
    assert table.rows() == expected
    assert table._table.item(0, 3).text() == str(classes[0].count)
    table._fill(classes)
    assert table.rows() == {}


def test_the_table_edits_the_parameter(panel, monkeypatch):
    from lulc_qgis_plugin.class_table import ClassTable

    panel.setParameters({"CLASS_FIELD": "class_id", "LEGEND": '[{"id": 9, "name": "ice"}]'})
    monkeypatch.setattr(ClassTable, "exec", lambda self: True)
    monkeypatch.setattr(ClassTable, "rows", lambda self: {1: {"name": "lake"}})
    panel.wrappers["LEGEND"].wrappedWidget().findChild(QPushButton).click()
    given = json.loads(panel.wrappers["LEGEND"].parameterValue())
    assert given == [{"id": 1, "name": "lake"}, {"id": 9, "name": "ice"}]
    assert "lake" in shown_classes(panel)
    assert "lake" in boxes(panel)


def test_colours_are_those_of_the_engine(polygons):
    from lulc_qgis_plugin.engine_source import engine_module

    names = ["built-up", "forest", "water"]
    colors = engine_module("rasters.legend").choose_colors(names)
    found = label_classes.of_vector(polygons, "class", "", False)
    assert [(c.id, c.name) for c in found] == list(enumerate(names, 1))
    assert [c.color for c in found] == ["#{:02x}{:02x}{:02x}".format(*color) for color in colors]


def test_only_selected_features_count(polygons):
    polygons.selectByExpression('"class_id" = 2')
    found = label_classes.of_vector(polygons, "class_id", "class", True)
    assert [(c.id, c.name) for c in found] == [(2, "forest")]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([(3, None), (1, None), (None, None)], [(1, "class 1"), (3, "class 3")]),
        ([(2.0, "b"), (2.0, "a"), (2.0, "a")], [(2, "a")]),
        ([(True, None), (False, None)], [(0, "class 0"), (1, "class 1")]),
        ([(" x ", None), ("", None), ("é", None), ("é", None)], [(1, "x"), (2, "é")]),
        ([(0.5, None)], []),
        ([], []),
    ],
)
def test_ids_and_names_follow_the_engines_rules(values, expected):
    found = label_classes._of_values(values, True)
    assert [(item.id, item.name) for item in found] == expected


def test_a_raster_has_the_classes_that_it_is_drawn_with(tmp_path, qgis_new_project):
    path = str(write_raster(tmp_path / "labels.tif", np.ones((8, 8), "uint8")))
    layer = QgsRasterLayer(path, "labels")
    assert label_classes.of_raster(layer) == []
    rows = [{"id": 0, "name": "nothing", "color": "#000000"}]
    set_legend(layer, [*rows, {"id": 1, "name": "lake", "color": "#0000ff"}])
    assert [(c.id, c.name) for c in label_classes.of_raster(layer)] == [(1, "lake")]


def test_folders_of_patches_have_classes(tmp_path):
    for part in ("train", "test"):
        for name in ("b", "a", "empty"):
            (tmp_path / "all" / part / name).mkdir(parents=True)
            if name != "empty":
                (tmp_path / "all" / part / name / "1.png").touch()
    assert [(c.id, c.name) for c in label_classes.of_folder(str(tmp_path / "all"))] == [
        (0, "a"),
        (1, "b"),
    ]
    assert label_classes.of_folder(str(tmp_path / "none")) == []


@pytest.mark.parametrize("text", ["", "x", "[1]", '{"id": 1}', "/some/file.json"])
def test_other_texts_have_no_rows(text):
    assert label_classes.rows_in(text) == {}


# --- bands and epochs -----------------------------------------------------------------------------


def test_bands_follow_the_scene(panel, scene, tmp_path):
    from lulc_qgis_plugin.band_widget import BandList

    wrapper = panel.wrappers["BANDS"]
    edit = wrapper.wrappedWidget().findChild(QLineEdit)
    assert edit.placeholderText() == "All"
    assert not wrapper.wrappedWidget().findChild(QToolButton, "choose").isEnabled()
    panel.setParameters({"INPUT": [scene]})
    assert edit.placeholderText() == "All: 1 blue, 2 green, 3 red, 4 nir"
    window = BandList(wrapper._bands, {"red", "4"}, None)
    assert window.chosen() == ["red", "nir"]
    assert BandList(wrapper._bands, set(), None).chosen() == []
    other = str(write_raster(tmp_path / "other.tif", np.ones((2, 8, 8), "uint8")))
    panel.setParameters({"INPUT": [other]})
    assert edit.placeholderText() == "All: 1 band 1, 2 band 2"
    panel.setParameters({"BAND_NAMES": "red,nir"})
    assert edit.placeholderText() == "All: 1 red, 2 nir"


def test_epochs_are_left_to_the_recipe_or_given(panel):
    wrapper = panel.wrappers["EPOCHS"]
    assert wrapper.parameterValue() is None
    panel.setParameters({"EPOCHS": 7})
    assert wrapper.parameterValue() == 7
    panel.setParameters({"EPOCHS": None})
    assert wrapper.parameterValue() is None


def test_the_time_of_a_training_is_foreseen(panel):
    label = panel.wrappers["EPOCHS"].wrappedWidget().findChild(QLabel, "training_time")
    assert "a rough guess" in label.text()
    speed = {"epochs": 10, "before_s": 20, "epochs_s": 600}
    given = {"architecture": "mobile_unet", "recipe": "default", "device": "auto", "threads": 0}
    run_history.remember_training("train-segmenter", given, speed)
    panel.setParameters({"EPOCHS": 20})
    assert "About 20 min for 20 epochs" in label.text()
    panel.setParameters({"ARCHITECTURE": "unet"})
    assert "No earlier training" in label.text()
