"""Fixtures of the tests in QGIS; pytest-qgis starts QGIS itself."""

import gc

import pytest
from support import use_plugin, write_labels, write_scene

use_plugin()


@pytest.fixture(scope="session")
def provider(qgis_app, qgis_processing):
    from qgis.core import QgsApplication

    from lulc_qgis_plugin.plugin import LulcPlugin

    plugin = LulcPlugin(None)
    plugin.initProcessing()
    yield QgsApplication.processingRegistry().providerById("lulc")
    plugin.unload()
    gc.collect()  # layers that are freed only after GDAL has ended crash at exit


@pytest.fixture(scope="session")
def scene(tmp_path_factory):
    return str(write_scene(tmp_path_factory.mktemp("scene") / "scene.tif"))


@pytest.fixture(scope="session")
def labels(tmp_path_factory):
    return str(write_labels(tmp_path_factory.mktemp("labels") / "labels.geojson"))


@pytest.fixture
def model_file(tmp_path):
    path = tmp_path / "model.safetensors"
    path.write_bytes(b"not read by the plugin")
    return str(path)


@pytest.fixture
def requests(provider, monkeypatch):
    """Catch the requests to the engine; `requests.answer` is what the engine answers."""
    from lulc_qgis_plugin.algorithms import base
    from lulc_qgis_plugin.environment import Engine

    class Requests(list):
        answer = None

    caught = Requests()

    def run_worker(request, feedback, engine):
        caught.append(request)
        return caught.answer or {}

    monkeypatch.setattr(base, "run_worker", run_worker)
    monkeypatch.setattr(base, "find_engine", lambda: Engine("/engine/python", "/engine", "a test"))
    return caught


@pytest.fixture
def open_dialog(provider, monkeypatch, qgis_new_project):
    """Return a function that opens the dialog of an algorithm and returns its panel."""
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
