"""Durations in words."""

from __future__ import annotations


def in_words(seconds: float) -> str:
    """Return a duration as people say it: ``75 s``, ``12 min``, ``2.3 h``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
