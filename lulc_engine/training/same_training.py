"""Whether a training to be resumed is the very one that was stopped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lulc_engine.errors import DataError
from lulc_engine.options import option_name

_MOST_NAMED = 5
_HINT = "Repeat its options, or leave RESUME out."


def check_same(
    mine: Mapping[str, Any],
    earlier: Mapping[str, Any],
    folder: Path,
    data: Sequence[str],
    data_name: str,
) -> None:
    """Refuse to go on with a training of other options or other data.

    Args:
        mine: ``options`` by name, and what identifies the data.
        earlier: the same of the training that was stopped.
        folder: where its state is.
        data: keys of what identifies the data.
        data_name: what the data are called.

    Raises:
        DataError: names what differs.
    """
    before = earlier["options"]
    changed = [
        f"{option_name(name)} was {_shown(before.get(name))} and is now {_shown(value)}"
        for name, value in mine["options"].items()
        if before.get(name) != value
    ]
    if changed:
        listed = "; ".join(changed[:_MOST_NAMED])
        raise DataError(f"The training in {folder} had other options: {listed}.", _HINT)
    if any(earlier.get(name) != mine[name] for name in data):
        raise DataError(
            f"The training in {folder} had other {data_name}.",
            f"Name the {data_name} it had, or leave RESUME out.",
        )


def other_network() -> DataError:
    """Return the error of a state whose tensors do not fit."""
    return DataError("The earlier training was of another network.", _HINT)


def _shown(value: Any) -> str:
    if value in (None, "", []):
        return "not set"
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
