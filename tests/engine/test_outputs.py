"""The write protocol: refusals, publishing, failures, full disks and killed runs."""

import os
import signal
import stat
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

import pytest

from lulc_engine.errors import EnvironmentFailure, OptionsError
from lulc_engine.leftovers import ORPHAN_AGE_S
from lulc_engine.outputs import Outputs, check_writable, file_sha256, remove_open_parts

ROOT = Path(__file__).parents[2]


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def run_python(code, *args, **options):
    """Run code in a Python process of its own that can import the engine and the factories."""
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), *map(str, args)],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        **options,
    )


def test_publishes_on_success(tmp_path):
    with Outputs() as outputs:
        outputs.write_text(tmp_path / "a.txt", "Zürich\n", (".txt",))
        assert not (tmp_path / "a.txt").exists()
    assert (tmp_path / "a.txt").read_bytes() == "Zürich\n".encode()
    assert names_in(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_leaves_all_as_it_was_on_failure(tmp_path, error):
    (tmp_path / "a.txt").write_text("old")

    def fail():
        with Outputs() as outputs:
            outputs.write_text(tmp_path / "a.txt", "new")
            outputs.write_text(tmp_path / "b.txt", "new")
            raise error

    with pytest.raises(error):
        fail()
    assert names_in(tmp_path) == ["a.txt"]
    assert (tmp_path / "a.txt").read_text() == "old"


def test_checks_all_before_it_publishes_any(tmp_path):
    def refuse(part):
        raise EnvironmentFailure(f"{part} is not right.")

    outputs = Outputs()
    outputs.write_text(tmp_path / "first.txt", "1")
    outputs.stage(tmp_path / "second.txt", verify=refuse).write_text("2")
    with pytest.raises(EnvironmentFailure, match="not right"), outputs:
        pass
    assert names_in(tmp_path) == []


def test_says_which_file_was_not_written(tmp_path):
    with pytest.raises(EnvironmentFailure, match=r"map\.txt was not written"), Outputs() as outputs:
        outputs.stage(tmp_path / "map.txt")


def test_publishes_in_the_order_of_staging(tmp_path, monkeypatch):
    order = []
    rename = os.replace
    monkeypatch.setattr(os, "replace", lambda a, b: (order.append(Path(b).name), rename(a, b)))
    with Outputs() as outputs:
        for name in ("map.tif", "map.qml", "areas.csv"):
            outputs.write_text(tmp_path / name, name)
    assert order == ["map.tif", "map.qml", "areas.csv"]


def test_a_file_that_cannot_be_replaced_keeps_its_content(tmp_path, monkeypatch):
    (tmp_path / "a.txt").write_text("old")

    def locked(part, final):
        raise PermissionError(13, "in use")

    monkeypatch.setattr(os, "replace", locked)
    with (
        pytest.raises(EnvironmentFailure, match="could not be replaced") as caught,
        Outputs() as outputs,
    ):
        outputs.write_text(tmp_path / "a.txt", "new")
    assert caught.value.exit_code == 5
    assert "remove the layer" in caught.value.hint
    assert names_in(tmp_path) == ["a.txt"]
    assert (tmp_path / "a.txt").read_text() == "old"


def test_refuses_a_missing_folder(tmp_path):
    with pytest.raises(EnvironmentFailure, match="does not exist") as caught:
        check_writable(tmp_path / "no" / "a.txt")
    assert caught.value.exit_code == 5
    assert names_in(tmp_path) == []


def test_refuses_a_folder(tmp_path):
    with pytest.raises(OptionsError, match="is a folder"):
        check_writable(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes on this system")
def test_refuses_what_is_no_ordinary_file(tmp_path):
    os.mkfifo(tmp_path / "pipe.tif")
    with pytest.raises(OptionsError, match="not an ordinary file"):
        check_writable(tmp_path / "pipe.tif")


@pytest.mark.parametrize("name", ["map.png", "map", "map.tif.bak", ".tif"])
def test_refuses_other_endings(tmp_path, name):
    with pytest.raises(OptionsError, match=r"must end in \.tif or \.tiff"):
        check_writable(tmp_path / name, (".tif", ".tiff"))


def test_accepts_endings_in_capitals(tmp_path):
    assert check_writable(tmp_path / "MAP.TIF", (".tif",)) == tmp_path / "MAP.TIF"


def test_refuses_names_that_are_too_long(tmp_path):
    with pytest.raises((EnvironmentFailure, OptionsError), match="too long"):
        check_writable(tmp_path / ("a" * 300 + ".tif"))


@pytest.mark.parametrize(
    "name",
    [
        "a b'c\"d%e#f&g;h?.txt",
        "map[1].txt",
        "a**b.txt",
        "線路🌲.txt",
        "🌲" * 60 + ".txt",
        "x" * 251 + ".txt",
        "-rf.txt",
        "line\nbreak.txt",
    ],
)
def test_odd_names_leave_nothing_behind(tmp_path, name):
    with Outputs() as outputs:
        outputs.write_text(tmp_path / name, "x")
    assert names_in(tmp_path) == [name]

    def fail():
        with Outputs() as outputs:
            part = outputs.stage(tmp_path / name)
            part.write_text("y")
            part.with_name(part.name + ".ovr.tmp").write_text("left by GDAL")
            raise KeyError(name)

    with pytest.raises(KeyError):
        fail()
    assert names_in(tmp_path) == [name]


@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_refuses_an_input_by_another_name(tmp_path, link):
    (tmp_path / "scene.tif").write_text("x")
    link(tmp_path / "scene.tif", tmp_path / "other.tif")
    outputs = Outputs([tmp_path / "scene.tif"])
    for name in ("scene.tif", "other.tif"):
        with pytest.raises(OptionsError, match="also an input"):
            outputs.stage(tmp_path / name)
    (tmp_path / "sub").symlink_to(tmp_path)
    with pytest.raises(OptionsError, match="also an input"):
        outputs.stage(tmp_path / "sub" / "scene.tif")


def test_refuses_to_remove_an_input_as_a_sidecar(tmp_path):
    (tmp_path / "map.tif.msk").write_text("a mask")
    outputs = Outputs([tmp_path / "map.tif.msk"])
    with pytest.raises(OptionsError, match="also an input"):
        outputs.stage(tmp_path / "map.tif", sidecars=(".msk",))


def test_refuses_one_name_for_two_outputs(tmp_path):
    outputs = Outputs()
    outputs.stage(tmp_path / "map.tif")
    with pytest.raises(OptionsError, match="two outputs"):
        outputs.stage(tmp_path / "sub" / ".." / "map.tif")


def test_replaces_a_link_and_not_what_it_points_to(tmp_path):
    (tmp_path / "precious.txt").write_text("keep")
    (tmp_path / "out.txt").symlink_to(tmp_path / "precious.txt")
    with Outputs() as outputs:
        outputs.write_text(tmp_path / "out.txt", "new")
    assert (tmp_path / "precious.txt").read_text() == "keep"
    assert (tmp_path / "out.txt").read_text() == "new"


def test_a_name_that_fits_but_not_with_its_sidecars(tmp_path):
    name = "x" * 251 + ".tif"
    with Outputs([tmp_path / "scene.tif"]) as outputs:
        outputs.stage(tmp_path / name, sidecars=(".aux.xml",)).write_text("map")
    assert names_in(tmp_path) == [name]


def test_a_sidecar_that_cannot_be_removed(tmp_path):
    (tmp_path / "map.tif.ovr").mkdir()
    with (
        pytest.raises(EnvironmentFailure, match="belongs to an older map"),
        Outputs() as outputs,
    ):
        outputs.stage(tmp_path / "map.tif", sidecars=(".ovr",)).write_text("map")
    assert names_in(tmp_path) == ["map.tif.ovr"]


def test_refuses_bytes_that_are_no_text(tmp_path):
    with pytest.raises(OptionsError, match="no text"):
        check_writable(tmp_path / "m\udce4p.tif")


def test_removes_stale_sidecars_when_it_publishes(tmp_path):
    (tmp_path / "map.tif.aux.xml").write_text("old georeferencing")
    with Outputs() as outputs:
        outputs.stage(tmp_path / "map.tif", sidecars=(".aux.xml", ".ovr")).write_text("map")
        assert (tmp_path / "map.tif.aux.xml").exists()
    assert names_in(tmp_path) == ["map.tif"]


def test_leaves_nothing_beside_a_published_file(tmp_path):
    with Outputs() as outputs:
        part = outputs.stage(tmp_path / "map.tif")
        part.write_text("map")
        part.with_name(part.name + ".aux.xml").write_text("by GDAL")
    assert names_in(tmp_path) == ["map.tif"]


def test_keeps_a_sidecar_of_its_own(tmp_path):
    (tmp_path / "map.tif.aux.xml").write_text("old")
    with Outputs() as outputs:
        outputs.stage(tmp_path / "map.tif", sidecars=(".aux.xml",)).write_text("map")
        outputs.write_text(tmp_path / "map.tif.aux.xml", "new")
    assert (tmp_path / "map.tif.aux.xml").read_text() == "new"


@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002])
def test_files_get_the_usual_mode(tmp_path, umask):
    before = os.umask(umask)
    try:
        with Outputs() as outputs:
            part = outputs.stage(tmp_path / "a.txt")
            part.touch(mode=0o600)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.txt").stat().st_mode) == 0o666 & ~umask


def test_sha256_of_a_file(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    assert file_sha256(tmp_path / "a").startswith("ba7816bf8f01cfea414140de5dae2223b00361a3")


def test_parts_of_an_ending_process_are_removed(tmp_path):
    outputs = Outputs()
    part = outputs.stage(tmp_path / "a.tif")
    part.write_text("x")
    part.with_name(part.name + ".plain.tif").write_text("x")
    remove_open_parts()
    assert names_in(tmp_path) == []


AS_NOBODY = """
import os, sys
from lulc_engine.errors import EnvironmentFailure
from lulc_engine.outputs import check_writable
if os.geteuid() == 0:  # only now: nobody may not be able to read the checkout
    os.setgid(65534); os.setuid(65534)
try:
    check_writable(sys.argv[1])
except EnvironmentFailure as err:
    print(err); sys.exit(err.exit_code)
"""


@pytest.fixture
def open_folder():
    """A folder that other users can reach, unlike those of pytest."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def test_refuses_a_read_only_folder(open_folder):
    folder = open_folder / "locked"
    folder.mkdir()
    folder.chmod(0o555)
    done = run_python(AS_NOBODY, folder / "map.tif")
    assert (done.returncode, names_in(folder)) == (5, []), done.stderr
    assert f"{folder} cannot be written to" in done.stdout


def test_refuses_a_read_only_file(open_folder):
    folder = open_folder / "free"
    folder.mkdir()
    folder.chmod(0o777)
    (folder / "map.tif").write_text("old")
    (folder / "map.tif").chmod(0o444)
    done = run_python(AS_NOBODY, folder / "map.tif")
    assert (done.returncode, names_in(folder)) == (5, ["map.tif"]), done.stderr
    assert "map.tif is read-only" in done.stdout


# Writes a map of noise, which does not compress, over an old one.
WRITE_NOISE = """
import sys, time
import numpy as np
from factories import CRS, ORIGIN
from rasterio.crs import CRS as C
from lulc_engine.errors import LulcError
from lulc_engine.outputs import Outputs
from lulc_engine.rasters.files import gdal_settings
from lulc_engine.rasters.geotiff import Layout, StripWriter
from lulc_engine.rasters.grid import Grid

def write(path, side, pause=False):
    noise = np.random.default_rng(0).integers(1, 200, (side, side)).astype("uint8")
    grid = Grid(C.from_string(CRS), ORIGIN, side, side)
    with gdal_settings(), Outputs() as outputs:
        with StripWriter(path, grid, Layout("uint8", 0, block_px=128), outputs) as writer:
            for row in range(0, side, 128):
                writer.put(row, 0, noise[row : row + 128])
                writer.complete_rows(row + 128)
                if pause and row:
                    print("writing", flush=True)
                    time.sleep(60)
"""
WRITE_AND_REPORT = (
    WRITE_NOISE
    + """
try:
    write(sys.argv[1], 1024)
except LulcError as err:
    print(err); sys.exit(err.exit_code)
"""
)


def assert_old_map_survived(done, folder):
    assert done.returncode == 5, done.stdout + done.stderr
    assert "Free some disk space" in done.stdout
    assert names_in(folder) == ["map.tif"]
    assert (folder / "map.tif").read_text() == "old"


@pytest.mark.parametrize("size_kb", [128, 512, 900, 1200, 1600, 2000])
def test_full_disk_leaves_the_old_map(tmp_path, size_kb):
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size_kb}k", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(mount, capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no mount command")
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be mounted: {mounted.stderr.decode().strip()}")
    try:
        (folder / "map.tif").write_text("old")
        done = run_python(WRITE_AND_REPORT, folder / "map.tif")
        assert_old_map_survived(done, folder)
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.skipif(sys.platform == "win32", reason="no such limit on Windows")
@pytest.mark.parametrize("limit_kb", [1, 100, 800])
def test_a_limit_of_file_size_leaves_the_old_map(tmp_path, limit_kb):
    import resource

    (tmp_path / "map.tif").write_text("old")
    limit = (limit_kb * 1024,) * 2
    done = run_python(
        WRITE_AND_REPORT,
        tmp_path / "map.tif",
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limit),
    )
    assert_old_map_survived(done, tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="no such signal on Windows")
def test_a_killed_run_leaves_no_map_and_the_next_one_cleans_up(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", WRITE_NOISE + "write(sys.argv[1], 512, True)", tmp_path / "map.tif"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")])},
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout.readline() == b"writing\n"
        left = names_in(tmp_path)
        assert left
        assert all(".part." in name for name in left)
        check_writable(tmp_path / "other.tif")
        assert names_in(tmp_path) == left, "files of a running process were removed"
        process.send_signal(signal.SIGKILL)
    assert names_in(tmp_path) == left
    with Outputs() as outputs:
        outputs.write_text(tmp_path / "next.txt", "x")
    assert names_in(tmp_path) == ["next.txt"]


def test_orphans_of_another_machine_go_by_age(tmp_path):
    young = tmp_path / ".01234567-1-89abcdef.part.map.tif"
    old = tmp_path / ".01234567-2-89abcdef.part.map.tif"
    foreign = tmp_path / ".mine.part.txt"
    for path in (young, old, foreign):
        path.touch()
    long_ago = time.time() - ORPHAN_AGE_S - 60
    os.utime(old, (long_ago, long_ago))
    os.utime(foreign, (long_ago, long_ago))
    check_writable(tmp_path / "map.tif")
    assert names_in(tmp_path) == sorted([young.name, foreign.name])
