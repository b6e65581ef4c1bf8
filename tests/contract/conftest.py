"""Fixtures of the tests with real worker processes; they share what tests/plugin has."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "plugin"))

from support import qgis_profile, use_plugin

use_plugin()


@pytest.fixture(scope="session")
def env(tmp_path_factory):
    """The environment of qgis_process, with a profile that has the plugin."""
    return qgis_profile(tmp_path_factory.mktemp("profile"))
