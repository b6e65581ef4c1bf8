"""Parameters become the options of a request, whatever form a layer or value is given in."""

import json
import os

import numpy as np
import pytest
from qgis.core import (
    QgsFeature,
    QgsField,
    QgsGeometry,
    QgsProcessingException,
    QgsProcessingFeatureSourceDefinition,
    QgsProject,
    QgsProperty,
    QgsRasterLayer,
    QgsRectangle,
    QgsReferencedRectangle,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QVariant
from support import caught, run_here, run_in_background, write_labels, write_raster

pytestmark = pytest.mark.usefixtures("qgis_new_project")


def options_of(requests, algorithm, parameters):
    run_here(algorithm, parameters)
    return requests[-1]["options"]


@pytest.fixture
def assess(requests, tmp_path):
    """Run assessaccuracy with a reference and return the path that the engine gets."""
    map_path = str(write_raster(tmp_path / "map.tif", np.ones((8, 8), "uint8")))

    def path_of(reference, **more):
        given = {"MAP": map_path, "REFERENCE": reference, "CLASS_FIELD": "class_id", **more}
        return options_of(requests, "assessaccuracy", given)["reference"]

    return path_of


def features_in(path):
    layer = QgsVectorLayer(path, "check", "ogr")
    assert layer.isValid()
    return list(layer.getFeatures())


def project_layer(path, name="my labels"):
    layer = QgsVectorLayer(path, name, "ogr")
    QgsProject.instance().addMapLayer(layer)
    return layer


def memory_layer(count=3):
    layer = QgsVectorLayer("Polygon?crs=EPSG:32632&field=class_id:integer", "in memory", "memory")
    for index in range(count):
        feature = QgsFeature(layer.fields())
        feature.setAttributes([index])
        feature.setGeometry(QgsGeometry.fromRect(QgsRectangle(index, 0, index + 1, 1)))
        layer.dataProvider().addFeature(feature)
    QgsProject.instance().addMapLayer(layer)
    return layer


# --- vector layers -------------------------------------------------------------------------------


def test_a_file_is_passed_as_it_is(assess, labels):
    assert assess(labels) == labels


def test_a_project_layer_by_name_id_or_object(assess, labels):
    layer = project_layer(labels)
    for given in ("my labels", layer.id(), layer):
        assert assess(given) == labels


def test_a_layer_in_a_geopackage_keeps_its_name(assess, labels, tmp_path):
    from osgeo import gdal

    path = str(tmp_path / "many.gpkg")
    gdal.VectorTranslate(path, labels, format="GPKG", layerName="first").FlushCache()
    gdal.VectorTranslate(path, labels, format="GPKG", layerName="second", accessMode="update")
    assert assess(f"{path}|layername=second") == f"{path}|layername=second"
    layer = project_layer(f"{path}|layername=second", "two")
    assert assess(layer) == f"{path}|layername=second"


def test_a_memory_layer_is_written_to_a_file(assess):
    path = assess(memory_layer())
    assert path.endswith(".gpkg")
    assert [f["class_id"] for f in features_in(path)] == [0, 1, 2]


@pytest.mark.parametrize("way", ["parameter", "definition"])
def test_selected_features_only(assess, labels, way):
    layer = project_layer(labels)
    layer.selectByExpression("class_id = 5")
    if way == "parameter":
        path = assess(layer, SELECTED_ONLY=True)
    else:
        path = assess(QgsProcessingFeatureSourceDefinition(layer.id(), True))
    assert {f["class_id"] for f in features_in(path)} == {5}


def test_nothing_selected_is_an_error(assess, labels):
    with pytest.raises(QgsProcessingException, match="no selected features"):
        assess(project_layer(labels), SELECTED_ONLY=True)


def test_a_filter_is_honoured(assess, labels):
    layer = project_layer(labels)
    layer.setSubsetString("class_id = 1")
    assert {f["class_id"] for f in features_in(assess(layer))} == {1}


def test_unsaved_edits_count(assess, labels, tmp_path):
    layer = project_layer(str(write_labels(tmp_path / "edited.geojson")))
    layer.startEditing()
    layer.deleteFeature(next(layer.getFeatures()).id())
    left = layer.featureCount()
    assert len(features_in(assess(layer))) == left
    layer.rollBack()


def test_virtual_fields_are_written(assess, labels):
    layer = project_layer(labels)
    layer.addExpressionField("class_id * 10", QgsField("tenfold", QVariant.Int))
    assert {f["tenfold"] for f in features_in(assess(layer))} == {10, 20, 50}


def test_a_field_named_fid_with_equal_numbers_does_no_harm(assess):
    layer = QgsVectorLayer(
        "Point?crs=EPSG:32632&field=fid:integer&field=class_id:integer", "f", "memory"
    )
    for _ in range(2):
        feature = QgsFeature(layer.fields())
        feature.setAttributes([7, 1])
        feature.setGeometry(QgsGeometry.fromWkt("POINT(1 1)"))
        layer.dataProvider().addFeature(feature)
    QgsProject.instance().addMapLayer(layer)
    assert [f["fid"] for f in features_in(assess(layer))] == [7, 7]


def test_names_with_blanks_quotes_and_umlauts(assess, tmp_path):
    path = str(write_labels(tmp_path / "größe 'x' & y.geojson"))
    assert assess(path) == path


def test_a_label_raster(assess, tmp_path):
    path = str(write_raster(tmp_path / "labels.tif", np.ones((8, 8), "uint8")))
    assert assess(path) == path
    layer = QgsRasterLayer(path, "label raster")
    QgsProject.instance().addMapLayer(layer)
    assert assess("label raster") == path


# --- raster layers -------------------------------------------------------------------------------


def test_several_scenes_by_name_and_path(requests, scene, labels, tmp_path):
    layer = QgsRasterLayer(scene, "scene in project")
    QgsProject.instance().addMapLayer(layer)
    other = str(write_raster(tmp_path / "other.tif", np.ones((8, 8), "uint8")))
    given = {"LABELS": labels, "CLASS_FIELD": "class_id", "MODEL": str(tmp_path / "m.safetensors")}
    for value, expected in (
        (scene, [scene]),
        ("scene in project", [scene]),
        ([layer.id(), other], [scene, other]),
        ([layer], [scene]),
    ):
        assert caught(requests, "trainsegmenter", {**given, "INPUT": value})["image"] == expected


def test_a_layer_that_is_no_file_is_refused(requests, tmp_path, monkeypatch, scene, model_file):
    monkeypatch.setattr(QgsRasterLayer, "providerType", lambda self: "wms")
    layer = QgsRasterLayer(scene, "web map")
    QgsProject.instance().addMapLayer(layer)
    given = {"INPUT": layer, "MODEL": model_file}
    with pytest.raises(QgsProcessingException, match="'web map', a layer of the type wms"):
        run_here("classifyraster", {**given, "OUTPUT": str(tmp_path / "map.tif")})
    assert not requests


def test_a_missing_layer_is_named_even_where_qgis_does_not_check(requests, labels, scene):
    from qgis.core import QgsProcessingContext, QgsProcessingFeedback

    from lulc_qgis_plugin.algorithms.parameter_reader import ParameterReader
    from lulc_qgis_plugin.algorithms.train_segmenter import TrainSegmenter

    algorithm = TrainSegmenter().create()
    context = QgsProcessingContext()
    context.setProject(QgsProject.instance())
    for name, value in (("INPUT", [scene, "/no/such.tif"]), ("LABELS", "/no/such.gpkg")):
        reader = ParameterReader({name: value}, context, QgsProcessingFeedback())
        with pytest.raises(QgsProcessingException, match=f"{name}: there is no .*/no/such"):
            reader.read(algorithm.parameterDefinition(name))


# --- other values --------------------------------------------------------------------------------


@pytest.fixture
def train(requests, scene, labels, tmp_path):
    def options(**more):
        given = {"INPUT": scene, "LABELS": labels, "MODEL": str(tmp_path / "m.safetensors")}
        return caught(requests, "trainsegmenter", {**given, **more})

    return options


def test_defaults_are_those_of_the_engine(train, scene, labels, tmp_path):
    from lulc_qgis_plugin.engine_source import options

    expected = options.TrainSegmenterOptions(
        image=scene, labels=labels, model=str(tmp_path / "m.safetensors")
    )
    assert train() == json.loads(json.dumps(expected.as_dict()))


def test_numbers_come_as_texts_from_the_command_line(train):
    got = train(EPOCHS="7", SCALE="0.0001", SEED="4294967295", KEEP_BEST="true")
    assert (got["epochs"], got["scale"], got["seed"]) == (7, 0.0001, 4294967295)
    assert got["keep_best"] is True


def test_expressions_are_evaluated(train):
    assert train(EPOCHS=QgsProperty.fromExpression("2 + 3"))["epochs"] == 5


def test_lists_of_choices_and_texts(train):
    got = train(INDICES=["ndvi", "ndwi"], BANDS="red, nir", FOCUS_CLASSES="auto")
    assert (got["indices"], got["bands"]) == (["ndvi", "ndwi"], ["red", "nir"])
    assert got["focus_classes"] == ["auto"]


def test_bad_values_are_refused_in_words_of_processing(requests, scene, labels, tmp_path):
    from qgis.core import QgsProcessingContext, QgsProcessingFeedback

    from lulc_qgis_plugin.algorithms.train_segmenter import TrainSegmenter

    context = QgsProcessingContext()
    given = {"INPUT": scene, "LABELS": labels, "MODEL": str(tmp_path / "m.safetensors")}
    for more, message in (
        ({"EPOCHS": 0}, "EPOCHS must be a whole number from 1 to 100000, not 0"),
        ({"EPOCHS": "many"}, "EPOCHS must be a whole number .* not 'many'"),
        ({"ARCHITECTURE": "resnet"}, "ARCHITECTURE cannot be 'resnet'. Choose from: mobile_unet"),
        ({"INPUT": []}, "INPUT is missing"),
        ({"MODEL": None}, "MODEL is missing"),
    ):
        # A model does not check the values of its children: the algorithm itself must.
        algorithm = TrainSegmenter().create()
        feedback = QgsProcessingFeedback()
        assert algorithm.prepareAlgorithm({**given, **more}, context, feedback)
        with pytest.raises(QgsProcessingException, match=message):
            algorithm.processAlgorithm({**given, **more}, context, feedback)
    assert not requests


def test_extents_carry_their_crs(requests, scene, model_file, tmp_path):
    from qgis.core import QgsCoordinateReferenceSystem

    wgs84 = QgsCoordinateReferenceSystem("EPSG:4326")
    given = {"INPUT": scene, "MODEL": model_file, "OUTPUT": str(tmp_path / "map.tif")}
    for value, expected in (
        ("500000,500100,5199900,5200000 [EPSG:32632]",
         "500000.0,500100.0,5199900.0,5200000.0 [EPSG:32632]"),
        (QgsReferencedRectangle(QgsRectangle(9, 46.5, 9.25, 47), wgs84),
         "9.0,9.25,46.5,47.0 [EPSG:4326]"),
        ("500000,500100,5199900,5200000", "500000.0,500100.0,5199900.0,5200000.0"),
        (scene, "500000.0,500960.0,5199040.0,5200000.0 [EPSG:32632]"),
        (None, ""),
    ):  # fmt: skip
        got = caught(requests, "classifyraster", {**given, "EXTENT": value})
        assert got["extent"] == expected


def test_relative_outputs_are_made_absolute(requests, scene, model_file, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    got = caught(
        requests, "classifyraster", {"INPUT": scene, "MODEL": model_file, "OUTPUT": "map.tif"}
    )
    assert got["output"] == str(tmp_path / "map.tif")
    assert (got["confidence"], got["areas"]) == ("", "")


def test_temporary_outputs_have_the_right_ending(requests, scene, labels, model_file):
    got = caught(
        requests,
        "classifyraster",
        {
            "INPUT": scene,
            "MODEL": model_file,
            "OUTPUT": "TEMPORARY_OUTPUT",
            "CONFIDENCE": "TEMPORARY_OUTPUT",
            "AREAS": "TEMPORARY_OUTPUT",
        },
    )
    endings = [os.path.splitext(got[key])[1] for key in ("output", "confidence", "areas")]
    assert endings == [".tif", ".tif", ".csv"]
    got = caught(
        requests,
        "trainsegmenter",
        {"INPUT": scene, "LABELS": labels, "MODEL": "TEMPORARY_OUTPUT"},
    )
    assert got["model"].endswith(".safetensors")


def test_a_temporary_model_is_warned_of(requests, provider, scene, labels, tmp_path):
    from qgis.core import QgsProcessingContext, QgsProcessingFeedback

    given = {"INPUT": scene, "LABELS": labels}
    for model, expected in (("TEMPORARY_OUTPUT", True), (str(tmp_path / "m.safetensors"), False)):
        feedback = QgsProcessingFeedback()
        algorithm = provider.algorithm("trainsegmenter")
        algorithm.run({**given, "MODEL": model}, QgsProcessingContext(), feedback)
        assert ("deleted when QGIS closes" in feedback.textLog()) == expected


# --- layers to load ------------------------------------------------------------------------------


def test_in_the_background_layers_are_loaded_with_their_style(
    requests, provider, scene, model_file, tmp_path
):
    from qgis.core import QgsProcessingFeedback

    from lulc_qgis_plugin import styling

    path = str(write_raster(tmp_path / "map.tif", np.ones((8, 8), "uint8")))
    requests.answer = {"output": path, "legend": [{"id": 1, "name": "a", "color": "#112233"}]}
    given = {"INPUT": scene, "MODEL": model_file, "OUTPUT": path}
    context, results = run_in_background(provider.algorithm("classifyraster"), given, "OUTPUT")
    assert results["OUTPUT"] == path
    details = context.layersToLoadOnCompletion()[path]
    assert details.name == "Classified map"
    layer = QgsRasterLayer(path, details.name)
    context.layerToLoadOnCompletionDetails(path).postProcessor().postProcessLayer(
        layer, context, QgsProcessingFeedback()
    )
    assert (layer.name(), layer.renderer().type()) == ("Classified map: scene", "paletted")
    assert not styling._waiting


def test_probabilities_of_several_classes_get_a_ramp_instead_of_a_legend(
    requests, provider, scene, model_file, tmp_path
):
    from qgis.core import QgsProcessingFeedback

    from lulc_qgis_plugin.engine_source import engine_module

    shares = np.linspace(0, 1, 128, dtype="float32").reshape(2, 8, 8)
    path = str(write_raster(tmp_path / "map.tif", shares, names=("sea", "land")))
    requests.answer = {"multilabel": True, "legend": [{"id": 0, "name": "sea", "color": "#112233"}]}
    given = {"INPUT": scene, "MODEL": model_file, "OUTPUT": path}
    context, _ = run_in_background(provider.algorithm("classifyraster"), given, "OUTPUT")
    style = engine_module("rasters.style").share_qml(1)  # which a run leaves beside its rasters
    (tmp_path / "map.qml").write_text(style, encoding="utf-8")
    layer = QgsRasterLayer(path, "Classified map")
    context.layerToLoadOnCompletionDetails(path).postProcessor().postProcessLayer(
        layer, context, QgsProcessingFeedback()
    )
    assert layer.name() == "Class probabilities: scene"
    renderer = layer.renderer()
    assert (renderer.type(), renderer.classificationMax()) == ("singlebandpseudocolor", 1)
    assert layer.bandName(1) == "Band 1: sea"


# --- results -------------------------------------------------------------------------------------


def test_numbers_are_outputs_and_undefined_ones_are_empty(requests, labels, tmp_path):
    map_path = str(write_raster(tmp_path / "map.tif", np.ones((8, 8), "uint8")))
    requests.answer = {"overall_accuracy": 0.5, "kappa": None, "extra": "ignored"}
    got = run_here("assessaccuracy", {"MAP": map_path, "REFERENCE": labels})
    nothing = dict.fromkeys(("KAPPA", "MEAN_IOU", "MACRO_F1", "UNCLASSIFIED_SHARE"))
    assert got == {"OVERALL_ACCURACY": 0.5, **nothing}


def test_an_output_that_was_not_written_is_an_error(requests, model_file, tmp_path):
    report = tmp_path / "report.html"
    with pytest.raises(QgsProcessingException, match=r"report\.html does not exist"):
        run_here("modelinfo", {"MODEL": model_file, "REPORT": str(report)})
    report.write_text("<p>there</p>")
    got = run_here("modelinfo", {"MODEL": model_file, "REPORT": str(report)})
    assert got == {"REPORT": str(report)}


def test_the_log_holds_a_command_line_that_does_the_same(requests, model_file, tmp_path, provider):
    from qgis.core import QgsProcessingContext, QgsProcessingFeedback

    report = tmp_path / "my report.html"
    report.touch()
    feedback = QgsProcessingFeedback()
    algorithm = provider.algorithm("modelinfo")
    given = {"MODEL": model_file, "REPORT": str(report)}
    _, done = algorithm.run(given, QgsProcessingContext(), feedback)
    assert done
    assert f"lulc info --model {model_file} --report '{report}'" in feedback.textLog()
    assert "Engine" in feedback.textLog()
