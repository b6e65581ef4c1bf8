"""Names and colours that the user gives to classes (the option LEGEND)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lulc_engine.errors import DataError, OptionsError
from lulc_engine.rasters.legend import Legend

_FORM = 'Give rows such as [{"id": 1, "name": "water", "color": "#4173be"}], or a file of them.'
_FIELDS = {"id", "name", "color"}
_LARGEST_FILE = 10**6


def with_given(legend: Legend, given: str) -> Legend:
    """Return a legend with the names and colours that were given for its classes.

    Ids and order stay. Rows of classes that the legend does not have are passed over: the same
    table may serve for several sets of labels.

    Args:
        legend: of the labels.
        given: JSON rows of id, name and color (each but the id may be left out), or a file of them;
            empty to leave everything as it is.

    Raises:
        OptionsError: it is not of that form, or two classes would get the same name.
    """
    if not given.strip():
        return legend
    rows = _rows(given)
    try:
        wanted = Legend.from_rows(
            {"id": c.id, "name": c.name, "color": c.hex_color} | rows.get(c.id, {})
            for c in legend.classes
        )
    except DataError as err:
        raise OptionsError(f"--legend cannot be used: {err.message}", _FORM) from err
    names = [name for name in wanted.names if wanted.names.count(name) > 1]
    if names and len(set(legend.names)) == len(legend.names):
        raise OptionsError(
            f"--legend gives the name {names[0]!r} to several classes.",
            "Each class needs a name of its own; to join classes, give them one id in the labels.",
        )
    return wanted


def _rows(given: str) -> Mapping[int, dict[str, Any]]:
    """Return what is given for each id."""
    text = given.strip()
    try:
        if not text.startswith("["):
            text = _content(Path(text))
        rows = json.loads(text)
        found: dict[int, dict[str, Any]] = {}
        for row in rows:
            if not set(row) <= _FIELDS:
                raise OptionsError(
                    f"--legend knows id, name and color, not {min(set(row) - _FIELDS)!r}.", _FORM
                )
            used = {key: value for key, value in row.items() if value not in (None, "")}
            if int(row["id"]) in found:
                raise OptionsError(f"--legend has the id {row['id']} twice.", _FORM)
            found[int(row["id"])] = {**used, "id": int(row["id"])}
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as err:
        if isinstance(err, OptionsError):
            raise
        raise OptionsError("--legend is not a list of rows with an id each.", _FORM) from err
    return found


def _content(path: Path) -> str:
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise OptionsError(f"The legend {path} is too large to be one.", _FORM)
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as err:
        raise OptionsError(f"--legend: {str(path)[:200]} cannot be read.", _FORM) from err
