"""Requests and results of the algorithms that sample and compare maps."""

import numpy as np
import pytest
from qgis.core import (
    QgsFeature,
    QgsGeometry,
    QgsPointXY,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsVectorLayer,
)
from support import run_here, write_raster

pytestmark = pytest.mark.usefixtures("qgis_new_project")


@pytest.fixture
def map_path(tmp_path):
    return str(write_raster(tmp_path / "map.tif", np.ones((8, 8), "uint8"), nodata=0))


def test_a_sample_is_asked_for_with_the_defaults_of_the_engine(requests, map_path, tmp_path):
    from lulc_qgis_plugin.engine_source import options

    output = str(tmp_path / "points.gpkg")
    with pytest.raises(QgsProcessingException, match="does not exist"):  # nobody writes it here
        run_here("suggestsamples", {"MAP": map_path, "OUTPUT": output})
    expected = options.SuggestSamplesOptions(map=map_path, output=output).as_dict()
    assert requests[-1]["command"] == "suggest-samples"
    assert requests[-1]["options"] == expected


def test_numbers_of_a_sample_are_outputs(requests, map_path, tmp_path):
    output = tmp_path / "points.gpkg"
    output.write_bytes(b"written by nobody")
    requests.answer = {"points": 7, "expected_error": 0.25, "legend": []}
    given = {"MAP": map_path, "OUTPUT": str(output), "EXPECTED_ACCURACY": "0.9,forest=0.7"}
    result = run_here("suggestsamples", given)
    assert (result["POINTS"], result["EXPECTED_ERROR"]) == (7, 0.25)
    assert requests[-1]["options"]["expected_accuracy"] == ["0.9", "forest=0.7"]


def test_the_class_of_a_point_is_chosen_from_a_list():
    from lulc_qgis_plugin.styling import ClassPickerStyle

    layer = QgsVectorLayer("Point?crs=EPSG:4326&field=class_id:integer", "points", "memory")
    legend = [{"id": 7, "name": "<b>forest"}, {"id": 2, "name": "water"}]
    style = ClassPickerStyle("class_id", legend)
    style.postProcessLayer(layer, QgsProcessingContext(), QgsProcessingFeedback())
    setup = layer.editorWidgetSetup(0)
    assert setup.type() == "ValueMap"
    assert setup.config() == {"map": [{"<b>forest": "7"}, {"water": "2"}]}
    rings = layer.renderer().symbol()
    colours = [(item.strokeColor().name(), item.color().alpha()) for item in rings.symbolLayers()]
    assert colours == [("#ffffff", 0), ("#000000", 0)]  # the pixel shows within


def test_the_name_of_a_class_follows_what_is_chosen():
    from lulc_qgis_plugin.styling import ClassPickerStyle

    fields = "field=class_id:integer&field=class:string(40)"
    layer = QgsVectorLayer(f"Point?crs=EPSG:4326&{fields}", "points", "memory")
    points = [QgsFeature(layer.fields()) for _ in range(2)]
    points[1].setAttribute("class", "moor")  # whoever labels may write a name instead
    layer.dataProvider().addFeatures(points)
    legend = [{"id": 2, "name": "l'eau"}, {"id": 7, "name": "forest"}]
    ClassPickerStyle("class_id", legend).apply(layer)
    layer.startEditing()
    layer.changeAttributeValue(1, 0, 2)
    assert layer.getFeature(1)["class"] == "l'eau"
    layer.changeAttributeValue(1, 0, 7)
    assert layer.getFeature(1)["class"] == "forest"
    layer.changeGeometry(2, QgsGeometry.fromPointXY(QgsPointXY(1, 1)))
    assert layer.getFeature(2)["class"] == "moor"


def test_points_to_label_next_show_their_rank():
    from lulc_qgis_plugin.styling import RankedPickerStyle

    fields = "field=class_id:integer&field=rank:integer"
    layer = QgsVectorLayer(f"Point?crs=EPSG:4326&{fields}", "points", "memory")
    RankedPickerStyle("class_id", [{"id": 2, "name": "water"}]).apply(layer)
    assert layer.labelsEnabled()
    assert layer.labeling().settings().fieldName == "rank"
    assert layer.labeling().settings().format().buffer().enabled()
    assert layer.editorWidgetSetup(0).config() == {"map": [{"water": "2"}]}


def test_the_raster_that_says_where_a_model_is_unsure_is_handed_on(requests, map_path, tmp_path):
    output = tmp_path / "points.gpkg"
    output.write_bytes(b"written by nobody")
    confidence = write_raster(tmp_path / "c.tif", np.full((8, 8), 50, "uint8"), nodata=255)
    requests.answer = {"points": 9, "expected_error": None, "legend": [], "sampling": "uncertain"}
    given = {"MAP": map_path, "CONFIDENCE": str(confidence), "OUTPUT": str(output)}
    result = run_here("suggestsamples", given)
    assert (result["POINTS"], result["EXPECTED_ERROR"]) == (9, None)
    asked = requests[-1]["options"]
    assert (asked["confidence"], asked["sampling"]) == (str(confidence), "auto")
    assert (asked["size"], asked["min_distance"]) == (None, None)


def test_two_maps_are_compared(requests, map_path, tmp_path):
    after = str(write_raster(tmp_path / "after.tif", np.full((8, 8), 2, "uint8"), nodata=0))
    output = write_raster(tmp_path / "change.tif", np.full((8, 8), 12, "uint8"), nodata=0)
    requests.answer = {"changed_hectares": 0.64, "changed_share": 1.0, "legend": []}
    result = run_here("detectchange", {"BEFORE": map_path, "AFTER": after, "OUTPUT": str(output)})
    assert (result["CHANGED_HECTARES"], result["CHANGED_SHARE"]) == (0.64, 1.0)
    asked = requests[-1]["options"]
    assert (asked["before"], asked["after"], asked["table"]) == (map_path, after, "")
