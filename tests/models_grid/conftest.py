"""What the tests of all architectures share: a cache of their own."""

import os

import pytest


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory):
    """Keep prepared models, also of processes that are started, out of the user's cache."""
    os.environ["LULC_CACHE"] = str(tmp_path_factory.mktemp("cache"))
