"""The folder of prepared models, on disks that are full."""

from types import SimpleNamespace

import pytest

from lulc_engine.errors import EnvironmentFailure
from lulc_engine.inference.runtimes import cache


@pytest.mark.parametrize(("free", "is_used"), [(2**40, True), (2**20, False)])
def test_a_disk_that_is_nearly_full_is_left_alone(tmp_path, monkeypatch, free, is_used):
    monkeypatch.setenv("LULC_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(cache.shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    found = cache.cache_folder()
    assert found.is_dir()
    assert (found == tmp_path / "cache") is is_used


@pytest.mark.parametrize(
    "error",
    [OSError(28, "No space left on device"), RuntimeError("basic_ios::clear: iostream error")],
)
def test_a_disk_that_becomes_full_is_no_internal_error(tmp_path, error):
    def make(working):
        (working / "a.xml").write_text("half")
        raise error

    with pytest.raises(EnvironmentFailure, match="could not be written"):
        cache.kept(tmp_path, ("a.xml", "a.bin"), make)
    assert list(tmp_path.iterdir()) == []


def test_other_errors_stay_what_they_are(tmp_path):
    def make(working):
        raise RuntimeError("shapes differ")

    with pytest.raises(RuntimeError, match="shapes differ"):
        cache.kept(tmp_path, ("a.xml",), make)
