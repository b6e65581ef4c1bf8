"""Installations behind a proxy and on a computer without ensurepip: with real pip and real uv."""

import base64
import http.server
import os
import shutil
import ssl
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, ClassVar

import pytest
from qgis.core import QgsProcessingFeedback, QgsSettings
from small_installation import PYTHON, small, works, write_wheels

from lulc_qgis_plugin import (
    base_python,
    engine_home,
    environment,
    installer,
    pip_steps,
    uv_wheel,
)
from lulc_qgis_plugin.engine_source import errors
from lulc_qgis_plugin.network_settings import qgis_proxy
from lulc_qgis_plugin.pip_steps import Wishes

HOST = "packages.invalid"  # which only the proxy can reach
USER, PASSWORD = "me", "p@ss: w%rd"


@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path):
    path = tmp_path / "Zoës Zuhause, 家"
    monkeypatch.setenv(environment.HOME_VARIABLE, str(path))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    for name in ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in small().items():
        monkeypatch.setattr(installer, name, value)
    return path


@pytest.fixture(scope="module")
def wheels(tmp_path_factory):
    folder = tmp_path_factory.mktemp("Räder")
    write_wheels(folder)
    return folder


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """Make a certificate that only those trust who are told of it; return it and its key."""
    if not shutil.which("openssl"):
        pytest.skip("openssl makes the certificate")
    folder = tmp_path_factory.mktemp("certificate")
    made, key = folder / "cert.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST}"]
    subprocess.run([*command, "-keyout", key, "-out", made], check=True, capture_output=True)
    return made, key


class Proxy(http.server.BaseHTTPRequestHandler):
    """A company's proxy: it wants a password, and reads along with a certificate of its own.

    Behind it is a package index.
    """

    protocol_version = "HTTP/1.1"
    folder = Path()
    context: Any = None
    asked: ClassVar[list[str]] = []

    def do_CONNECT(self):
        login = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if self.headers.get("Proxy-Authorization") != f"Basic {login}":
            self._answer(407, b"", "text/plain")
            return
        self.asked.append(self.path)
        self.send_response(200)
        self.end_headers()
        self.connection = self.context.wrap_socket(self.connection, server_side=True)
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb")
        self.close_connection = False  # the request says HTTP/1.0

    def do_GET(self):
        name = self.path.rstrip("/").split("/")[-1]
        if name.endswith(".whl"):
            self._answer(200, (self.folder / name).read_bytes(), "application/octet-stream")
            return
        found = self.folder.glob(f"{name.replace('-', '_')}-*.whl")
        links = "".join(f'<a href="/files/{item.name}">{item.name}</a>' for item in found)
        self._answer(200, f"<!DOCTYPE html><html>{links}</html>".encode(), "text/html")

    def _answer(self, status, content, kind):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        self.wfile.flush()

    def log_message(self, *arguments):
        """Say nothing on the terminal."""


@pytest.fixture
def proxy(wheels, certificate, monkeypatch):
    """Start the proxy, set it in QGIS, and let pip look where only the proxy can."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    for name, value in (("folder", wheels), ("context", context), ("asked", [])):
        monkeypatch.setattr(Proxy, name, value)
    monkeypatch.setattr(pip_steps, "_RETRIES", "1")
    monkeypatch.setenv("PIP_INDEX_URL", f"https://{HOST}/simple")
    monkeypatch.setenv("PIP_CERT", str(certificate[0]))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    settings = QgsSettings()
    values = {"Enabled": True, "Type": "HttpProxy", "Host": "127.0.0.1", "User": USER}
    values.update(Port=str(server.server_port), Password=PASSWORD)
    for name, value in values.items():
        settings.setValue(f"proxy/proxy{name}", value)
    yield settings
    settings.remove("proxy")
    server.shutdown()
    thread.join()
    server.server_close()


def install():
    """Install as the algorithm does."""
    wishes = Wishes(python=PYTHON, torch_index="ordinary")
    return installer.set_up(wishes, QgsProcessingFeedback(), qgis_proxy())


def test_packages_come_through_the_proxy_of_qgis(home, proxy):
    assert works(install())
    assert set(Proxy.asked) == {f"{HOST}:443"}
    log = (home / engine_home.LOG).read_text(encoding="utf-8")
    assert "lulc-test-a" in log
    assert PASSWORD not in log
    assert "p%40ss" not in log


@pytest.mark.parametrize(
    ("password", "trusted", "said"),
    [
        ("forgotten", True, "wants another user name or password"),
        (PASSWORD, False, "certificate of the package index is not trusted"),
    ],
)
def test_what_a_proxy_refuses_is_said(home, proxy, monkeypatch, password, trusted, said):
    proxy.setValue("proxy/proxyPassword", password)
    if not trusted:
        monkeypatch.delenv("PIP_CERT")
    with pytest.raises(errors.EnvironmentFailure, match=said):
        install()
    assert not list(home.glob("env-*"))
    assert not environment.recorded_python()


def test_without_ensurepip_uv_makes_an_environment_that_works(home, wheels, monkeypatch, tmp_path):
    folder = tmp_path / "Räder mit uv"
    folder.mkdir()
    for item in wheels.iterdir():
        (folder / item.name).symlink_to(item)
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder)]
    for package in (f"uv=={uv_wheel.VERSION}", "pip"):
        monkeypatch.delenv("PIP_CONFIG_FILE", raising=False)
        if subprocess.run([*pip, package], capture_output=True).returncode != 0:
            pytest.skip(f"{package} cannot be fetched here")
    probe = base_python.probe

    def without_ensurepip(python, needed):
        fault = f"{python} lacks the packages ensurepip." if "ensurepip" in needed else ""
        return environment.Probe(fault=fault) if fault else probe(python, needed)

    monkeypatch.setattr(base_python, "probe", without_ensurepip)
    python = installer.set_up(Wishes(wheels=str(folder)), QgsProcessingFeedback())
    assert works(python)
    assert environment.recorded_python() == python
    log = (home / engine_home.LOG).read_text(encoding="utf-8")
    assert "uv helps out" in log
