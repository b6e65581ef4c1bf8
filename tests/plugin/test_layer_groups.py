"""The layers of one run stand together in the layer tree, the map on top."""

import numpy as np
import pytest
from qgis.core import QgsProcessingContext, QgsProcessingFeedback, QgsProject, QgsRasterLayer
from qgis.gui import QgsLayerTreeMapCanvasBridge, QgsMapCanvas
from qgis.PyQt.QtTest import QTest
from support import write_raster

from lulc_qgis_plugin import styling
from lulc_qgis_plugin.layer_groups import RunGroup, arrange


@pytest.fixture
def project(qgis_new_project):
    yield QgsProject.instance()
    QgsProject.instance().clear()


@pytest.fixture
def added(project, tmp_path):
    """Return a function that adds layers as QGIS does, each on top, and returns them."""

    def add(*names):
        layers = []
        for name in names:
            path = write_raster(tmp_path / f"{name}.tif", np.ones((8, 8), "uint8"))
            layers.append(project.addMapLayer(QgsRasterLayer(str(path), name)))
        return layers

    return add


def tree(group):
    """Return the names in the layer tree, groups as pairs of their name and what they hold."""
    return [
        (node.name(), tree(node)) if hasattr(node, "findLayers") else node.name()
        for node in group.children()
    ]


def test_layers_of_a_run_are_grouped_when_all_are_there(project, added):
    added("scene")
    maps, shares = added("map", "confidence")
    group = RunGroup("Classify raster: scene", ["OUTPUT", "CONFIDENCE"])
    for name, layer in (("CONFIDENCE", shares), ("OUTPUT", maps)):
        assert tree(project.layerTreeRoot()) == ["confidence", "map", "scene"]
        style = styling.LayerStyle()
        style.join(group, name)
        style.postProcessLayer(layer, QgsProcessingContext(), QgsProcessingFeedback())
    del group, style  # as when QGIS has loaded the last one
    QTest.qWait(2 * styling._LEGEND_AFTER_MS)
    together = ("Classify raster: scene", ["map", "confidence"])
    assert tree(project.layerTreeRoot()) == [together, "scene"]
    assert len(project.mapLayers()) == 3
    assert project.layerTreeRoot().findLayer(maps.id()).isExpanded()


def test_the_next_run_stays_out_of_the_group_of_the_last(project, added):
    root = project.layerTreeRoot()
    outer = root.addGroup("demo")
    for layer in added("scene", "map", "confidence"):
        node = root.findLayer(layer.id())
        outer.addChildNode(node.clone())
        root.removeChildNode(node)
    first = [project.mapLayersByName(name)[0].id() for name in ("map", "confidence")]
    arrange("first", first)
    assert tree(root) == [("demo", ["scene", ("first", ["map", "confidence"])])]
    inner = outer.children()[1]
    for layer in added("change", "map2", "confidence2"):
        node = root.findLayer(layer.id())
        inner.insertChildNode(0, node.clone())
        root.removeChildNode(node)
    arrange("", [project.mapLayersByName("change")[0].id()])
    arrange("second", [project.mapLayersByName(name)[0].id() for name in ("map2", "confidence2")])
    last = ("first", ["map", "confidence"])
    second = ("second", ["map2", "confidence2"])
    assert tree(root) == [("demo", ["scene", "change", second, last])]


def test_what_is_new_is_active_so_that_the_next_goes_above_it(project, added, monkeypatch):
    class Desktop:
        active = None

        def setActiveLayer(self, layer):
            self.active = layer

    desktop = Desktop()
    monkeypatch.setattr("qgis.utils.iface", desktop)
    maps, shares = added("map", "confidence")
    arrange("run", [maps.id(), shares.id()])
    assert desktop.active == maps
    (change,) = added("change")
    arrange("", [change.id()])
    assert desktop.active == change


def test_a_single_layer_stays_where_it_is(project, added):
    (layer,) = added("map")
    arrange("title", [layer.id()])
    assert tree(project.layerTreeRoot()) == ["map"]


def test_layers_that_are_gone_by_then_are_no_obstacle(project, added):
    (layer,) = added("map")
    arrange("title", ["gone"])
    arrange("title", [layer.id(), "gone"])
    assert tree(project.layerTreeRoot()) == ["map"]


def test_a_map_that_is_shown_stays_shown(project, added):
    canvas = QgsMapCanvas()
    bridge = QgsLayerTreeMapCanvasBridge(project.layerTreeRoot(), canvas)
    maps, shares = added("map", "confidence")
    project.layerTreeRoot().findLayer(shares.id()).setItemVisibilityChecked(False)
    arrange("run", [maps.id(), shares.id()])
    bridge.setCanvasLayers()
    assert [layer.name() for layer in canvas.layers()] == ["map"]
