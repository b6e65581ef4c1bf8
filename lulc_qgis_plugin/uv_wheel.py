"""The program uv, for computers where no Python can make an environment by itself.

Debian's Python lacks ensurepip without the package python3-venv, and QGIS for Windows and macOS
may hold no Python that fits. uv makes the environment all the same, and brings a Python if there is
none. It comes from a wheel, in the version given here and only with the hash given here.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sys
import zipfile
from io import BytesIO
from pathlib import Path
from urllib.parse import urljoin

from qgis.core import QgsBlockingNetworkRequest, QgsFeedback
from qgis.PyQt.QtCore import QUrl
from qgis.PyQt.QtNetwork import QNetworkRequest

from .engine_source import errors

VERSION = "0.13.9"
MANAGED_PYTHON = "3.12"
_INDEX = "https://pypi.org/pypi/uv/json"
_WHEELS = {
    ("linux", "x86_64"): (
        "manylinux_2_17_x86_64.manylinux2014_x86_64",
        # pragma: allowlist nextline secret
        "d7f459fe4fd247d830351c75686d3996ace3c6f3f728eb0e85a30b7ada0cef19",
    ),
    ("linux", "aarch64"): (
        "manylinux_2_28_aarch64",
        # pragma: allowlist nextline secret
        "ecb6028d79dc96fbeafffe5c8af62a7099487ebc05a701e76714eebcffd06375",
    ),
    ("darwin", "arm64"): (
        "macosx_11_0_arm64",
        # pragma: allowlist nextline secret
        "66c512266d633bef48384a1f53003f41f2a8e7b36fe6e7fbfd3e0fd52d96fa63",
    ),
    ("darwin", "x86_64"): (
        "macosx_10_12_x86_64",
        # pragma: allowlist nextline secret
        "c16ed11e013557536b3e60065f1b912f6407bd6518e041b961e23ef9e6b4fbf5",
    ),
    ("win32", "amd64"): (
        "win_amd64",
        # pragma: allowlist nextline secret
        "6a44b2ed8111d2f60d2b92627c5dccda3f7ed7570b18ce115e569cd68c28246b",
    ),
}


def bring_uv(folder: Path, wheels: str, feedback: QgsFeedback) -> str:
    """Put uv into a folder and return the path of the program.

    Args:
        folder: where to put it.
        wheels: folder of wheels; then nothing is downloaded.
        feedback: cancels the download.

    Raises:
        EnvironmentFailure: there is none for this computer, or it could not be fetched.
    """
    name, expected = wheel_name()
    content = _from_folder(Path(wheels, name)) if wheels else _download(name, feedback)
    if hashlib.sha256(content).hexdigest() != expected:
        raise errors.EnvironmentFailure(
            f"{name} is not the file that was published.",
            "Try again; if it happens again, something on the way changes downloads.",
        )
    return _unpack(content, folder)


def wheel_name() -> tuple[str, str]:
    """Return the file name and the SHA-256 of uv's wheel for this computer."""
    system = "linux" if sys.platform.startswith("linux") else sys.platform
    known = _WHEELS.get((system, platform.machine().lower()))
    if known is None:
        raise errors.EnvironmentFailure(
            f"There is no uv for {platform.system()} on {platform.machine()}.",
            "Install Python 3.12 with venv and pip, and name it with PYTHON.",
        )
    return f"uv-{VERSION}-py3-none-{known[0]}.whl", known[1]


def _from_folder(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as err:
        raise errors.EnvironmentFailure(
            f"No Python here can make an environment, and {path} is missing.",
            "Install python3-venv (Debian, Ubuntu) or add this file to the folder of wheels.",
        ) from err


def _download(name: str, feedback: QgsFeedback) -> bytes:
    files = json.loads(_get(_INDEX, feedback).decode("utf-8")).get("releases", {}).get(VERSION, [])
    place = next((item["url"] for item in files if item["filename"] == name), None)
    if place is None:
        raise errors.EnvironmentFailure(
            f"{_INDEX} does not list {name}.",
            "Install python3-venv (Debian, Ubuntu) or Python 3.12.",
        )
    return _get(urljoin(_INDEX, place), feedback)


def _get(address: str, feedback: QgsFeedback) -> bytes:
    """Return what an address holds; QGIS asks, with its proxy and certificates."""
    request = QgsBlockingNetworkRequest()
    code = request.get(QNetworkRequest(QUrl(address)), False, feedback)
    if code != QgsBlockingNetworkRequest.ErrorCode.NoError:
        raise errors.EnvironmentFailure(
            f"{address} cannot be fetched: {request.errorMessage()}",
            "Install python3-venv (Debian, Ubuntu) or Python 3.12, or use a folder of wheels.",
        )
    return bytes(request.reply().content())


def _unpack(content: bytes, folder: Path) -> str:
    program = "uv.exe" if os.name == "nt" else "uv"
    with zipfile.ZipFile(BytesIO(content)) as archive:
        inside = next(name for name in archive.namelist() if name.endswith(f"/scripts/{program}"))
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / program
        target.write_bytes(archive.read(inside))
    target.chmod(0o755)
    return str(target)
