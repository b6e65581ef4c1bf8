"""Models of the tests of maps."""

import pytest
from landscape import write_untrained_model
from patch_models import offer_flat


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """Path and network of an untrained segmenter."""
    return write_untrained_model(tmp_path_factory.mktemp("model") / "m.safetensors")


@pytest.fixture
def flat(monkeypatch):
    """Make the architecture ``flat`` known."""
    offer_flat(monkeypatch)
