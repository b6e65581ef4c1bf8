"""The folder of the engine's environments: the current one, leftovers, and who works in it.

``current.json`` in `environment.data_folder` names the current environment, which may lie in
another folder. Only folders that hold our marker are ever deleted.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .engine_source import ENGINE_VERSION, errors, shipped_file
from .environment import RECORD, data_folder, recorded_python

MARKER = "lulc-environment.txt"
LOG = "install.log"
DOWNLOADS = "downloads"  # what pip has fetched, kept while installing so that a retry is quick
PYTHONS = "python"  # Pythons that uv brought, in the data folder
_LOCK = "install.lock"
_PREFIX = "env-"


def usable_home(folder: str = "") -> Path:
    """Return the folder for environments, made if need be; the default one without a name.

    Raises:
        EnvironmentFailure: it cannot be made or written to.
    """
    home = Path(os.path.abspath(os.path.expanduser(folder))) if folder else data_folder()
    try:
        home.mkdir(parents=True, exist_ok=True)
        handle, path = tempfile.mkstemp(prefix=".try-", dir=home)
        os.close(handle)
        os.remove(path)
    except OSError as err:
        raise errors.EnvironmentFailure(
            f"The folder {home} cannot be used ({err.strerror}).", "Choose another FOLDER."
        ) from err
    return home


def new_environment(home: Path, device: str) -> Path:
    """Make and return a marked folder of its own for an environment."""
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{ENGINE_VERSION}-{device}-", dir=home))
    text = "Made by the QGIS plugin 'Land Cover (LULC)', which may delete this folder.\n"
    (folder / MARKER).write_text(text, encoding="utf-8")
    return folder


def python_in(folder: Path) -> str:
    """Return the path of an environment's Python."""
    name = Path("Scripts", "python.exe") if os.name == "nt" else Path("bin", "python")
    return str(folder / name)


def recorded_folder() -> Path | None:
    """Return the folder of the current environment; None where there is none of ours."""
    python = recorded_python()
    folder = Path(python).parent.parent if python else None
    return folder if folder is not None and (folder / MARKER).is_file() else None


def read_record() -> dict[str, Any]:
    """Return what is known of the current environment: python, engine, device."""
    try:
        content = json.loads((data_folder() / RECORD).read_text(encoding="utf-8"))
        return content if isinstance(content, dict) else {}
    except (OSError, ValueError):
        return {}


def write_record(python: str, device: str) -> None:
    """Make an environment the current one, at once or not at all."""
    home = data_folder()
    home.mkdir(parents=True, exist_ok=True)
    content = {"python": python, "engine": ENGINE_VERSION, "device": device}
    handle, part = tempfile.mkstemp(prefix=f".{RECORD}.", dir=home)
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        json.dump(content, stream)
    os.replace(part, home / RECORD)


def outdated(folder: Path) -> list[str]:
    """Return the packages of an environment that have another version than this plugin pins.

    They are read from the names of their folders, so nothing is run.
    """
    lines = shipped_file("constraints.txt").read_text(encoding="utf-8").splitlines()
    pairs = [line.split("==") for line in lines if "==" in line and not line.startswith("#")]
    pinned = {_normalised(name): version for name, version in pairs}
    found = []
    for place in (*folder.glob("lib/python*/site-packages"), folder / "Lib" / "site-packages"):
        for item in place.glob("*.dist-info"):
            name, _, version = item.name[: -len(".dist-info")].partition("-")
            wanted = pinned.get(_normalised(name))
            if wanted is not None and version.split("+")[0] != wanted:
                found.append(f"{name} {version}")
    return sorted(found)


def _normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def remove_leftovers(home: Path, keep: Path | None) -> None:
    """Delete the environments in a folder but one: interrupted ones and those of before."""
    for folder in home.glob(f"{_PREFIX}*"):
        if (folder / MARKER).is_file() and not _is_same(folder, keep):
            delete(folder)


def delete(folder: Path) -> bool:
    """Delete an environment; return whether it is gone. The marker goes last."""
    for item in list(folder.iterdir()) if folder.is_dir() else []:
        if item.name != MARKER:
            shutil.rmtree(item, ignore_errors=True) if _is_folder(item) else _unlink(item)
    if not [item for item in folder.glob("*") if item.name != MARKER]:
        shutil.rmtree(folder, ignore_errors=True)
    return not folder.exists()


@contextlib.contextmanager
def locked(home: Path) -> Iterator[None]:
    """Hold the folder's lock; the system lets go of it when the process ends, however it ends.

    Raises:
        EnvironmentFailure: somebody else is installing there.
    """
    with open(home / _LOCK, "w", encoding="utf-8") as stream:
        if not _lock(stream.fileno()):
            raise errors.EnvironmentFailure(
                f"Another QGIS is setting up the engine in {home}.", "Wait until it is done."
            )
        yield


def _lock(handle: int) -> bool:
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as err:
        # A network drive that knows no locks must not make installing impossible.
        return err.errno not in (errno.EACCES, errno.EAGAIN, errno.EDEADLK)
    return True


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _unlink(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()


def _is_same(one: Path, other: Path | None) -> bool:
    return other is not None and os.path.realpath(one) == os.path.realpath(other)
