"""The demo scene from the menu."""

import pytest
from qgis.core import QgsProject

from lulc_qgis_plugin import demo
from lulc_qgis_plugin.engine_source import resource


@pytest.fixture
def layers(qgis_new_project, provider, tmp_path):
    yield demo.load_demo(tmp_path / "a folder" / "demo")
    QgsProject.instance().clear()


def test_the_layers_are_there_with_scene_below(layers):
    assert [layer.name() for layer in layers] == ["test", "train", "scene"]
    assert all(layer.isValid() for layer in layers)
    group = QgsProject.instance().layerTreeRoot().children()[0]
    assert [child.name() for child in group.children()] == ["test", "train", "scene"]


def test_the_files_are_copies(layers, tmp_path):
    folder = tmp_path / "a folder" / "demo"
    assert {path.name for path in folder.iterdir() if ".aux" not in path.name} == set(demo.FILES)
    assert (folder / "scene.tif").read_bytes() == resource("demo", "scene.tif").read_bytes()


def test_the_scene_is_shown_in_true_colour(layers):
    renderer = layers[-1].renderer()
    assert (renderer.redBand(), renderer.greenBand(), renderer.blueBand()) == (3, 2, 1)
    assert layers[-1].bandName(3).endswith("red")


@pytest.mark.parametrize("index", [0, 1])
def test_every_class_has_a_colour(layers, index):
    drawn = {category.value() for category in layers[index].renderer().categories()}
    assert {feature["class"] for feature in layers[index].getFeatures()} <= drawn


def test_loading_twice_keeps_what_is_there(layers, tmp_path):
    folder = tmp_path / "a folder" / "demo"
    (folder / "train.geojson").write_text("mine", encoding="utf-8")
    demo.copy_demo(folder)
    assert (folder / "train.geojson").read_text(encoding="utf-8") == "mine"
