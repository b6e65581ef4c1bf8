"""The environment, the lines and the end of child processes."""

import os
import sys
import time

import pytest
from support import is_running

from lulc_qgis_plugin.child_process import ChildProcess, clean_environment

PYTHON = "/usr/bin/python3"

MISLEADING = [
    "PYTHONEXECUTABLE", "PYTHONHOME", "PYTHONPATH", "PYTHONPLATLIBDIR", "__PYVENV_LAUNCHER__",
    "PROJ_LIB", "PROJ_DATA", "GDAL_DATA", "GDAL_DRIVER_PATH", "GDAL_NUM_THREADS",
    "GDAL_VRT_ENABLE_PYTHON", "GTIFF_IGNORE_READ_ERRORS", "OGR_ENABLED", "CPL_DEBUG",
    "QT_PLUGIN_PATH", "QGIS_PREFIX_PATH", "LD_LIBRARY_PATH", "LD_PRELOAD", "DYLD_LIBRARY_PATH",
    "VIRTUAL_ENV", "CONDA_PREFIX", "PIP_USER", "PIP_TARGET", "PIP_PREFIX",
    "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD",
]  # fmt: skip


def lines_of(code, folder, **options):
    child = ChildProcess([PYTHON, "-I", "-c", code], folder, **options)
    try:
        return [item for item in child.lines() if item[0]]
    finally:
        child.close()


@pytest.mark.parametrize("name", MISLEADING)
def test_misleading_variables_are_left_out(name):
    assert name not in clean_environment({name: "x", "HOME": "/home/me"})
    assert clean_environment({name: "x", "HOME": "/home/me"})["HOME"] == "/home/me"


def test_useful_variables_stay():
    kept = {"PATH": "/usr/bin", "HTTPS_PROXY": "http://proxy:1", "GDAL_HTTP_PROXY": "proxy:1"}
    assert kept.items() <= clean_environment(kept).items()


def test_certificates_stay_only_where_they_exist(tmp_path):
    bundle = tmp_path / "ca.pem"
    bundle.touch()
    given = {"SSL_CERT_FILE": str(bundle), "CURL_CA_BUNDLE": "/no/such/file"}
    cleaned = clean_environment(given)
    assert cleaned["SSL_CERT_FILE"] == str(bundle)
    assert "CURL_CA_BUNDLE" not in cleaned
    assert "SSL_CERT_FILE" not in clean_environment(given, leave_out=str(tmp_path))


def test_folders_of_qgis_leave_the_path(tmp_path):
    given = {"PATH": os.pathsep.join([str(tmp_path / "bin"), "/usr/bin", str(tmp_path) + "2"])}
    cleaned = clean_environment(given, leave_out=str(tmp_path))
    assert cleaned["PATH"] == os.pathsep.join(["/usr/bin", str(tmp_path) + "2"])


def test_our_own_environment_is_not_changed(monkeypatch):
    monkeypatch.setenv("PROJ_LIB", "/qgis/proj")
    before = dict(os.environ)
    assert "PROJ_LIB" not in clean_environment()
    assert dict(os.environ) == before


def test_leaking_variables_do_not_reach_the_child(monkeypatch, tmp_path):
    for name in ("PROJ_LIB", "PYTHONEXECUTABLE", "GDAL_DATA"):
        monkeypatch.setenv(name, "/qgis")
    code = "import os, sys; print(sys.prefix); [print(n) for n in os.environ]"
    names = [line for _, line in lines_of(code, tmp_path)]
    assert names[0] == "/usr"
    assert not {"PROJ_LIB", "PYTHONEXECUTABLE", "GDAL_DATA"} & set(names)


def test_both_streams_come_line_by_line_and_bad_bytes_do_no_harm(tmp_path):
    code = r"""
import sys
sys.stdout.buffer.write(b"caf\xc3\xa9\nbad \xff\n"); sys.stdout.flush()
sys.stderr.write("trouble\n")
"""
    assert sorted(lines_of(code, tmp_path)) == [
        ("err", "trouble"), ("out", "bad \ufffd"), ("out", "café"),
    ]  # fmt: skip


def test_a_flood_of_output_blocks_nobody(tmp_path):
    code = "import sys\nfor i in range(50000): print(i); print(i, file=sys.stderr)"
    assert len(lines_of(code, tmp_path)) == 100000


def test_a_silent_program_yields_ten_times_a_second(tmp_path):
    child = ChildProcess([PYTHON, "-I", "-c", "import time; time.sleep(1)"], tmp_path)
    ticks = [item for item in child.lines() if not item[0]]
    assert child.close() == 0
    assert 6 <= len(ticks) <= 14


def test_closing_ends_the_program_and_what_it_started(tmp_path):
    code = (
        "import subprocess, time; p = subprocess.Popen(['sleep', '60']); print(p.pid, flush=True)"
    )
    child = ChildProcess([PYTHON, "-I", "-c", code + "; time.sleep(60)"], tmp_path)
    pid = next(int(line) for name, line in child.lines() if name == "out")
    assert child.close() == -9
    for _ in range(50):
        if not is_running(pid):
            break
        time.sleep(0.1)
    assert not is_running(pid)


def test_a_grandchild_that_holds_the_pipe_is_not_waited_for(tmp_path):
    code = "import subprocess; subprocess.Popen(['sleep', '30']); print('done')"
    started = time.monotonic()
    assert lines_of(code, tmp_path) == [("out", "done")]
    assert time.monotonic() - started < 10


def test_writing_to_a_program_that_is_gone_is_no_error(tmp_path):
    child = ChildProcess([PYTHON, "-I", "-c", "pass"], tmp_path)
    for _ in child.lines():
        pass
    child.send("cancel")
    assert child.close() == 0


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_working_folder_is_the_private_one(tmp_path):
    (tmp_path / "json.py").write_text("raise SystemExit('hijacked')")
    code = "import json, os; print(os.getcwd())"
    assert lines_of(code, tmp_path) == [("out", str(tmp_path))]
