"""Data of the trainings on patches."""

import pytest
from patch_training import arrays


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Options that name small patches as numpy files."""
    return arrays(tmp_path_factory.mktemp("arrays") / "d")
