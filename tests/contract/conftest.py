"""Fixtures of the tests with real worker processes; they share what tests/plugin has."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "plugin"))

from support import use_plugin

use_plugin()
