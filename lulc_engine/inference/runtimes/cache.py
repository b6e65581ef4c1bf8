"""Where models that were prepared for a runtime are kept: safe to delete at any time."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

_VARIABLE = "LULC_CACHE"
_FOLDER = "lulc_engine"


def cache_folder() -> Path:
    """Return the user's folder for prepared models; LULC_CACHE names another.

    A folder that cannot be made or written is replaced by one of this process, in the system's
    temporary folder: preparing again costs seconds, failing would cost the run.
    """
    folder = Path(os.environ.get(_VARIABLE) or _usual_folder())
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".{secrets.token_hex(4)}.probe"
        probe.touch()
        probe.unlink()
    except OSError:
        return _own_folder()
    return folder


def key_of(facts: Mapping[str, Any]) -> str:
    """Return a name (32 characters) that differs for any other facts."""
    text = json.dumps(facts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def kept(folder: Path, names: tuple[str, ...], make: Callable[[Path], None]) -> Path:
    """Return the first of some files, after making all of them where one is missing.

    They are made in a folder of their own and renamed, the first one last, so that two runs at
    once and a run that is killed do no harm.

    Args:
        folder: the cache.
        names: files that belong together.
        make: writes them into a folder under these names.
    """
    if not all((folder / name).is_file() for name in names):
        with tempfile.TemporaryDirectory(prefix=".making-", dir=folder) as working:
            make(Path(working))
            for name in reversed(names):
                with contextlib.suppress(PermissionError):  # open in another run: the same file
                    os.replace(Path(working) / name, folder / name)
    return folder / names[0]


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
