"""Requests and results of Explain prediction."""

import os

import numpy as np
import pytest
from qgis.core import QgsProcessingFeedback, QgsRasterLayer
from support import run_in_background, write_raster

pytestmark = pytest.mark.usefixtures("qgis_new_project")


def run(parameters):
    from qgis import processing

    return processing.run("lulc:explainprediction", parameters)


def test_a_scene_is_explained_with_the_defaults_of_the_engine(
    requests, scene, model_file, tmp_path
):
    from lulc_qgis_plugin.engine_source import options

    output = write_raster(tmp_path / "heat.tif", np.ones((4, 4), "float32"))
    requests.answer = {
        "explained_class": "forest", "probability": 0.75, "top_band": None, "top_drop": None,
    }  # fmt: skip
    given = {"INPUT": scene, "MODEL": model_file, "CLASS": "forest", "OUTPUT": str(output)}
    result = run(given)
    expected = options.ExplainOptions(
        image=scene, model=model_file, class_="forest", output=str(output)
    )
    assert requests[-1]["command"] == "explain"
    assert requests[-1]["options"] == expected.as_dict()
    assert (result["EXPLAINED_CLASS"], result["PROBABILITY"]) == ("forest", 0.75)


def test_the_log_names_the_option_as_the_command_line_does(
    requests, provider, scene, model_file, tmp_path
):
    from qgis.core import QgsProcessingContext

    report = tmp_path / "r.html"
    report.touch()
    feedback = QgsProcessingFeedback()
    given = {"INPUT": scene, "MODEL": model_file, "CLASS": "built-up", "REPORT": str(report)}
    provider.algorithm("explainprediction").run(given, QgsProcessingContext(), feedback)
    assert "--class built-up" in feedback.textLog()


@pytest.mark.parametrize(("method", "title"), [("gradcam", "Grad-CAM"), ("occlusion", "Band imp")])
def test_the_layer_is_named_and_keeps_the_colours_beside_it(
    requests, provider, scene, model_file, tmp_path, method, title
):
    from lulc_qgis_plugin import styling

    path = str(write_raster(tmp_path / "heat.tif", np.ones((8, 8), "float32")))
    requests.answer = {"explained_class": "forest"}
    given = {"INPUT": scene, "MODEL": model_file, "METHOD": method, "OUTPUT": path}
    context, results = run_in_background(provider.algorithm("explainprediction"), given, "OUTPUT")
    assert results["OUTPUT"] == path
    details = context.layerToLoadOnCompletionDetails(path)
    layer = QgsRasterLayer(path, details.name)
    before = layer.renderer().type()
    details.postProcessor().postProcessLayer(layer, context, QgsProcessingFeedback())
    assert layer.name().startswith(title)
    assert layer.name().endswith("of forest: scene")
    assert layer.renderer().type() == before
    assert not styling._waiting


def test_pictures_of_patches_go_to_a_folder_that_is_not_loaded(
    requests, provider, model_file, tmp_path
):
    folder = tmp_path / "pictures"
    folder.mkdir()
    given = {"PATCHES": str(tmp_path), "MODEL": model_file, "OUTPUT": f"{folder}.tif"}
    context, results = run_in_background(provider.algorithm("explainprediction"), given, "OUTPUT")
    assert results["OUTPUT"] == str(folder)
    assert requests[-1]["options"]["output"] == str(folder)
    assert not context.layersToLoadOnCompletion()


def test_a_temporary_result_of_patches_is_a_folder_too(requests, model_file, tmp_path):
    from qgis.core import QgsProcessingException

    given = {"PATCHES": str(tmp_path), "MODEL": model_file, "OUTPUT": "TEMPORARY_OUTPUT"}
    with pytest.raises(QgsProcessingException, match="does not exist"):  # nobody writes it here
        run(given)
    output = requests[-1]["options"]["output"]
    assert not os.path.splitext(output)[1]
    assert os.path.isdir(os.path.dirname(output))
