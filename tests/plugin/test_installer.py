"""Setting up the engine's environment, without a network."""

import json
import shutil
import sys
import threading

import pytest
from qgis.core import QgsProcessingException, QgsProcessingFeedback

from lulc_qgis_plugin import environment, installer
from lulc_qgis_plugin.engine_source import errors
from lulc_qgis_plugin.installer import Wishes

PYTHON = "/usr/bin/python3"


@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path):
    path = tmp_path / "home"
    monkeypatch.setenv(environment.HOME_VARIABLE, str(path))
    monkeypatch.delenv(installer.INDEX_VARIABLE, raising=False)
    return path


@pytest.fixture
def no_wheels(tmp_path):
    folder = tmp_path / "wheels"
    folder.mkdir()
    return str(folder)


@pytest.mark.parametrize(
    ("system", "device", "expected"),
    [
        ("linux", "cpu", "https://download.pytorch.org/whl/cpu"),
        ("linux", "cuda", ""),
        ("win32", "cpu", ""),
        ("win32", "cuda", "https://download.pytorch.org/whl/cu130"),
        ("darwin", "cpu", ""),
    ],
)
def test_pytorch_comes_from_the_index_that_has_it(monkeypatch, system, device, expected):
    monkeypatch.setattr(sys, "platform", system)
    assert installer.torch_index(device) == expected


def test_the_index_can_be_chosen(monkeypatch):
    assert installer.torch_index("cpu", "https://mirror/simple") == "https://mirror/simple"
    assert installer.torch_index("cpu", "ordinary") == ""
    monkeypatch.setenv(installer.INDEX_VARIABLE, "https://other/simple")
    assert installer.torch_index("cpu") == "https://other/simple"
    assert installer.torch_index("cpu", "ordinary") == ""
    monkeypatch.setenv(installer.INDEX_VARIABLE, "")
    assert installer.torch_index("cpu") == ""


def test_pip_is_asked_for_pinned_packages(monkeypatch, no_wheels):
    monkeypatch.setattr(sys, "platform", "linux")
    torch, everything = installer.pip_commands("p", Wishes())
    assert torch[-4:] == ["--index-url", "https://download.pytorch.org/whl/cpu", "torch",
                          "torchvision"]  # fmt: skip
    for command in (torch, everything):
        assert command[:5] == ["p", "-I", "-m", "pip", "install"]
        assert command[command.index("--constraint") + 1].endswith("constraints.txt")
    assert everything[-1].endswith("engine-requirements.txt")
    (offline,) = installer.pip_commands("p", Wishes(wheels=no_wheels))
    assert offline[offline.index("--no-index") :][:3] == ["--no-index", "--find-links", no_wheels]


def test_a_python_that_does_not_run_is_refused(tmp_path):
    with pytest.raises(errors.EnvironmentFailure, match="PYTHON cannot be used"):
        installer.set_up(Wishes(python=str(tmp_path / "no")), QgsProcessingFeedback())


def test_without_any_python_the_way_out_is_named(monkeypatch):
    monkeypatch.setattr(installer, "base_pythons", list)
    with pytest.raises(errors.EnvironmentFailure, match="or name one with PYTHON"):
        installer.set_up(Wishes(), QgsProcessingFeedback())


def test_a_full_disk_is_noticed_before_the_download(monkeypatch):
    usage = shutil._ntuple_diskusage(10**12, 10**12, 10**9)
    monkeypatch.setattr(installer.shutil, "disk_usage", lambda path: usage)
    with pytest.raises(errors.EnvironmentFailure, match=r"needs 3 GB, .* has 1\.0 GB left"):
        installer.set_up(Wishes(python=PYTHON), QgsProcessingFeedback())


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    wishes = Wishes(python=PYTHON, folder=str(tmp_path / "file" / "sub"))
    with pytest.raises(errors.EnvironmentFailure, match="cannot be used"):
        installer.set_up(wishes, QgsProcessingFeedback())


def test_a_failed_installation_changes_nothing(home, no_wheels):
    home.mkdir()
    record = home / environment.RECORD
    record.write_text(json.dumps({"python": "/the/old/one"}), encoding="utf-8")
    feedback = QgsProcessingFeedback()
    with pytest.raises(errors.EnvironmentFailure, match="set-up failed at: pip install"):
        installer.set_up(Wishes(python=PYTHON, wheels=no_wheels), feedback)
    assert "ERROR: " in feedback.textLog()
    assert environment.recorded_python() == "/the/old/one"
    assert [path.name for path in home.iterdir()] == [environment.RECORD]


def test_cancelling_changes_nothing(home, monkeypatch):
    sleep = [PYTHON, "-c", "import time; time.sleep(60)"]
    monkeypatch.setattr(installer, "pip_commands", lambda python, wishes: [sleep])
    feedback = QgsProcessingFeedback()
    threading.Timer(6, feedback.cancel).start()
    with pytest.raises(QgsProcessingException, match="cancelled"):
        installer.set_up(Wishes(python=PYTHON), feedback)
    assert list(home.iterdir()) == []


def test_success_becomes_the_current_environment(home, monkeypatch, tmp_path):
    monkeypatch.setattr(installer, "pip_commands", lambda python, wishes: [[python, "-c", ""]])
    monkeypatch.setattr(installer, "_IMPORT_CHECK", "print('all there')")
    monkeypatch.setattr(installer, "NEEDED", ("json",))
    folder = tmp_path / "another place"
    feedback = QgsProcessingFeedback()
    python = installer.set_up(Wishes(python=PYTHON, folder=str(folder)), feedback)
    assert python.startswith(str(folder / "env-"))
    assert environment.recorded_python() == python
    assert "all there" in feedback.textLog()
    assert environment.probe(python, ("json",)).prefix in python
