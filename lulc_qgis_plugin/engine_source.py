"""Where the engine's source and the resources lie, and the engine modules that the plugin uses.

In the plugin zip both lie inside the plugin's folder, in a git checkout beside it. The modules are
loaded from exactly there and kept out of ``sys.modules``: an engine that somebody installed into
QGIS's Python never wins, nobody else gets ours, and reloading the plugin after an update works.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

PLUGIN_DIR = Path(__file__).resolve().parent
_PACKAGE = "lulc_engine"


def _source_dir() -> Path:
    """Return the folder that holds the package lulc_engine."""
    inside = (PLUGIN_DIR / _PACKAGE / "__init__.py").is_file()
    return PLUGIN_DIR if inside else PLUGIN_DIR.parent


def _engine_modules() -> dict[str, ModuleType]:
    modules = sys.modules
    saved = {name: modules.pop(name) for name in list(modules) if _is_engine(name)}
    folder = SOURCE_DIR / _PACKAGE
    spec = importlib.util.spec_from_file_location(
        _PACKAGE, str(folder / "__init__.py"), submodule_search_locations=[str(folder)]
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"The engine's source is missing in {folder}; install the plugin again.")
    try:
        package = importlib.util.module_from_spec(spec)
        modules[_PACKAGE] = package
        spec.loader.exec_module(package)
        names = ("errors", "options", "protocol")
        found = {name: importlib.import_module(f"{_PACKAGE}.{name}") for name in names}
        return {"": package, **found}
    finally:
        for name in [name for name in modules if _is_engine(name)]:
            del modules[name]
        modules.update(saved)


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
_MODULES = _engine_modules()
ENGINE_VERSION = str(_MODULES[""].__version__)
errors = _MODULES["errors"]
options = _MODULES["options"]
protocol = _MODULES["protocol"]
