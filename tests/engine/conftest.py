"""What all tests of the engine share."""

import os

import factories
import pytest
from hypothesis import settings

# Before torch is loaded, and for the processes that tests start: networks and images are small, and
# threads that wait for each other on a busy machine make everything many times slower.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# The same examples in every run, and no limit of time on a machine that is shared.
settings.register_profile("engine", derandomize=True, deadline=None, max_examples=100)
settings.load_profile("engine")


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory):
    """Keep prepared models of tests, and of processes that they start, out of the user's cache."""
    os.environ["LULC_CACHE"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture
def write_raster(tmp_path):
    """Return `factories.write_raster`, which here takes a file name."""
    return lambda name, *args, **kwargs: factories.write_raster(tmp_path / name, *args, **kwargs)


@pytest.fixture
def write_vector(tmp_path):
    """Return `factories.write_geojson`, which here takes a file name."""
    return lambda name, *args, **kwargs: factories.write_geojson(tmp_path / name, *args, **kwargs)
