"""The dialogs that QGIS makes of the algorithms."""

import numpy as np
import pytest
from qgis.core import QgsProject, QgsRasterLayer, QgsVectorLayer
from support import write_raster


@pytest.fixture
def layers(qgis_new_project, labels, tmp_path):
    """A vector and a raster layer in the project."""
    path = str(write_raster(tmp_path / "labels.tif", np.ones((8, 8), "uint8")))
    found = [QgsVectorLayer(labels, "polygons", "ogr"), QgsRasterLayer(path, "raster labels")]
    QgsProject.instance().addMapLayers(found)
    return found


@pytest.fixture
def open_dialog(provider, monkeypatch):
    from processing.gui.AlgorithmDialog import AlgorithmDialog

    for name in ("AlgorithmDialog", "ParametersPanel"):  # pytest-qgis's mock, which QGIS refuses
        monkeypatch.setattr(f"processing.gui.{name}.iface", None)
    opened = []

    def dialog(algorithm):
        opened.append(AlgorithmDialog(provider.algorithm(algorithm).create(), False, None))
        return opened[-1].mainWidget()

    yield dialog
    for item in opened:
        item.close()


@pytest.mark.parametrize(
    ("algorithm", "name"), [("trainsegmenter", "LABELS"), ("assessaccuracy", "REFERENCE")]
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


@pytest.mark.parametrize(
    "algorithm", ["trainsegmenter", "classifyraster", "assessaccuracy", "modelinfo", "setupengine"]
)
def test_every_parameter_has_a_widget(open_dialog, layers, provider, algorithm):
    panel = open_dialog(algorithm)
    expected = {item.name() for item in provider.algorithm(algorithm).parameterDefinitions()}
    assert set(panel.wrappers) == expected


@pytest.mark.parametrize("algorithm", ["trainsegmenter", "classifyraster", "assessaccuracy"])
def test_a_dialog_runs_with_its_defaults(
    open_dialog, layers, provider, model_file, requests, algorithm
):
    panel = open_dialog(algorithm)
    vector, raster = layers
    filled = {
        "trainsegmenter": {"INPUT": [raster], "LABELS": vector},
        "classifyraster": {"INPUT": raster, "MODEL": model_file},
        "assessaccuracy": {"MAP": raster, "REFERENCE": vector},
    }[algorithm]
    panel.setParameters({name: value for name, value in filled.items()})
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
