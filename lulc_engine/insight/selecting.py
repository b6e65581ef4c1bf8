"""Choosing and sorting the rows of a comparison: ``architecture=unet``, ``macro_f1>0.8``."""

from __future__ import annotations

import fnmatch
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lulc_engine.errors import OptionsError
from lulc_engine.options import COMPARED_METRICS, SORTED_BY

_FORM = re.compile(r"^\s*([a-z_0-9]+)\s*(!=|<=|>=|=|<|>)\s*(.*?)\s*$")
_ORDERED: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_NUMBERS = ("seed", *COMPARED_METRICS, "parameters", "size_bytes", "training_s")
_NAMES = tuple(name for name in SORTED_BY if name != "rank")
_LARGEST_FIRST = ("date", *COMPARED_METRICS)
_HINT = (
    f"Write NAME=VALUE, or with !=, <, <=, > or >=, such as macro_f1>0.8. Names: "
    f"{', '.join(_NAMES)}."
)


@dataclass(frozen=True)
class Condition:
    """What must hold for a row."""

    name: str
    sign: str
    wanted: str | float

    def holds(self, values: Mapping[str, Any]) -> bool:
        """Return whether it holds; nothing is known of a missing value, so only != does."""
        value = values[self.name]
        if value is None:
            return self.sign == "!="
        if self.sign in _ORDERED:
            return _ORDERED[self.sign](value, self.wanted)
        if isinstance(self.wanted, str):
            pattern = f"{self.wanted}*" if self.name == "date" else self.wanted
            same = fnmatch.fnmatchcase(str(value).casefold(), pattern.casefold())
        else:
            same = value == self.wanted
        return same == (self.sign == "=")


def read_conditions(texts: Sequence[str]) -> list[Condition]:
    """Return the conditions that FILTER names.

    Text matches whatever the case, with ``*`` for anything; a date by its beginning, so that
    ``date=2026-11`` is a month.

    Raises:
        OptionsError: a text is no condition.
    """
    return [_condition(text) for text in texts]


def all_hold(conditions: Sequence[Condition], values: Mapping[str, Any]) -> bool:
    """Return whether all conditions hold for the values of a row."""
    return all(condition.holds(values) for condition in conditions)


def values_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what can be asked for and sorted by, of a row of the comparison."""
    return {**row, **row["scores"], "split": row["split"] or "own"}


def in_order(rows: Sequence[dict[str, Any]], sort_by: str) -> list[dict[str, Any]]:
    """Return rows of a comparison in another order; among equals by rank.

    Scores fall, the newest date is first, all else rises; what is not known comes last.

    Args:
        rows: by rank.
        sort_by: one of `options.SORTED_BY`.
    """
    known = [row for row in rows if values_of(row)[sort_by] is not None]
    rest = [row for row in rows if values_of(row)[sort_by] is None]

    def key(row: dict[str, Any]) -> Any:
        value = values_of(row)[sort_by]
        return value.casefold() if isinstance(value, str) else value

    if sort_by in _LARGEST_FIRST:
        return [*sorted(known, key=key, reverse=True), *rest]
    return [*sorted(known, key=key), *rest]


def _condition(text: str) -> Condition:
    found = _FORM.match(text)
    if found is None or found[1] not in _NAMES:
        raise OptionsError(f"--filter cannot be {text!r}.", _HINT)
    name, sign, wanted = found.groups()
    if name not in _NUMBERS:
        return Condition(name, sign, wanted)
    try:
        return Condition(name, sign, float(wanted))
    except ValueError:
        raise OptionsError(f"--filter {text!r} needs a number.", _HINT) from None
