"""Where models that were prepared for a runtime are kept: safe to delete at any time."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import secrets
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from lulc_engine.errors import EnvironmentFailure
from lulc_engine.leftovers import MAKER, maker_name, remove_orphans
from lulc_engine.outputs import friendly_write_errors

_VARIABLE = "LULC_CACHE"
_FOLDER = "lulc_engine"
_MAKING = re.compile(rf"^\.making-{MAKER}-")
_LEAST_FREE_BYTES = 512 * 2**20  # the largest prepared models take a few hundred megabytes


def cache_folder() -> Path:
    """Return the user's folder for prepared models; LULC_CACHE names another.

    A folder that cannot be made or written, or is on a disk that is nearly full, is replaced by one
    of this process, in the system's temporary folder: preparing again costs seconds, failing would
    cost the run.
    """
    folder = Path(os.environ.get(_VARIABLE) or _usual_folder())
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".{secrets.token_hex(4)}.probe"
        probe.touch()
        probe.unlink()
        free = shutil.disk_usage(folder).free
    except OSError:
        return _own_folder()
    return folder if free >= _LEAST_FREE_BYTES else _own_folder()


def key_of(facts: Mapping[str, Any]) -> str:
    """Return a name (32 characters) that differs for any other facts."""
    text = json.dumps(facts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def kept(folder: Path, names: tuple[str, ...], make: Callable[[Path], None]) -> Path:
    """Return the first of some files, after making all of them where one is missing.

    They are made in a folder of their own and renamed, the first one last, so that two runs at
    once and a run that is killed do no harm; what the latter left is removed.

    Args:
        folder: the cache.
        names: files that belong together.
        make: writes them into a folder under these names.

    Raises:
        EnvironmentFailure: the disk is full.
    """
    if not all((folder / name).is_file() for name in names):
        remove_orphans(folder, _MAKING)
        prefix = f".making-{maker_name()}-"
        with tempfile.TemporaryDirectory(prefix=prefix, dir=folder) as working:
            with _full_disk_is_said(folder):
                make(Path(working))
            for name in reversed(names):
                with contextlib.suppress(PermissionError):  # open in another run: the same file
                    os.replace(Path(working) / name, folder / name)
    return folder / names[0]


@contextlib.contextmanager
def _full_disk_is_said(folder: Path) -> Iterator[None]:
    """Turn an error of writing into one that names the folder; OpenVINO has words of its own."""
    try:
        with friendly_write_errors(folder):
            yield
    except RuntimeError as err:
        if "iostream" not in str(err):
            raise
        raise EnvironmentFailure(
            f"The prepared model could not be written to {folder}.",
            f"Free some disk space, or name another folder in {_VARIABLE}.",
        ) from err


def _usual_folder() -> Path:
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
        return base / _FOLDER / "cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / _FOLDER
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / _FOLDER


_own: list[tempfile.TemporaryDirectory[str]] = []


def _own_folder() -> Path:
    if not _own:
        _own.append(tempfile.TemporaryDirectory(prefix="lulc-cache-", ignore_cleanup_errors=True))
    return Path(_own[0].name)
