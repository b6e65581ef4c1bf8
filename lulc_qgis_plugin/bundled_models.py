"""The models that come with the plugin, called by their name instead of a path."""

from __future__ import annotations

import os

from .engine_source import resource

_SUFFIX = ".safetensors"


def bundled_names() -> list[str]:
    """Return the names of the bundled models, such as eurosat_rgb."""
    return sorted(path.stem for path in resource("models").glob(f"*{_SUFFIX}"))


def bundled_model(name: str) -> str:
    """Return the path of a bundled model; empty where there is none, or a file, of that name."""
    known = name in bundled_names() and not os.path.exists(name)
    return str(resource("models", name + _SUFFIX)) if known else ""
