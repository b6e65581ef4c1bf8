"""Temporary files and folders say in their names who makes them, so that leftovers are known.

A process that is killed cannot remove what it was writing. Whoever writes beside it next does: what
was made by a process of this machine that is gone, and whatever is a day old.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import shutil
import socket
import time
from pathlib import Path

# What `maker_name` makes, to be put into the patterns of names.
MAKER = r"(?P<host>[0-9a-f]{8})-(?P<pid>\d+)-[0-9a-f]{8}"
ORPHAN_AGE_S = 24 * 3600


def maker_name() -> str:
    """Return a new name that says which process of which machine has chosen it."""
    return f"{this_host()}-{os.getpid()}-{secrets.token_hex(4)}"


def this_host() -> str:
    """Return a short name of this machine that does not tell its real one."""
    return hashlib.sha256(socket.gethostname().encode()).hexdigest()[:8]


def is_running(pid: int) -> bool:
    """Return whether a process of this machine may still be there; always on Windows."""
    if os.name == "nt":
        return True  # os.kill would end the process there; age decides instead
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def remove_orphans(folder: Path, names: re.Pattern[str]) -> None:
    """Remove hidden files and folders whose maker is gone; other runs may be doing the same.

    Args:
        folder: where they lie.
        names: the names to look at, with the groups of `MAKER`.
    """
    for path in folder.glob(".*"):
        maker = names.match(path.name)
        if maker is None:
            continue
        with contextlib.suppress(OSError):  # somebody else's, or gone in the meantime
            is_old = time.time() - path.stat().st_mtime > ORPHAN_AGE_S
            is_dead = maker["host"] == this_host() and not is_running(int(maker["pid"]))
            if is_old or is_dead:
                _remove(path)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
