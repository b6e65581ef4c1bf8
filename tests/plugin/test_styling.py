"""How result layers look."""

import numpy as np
import pytest
from qgis.core import (
    QgsPalettedRasterRenderer,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProject,
    QgsRasterLayer,
    QgsSingleBandPseudoColorRenderer,
)
from support import write_raster

from lulc_qgis_plugin import styling
from lulc_qgis_plugin.engine_source import engine_module

LEGEND = [
    {"id": 0, "name": "water & <ice>", "color": "#3a86c8"},
    {"id": 70, "name": "forest", "color": "#4c956c"},
]


@pytest.fixture
def layer(tmp_path, qgis_app):
    return QgsRasterLayer(str(write_raster(tmp_path / "m.tif", np.ones((4, 4), "uint8"))), "Map")


def test_a_map_shows_names_and_colours(layer):
    styling.set_legend(layer, LEGEND)
    renderer = layer.renderer()
    assert isinstance(renderer, QgsPalettedRasterRenderer)
    shown = [(int(c.value), c.label, c.color.name()) for c in renderer.classes()]
    assert shown == [(0, "water & <ice>", "#3a86c8"), (70, "forest", "#4c956c")]


def test_a_confidence_shows_a_ramp(layer, tmp_path):
    """By the style that the engine leaves beside it, for every project that it is dragged into."""
    style = engine_module("rasters.style").share_qml(100, " %")
    (tmp_path / "m.qml").write_text(style, encoding="utf-8")
    styling.FileStyle().apply(layer)
    renderer = layer.renderer()
    assert isinstance(renderer, QgsSingleBandPseudoColorRenderer)
    assert (renderer.classificationMin(), renderer.classificationMax()) == (0, 100)
    ramp = renderer.shader().rasterShaderFunction()
    items = [(item.value, item.label, item.color.name()) for item in ramp.colorRampItemList()]
    assert items[0] == (0, "0 %", "#440154")
    assert items[2] == (50, "50 %", "#21918c")
    assert items[4] == (100, "100 %", "#fde725")
    assert ramp.legendSettings().suffix() == " %"
    assert ramp.legendSettings().useContinuousLegend()


def test_only_a_default_name_is_replaced(layer):
    for name, expected in (("Map", "Map: scene"), ("mine", "mine")):
        layer.setName(name)
        style = styling.MapStyle(LEGEND)
        style.rename("Map", "Map: scene")
        style.postProcessLayer(layer, QgsProcessingContext(), QgsProcessingFeedback())
        assert layer.name() == expected


def test_a_missing_legend_leaves_the_layer_as_it_is(layer):
    before = layer.renderer().type()
    styling.MapStyle([]).postProcessLayer(layer, QgsProcessingContext(), QgsProcessingFeedback())
    assert layer.renderer().type() == before


def test_a_style_stays_alive_until_it_was_used(layer):
    context = QgsProcessingContext()
    details = QgsProcessingContext.LayerDetails("Map", QgsProject.instance(), "OUTPUT")
    context.addLayerToLoadOnCompletion(layer.source(), details)
    styling.style_when_loaded(context, layer.source(), styling.MapStyle(LEGEND))
    style = context.layerToLoadOnCompletionDetails(layer.source()).postProcessor()
    assert styling._waiting == [style]
    style.postProcessLayer(layer, context, QgsProcessingFeedback())
    assert layer.renderer().type() == "paletted"
    assert styling._waiting == []


def test_without_loading_nothing_is_kept(layer):
    styling.style_when_loaded(QgsProcessingContext(), layer.source(), styling.MapStyle(LEGEND))
    styling.style_when_loaded(QgsProcessingContext(), "", styling.MapStyle(LEGEND))
    assert styling._waiting == []


def test_the_style_beside_a_file_is_loaded(layer, tmp_path):
    """Processing loads layers without it."""
    (tmp_path / "m.qml").write_text(engine_module("rasters.style").share_qml(1), encoding="utf-8")
    options = QgsRasterLayer.LayerOptions()
    options.loadDefaultStyle = False
    loaded = QgsRasterLayer(layer.source(), "heat", "gdal", options)
    assert loaded.renderer().type() != "singlebandpseudocolor"
    styling.FileStyle().apply(loaded)
    assert loaded.renderer().type() == "singlebandpseudocolor"
