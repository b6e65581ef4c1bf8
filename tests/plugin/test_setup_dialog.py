"""The set-up dialog, when it is offered, and the message where a run finds no engine."""

import threading
import time

import pytest
from qgis.core import QgsApplication, QgsProcessingFeedback, QgsSettings
from qgis.gui import QgsMessageBar
from qgis.PyQt.QtCore import QObject, pyqtSignal
from qgis.PyQt.QtWidgets import QDialog, QMainWindow, QPushButton

from lulc_qgis_plugin import (
    desktop,
    engine_home,
    environment,
    installer,
    maintenance,
    run_history,
)
from lulc_qgis_plugin.engine_source import errors


@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path):
    monkeypatch.setenv(environment.HOME_VARIABLE, str(tmp_path / "home"))
    monkeypatch.delenv(environment.VARIABLE, raising=False)
    monkeypatch.setattr(environment, "qgis_pythons", list)
    return tmp_path / "home"


class Interface(QObject):
    """What the plugin asks of QGIS's interface."""

    initializationCompleted = pyqtSignal()  # noqa: N815 - QGIS's name

    def __init__(self):
        super().__init__()
        self.window = QMainWindow()
        self.bar = QgsMessageBar()
        self.menu = []

    def mainWindow(self):
        return self.window

    def messageBar(self):
        return self.bar

    def addPluginToMenu(self, name, action):
        self.menu.append(action)

    def removePluginMenu(self, name, action):
        self.menu.remove(action)


@pytest.fixture
def interface(provider):
    return Interface()


@pytest.fixture
def shown(interface):
    QgsSettings().remove(desktop.OFFERED)
    item = desktop.Desktop(interface)
    yield item
    item.unload()
    QgsSettings().remove(desktop.OFFERED)


def wait_until(holds, seconds=60):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        QgsApplication.processEvents()
        time.sleep(0.01)


def test_it_is_offered_once_and_stays_in_the_menu(shown, interface):
    assert shown._dialog is None  # nothing before QGIS is ready
    interface.initializationCompleted.emit()
    assert shown._dialog.isVisible()
    shown._dialog.close()
    interface.initializationCompleted.emit()
    assert not shown._dialog.isVisible()
    interface.menu[0].trigger()
    assert shown._dialog.isVisible()


def test_it_waits_until_the_plugin_manager_is_closed(shown, interface):
    manager = QDialog(interface.window)
    manager.setModal(True)
    manager.show()
    shown.offer_once()
    assert shown._dialog is None
    manager.close()
    wait_until(lambda: shown._dialog is not None and shown._dialog.isVisible())


def test_it_is_not_offered_where_an_engine_was_chosen(shown, interface, monkeypatch):
    monkeypatch.setenv(environment.VARIABLE, "/some/python")
    interface.initializationCompleted.emit()
    assert shown._dialog is None


def test_without_an_engine_it_offers_to_install_and_nothing_else(shown):
    dialog = shown.show_setup()
    assert "not installed yet" in dialog._state.text()
    assert dialog._install.text() == "Install"
    assert dialog._install.isEnabled()
    assert not any(b.isEnabled() for b in (dialog._check, dialog._move, dialog._remove))
    assert "GB free" in dialog._space.text()
    assert dialog.parameters("install")["DEVICE"] == "cpu"
    dialog._cuda.setChecked(True)
    assert "12.0 GB" in dialog._space.text()
    assert dialog.parameters("install")["DEVICE"] == "cuda"


def test_a_failure_is_shown_and_the_log_named(shown, tmp_path):
    dialog = shown.show_setup()
    (tmp_path / "a file").touch()
    dialog._folder.setFilePath(str(tmp_path / "a file" / "below"))
    dialog.start("install")
    assert not dialog._install.isEnabled()
    wait_until(lambda: dialog._feedback is None)
    assert "cannot be used" in dialog._step.text()
    assert dialog._install.isEnabled()


def test_installing_neither_blocks_nor_ends_with_the_dialog(shown, home, monkeypatch):
    release = threading.Event()

    def slow(wishes, feedback, proxy):
        feedback.setProgressText("Step 1 of 3: working")
        feedback.setProgress(40)
        feedback.pushConsoleInfo("a line of pip")
        release.wait(30)
        home.mkdir(exist_ok=True)
        folder = engine_home.new_environment(home, "cpu")
        python = engine_home.python_in(folder)
        (folder / "bin").mkdir()
        (folder / "bin" / "python").touch()
        engine_home.write_record(python, "cpu")
        return python

    from lulc_qgis_plugin.algorithms import setup_engine

    monkeypatch.setattr(setup_engine, "set_up", slow)
    dialog = shown.show_setup()
    dialog.start("install")
    wait_until(lambda: "a line of pip" in dialog._log.toPlainText())
    assert dialog._bar.value() == 40
    assert dialog._step.text() == "Step 1 of 3: working"
    assert dialog._cancel.isEnabled()
    dialog.close()
    release.set()
    wait_until(lambda: dialog._feedback is None)
    assert "Load the demo scene" in dialog._step.text()
    assert dialog._install.text() == "Repair or update"
    assert dialog._remove.isEnabled()


def test_a_run_without_an_engine_offers_the_set_up(shown, interface, provider):
    from qgis import processing
    from qgis.core import QgsProcessingException

    with pytest.raises(QgsProcessingException, match="Run the algorithm 'Set up the engine'"):
        processing.run("lulc:modelinfo", {"MODEL": "eurosat_rgb", "REPORT": "TEMPORARY_OUTPUT"})
    wait_until(lambda: interface.bar.currentItem() is not None)
    (button,) = interface.bar.currentItem().findChildren(QPushButton)
    assert button.text() == "Set up the engine"
    button.click()
    assert shown._dialog.isVisible()


@pytest.mark.parametrize("same_disk", [True, False])
def test_moving_and_removing(home, tmp_path, monkeypatch, same_disk):
    if not same_disk:
        monkeypatch.setattr(maintenance, "_rename", lambda old, new: False)
    monkeypatch.setattr(installer, "_VENV", ("-I", "-m", "venv", "--without-pip"))
    monkeypatch.setattr(installer, "pip_commands", lambda python, wishes: [[python, "-c", ""]])
    monkeypatch.setattr(installer, "verify", lambda *arguments: None)
    monkeypatch.setattr(maintenance, "verify", lambda *arguments: None)
    old = installer.set_up(installer.Wishes(python="/usr/bin/python3"), QgsProcessingFeedback())
    new = maintenance.move(str(tmp_path / "another disk"), QgsProcessingFeedback())
    assert new != old
    assert environment.recorded_python() == new
    assert environment.probe(new, ("json",)).prefix in new
    assert not list(home.glob("env-*"))
    run_history.remember("classify", 4.0, 1.0, 2.0)
    maintenance.remove(QgsProcessingFeedback())
    for folder in (home, tmp_path / "another disk"):
        assert [path.name for path in folder.iterdir()] == ["install.lock"]
    assert maintenance.state().folder is None


@pytest.mark.parametrize("same_disk", [True, False])
def test_an_environment_that_does_not_work_elsewhere_stays(home, tmp_path, monkeypatch, same_disk):
    monkeypatch.setattr(installer, "_VENV", ("-I", "-m", "venv", "--without-pip"))
    monkeypatch.setattr(installer, "pip_commands", lambda python, wishes: [[python, "-c", ""]])
    monkeypatch.setattr(installer, "verify", lambda *arguments: None)
    if not same_disk:
        monkeypatch.setattr(maintenance, "_rename", lambda old, new: False)
    old = installer.set_up(installer.Wishes(python="/usr/bin/python3"), QgsProcessingFeedback())
    with pytest.raises(errors.EnvironmentFailure, match="lacks the packages"):
        maintenance.move(str(tmp_path / "elsewhere"), QgsProcessingFeedback())
    assert environment.recorded_python() == old
    assert environment.probe(old, ("json",)).prefix in old
    assert [path.name for path in (tmp_path / "elsewhere").iterdir()] == ["install.lock"]


def test_packages_of_other_versions_are_noticed(home):
    home.mkdir()
    folder = engine_home.new_environment(home, "cpu")
    (folder / "bin").mkdir()
    (folder / "bin" / "python").touch()
    packages = folder / "lib" / "python3.11" / "site-packages"
    (packages / "torch-2.14.1+cpu.dist-info").mkdir(parents=True)
    (packages / "pip-1.0.dist-info").mkdir()
    engine_home.write_record(engine_home.python_in(folder), "cpu")
    assert maintenance.state().outdated == ()
    assert maintenance.state().text().endswith(", for the processor.")
    (packages / "segmentation_models_pytorch-0.1.dist-info").mkdir()
    assert maintenance.state().outdated == ("segmentation_models_pytorch 0.1",)
    assert "update it" in maintenance.state().text()
