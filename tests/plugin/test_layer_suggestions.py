"""Which layers and fields a dialog opens with."""

import gc
import hashlib
from pathlib import Path

import numpy as np
import pytest
from osgeo import gdal
from qgis.core import (
    QgsPalettedRasterRenderer,
    QgsProcessingContext,
    QgsProject,
    QgsRasterLayer,
    QgsVectorLayer,
)
from qgis.PyQt import sip
from qgis.PyQt.QtWidgets import QApplication, QLineEdit
from support import write_raster


@pytest.fixture
def project(qgis_new_project, tmp_path):
    """A project to add layers to, the uppermost first; all named layers are in files."""

    class Project:
        def add(self, layer):
            QgsProject.instance().addMapLayer(layer, False)
            QgsProject.instance().layerTreeRoot().addLayer(layer)
            return layer

        def raster(self, name, bands=4, is_map=False):
            values = np.ones((bands, 8, 8), "uint8")
            layer = QgsRasterLayer(str(write_raster(tmp_path / f"{name}.tif", values)), name)
            if is_map:
                kind = QgsPalettedRasterRenderer
                colours = kind.classDataFromRaster(layer.dataProvider(), 1)
                layer.setRenderer(kind(layer.dataProvider(), 1, colours))
            return self.add(layer)

        def polygons(self, fields="field=class:string"):
            return self.add(
                QgsVectorLayer(f"Polygon?crs=EPSG:32632&{fields}", "polygons", "memory")
            )

    return Project()


@pytest.fixture
def open_dialog(provider, monkeypatch):
    """Open a dialog as QGIS does where a layer is active."""
    from processing.gui import ParametersPanel
    from processing.gui.AlgorithmDialog import AlgorithmDialog
    from qgis.gui import QgsProcessingParameterWidgetContext

    monkeypatch.setattr("processing.gui.AlgorithmDialog.iface", None)
    monkeypatch.setattr("processing.gui.ParametersPanel.iface", None)
    opened = []

    def dialog(algorithm, active=None):
        def context():
            made = QgsProcessingParameterWidgetContext()
            if active is not None:
                made.setActiveLayer(active)
            return made

        monkeypatch.setattr(ParametersPanel, "QgsProcessingParameterWidgetContext", context)
        opened.append(AlgorithmDialog(provider.algorithm(algorithm).create(), False, None))
        return {name: item.parameterValue() for name, item in wrappers(opened[-1]).items()}

    def wrappers(window):
        return window.mainWidget().wrappers

    dialog.last = lambda: opened[-1].mainWidget()
    dialog.pop = opened.pop
    yield dialog
    for item in opened:
        item.close()


def test_a_scene_is_there_while_the_labels_are_active(project, open_dialog):
    """QGIS 3.22 itself leaves its list of rasters empty then."""
    polygons, scene = project.polygons(), project.raster("scene")
    assert open_dialog("classifyraster", polygons)["INPUT"] == scene.id()
    found = open_dialog("trainsegmenter", polygons)
    assert found["INPUT"] == [scene.source()]
    assert found["LABELS"] == polygons.id()
    assert found["CLASS_FIELD"] == "class"


def test_labels_are_there_while_the_scene_is_active(project, open_dialog):
    polygons, scene = project.polygons(), project.raster("scene")
    found = open_dialog("trainsegmenter", scene)
    assert (found["INPUT"], found["LABELS"]) == ([scene.source()], polygons.id())


def test_the_active_layer_comes_first_where_it_will_do(project, open_dialog):
    project.raster("upper")
    lower = project.raster("lower")
    assert open_dialog("classifyraster", lower)["INPUT"] == lower.id()


def test_maps_are_told_from_scenes_by_how_they_are_drawn(project, open_dialog):
    polygons, scene = project.polygons(), project.raster("scene")
    after, before = (project.raster(name, 1, is_map=True) for name in ("after", "before"))
    assert open_dialog("classifyraster", after)["INPUT"] == scene.id()
    assert open_dialog("suggestsamples", scene)["MAP"] == after.id()
    assessed = open_dialog("assessaccuracy", scene)
    assert (assessed["MAP"], assessed["REFERENCE"]) == (after.id(), polygons.id())
    changed = open_dialog("detectchange", before)
    assert (changed["BEFORE"], changed["AFTER"]) == (before.id(), after.id())


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("training polygons", "test"), "test"),
        (("Train", "terrain"), "terrain"),
        (("training polygons",), "training polygons"),  # a name alone is no proof
    ],
)
def test_training_labels_are_the_last_reference(project, open_dialog, names, expected):
    project.raster("map", 1, is_map=True)
    layers = [project.polygons() for _ in names]
    for layer, name in zip(layers, names):
        layer.setName(name)
    found = open_dialog("assessaccuracy", layers[0])["REFERENCE"]
    assert QgsProject.instance().mapLayer(found).name() == expected


def test_what_the_map_was_trained_on_is_no_reference(project, open_dialog, tmp_path, labels):
    """The engine writes the digests of the files into each map."""
    file = tmp_path / "drawn.geojson"
    file.write_bytes(Path(labels).read_bytes())
    drawn = project.add(QgsVectorLayer(str(file), "drawn", "ogr"))
    made = project.raster("map", 1, is_map=True)
    assert open_dialog("assessaccuracy", drawn)["REFERENCE"] == drawn.id()
    dataset = gdal.Open(made.source(), gdal.GA_Update)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    dataset.SetMetadataItem("LULC_TRAINING_SHA256", f"{'0' * 64},{digest}")
    dataset = None
    assert open_dialog("assessaccuracy", drawn)["REFERENCE"] is None
    other = project.polygons()
    assert open_dialog("assessaccuracy", drawn)["REFERENCE"] == other.id()
    assert open_dialog("trainsegmenter", drawn)["LABELS"] == drawn.id()


def test_nothing_is_suggested_where_nothing_fits(project, open_dialog):
    web = QgsRasterLayer("type=xyz&url=https://example.com/{z}/{x}/{y}.png", "web map", "wms")
    project.add(web)
    assert open_dialog("classifyraster")["INPUT"] is None
    scene = project.raster("scene")
    assert open_dialog("trainsegmenter")["LABELS"] is None
    assert open_dialog("assessaccuracy")["MAP"] is None
    assert open_dialog("explainprediction", scene)["INPUT"] is None  # it may be left out
    one = project.raster("one", 1, is_map=True)
    assert open_dialog("detectchange")["BEFORE"] == one.id()
    assert open_dialog("detectchange")["AFTER"] is None


def test_what_is_given_takes_the_place_of_the_suggestion(project, open_dialog):
    first, second = project.raster("first"), project.raster("second")
    open_dialog("classifyraster", first)
    panel = open_dialog.last()
    panel.setParameters({"INPUT": second.id()})
    assert panel.wrappers["INPUT"].parameterValue() == second.id()
    open_dialog("trainsegmenter", first)
    panel = open_dialog.last()
    panel.setParameters({"INPUT": [second.id(), first.id()]})
    assert panel.wrappers["INPUT"].parameterValue() == [second.source(), first.source()]


def test_other_widgets_follow_the_suggestion(project, open_dialog):
    project.raster("scene")
    open_dialog("classifyraster")
    edit = open_dialog.last().wrappers["BANDS"].wrappedWidget().findChild(QLineEdit)
    assert edit.placeholderText().startswith("As the model needs them, of 1 ")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("field=id:integer&field=Class_ID:integer&field=area:double", "Class_ID"),
        ("field=class_id:integer&field=class:string", None),  # either may be meant
        ("field=name:string", None),
    ],
)
def test_a_field_is_chosen_where_only_one_is_called_so(project, open_dialog, fields, expected):
    polygons = project.polygons(fields)
    found = open_dialog("assessaccuracy", polygons)
    assert found["CLASS_FIELD"] == expected
    assert found["CLASS_NAME_FIELD"] is None


def test_dialogs_that_are_gone_leave_nothing_behind(project, open_dialog):
    """A widget with two owners would be freed twice, one with none while it is used: a crash."""
    from lulc_qgis_plugin.own_widget import OwnWrapper

    scene = project.raster("scene")
    for algorithm in ("classifyraster", "trainsegmenter", "detectchange", "describedata"):
        assert open_dialog(algorithm, scene)
        panel = open_dialog.last()
        own = [item for item in panel.wrappers.values() if isinstance(item, OwnWrapper)]
        assert own
        for wrapper in own:
            widget = wrapper.wrappedWidget()
            assert not sip.isdeleted(widget)
            assert panel.isAncestorOf(widget)
            assert wrapper.createWrappedWidget(QgsProcessingContext()) is widget
        panel.window().close()
        sip.delete(open_dialog.pop())
        assert [wrapper.wrappedWidget() for wrapper in own] == [None] * len(own)
        del panel, own, wrapper, widget
    # What the dialog before leaves to the next events is as much each time.
    counts = []
    for _ in range(4):
        open_dialog("classifyraster", scene)
        sip.delete(open_dialog.pop())
        QApplication.processEvents()
        gc.collect()
        counts.append(sum(isinstance(item, OwnWrapper) for item in gc.get_objects()))
    assert counts[3] == counts[1]


def test_the_modeler_and_batches_have_widgets_of_qgis(provider, monkeypatch):
    from processing.gui.BatchAlgorithmDialog import BatchAlgorithmDialog
    from processing.modeler.ModelerParametersDialog import ModelerParametersDialog
    from qgis.core import QgsProcessingModelAlgorithm
    from qgis.gui import QgsProcessingModelerParameterWidget

    from lulc_qgis_plugin.layer_widget import LayerWrapper

    model = QgsProcessingModelAlgorithm("model", "group")
    dialog = ModelerParametersDialog(provider.algorithm("classifyraster").create(), model)
    made = dialog.widget.widget.wrappers["INPUT"]
    assert isinstance(made, QgsProcessingModelerParameterWidget)
    dialog.close()
    for name in ("AlgorithmDialog", "BatchAlgorithmDialog", "BatchPanel"):
        monkeypatch.setattr(f"processing.gui.{name}.iface", None, raising=False)
    dialog = BatchAlgorithmDialog(provider.algorithm("classifyraster").create(), None)
    wrappers = dialog.mainWidget().wrappers[0]
    assert not any(isinstance(item, LayerWrapper) for item in wrappers)
    dialog.close()
