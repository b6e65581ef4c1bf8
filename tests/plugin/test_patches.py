"""Requests and results of the algorithms for patches and for exchanging models."""

import os

import pytest
from qgis.core import (
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingModelAlgorithm,
    QgsProcessingModelChildAlgorithm,
    QgsProcessingModelChildParameterSource,
    QgsProcessingModelOutput,
    QgsProcessingModelParameter,
    QgsProcessingParameterFile,
    QgsProcessingUtils,
    QgsProject,
    QgsVectorLayer,
)
from support import caught, run_here, run_in_background

pytestmark = pytest.mark.usefixtures("qgis_new_project")

ONE_CLASS = "patch,class,class_id,confidence,p_old town,p_sea\na.png,sea,7,0.900000,0.100000,0.9\n"
SEVERAL = (
    "patch,class,class_id,confidence,p_a,p_b\n0,a|b,0|1,0.900000,0.800000,0.9\n1,,,0.1,0.2,0\n"
)


@pytest.fixture
def train(requests, tmp_path):
    def options(**more):
        given = {"MODEL": str(tmp_path / "m.safetensors"), **more}
        return caught(requests, "trainpatchclassifier", given)

    return options


# --- training ------------------------------------------------------------------------------------


def test_defaults_are_those_of_the_engine(train, tmp_path):
    from lulc_qgis_plugin.engine_source import options

    model = str(tmp_path / "m.safetensors")
    expected = options.TrainPatchesOptions(patches=str(tmp_path), model=model).as_dict()
    assert train(PATCHES=str(tmp_path)) == expected


def test_patches_are_a_folder_or_a_table(train, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    table = tmp_path / "patches.csv"
    table.touch()
    for given, expected in (("patches.csv", table), (str(table), table), (".", tmp_path)):
        assert train(PATCHES=given)["patches"] == str(expected)


def test_patches_are_arrays(train, tmp_path):
    for name in ("x.npy", "y.npy"):
        (tmp_path / name).touch()
    features, targets = str(tmp_path / "x.npy"), str(tmp_path / "y.npy")
    got = train(FEATURES=features, TARGETS=targets, CLASSES="sea, land", SINGLE_LABEL=True)
    assert (got["features"], got["targets"], got["patches"]) == (features, targets, "")
    assert (got["classes"], got["single_label"]) == (["sea", "land"], True)


def test_patches_are_cut_from_scenes(train, scene, labels):
    layer = QgsVectorLayer(labels, "polygons", "ogr")
    QgsProject.instance().addMapLayer(layer)
    got = train(INPUT=[scene, scene], LABELS="polygons", CLASS_FIELD="class_id", PATCH_PX=7)
    assert (got["image"], got["labels"], got["class_field"]) == ([scene] * 2, labels, "class_id")
    assert got["patch_px"] == 7
    layer.selectByExpression("class_id = 5")
    selected = train(INPUT=scene, LABELS=layer, SELECTED_ONLY=True)["labels"]
    assert {f["class_id"] for f in QgsVectorLayer(selected).getFeatures()} == {5}


@pytest.mark.parametrize("name", ["spectralnet", "swin", "convnext_tiny.fb_in22k"])
def test_any_network_can_be_named(train, tmp_path, name):
    assert train(PATCHES=str(tmp_path), ARCHITECTURE=name)["architecture"] == name


def test_checkpoints_are_a_folder_to_make(train, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert train(PATCHES=".", CHECKPOINTS="new")["checkpoints"] == str(tmp_path / "new")


def test_scores_are_outputs_and_kappa_of_several_classes_is_empty(requests, tmp_path):
    model = tmp_path / "m.safetensors"
    model.touch()
    requests.answer = {"macro_f1": 0.5, "kappa": None, "split": "test"}
    got = run_here("trainpatchclassifier", {"PATCHES": str(tmp_path), "MODEL": str(model)})
    assert (got["MACRO_F1"], got["KAPPA"], got["SPLIT"]) == (0.5, None, "test")
    assert got["MODEL"] == str(model)


def test_a_training_has_time_to_end_in_order():
    from lulc_qgis_plugin.worker import DEFAULT_GRACE_S, GRACE_S

    assert GRACE_S["train-patches"] > DEFAULT_GRACE_S


# --- describing ----------------------------------------------------------------------------------


def test_data_are_described_from_a_scene_or_patches(requests, scene, labels, tmp_path):
    given = {"INPUT": scene, "LABELS": labels, "CLASS_FIELD": "class_id", "MAX_PER_CLASS": 500}
    report = tmp_path / "report.html"
    report.touch()
    requests.answer = {"samples": 12, "suspicious": 2, "lowest_separability": None}
    got = run_here("describedata", {**given, "REPORT": str(report)})
    assert (got["REPORT"], got["SAMPLES"], got["SUSPICIOUS"]) == (str(report), 12, 2)
    assert got["LOWEST_SEPARABILITY"] is None
    asked = requests[-1]
    assert asked["command"] == "describe"
    assert (asked["options"]["image"], asked["options"]["labels"]) == ([scene], labels)
    assert asked["options"]["max_per_class"] == 500
    run_here("describedata", {"PATCHES": str(tmp_path), "REPORT": str(report)})
    assert requests[-1]["options"]["patches"] == str(tmp_path)
    assert requests[-1]["options"]["metrics"] == ""


# --- comparing -----------------------------------------------------------------------------------


def test_files_and_folders_are_compared(requests, model_file, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    other = tmp_path / "metrics.json"
    other.touch()
    (tmp_path / "runs").mkdir()
    report = tmp_path / "report.html"
    report.touch()
    requests.answer = {"best": model_file, "best_name": "m", "best_score": 0.9, "models": 3}
    given = {"MODELS": [model_file, "metrics.json", "runs"], "METRIC": "kappa"}
    got = run_here("comparemodels", {**given, "REPORT": str(report)})
    assert (got["BEST"], got["BEST_NAME"], got["BEST_SCORE"]) == (model_file, "m", 0.9)
    asked = requests[-1]["options"]
    assert asked["models"] == [model_file, str(other), str(tmp_path / "runs")]
    assert asked["metric"] == "kappa"
    run_here("comparemodels", {"MODELS": "runs", "REPORT": str(report)})
    assert requests[-1]["options"]["models"] == [str(tmp_path / "runs")]


# --- the table of classified patches -------------------------------------------------------------


@pytest.fixture
def classify(requests, provider, model_file, tmp_path):
    """Run classifypatches with the table that the engine would have written."""

    def table(content, folder="my patches", **more):
        path = tmp_path / "classes.csv"
        path.write_text(content, encoding="utf-8")
        patches = tmp_path / folder
        patches.mkdir(exist_ok=True)
        given = {"PATCHES": str(patches), "MODEL": model_file, "OUTPUT": str(path), **more}
        requests.answer = {"unclassified": 3}
        assert run_here("classifypatches", given) == {"OUTPUT": str(path), "UNCLASSIFIED": 3}
        return path, given

    return table


@pytest.mark.parametrize(
    ("content", "id_type"), [(ONE_CLASS, "Integer"), (SEVERAL, "String")], ids=["one", "several"]
)
def test_numbers_are_numbers_in_qgis(classify, content, id_type):
    path, _ = classify(content)
    layer = QgsVectorLayer(str(path), "table", "ogr")
    kinds = [field.typeName() for field in layer.fields()]
    assert kinds == ["String", "String", id_type, "Real", "Real", "Real"]
    assert not layer.isSpatial()
    assert next(layer.getFeatures())["confidence"] == 0.9


def test_ids_stay_numbers_where_the_model_was_not_sure_enough(classify):
    unsure = "patch,class,class_id,confidence,p_a,p_b\na.png,a,4,0.9,0.9,0.1\nb.png,,,0.5,0.5,0.5\n"
    for more, id_type in (({"MIN_CONFIDENCE": 60}, "Integer"), ({}, "String")):
        path, _ = classify(unsure, **more)
        layer = QgsVectorLayer(str(path), "table", "ogr")
        assert layer.fields().field("class_id").typeName() == id_type


def test_the_table_is_loaded_under_the_name_of_the_patches(classify, provider):
    path, given = classify(ONE_CLASS)
    context, results = run_in_background(provider.algorithm("classifypatches"), given, "OUTPUT")
    assert results == {"OUTPUT": str(path), "UNCLASSIFIED": 3}
    details = context.layerToLoadOnCompletionDetails(str(path))
    layer = QgsProcessingUtils.mapLayerFromString(str(path), context)
    layer.setName(details.name)
    details.postProcessor().postProcessLayer(layer, context, QgsProcessingFeedback())
    assert layer.name() == "Classified patches: my patches"
    assert layer.fields().field("p_sea").typeName() == "Real"


def test_a_temporary_table_is_csv(requests, model_file, tmp_path):
    given = {"PATCHES": str(tmp_path), "MODEL": model_file, "OUTPUT": "TEMPORARY_OUTPUT"}
    assert caught(requests, "classifypatches", given)["output"].endswith(".csv")


@pytest.fixture
def model(provider):
    """A graphical model that trains on a folder of patches and classifies it."""
    source = QgsProcessingModelChildParameterSource
    made = QgsProcessingModelAlgorithm("model", "group")
    any_path = QgsProcessingParameterFile.Behavior.Folder
    folder = QgsProcessingParameterFile("FOLDER", "Folder", any_path)
    made.addModelParameter(folder, QgsProcessingModelParameter("FOLDER"))
    for name in ("trainpatchclassifier", "classifypatches"):
        child = QgsProcessingModelChildAlgorithm(f"lulc:{name}")
        child.setChildId(name)
        child.addParameterSources("PATCHES", [source.fromModelParameter("FOLDER")])
        if name == "classifypatches":
            trained = source.fromChildOutput("trainpatchclassifier", "MODEL")
            child.addParameterSources("MODEL", [trained])
            output = QgsProcessingModelOutput("table")
            output.setChildId(name)
            output.setChildOutputName("OUTPUT")
            child.setModelOutputs({"table": output})
        made.addChildAlgorithm(child)
    return made


def test_a_table_is_csv_in_a_dialog_and_in_a_graphical_model(provider, model):
    algorithm = provider.algorithm("classifypatches").create()
    destination = algorithm.parameterDefinition("OUTPUT")
    assert destination.defaultFileExtension() == "csv"
    assert destination.createFileFilter().startswith("CSV (*.csv)")
    (copied,) = model.destinationParameterDefinitions()  # no longer of our class
    assert copied.defaultFileExtension() == "csv"
    assert provider.defaultVectorFileExtension(True) == "gpkg"


def test_a_graphical_model_trains_and_classifies(requests, model, tmp_path, monkeypatch):
    from qgis import processing

    from lulc_qgis_plugin.algorithms import base

    def write(request, feedback, engine):
        requests.append(request)
        given = request["options"]
        with open(given.get("output") or given["model"], "w", encoding="utf-8") as stream:
            stream.write(ONE_CLASS)
        return {}

    monkeypatch.setattr(base, "run_worker", write)
    given = {"FOLDER": str(tmp_path), "classifypatches:table": "TEMPORARY_OUTPUT"}
    (table,) = (v for k, v in processing.run(model, given).items() if k.endswith("table"))
    assert table.endswith(".csv")
    training, classification = (request["options"] for request in requests)
    assert classification["model"] == training["model"]
    assert classification["patches"] == training["patches"] == str(tmp_path)
    assert QgsVectorLayer(table).fields().field("confidence").typeName() == "Real"


# --- exchange ------------------------------------------------------------------------------------


def test_a_folder_of_patches_is_an_output(requests, scene, labels, tmp_path):
    given = {"INPUT": scene, "LABELS": labels, "CLASS_FIELD": "class_id", "KIND": "tiles"}
    folder = tmp_path / "new"
    got = caught(requests, "exportpatches", {**given, "OUTPUT": str(folder)})
    assert (got["output"], got["kind"], got["tile_px"]) == (str(folder), "tiles", 256)
    folder.mkdir()
    requests.answer = {"manifest": str(folder / "manifest.csv")}
    got = run_here("exportpatches", {**given, "OUTPUT": str(folder)})
    assert got == {"OUTPUT": str(folder), "MANIFEST": str(folder / "manifest.csv")}


def test_a_keras_file_and_a_model_file(requests, tmp_path):
    keras, model = tmp_path / "net.h5", str(tmp_path / "m.safetensors")
    keras.touch()
    given = {"INPUT": str(keras), "BANDS": "blue, nir", "CLASSES": "a,b", "MODEL": model}
    got = caught(requests, "importmodel", given)
    assert (got["input"], got["model"], got["bands"]) == (str(keras), model, ["blue", "nir"])


@pytest.mark.parametrize(("ending", "kind"), [("onnx", "auto"), ("xml", "openvino")])
def test_a_model_in_a_format_of_others(requests, model_file, tmp_path, ending, kind):
    output = str(tmp_path / f"m.{ending}")
    given = {"MODEL": model_file, "FORMAT": kind, "OUTPUT": output}
    got = caught(requests, "exportmodel", given)
    assert (got["output"], got["format"]) == (output, kind)
    given["OUTPUT"] = "TEMPORARY_OUTPUT"
    assert caught(requests, "exportmodel", given)["output"].endswith(".onnx")


@pytest.mark.parametrize(
    ("algorithm", "output"), [("exportpatches", "OUTPUT"), ("trainpatchclassifier", "MODEL")]
)
def test_what_is_temporary_is_warned_of(requests, provider, tmp_path, algorithm, output):
    for place, expected in (("TEMPORARY_OUTPUT", True), (str(tmp_path / "x"), False)):
        feedback = QgsProcessingFeedback()
        given = {"PATCHES": str(tmp_path), output: place}
        provider.algorithm(algorithm).run(given, QgsProcessingContext(), feedback)
        assert (f"{output} is temporary" in feedback.textLog()) == expected


def test_where_the_patches_end_with_a_slash_the_name_is_still_theirs(classify, provider):
    path, given = classify(ONE_CLASS)
    given["PATCHES"] += os.sep
    context, _ = run_in_background(provider.algorithm("classifypatches"), given, "OUTPUT")
    style = context.layerToLoadOnCompletionDetails(str(path)).postProcessor()
    layer = QgsVectorLayer(str(path), "Classified patches", "ogr")
    style.postProcessLayer(layer, context, QgsProcessingFeedback())
    assert layer.name() == "Classified patches: my patches"
