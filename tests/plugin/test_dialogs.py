"""The dialogs that QGIS makes of the algorithms."""

import numpy as np
import pytest
from qgis.core import QgsProcessingContext, QgsProject, QgsRasterLayer, QgsVectorLayer
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QComboBox, QFileDialog, QLineEdit, QMenu, QToolButton
from support import write_raster

from lulc_qgis_plugin.provider import ALGORITHMS

# What a beginner fills in, apart from the outputs.
FILLED = {
    "trainsegmenter": {"INPUT": "rasters", "LABELS": "vector"},
    "trainpatchclassifier": {"PATCHES": "/some/folder"},
    "classifyraster": {"INPUT": "raster", "MODEL": "model"},
    "classifypatches": {"PATCHES": "/some/folder", "MODEL": "model"},
    "assessaccuracy": {"MAP": "raster", "REFERENCE": "vector"},
    "describedata": {"INPUT": "rasters", "LABELS": "vector"},
    "exportpatches": {"INPUT": "rasters", "LABELS": "vector"},
    "importmodel": {"INPUT": "/some/network.h5"},
    "exportmodel": {"MODEL": "model"},
}


@pytest.fixture
def layers(qgis_new_project, labels, tmp_path):
    """A vector and a raster layer in the project."""
    path = str(write_raster(tmp_path / "labels.tif", np.ones((8, 8), "uint8")))
    found = [QgsVectorLayer(labels, "polygons", "ogr"), QgsRasterLayer(path, "raster labels")]
    QgsProject.instance().addMapLayers(found)
    return found


@pytest.mark.parametrize(
    ("algorithm", "name"),
    [
        ("trainsegmenter", "LABELS"),
        ("trainpatchclassifier", "LABELS"),
        ("assessaccuracy", "REFERENCE"),
    ],
)
def test_fields_follow_the_layer_even_if_it_is_a_raster(open_dialog, layers, algorithm, name):
    panel = open_dialog(algorithm)
    vector, raster = layers
    box = panel.wrappers["CLASS_FIELD"].wrappedWidget()

    panel.setParameters({name: vector.id(), "CLASS_FIELD": "class_id"})
    assert [box.itemText(i) for i in range(box.count())] == ["", "class_id", "class", "top"]
    assert panel.wrappers["CLASS_FIELD"].parameterValue() == "class_id"

    panel.setParameters({name: raster.id()})  # QGIS 3.22's own widget crashes here
    assert not box.isEnabled()
    assert panel.wrappers["CLASS_FIELD"].parameterValue() is None

    panel.setParameters({name: vector.source()})
    assert box.isEnabled()
    assert box.count() == 4


@pytest.mark.parametrize("algorithm", [item.ID for item in ALGORITHMS])
def test_every_parameter_has_a_widget(open_dialog, layers, provider, algorithm):
    panel = open_dialog(algorithm)
    expected = {item.name() for item in provider.algorithm(algorithm).parameterDefinitions()}
    assert set(panel.wrappers) == expected


@pytest.mark.parametrize("algorithm", FILLED)
def test_a_dialog_runs_with_its_defaults(
    open_dialog, layers, provider, model_file, requests, algorithm
):
    panel = open_dialog(algorithm)
    vector, raster = layers
    values = {"raster": raster, "rasters": [raster], "vector": vector, "model": model_file}
    filled = {name: values.get(value, value) for name, value in FILLED[algorithm].items()}
    panel.setParameters(filled)
    values = panel.createProcessingParameters()  # raises where a widget holds a bad value
    for definition in provider.algorithm(algorithm).parameterDefinitions():
        if definition.name() not in filled and not definition.isDestination():
            expected = definition.defaultValue()
            assert values[definition.name()] in (expected, expected or "", []), definition.name()


def test_the_modeler_has_its_own_field_widget(provider):
    from processing.modeler.ModelerParametersDialog import ModelerParametersDialog
    from qgis.core import QgsProcessingModelAlgorithm
    from qgis.gui import QgsProcessingModelerParameterWidget

    model = QgsProcessingModelAlgorithm("model", "group")
    dialog = ModelerParametersDialog(provider.algorithm("trainsegmenter").create(), model)
    for name in ("CLASS_FIELD", "LABELS"):
        assert isinstance(dialog.widget.widget.wrappers[name], QgsProcessingModelerParameterWidget)
    dialog.close()


def test_a_value_that_is_no_layer_has_no_fields():
    from lulc_qgis_plugin.field_widget import field_names

    assert field_names(None) == field_names("") == field_names("/no/such/layer") == []


# --- texts with suggestions, and paths -----------------------------------------------------------


def test_networks_are_suggested_and_others_taken(open_dialog, layers):
    wrapper = open_dialog("trainpatchclassifier").wrappers["ARCHITECTURE"]
    box = wrapper.wrappedWidget().findChild(QComboBox)
    names = [box.itemText(index) for index in range(box.count())]
    assert names[:5] == ["", "pixelnet", "dcnn5", "spectralnet", "small_resnet"]
    assert "vit" in names
    assert wrapper.parameterValue() is None
    for name in ("resnet18", "resnet18d", "RESNET18"):
        box.lineEdit().clear()
        QTest.keyClicks(box.lineEdit(), name)
        assert wrapper.parameterValue() == name


def test_patches_are_chosen_as_a_folder_or_as_a_file(open_dialog, layers, tmp_path, monkeypatch):
    folder, table = str(tmp_path / "patches"), str(tmp_path / "patches.csv")
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *given: folder)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *given: (table, ""))
    wrapper = open_dialog("trainpatchclassifier").wrappers["PATCHES"]
    actions = wrapper.wrappedWidget().findChild(QMenu).actions()
    for action, expected in zip(actions, (folder, table)):
        action.trigger()
        assert wrapper.parameterValue() == expected
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *given: "")  # cancelled
    actions[0].trigger()
    assert wrapper.parameterValue() == table


def test_a_file_may_be_dropped_on_a_path(open_dialog, layers, tmp_path):
    wrapper = open_dialog("classifypatches").wrappers["PATCHES"]
    wrapper.wrappedWidget().findChild(QLineEdit).setText(tmp_path.as_uri())
    assert wrapper.parameterValue() == str(tmp_path)


def test_models_to_compare_are_files_and_folders(open_dialog, layers, monkeypatch):
    files = ["/a b/one.safetensors", "/c/two.json"]
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *given: (files, ""))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *given: "/runs")
    wrapper = open_dialog("comparemodels").wrappers["MODELS"]
    assert wrapper.parameterValue() == []
    folder, several = wrapper.wrappedWidget().findChild(QMenu).actions()
    several.trigger()
    folder.trigger()
    several.trigger()  # the same again
    assert wrapper.parameterValue() == [*files, "/runs"]
    assert wrapper.parameterDefinition().checkValueIsAcceptable(wrapper.parameterValue())
    for value in (files, "/runs"):  # as from the history
        wrapper.setParameterValue(value, QgsProcessingContext())
        assert wrapper.parameterValue() == (value if value is files else [value])


def test_a_model_is_browsed_or_named(open_dialog, layers, monkeypatch, model_file):
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *given: (model_file, ""))
    monkeypatch.setattr("lulc_qgis_plugin.algorithms.parameters.bundled_names", lambda: ["mine"])
    widget = (wrapper := open_dialog("classifyraster").wrappers["MODEL"]).wrappedWidget()
    widget.findChild(QToolButton, "browse").click()
    assert wrapper.parameterValue() == model_file
    widget.findChild(QComboBox).setCurrentText("mine")
    assert wrapper.parameterValue() == "mine"


def test_the_modeler_has_its_own_text_widgets(provider):
    from processing.modeler.ModelerParametersDialog import ModelerParametersDialog
    from qgis.core import QgsProcessingModelAlgorithm
    from qgis.gui import QgsProcessingModelerParameterWidget

    model = QgsProcessingModelAlgorithm("model", "group")
    dialog = ModelerParametersDialog(provider.algorithm("trainpatchclassifier").create(), model)
    for name in ("PATCHES", "ARCHITECTURE"):
        assert isinstance(dialog.widget.widget.wrappers[name], QgsProcessingModelerParameterWidget)
    dialog.close()


def test_a_batch_has_the_same_widgets(provider, monkeypatch):
    from processing.gui.BatchAlgorithmDialog import BatchAlgorithmDialog

    for name in ("AlgorithmDialog", "BatchAlgorithmDialog", "BatchPanel"):
        monkeypatch.setattr(f"processing.gui.{name}.iface", None, raising=False)
    dialog = BatchAlgorithmDialog(provider.algorithm("classifypatches").create(), None)
    wrappers = dialog.mainWidget().wrappers[0]
    found = {item.parameterDefinition().name(): item for item in wrappers if item is not None}
    found["PATCHES"].wrappedWidget().findChild(QLineEdit).setText("/some/folder")
    assert found["PATCHES"].parameterValue() == "/some/folder"
    dialog.close()


# --- numbers -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("algorithm", "name", "value"),
    [
        ("classifyraster", "SCALE", 2.75e-5),  # Landsat Collection 2
        ("classifyraster", "OFFSET", -0.2),
        ("trainsegmenter", "LEARNING_RATE", 3e-7),
        ("trainsegmenter", "VALIDATION_SHARE", 0.3333),
    ],
)
def test_numbers_are_not_rounded(open_dialog, layers, algorithm, name, value):
    """QGIS shows six decimals unless it is told otherwise."""
    panel = open_dialog(algorithm)
    panel.setParameters({name: value})
    assert panel.wrappers[name].parameterValue() == pytest.approx(value, rel=1e-9)
