"""Which Python runs the engine, and what reaches it."""

import json
import os
import sys

import pytest

from lulc_qgis_plugin import environment
from lulc_qgis_plugin.engine_source import errors


@pytest.fixture(autouse=True)
def nothing_is_set(monkeypatch, tmp_path, qgis_app):
    from qgis.core import QgsSettings

    monkeypatch.delenv(environment.VARIABLE, raising=False)
    monkeypatch.setenv(environment.HOME_VARIABLE, str(tmp_path / "home"))
    monkeypatch.setattr(environment, "qgis_pythons", list)
    monkeypatch.setattr(environment, "NEEDED", ())
    monkeypatch.setattr(environment.probe, "__defaults__", ((),))
    QgsSettings().remove(environment.SETTING)
    yield
    QgsSettings().remove(environment.SETTING)


@pytest.fixture
def python(tmp_path):
    """A Python that is known by its own path."""
    path = tmp_path / "chosen" / "python"
    path.parent.mkdir()
    path.write_text('#!/bin/sh\nexec /usr/bin/python3 "$@"\n')
    path.chmod(0o755)
    return str(path)


def record(python):
    folder = environment.data_folder()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / environment.RECORD).write_text(json.dumps({"python": python}), encoding="utf-8")


def test_without_any_the_setup_algorithm_is_named():
    with pytest.raises(errors.EnvironmentFailure, match="lulc:setupengine") as caught:
        environment.find_engine()
    assert caught.value.exit_code == 5


def test_order_variable_setting_record_qgis(monkeypatch, tmp_path):
    from qgis.core import QgsSettings

    names = ["variable", "setting", "record", "qgis"]
    paths = {name: tmp_path / name for name in names}
    for path in paths.values():
        path.symlink_to("/usr/bin/python3")
    monkeypatch.setattr(environment, "qgis_pythons", lambda: [str(paths["qgis"])])
    assert environment.find_engine().python == str(paths["qgis"])
    record(str(paths["record"]))
    assert environment.find_engine().python == str(paths["record"])
    QgsSettings().setValue(environment.SETTING, str(paths["setting"]))
    assert environment.find_engine().python == str(paths["setting"])
    monkeypatch.setenv(environment.VARIABLE, str(paths["variable"]))
    assert environment.find_engine().python == str(paths["variable"])


@pytest.mark.parametrize("broken", ["missing", "not_python", "not_executable"])
def test_a_chosen_python_that_is_broken_is_an_error(monkeypatch, tmp_path, python, broken):
    record(python)
    path = tmp_path / broken
    if broken != "missing":
        path.write_text("#!/bin/sh\necho hello\n")
        path.chmod(0o755 if broken == "not_python" else 0o644)
    monkeypatch.setenv(environment.VARIABLE, str(path))
    with pytest.raises(errors.EnvironmentFailure, match=environment.VARIABLE) as caught:
        environment.find_engine()
    assert str(path) in str(caught.value)


def test_a_broken_setting_is_an_error_too(python):
    from qgis.core import QgsSettings

    record(python)
    QgsSettings().setValue(environment.SETTING, "/no/such/python")
    with pytest.raises(errors.EnvironmentFailure, match="lulc/engine_python"):
        environment.find_engine()


def test_a_record_of_a_removed_environment_is_told(tmp_path):
    record(str(tmp_path / "gone"))
    with pytest.raises(errors.EnvironmentFailure, match="gone does not exist"):
        environment.find_engine()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"python": null}', '{"other": 1}'])
def test_a_damaged_record_is_no_record(content):
    folder = environment.data_folder()
    folder.mkdir(parents=True)
    (folder / environment.RECORD).write_text(content, encoding="utf-8")
    with pytest.raises(errors.EnvironmentFailure, match="lulc:setupengine"):
        environment.find_engine()


def test_missing_packages_are_named(python):
    found = environment.probe(python, ("json", "no_such_package_a", "no_such_package_b"))
    assert found.fault.endswith("lacks the packages no_such_package_a, no_such_package_b.")


def test_an_old_python_is_refused(monkeypatch, python):
    monkeypatch.setattr(environment, "OLDEST", (3, 99))
    assert "the engine needs 3.99" in environment.probe(python, ("os",)).fault


def test_a_python_that_hangs_is_given_up(monkeypatch, tmp_path):
    path = tmp_path / "sleeper"
    path.write_text("#!/bin/sh\nexec sleep 60\n")
    path.chmod(0o755)
    monkeypatch.setattr(environment, "_PROBE_TIMEOUT_S", 0.5)
    assert "does not answer" in environment.probe(str(path)).fault


def test_the_answer_is_remembered_until_the_file_changes(monkeypatch, python):
    assert not environment.probe(python, ("json",)).fault
    monkeypatch.setattr(environment, "_run_probe", lambda *_: environment.Probe(fault="asked"))
    assert not environment.probe(python, ("json",)).fault
    os.utime(python, (1, 1))
    assert environment.probe(python, ("json",)).fault == "asked"


def test_data_folder_of_each_system(monkeypatch):
    monkeypatch.delenv(environment.HOME_VARIABLE)
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    monkeypatch.setenv("LOCALAPPDATA", "/local")
    for system, expected in {
        "linux": "/data/lulc",
        "win32": "/local/lulc",
        "darwin": "/home/me/Library/Application Support/lulc",
    }.items():
        monkeypatch.setattr(sys, "platform", system)
        assert str(environment.data_folder()) == expected


def test_qgis_own_python_is_not_the_program_qgis(monkeypatch):
    monkeypatch.undo()
    monkeypatch.setattr(sys, "executable", "/usr/bin/qgis.bin")
    found = environment.qgis_pythons()
    assert found
    assert all("python" in os.path.basename(path) for path in found)
