"""Find a Python on this computer that an environment can be made of, and make it."""

from __future__ import annotations

import glob
import os
import shutil
import sys
from dataclasses import dataclass

from .engine_source import errors
from .environment import NEWEST, OLDEST, probe, qgis_pythons


@dataclass(frozen=True)
class Base:
    """A Python to build on; without one, or where it has no pip to give, uv makes the rest."""

    python: str = ""
    needs_uv: bool = True
    notes: tuple[str, ...] = ()  # why others cannot be used


def base_pythons() -> list[str]:
    """Return the Pythons on this computer that an environment may be made of, best first."""
    names = [f"python{OLDEST[0]}.{minor}" for minor in range(NEWEST[1], OLDEST[1] - 1, -1)]
    names.append("python3")
    places: list[str] = []
    if sys.platform == "darwin":
        frameworks = "/Library/Frameworks/Python.framework/Versions/*/bin"
        folders = ["/opt/homebrew/bin", "/usr/local/bin", *sorted(glob.glob(frameworks))]
        places += [os.path.join(folder, name) for folder in folders for name in names]
    places += qgis_pythons()
    if sys.platform.startswith("linux"):
        places += [f"/usr/bin/{name}" for name in names]
        places += [path for path in map(shutil.which, names) if path]
    return [path for path in dict.fromkeys(places) if os.path.isfile(path)]


def choose_base(wish: str = "") -> Base:
    """Return the Python to build on.

    Args:
        wish: the one that the user chose; nothing else is tried then.

    Raises:
        EnvironmentFailure: the chosen one cannot be used.
    """
    if wish:
        path = os.path.abspath(os.path.expanduser(wish))
        fault = probe(path, ()).fault
        if fault:
            raise errors.EnvironmentFailure(
                f"PYTHON cannot be used: {fault}", "Choose another one, or leave PYTHON empty."
            )
        return Base(path, bool(probe(path, ("venv", "ensurepip")).fault))
    faults, without_pip = [], ""
    for path in base_pythons():
        found = probe(path, ("venv", "ensurepip"))
        if not found.fault:
            return Base(path, False)
        faults.append(found.fault)
        if not without_pip and not probe(path, ()).fault and not _is_qgis_bundle(path):
            without_pip = path
    return Base(without_pip, True, tuple(faults[:4]))


def _is_qgis_bundle(path: str) -> bool:
    """Return whether a Python belongs to QGIS's own bundle, which moves with its updates."""
    return sys.platform != "linux" and path in qgis_pythons()
