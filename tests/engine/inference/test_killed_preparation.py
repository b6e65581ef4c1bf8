"""What a killed preparation leaves in the cache is removed, and nothing of one that goes on."""

import os
import subprocess
import sys
import time

import pytest

from lulc_engine.inference.runtimes.cache import kept
from lulc_engine.leftovers import this_host

MAKER = """
import sys
from pathlib import Path
from lulc_engine.inference.runtimes.cache import kept

def make(folder):
    (folder / "a").write_text("half")
    print("making", flush=True)
    sys.stdin.readline()
    (folder / "a").write_text("whole")

kept(Path(sys.argv[1]), ("a",), make)
"""
A_DAY_S = 24 * 3600


@pytest.fixture
def maker(tmp_path):
    """Return a process that is at work on the file a."""
    command = [sys.executable, "-c", MAKER, str(tmp_path)]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)
    with process:
        assert process.stdout.readline() == "making\n"
        yield process
        process.kill()


def names(folder):
    return [path.name for path in folder.iterdir()]


def make(folder, name="b"):
    kept(folder, (name,), lambda working: (working / name).write_text("new"))


@pytest.mark.skipif(os.name == "nt", reason="there age decides")
def test_what_a_killed_process_left_is_removed(tmp_path, maker):
    maker.kill()
    maker.wait()
    (left,) = names(tmp_path)
    assert (tmp_path / left / "a").read_text() == "half"
    make(tmp_path)
    assert names(tmp_path) == ["b"]


def test_a_process_that_is_at_work_is_left_alone(tmp_path, maker):
    make(tmp_path)
    maker.communicate("\n")
    assert maker.returncode == 0
    assert sorted(names(tmp_path)) == ["a", "b"]
    assert (tmp_path / "a").read_text() == "whole"


@pytest.mark.parametrize(
    ("host", "age_s", "stays"),
    [
        ("00000000", 0, True),  # another computer, on a shared drive
        ("00000000", A_DAY_S + 60, False),
        (None, A_DAY_S + 60, False),
        (None, A_DAY_S - 600, True),
    ],
)
def test_age_decides_where_the_maker_cannot_be_asked(tmp_path, host, age_s, stays):
    folder = tmp_path / f".making-{host or this_host()}-{os.getpid()}-0123abcd-x"
    folder.mkdir()
    (folder / "a").write_text("half")
    then = time.time() - age_s
    os.utime(folder, (then, then))
    make(tmp_path)
    assert folder.exists() == stays
    assert (tmp_path / "b").is_file()


def test_nothing_else_is_removed(tmp_path):
    other = tmp_path / ".making-of"
    other.mkdir()
    os.utime(other, (0, 0))
    make(tmp_path)
    assert other.is_dir()
