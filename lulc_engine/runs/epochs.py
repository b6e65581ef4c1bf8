"""The table of epochs of a run: what each one cost and how well the network then did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lulc_engine.reports.csv_table import Cell, csv_text


def epochs_table(history: Sequence[Mapping[str, Any]], class_names: Sequence[str]) -> str:
    """Return the history of a training as CSV, a row per epoch.

    Columns are ``epoch``, ``loss``, ``learning_rate``, ``seconds`` (since the start, of a resumed
    training since then) and so on, ``validation_<score>`` for a score of all classes together and
    ``validation_<score>: <class>`` for one by class. A score that was not measured is empty.

    Args:
        history: a row per epoch, as trainings keep it.
        class_names: of the classes that the lists in it are of.
    """
    rows = [_row(item, class_names) for item in history]
    header = list(dict.fromkeys(name for row in rows for name in row))
    return csv_text([header, *([row.get(name) for name in header] for row in rows)])


def _row(item: Mapping[str, Any], class_names: Sequence[str]) -> dict[str, Cell]:
    row: dict[str, Cell] = {}
    for name, value in item.items():
        if name != "validation":
            row[name] = _cell(value)
    for name, value in (item.get("validation") or {}).items():
        if isinstance(value, (list, tuple)):
            for class_name, one in zip(class_names, value, strict=False):
                row[f"validation_{name}: {class_name}"] = _cell(one)
        else:
            row[f"validation_{name}"] = _cell(value)
    return row


def _cell(value: Any) -> Cell:
    if isinstance(value, bool):
        return int(value)
    return value if isinstance(value, (int, float, str)) and value == value else None
