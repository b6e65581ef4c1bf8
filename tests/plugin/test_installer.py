"""Setting up the engine's environment, without a network."""

import json
import re
import shutil
import sys
import threading

import pytest
from qgis.core import QgsProcessingException, QgsProcessingFeedback

from lulc_qgis_plugin import base_python, engine_home, environment, installer, pip_steps
from lulc_qgis_plugin.engine_source import errors
from lulc_qgis_plugin.network_settings import Proxy
from lulc_qgis_plugin.pip_steps import Wishes

PYTHON = "/usr/bin/python3"


@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path):
    path = tmp_path / "home"
    monkeypatch.setenv(environment.HOME_VARIABLE, str(path))
    monkeypatch.delenv(pip_steps.INDEX_VARIABLE, raising=False)
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
    assert pip_steps.torch_index(device) == expected


def test_the_index_can_be_chosen(monkeypatch):
    assert pip_steps.torch_index("cpu", "https://mirror/simple") == "https://mirror/simple"
    assert pip_steps.torch_index("cpu", "ordinary") == ""
    monkeypatch.setenv(pip_steps.INDEX_VARIABLE, "https://other/simple")
    assert pip_steps.torch_index("cpu") == "https://other/simple"
    assert pip_steps.torch_index("cpu", "ordinary") == ""
    monkeypatch.setenv(pip_steps.INDEX_VARIABLE, "")
    assert pip_steps.torch_index("cpu") == ""


def test_pip_is_asked_for_pinned_packages(monkeypatch, no_wheels):
    monkeypatch.setattr(sys, "platform", "linux")
    torch, everything = pip_steps.pip_commands("p", Wishes())
    assert torch[-4:] == ["--index-url", "https://download.pytorch.org/whl/cpu", "torch",
                          "torchvision"]  # fmt: skip
    for command in (torch, everything):
        assert command[:2] == ["p", "-I"]
        assert command[2].endswith("guarded.py")
        assert command[3:5] == ["pip", "install"]
        assert command[command.index("--constraint") + 1].endswith("constraints.txt")
    assert everything[-1].endswith("engine-requirements.txt")
    (offline,) = pip_steps.pip_commands("p", Wishes(wheels=no_wheels))
    assert offline[offline.index("--no-index") :][:3] == ["--no-index", "--find-links", no_wheels]


def test_a_python_that_does_not_run_is_refused(tmp_path):
    with pytest.raises(errors.EnvironmentFailure, match="PYTHON cannot be used"):
        installer.set_up(Wishes(python=str(tmp_path / "no")), QgsProcessingFeedback())


def test_a_full_disk_is_noticed_before_the_download(monkeypatch):
    usage = shutil._ntuple_diskusage(10**12, 10**12, 10**9)
    monkeypatch.setattr(installer.shutil, "disk_usage", lambda path: usage)
    with pytest.raises(errors.EnvironmentFailure, match=r"takes 2\.2 GB .* has 1\.0 GB left"):
        installer.set_up(Wishes(python=PYTHON), QgsProcessingFeedback())


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    wishes = Wishes(python=PYTHON, folder=str(tmp_path / "file" / "sub"))
    with pytest.raises(errors.EnvironmentFailure, match="cannot be used"):
        installer.set_up(wishes, QgsProcessingFeedback())


def names(home):
    """What lies in the folder, apart from the lock, which stays."""
    return sorted(path.name for path in home.iterdir() if path.name != "install.lock")


def test_a_failed_installation_changes_nothing(home, no_wheels):
    home.mkdir()
    record = home / environment.RECORD
    record.write_text(json.dumps({"python": "/the/old/one"}), encoding="utf-8")
    feedback = QgsProcessingFeedback()
    with pytest.raises(errors.EnvironmentFailure, match=r"There is no \S+ for this computer"):
        installer.set_up(Wishes(python=PYTHON, wheels=no_wheels), feedback)
    assert "ERROR: " in feedback.textLog()
    assert environment.recorded_python() == "/the/old/one"
    kept = {environment.RECORD, engine_home.LOG}
    assert set(names(home)) - {engine_home.DOWNLOADS} == kept
    log = (home / engine_home.LOG).read_text(encoding="utf-8")
    assert "FAILED: There is no " in log


def test_cancelling_changes_nothing(home, monkeypatch):
    sleep = [PYTHON, "-c", "import time; time.sleep(60)"]
    monkeypatch.setattr(installer, "_VENV", ("-I", "-m", "venv", "--without-pip"))
    monkeypatch.setattr(installer, "pip_commands", lambda python, wishes: [sleep])
    feedback = QgsProcessingFeedback()
    threading.Timer(2, feedback.cancel).start()
    with pytest.raises(QgsProcessingException, match="cancelled"):
        installer.set_up(Wishes(python=PYTHON), feedback)
    assert names(home) == [engine_home.LOG]


@pytest.fixture
def quick(monkeypatch):
    """Leave out what takes minutes; each of it is run for real by make test-qgis-versions."""
    monkeypatch.setattr(installer, "_VENV", ("-I", "-m", "venv", "--without-pip"))
    monkeypatch.setattr(installer, "pip_commands", lambda python, wishes: [[python, "-c", ""]])
    monkeypatch.setattr(installer, "verify", lambda *arguments: None)


def test_success_becomes_the_current_environment(home, quick, tmp_path):
    folder = tmp_path / "another place, in Zürich"
    python = installer.set_up(Wishes(python=PYTHON, folder=str(folder)), QgsProcessingFeedback())
    assert python.startswith(str(folder / "env-"))
    assert environment.recorded_python() == python
    assert environment.probe(python, ("json",)).prefix in python
    again = installer.set_up(Wishes(python=PYTHON, folder=str(folder)), QgsProcessingFeedback())
    assert environment.recorded_python() == again
    (left,) = folder.glob("env-*")
    assert again.startswith(str(left))


def test_the_next_try_removes_what_a_killed_one_left(home, quick):
    home.mkdir()
    killed = engine_home.new_environment(home, "cpu")
    (killed / "half").mkdir()
    stranger = home / "env-of-somebody"
    stranger.mkdir()
    python = installer.set_up(Wishes(python=PYTHON), QgsProcessingFeedback())
    assert not killed.exists()
    assert stranger.exists()
    assert environment.recorded_python() == python


def test_two_at_once_are_refused(home, quick):
    home.mkdir()
    with (
        engine_home.locked(home),
        pytest.raises(errors.EnvironmentFailure, match="Another QGIS is setting up the engine"),
    ):
        installer.set_up(Wishes(python=PYTHON), QgsProcessingFeedback())


def test_without_ensurepip_uv_makes_the_environment(home, monkeypatch, no_wheels):
    probe = base_python.probe

    def without_ensurepip(python, needed):
        fault = f"{python} lacks the packages ensurepip." if "ensurepip" in needed else ""
        return environment.Probe(fault=fault) if fault else probe(python, needed)

    monkeypatch.setattr(base_python, "probe", without_ensurepip)
    base = base_python.choose_base()
    assert base.needs_uv
    assert base.python
    assert "lacks the packages ensurepip" in base.notes[0]
    with pytest.raises(errors.EnvironmentFailure, match=r"uv-.*\.whl is missing"):
        installer.set_up(Wishes(wheels=no_wheels), QgsProcessingFeedback())


@pytest.mark.parametrize(
    ("printed", "said"),
    [
        ("OSError: [Errno 28] No space left on device", "The disk of .* is full"),
        ("ProxyError('Cannot connect to proxy.', OSError(...))", "The proxy p:1 cannot be reached"),
        ("Failed to download `https://x/python-build-standalone/a`\ndns error", "from GitHub"),
        ("Tunnel connection failed: 407 Proxy Authentication Required", "another user name"),
        ("Missing dependencies for SOCKS support", "SOCKS"),
        ("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed", "not trusted"),
        (
            "NewConnectionError: Name or service not known\n"
            "ERROR: No matching distribution found for torch",
            "index cannot be reached",
        ),
        ("ERROR: No matching distribution found for torch==9", "There is no torch==9 for this"),
        ("Something new\nERROR: nobody foresaw this\nmore", "exit code 7.. ERROR: nobody foresaw"),
    ],
)
def test_failures_are_explained(tmp_path, printed, said):
    proxy = Proxy(shown="p:1")
    err = pip_steps.failure("installing", 7, printed.splitlines(), tmp_path, proxy)
    assert re.search(said, str(err))
    assert err.hint
