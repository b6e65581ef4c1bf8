"""Where the engine's source and the resources lie, and the engine modules that the plugin uses.

In the plugin zip both lie inside the plugin's folder, in a git checkout beside it. The modules are
loaded from exactly there and kept out of ``sys.modules``: an engine that somebody installed into
QGIS's Python never wins, nobody else gets ours, and reloading the plugin after an update works.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

PLUGIN_DIR = Path(__file__).resolve().parent
_PACKAGE = "lulc_engine"


def _source_dir() -> Path:
    """Return the folder that holds the package lulc_engine."""
    inside = (PLUGIN_DIR / _PACKAGE / "__init__.py").is_file()
    return PLUGIN_DIR if inside else PLUGIN_DIR.parent


def engine_module(name: str) -> ModuleType:
    """Return a module of the engine that needs no more than numpy, such as ``rasters.bands``.

    Call it on the main thread only: while it loads, other imports would see our engine.
    """
    with _ours_in_sys_modules():
        return importlib.import_module(f"{_PACKAGE}.{name}")


@contextlib.contextmanager
def _ours_in_sys_modules() -> Iterator[None]:
    """Have our copy of the engine imported; what is loaded meanwhile is kept here."""
    modules = sys.modules
    saved = {name: modules.pop(name) for name in list(modules) if _is_engine(name)}
    modules.update(_OURS)
    try:
        yield
    finally:
        for name in [name for name in modules if _is_engine(name)]:
            _OURS[name] = modules.pop(name)
        modules.update(saved)


def _load_package() -> ModuleType:
    folder = SOURCE_DIR / _PACKAGE
    spec = importlib.util.spec_from_file_location(
        _PACKAGE, str(folder / "__init__.py"), submodule_search_locations=[str(folder)]
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"The engine's source is missing in {folder}; install the plugin again.")
    package = importlib.util.module_from_spec(spec)
    with _ours_in_sys_modules():
        sys.modules[_PACKAGE] = package
        spec.loader.exec_module(package)
    return package


def _is_engine(name: str) -> bool:
    return name == _PACKAGE or name.startswith(_PACKAGE + ".")


def resource(*parts: str) -> Path:
    """Return the path of a file in the folder resources."""
    return SOURCE_DIR.joinpath("resources", *parts)


def shipped_file(name: str) -> Path:
    """Return the path of a file that the zip holds in the plugin's folder, a checkout on top."""
    inside = PLUGIN_DIR / name
    return inside if inside.is_file() else SOURCE_DIR / name


SOURCE_DIR = _source_dir()
_OURS: dict[str, ModuleType] = {}
ENGINE_VERSION = str(_load_package().__version__)
errors = engine_module("errors")
options = engine_module("options")
protocol = engine_module("protocol")
