"""What the dialog says of a model, of the scene and of the run."""

import time

import numpy as np
import pytest
from model_files import card_of, patch_card, write_model
from qgis.core import QgsApplication, QgsProject, QgsRasterLayer
from qgis.PyQt.QtWidgets import QLabel, QLineEdit
from support import write_raster

from lulc_qgis_plugin import estimates, run_history


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("LULC_HOME", str(tmp_path / "lulc home"))
    return tmp_path / "lulc home"


@pytest.fixture
def layer(qgis_new_project, scene):
    found = QgsRasterLayer(scene, "my scene")
    QgsProject.instance().addMapLayer(found)
    return found


@pytest.fixture
def model(tmp_path):
    card = card_of(low=100, high=3100)
    return write_model(tmp_path / "segmenter.safetensors", card)


def texts(panel):
    widget = panel.wrappers["MODEL"].wrappedWidget()
    names = ("model_card", "model_verdict", "model_estimate")
    return [widget.findChild(QLabel, name).text() for name in names]


def wait_for(panel, words, index=1):
    """Wait until a text of the panel holds words."""
    until = time.monotonic() + 20
    while words not in texts(panel)[index]:
        QgsApplication.processEvents()
        time.sleep(0.01)
        assert time.monotonic() < until, texts(panel)
    return texts(panel)


def test_a_model_shows_its_card_at_once_and_then_whether_the_scene_fits(open_dialog, layer, model):
    panel = open_dialog("classifyraster")
    panel.setParameters({"INPUT": layer.id(), "MODEL": model})
    card = texts(panel)[0]
    network = ("mobile_unet", "labels every pixel", "10 classes", "AnnualCrop", "#c67d39")
    share = card_of()["lulc:scores"]["test"]["overall_accuracy"]
    data = ("blue, green, red, nir at 10 m", "100 to 3100", f"{share:.1%}"[:-1], "the test")
    for words in (*network, *data):
        assert words in card
    _, verdict, estimate = wait_for(panel, "my scene fits this model")
    assert "matched by their roles" in verdict
    assert "96 x 96 pixels" in verdict
    assert "rough guess" in estimate
    assert "free" in estimate


def test_bundled_models_are_offered_and_shown_by_name(open_dialog, layer):
    panel = open_dialog("classifyraster")
    panel.setParameters({"INPUT": layer.id(), "MODEL": "eurosat_rgb"})
    assert "windows of 64 &times; 64 pixels" in texts(panel)[0]
    wait_for(panel, "a pixel for every 64 of the scene's: 2 x 2", 2)


def test_the_verdict_follows_what_is_typed(open_dialog, layer, model):
    panel = open_dialog("classifyraster")
    panel.setParameters({"INPUT": layer.id(), "MODEL": model})
    wait_for(panel, "fits")
    panel.setParameters({"BANDS": "1,2"})
    verdict = wait_for(panel, "does not fit")[1]
    assert "BANDS names 2 bands" in verdict
    assert texts(panel)[2] == ""  # nothing to foresee
    panel.setParameters({"BANDS": ""})
    wait_for(panel, "my scene fits")
    panel.setParameters({"STRIDE": 3})
    wait_for(panel, "STRIDE and PER_PIXEL are for patch classifiers")


def test_the_verdict_follows_the_scene(open_dialog, layer, model, tmp_path):
    values = np.random.default_rng(0).uniform(1100, 4000, (4, 64, 64)).astype("uint16")
    names = ("blue", "green", "red", "nir")
    path = str(write_raster(tmp_path / "new.tif", values, None, names))
    panel = open_dialog("classifyraster")
    panel.setParameters({"INPUT": layer.id(), "MODEL": model})
    wait_for(panel, "my scene fits")
    panel.setParameters({"INPUT": path})
    wait_for(panel, "1000 were added")
    panel.setParameters({"SCALE": 1e-4, "OFFSET": -0.1})
    wait_for(panel, "fits this model")


def test_what_is_no_model_is_said_in_one_sentence(open_dialog, layer, model_file, tmp_path):
    panel = open_dialog("classifyraster")
    panel.setParameters({"MODEL": model_file})
    assert "is not a model file" in texts(panel)[0]
    panel.setParameters({"MODEL": str(tmp_path / "none.safetensors")})
    assert "does not exist" in texts(panel)[0]
    panel.setParameters({"MODEL": ""})
    assert panel.wrappers["MODEL"].parameterValue() is None


def test_names_from_a_model_are_no_markup(open_dialog, tmp_path):
    card = card_of(("<b>bold</b>", "red", "green", "blue"))
    card["lulc:legend"][0]["name"] = "<img src=x>"
    panel = open_dialog("modelinfo")
    panel.setParameters({"MODEL": write_model(tmp_path / "m.safetensors", card)})
    assert "<img" not in texts(panel)[0]
    assert "<b>bold" not in texts(panel)[0]


def test_classifying_patches_needs_a_patch_classifier(open_dialog, model, tmp_path):
    panel = open_dialog("classifypatches")
    panel.setParameters({"MODEL": model})
    wait_for(panel, "patches need a patch classifier")
    panel.setParameters({"MODEL": write_model(tmp_path / "patches.safetensors", patch_card())})
    assert "labels windows" in texts(panel)[0]


@pytest.mark.parametrize("algorithm", ["exportmodel", "modelinfo", "explainprediction"])
def test_other_dialogs_show_the_card_too(open_dialog, model, algorithm):
    panel = open_dialog(algorithm)
    panel.setParameters({"MODEL": model})
    assert "mobile_unet" in texts(panel)[0]


def test_a_damaged_model_is_seen_before_the_run(open_dialog, model):
    with open(model, "r+b") as stream:
        stream.seek(-1, 2)
        stream.write(b"\x01")
    panel = open_dialog("modelinfo")
    panel.setParameters({"MODEL": model})
    wait_for(panel, "damaged")


def test_a_dialog_may_be_closed_while_the_scene_is_looked_at(provider, layer, model, open_dialog):
    panel = open_dialog("classifyraster")
    panel.setParameters({"INPUT": layer.id(), "MODEL": model})
    panel.wrappers["MODEL"]._about._ask()
    panel.deleteLater()
    until = time.monotonic() + 1
    while time.monotonic() < until:
        QgsApplication.processEvents()


def test_a_batch_has_only_the_line(provider, monkeypatch, qgis_new_project):
    from processing.gui.BatchAlgorithmDialog import BatchAlgorithmDialog

    for name in ("AlgorithmDialog", "BatchAlgorithmDialog", "BatchPanel"):
        monkeypatch.setattr(f"processing.gui.{name}.iface", None, raising=False)
    for algorithm in ("classifyraster", "trainsegmenter"):
        dialog = BatchAlgorithmDialog(provider.algorithm(algorithm).create(), None)
        wrappers = dialog.mainWidget().wrappers[0]
        found = {item.parameterDefinition().name(): item for item in wrappers if item is not None}
        for name in {"MODEL", "BANDS", "LEGEND", "FOCUS_CLASSES"} & set(found):
            if found[name].parameterDefinition().isDestination():
                continue
            widget = found[name].wrappedWidget()
            assert widget.findChild(QLabel, "model_card") is None
            widget.findChild(QLineEdit).setText("eurosat_rgb")
            assert found[name].parameterValue() == "eurosat_rgb"
        dialog.close()


# --- estimates ------------------------------------------------------------------------------------


def test_a_run_is_remembered_and_foreseen(requests, open_dialog, layer, model, tmp_path):
    from qgis import processing

    output = tmp_path / "map.tif"
    write_raster(output, np.ones((96, 96), "uint8"))
    speed = {"network": "mobile_unet", "windows": 9216, "before_s": 60, "windows_s": 180}
    requests.answer = {"speed": speed, "legend": [], "unclassified_share": 0}
    given = {"INPUT": layer, "MODEL": model, "OUTPUT": str(output)}
    processing.run("lulc:classifyraster", given)
    panel = open_dialog("classifyraster")
    panel.setParameters({"INPUT": layer.id(), "MODEL": model})
    estimate = wait_for(panel, "About 4 min, by an earlier run", 2)[2]
    assert "rough" not in estimate
    panel.setParameters({"EXTENT": "500000,500480,5199520,5200000 [EPSG:32632]"})  # a quarter
    wait_for(panel, "About 2 min", 2)
    panel.setParameters({"EXTENT": "0,1,0,1 [EPSG:32632]"})
    wait_for(panel, "does not overlap")
    panel.setParameters({"EXTENT": None, "PRECISION": "f32"})
    wait_for(panel, "No earlier run", 2)


def test_the_most_similar_run_decides(home):
    run_history.remember("kind", 1000, 10, 100)
    run_history.remember("kind", 10**6, 10, 1000)
    assert run_history.foreseen_s("kind", 2000) == pytest.approx(210)
    assert run_history.foreseen_s("kind", 2 * 10**6) == pytest.approx(2010)
    assert run_history.foreseen_s("other", 1) is None


@pytest.mark.parametrize("content", ["", "[]", '{"kind": 3}', '{"kind": [[0, 1, 1], ["a"], 5]}'])
def test_a_broken_history_is_no_history(home, content):
    home.mkdir()
    (home / run_history.FILE).write_text(content)
    assert run_history.foreseen_s("kind", 5) is None
    run_history.remember("kind", 10, 0, 20)
    assert run_history.foreseen_s("kind", 5) == 10


def test_a_folder_that_cannot_be_written_breaks_no_run(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("LULC_HOME", str(tmp_path / "file"))
    run_history.remember("kind", 10, 0, 20)
    assert run_history.foreseen_s("kind", 5) is None


def test_sizes_of_outputs():
    size = estimates.size_of(1000, 500, 1, False, 0.5)
    assert (size.pixels, size.windows, size.cells) == (500_000, 250_000, 500_000)
    found = estimates.bytes_of(size, (1, 2, 300), ["OUTPUT", "PROBABILITIES"])
    assert found == {"OUTPUT": 1_333_333, "PROBABILITIES": 8_000_000}
    assert estimates.size_of(1000, 500, 64, False, 1).cells == 16 * 8
    assert estimates.size_of(1000, 500, 64, True, 1).cells == 500_000


def test_a_full_disk_is_a_warning(tmp_path, monkeypatch):
    monkeypatch.setattr(estimates, "free_bytes", lambda folder: 10**7)
    notes, warnings = estimates.room_texts({str(tmp_path): 4 * 10**6})
    assert "10 MB free" in notes[0]
    assert not warnings
    notes, warnings = estimates.room_texts({str(tmp_path): 6 * 10**6})
    assert not notes
    assert "may need 12 MB" in warnings[0]


def test_a_folder_that_does_not_exist_is_a_warning(tmp_path):
    notes, warnings = estimates.room_texts({str(tmp_path / "none"): 1})
    assert not notes
    assert "does not exist" in warnings[0]
