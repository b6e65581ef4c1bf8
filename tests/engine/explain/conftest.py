"""Lets tests here use the untrained patch classifiers of the tests of classification."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "inference"))
