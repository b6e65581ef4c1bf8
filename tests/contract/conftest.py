"""Fixtures of the tests with real worker processes; they share what tests/plugin has."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "plugin"))

from support import qgis_profile, use_plugin, write_labels, write_scene

use_plugin()


@pytest.fixture(scope="session")
def env(tmp_path_factory):
    """The environment of qgis_process, with a profile that has the plugin."""
    return qgis_profile(tmp_path_factory.mktemp("profile"))


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A scene, another one of the same land, and labels."""
    folder = tmp_path_factory.mktemp("data")
    return {
        "scene": write_scene(folder / "scene.tif"),
        "other": write_scene(folder / "other.tif", seed=1),
        "labels": write_labels(folder / "labels.geojson"),
    }
