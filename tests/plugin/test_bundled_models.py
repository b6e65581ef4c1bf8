"""Models that come with the plugin are called by name."""

import pytest
from qgis.core import QgsProcessingException


@pytest.fixture
def bundled(monkeypatch, tmp_path):
    """A folder of resources with one bundled model."""
    from lulc_qgis_plugin import bundled_models

    path = tmp_path / "resources" / "models" / "some_model.safetensors"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"not read by the plugin")
    monkeypatch.setattr(
        bundled_models, "resource", lambda *parts: tmp_path.joinpath("resources", *parts)
    )
    return str(path)


def model_of(requests, model):
    from qgis import processing

    processing.run("lulc:modelinfo", {"MODEL": model, "REPORT": ""})
    return requests[-1]["options"]["model"]


def test_a_name_stands_for_the_bundled_file(requests, bundled):
    assert model_of(requests, "some_model") == bundled
    assert model_of(requests, bundled) == bundled


def test_a_file_of_that_name_comes_first(requests, bundled, tmp_path, monkeypatch):
    from lulc_qgis_plugin.bundled_models import bundled_model

    monkeypatch.chdir(tmp_path)
    (tmp_path / "some_model").touch()
    assert bundled_model("some_model") == ""


@pytest.mark.parametrize("name", ["another", "../models/some_model", "some_model.tif"])
def test_other_names_are_refused(requests, bundled, name):
    with pytest.raises(QgsProcessingException, match="MODEL"):
        model_of(requests, name)


def test_the_help_names_them(bundled):
    from lulc_qgis_plugin.algorithms.parameters import model_help

    assert model_help() == "Model file (.safetensors), or the name of a bundled model: some_model."


def test_without_any_the_help_is_still_a_sentence(monkeypatch, tmp_path):
    from lulc_qgis_plugin import bundled_models
    from lulc_qgis_plugin.algorithms.parameters import model_help

    monkeypatch.setattr(bundled_models, "resource", lambda *parts: tmp_path.joinpath(*parts))
    assert bundled_models.bundled_names() == []
    assert model_help() == "Model file (.safetensors)."
