"""The legend of a result is unfolded in the layer tree."""

import numpy as np
from qgis.core import QgsProcessingContext, QgsProcessingFeedback, QgsProject, QgsRasterLayer
from qgis.PyQt.QtTest import QTest
from support import write_raster

from lulc_qgis_plugin import styling

LEGEND = [{"id": 1, "name": "water", "color": "#0000ff"}]


def test_a_map_shows_its_legend(qgis_new_project, provider, tmp_path):
    layer = QgsRasterLayer(str(write_raster(tmp_path / "map.tif", np.ones((8, 8), "uint8"))), "map")
    QgsProject.instance().addMapLayer(layer)
    node = QgsProject.instance().layerTreeRoot().findLayer(layer.id())
    node.setExpanded(False)
    style = styling.MapStyle(LEGEND)
    style.postProcessLayer(layer, QgsProcessingContext(), QgsProcessingFeedback())
    QTest.qWait(2 * styling._LEGEND_AFTER_MS)
    assert node.isExpanded()
    QgsProject.instance().clear()


def test_a_layer_that_is_gone_by_then_is_no_obstacle(qgis_new_project):
    styling.show_legend("no such layer")
