"""How options are declared and checked."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any, Dict, Mapping, Optional, Tuple, Type, TypeVar

from lulc_engine.errors import OptionsError

T = TypeVar("T", bound="Options")


def text(
    help: str, default: Any = "", required: bool = False, choices: Tuple[str, ...] = ()
) -> Any:
    """Declare a text, path or choice."""
    return _declare("text", help, default, required=required, choices=choices)


def texts(
    help: str, required: bool = False, choices: Tuple[str, ...] = (), commas: bool = False
) -> Any:
    """Declare a list of texts; with ``commas`` one text may hold several, separated by commas."""
    return _declare("texts", help, (), required=required, choices=choices, commas=commas)


def integer(help: str, default: Optional[int] = None, low: float = 0, high: float = 2**31) -> Any:
    """Declare a whole number from low to high; None leaves the choice to the engine."""
    return _declare("integer", help, default, low=low, high=high)


def number(
    help: str, default: Optional[float] = None, low: float = -1e30, high: float = 1e30
) -> Any:
    """Declare a number from low to high; None leaves the choice to the engine."""
    return _declare("number", help, default, low=low, high=high)


def switch(help: str, default: bool = False) -> Any:
    """Declare a yes/no option."""
    return _declare("switch", help, default)


def _declare(kind: str, help: str, default: Any, **metadata: Any) -> Any:
    return field(default=default, metadata={"kind": kind, "help": help, **metadata})


@dataclass(frozen=True)
class Options:
    """Common part of all options: values are checked when the object is made."""

    def __post_init__(self) -> None:
        for item in dataclasses.fields(self):
            value = getattr(self, item.name)
            if value is None or value == "":
                value = item.default
            value = _checked(item.name, value, item.metadata)
            object.__setattr__(self, item.name, value)

    @classmethod
    def from_mapping(cls: Type[T], values: Mapping[str, Any]) -> T:
        """Return options from a mapping of field names to values.

        Raises:
            OptionsError: a name is unknown, a value is not allowed or a required one is missing.
        """
        known = {item.name for item in dataclasses.fields(cls)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise OptionsError(
                f"Unknown option {', '.join(unknown)}.", f"Known are: {', '.join(sorted(known))}."
            )
        return cls(**values)

    def as_dict(self) -> Dict[str, Any]:
        """Return the options as plain values that JSON can hold."""
        return {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in dataclasses.asdict(self).items()
        }


def _checked(name: str, value: Any, rules: Mapping[str, Any]) -> Any:
    """Return the value in its proper type; raise OptionsError where it is not allowed."""
    kind = rules["kind"]
    if kind == "texts":
        value = _list(value, rules.get("commas", False))
    elif value is None or value == "":
        pass
    elif kind == "switch":
        value = _yes_no(name, value)
    elif kind in ("integer", "number"):
        value = _numeric(name, value, kind, rules["low"], rules["high"])
    elif not isinstance(value, str):
        raise OptionsError(f"{option_name(name)} must be text, not {value!r}.")
    if any("\0" in item for item in (value if isinstance(value, tuple) else (str(value),))):
        raise OptionsError(f"{option_name(name)} cannot hold the character NUL.")
    if rules.get("required") and not value:
        raise OptionsError(f"{option_name(name)} is missing.", str(rules["help"]))
    _check_choice(name, value, rules.get("choices", ()))
    return value


def _list(value: Any, commas: bool) -> Tuple[str, ...]:
    items = [value] if isinstance(value, (str, int, float)) else list(value)
    parts = [str(item) for item in items]
    if commas:
        parts = [piece for item in parts for piece in item.split(",")]
    return tuple(piece.strip() for piece in parts if piece.strip())


def _yes_no(name: str, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    try:
        return words[str(value).lower()]
    except KeyError:
        raise OptionsError(f"{option_name(name)} must be yes or no, not {value!r}.") from None


def _numeric(name: str, value: Any, kind: str, low: float, high: float) -> Any:
    span = f"from {low:g} to {high:g}" if high < 1e30 else "of any size"
    wanted = f"a whole number {span}" if kind == "integer" else f"a number {span}"
    try:
        parsed = float(value)
        whole = int(parsed)
    except (TypeError, ValueError, OverflowError):
        raise OptionsError(f"{option_name(name)} must be {wanted}, not {value!r}.") from None
    if not low <= parsed <= high or (kind == "integer" and whole != parsed):
        raise OptionsError(f"{option_name(name)} must be {wanted}, not {value!r}.")
    return whole if kind == "integer" else parsed


def _check_choice(name: str, value: Any, choices: Tuple[str, ...]) -> None:
    given = value if isinstance(value, tuple) else (value,)
    wrong = [item for item in given if choices and item and item not in choices]
    if wrong:
        raise OptionsError(
            f"{option_name(name)} cannot be {', '.join(map(repr, wrong))}.",
            f"Choose from: {', '.join(choices)}.",
        )


def option_name(field_name: str) -> str:
    """Return the option as the command line spells it: class_field becomes --class-field.

    A field that would be a word of Python ends in an underscore: class_ is --class.
    """
    return "--" + field_name.rstrip("_").replace("_", "-")
