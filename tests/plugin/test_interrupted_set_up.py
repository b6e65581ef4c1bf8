"""Installations that are killed, that meet a full disk, no network or a wrong proxy: with real pip.

The packages are small ones made here; everything else is what a user's installation does.
"""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from small_installation import PYTHON, start, works, write_wheels

from lulc_qgis_plugin import engine_home, environment, installer, pip_steps
from lulc_qgis_plugin.engine_source import errors
from lulc_qgis_plugin.network_settings import Proxy
from lulc_qgis_plugin.pip_steps import Wishes

NOBODY = "127.0.0.1:9"  # the port on which nothing listens


@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path):
    path = tmp_path / "Zoës Zuhause, 家"
    monkeypatch.setenv(environment.HOME_VARIABLE, str(path))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    return path


@pytest.fixture(scope="module")
def wheels(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheels")
    write_wheels(folder, count=300, zeros=64_000_000)  # so that there is time to be killed
    return str(folder)


def processes_in(folder):
    """Return the command lines of processes that mention a folder."""
    found = []
    for item in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            text = item.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        if str(folder) in text:
            found.append(text)
    return found


def test_killed_at_any_moment_the_next_try_succeeds(home, wheels):
    moments = random.Random(6)
    for _ in range(5):
        running = start(wheels)
        time.sleep(moments.uniform(0.3, 4.5))
        running.send_signal(signal.SIGKILL)
        running.wait()
        until = time.monotonic() + 20
        while processes_in(home) and time.monotonic() < until:
            time.sleep(0.1)
        assert not processes_in(home)  # pip does not go on without QGIS
    done = start(wheels)
    out, err = done.communicate(timeout=200)
    assert done.returncode == 0, err
    python = out.strip().splitlines()[-1]
    assert environment.recorded_python() == python
    (folder,) = home.glob("env-*")
    assert python.startswith(str(folder))
    assert works(python)
    assert not works(PYTHON)  # QGIS's own is not touched
    assert not (home / engine_home.DOWNLOADS).exists()


def test_a_disk_that_fills_up_is_named_and_left_as_it_was(home, wheels):
    home.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=60m", "tmpfs", str(home)])
    if mounted.returncode != 0:
        pytest.skip("mounting a small disk needs root")
    try:
        done = start(wheels)
        _, err = done.communicate(timeout=200)
        assert done.returncode == 1
        assert f"EnvironmentFailure: The disk of {home} is full." in err
        assert not list(home.glob("env-*"))
        assert environment.recorded_python() == ""
    finally:
        subprocess.run(["umount", str(home)], check=True)


@pytest.mark.parametrize(
    ("index", "proxy", "said"),
    [
        (f"http://{NOBODY}/simple", "", "The package index cannot be reached"),
        ("https://packages.invalid/simple", "", "The package index cannot be reached"),
        ("https://packages.invalid/simple", f"http://{NOBODY}", f"The proxy {NOBODY} cannot be"),
    ],
)
def test_what_is_wrong_with_the_network_is_said(tmp_path, monkeypatch, index, proxy, said):
    monkeypatch.setattr(pip_steps, "_RETRIES", "1")
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    variables = {"HTTPS_PROXY": proxy, "https_proxy": proxy} if proxy else {}
    setting = Proxy(variables, NOBODY if proxy else "")
    monkeypatch.setattr(installer, "choose_base", lambda wish: None)
    monkeypatch.setattr(installer._Installation, "_make", lambda self, folder, env: None)
    monkeypatch.setattr(installer, "python_in", lambda folder: sys.executable)
    with pytest.raises(errors.EnvironmentFailure, match=said):
        installer.set_up(Wishes(torch_index=index), _feedback(), setting)


def _feedback():
    from qgis.core import QgsProcessingFeedback

    return QgsProcessingFeedback()
