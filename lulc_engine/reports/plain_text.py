"""Words for people: numbers, and text from users made harmless for one line of a page or table."""

from __future__ import annotations

import unicodedata

# Zero-width joiner and non-joiner shape Arabic, Indic scripts and emoji; they are not attacks.
_HARMLESS = {"\u200c", "\u200d"}
NO_VALUE = "–"  # noqa: RUF001 - an en dash, where nothing was measured
ISOLATE_START, ISOLATE_END = "\u2068", "\u2069"
# Characters that turn the direction of the rest of the line, so that text reads as other text.
_DIRECTION = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def one_line(text: str, keep: str = "") -> str:
    r"""Return text in which line breaks, control and direction characters are visible escapes.

    Args:
        text: any text.
        keep: characters that stay as they are.

    Example:
        >>> one_line("a\tb\n")
        'a\\tb\\n'
    """
    return "".join(c if c in keep else _visible(c) for c in text)


def isolated(text: str) -> str:
    """Return text that cannot turn the direction of the sentence around it, as Arabic would."""
    return f"{ISOLATE_START}{one_line(text)}{ISOLATE_END}"


def shorten(text: str, length: int) -> str:
    """Return text of at most ``length`` characters, with an ellipsis where it was cut."""
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def percent(share: float | None, digits: int = 1) -> str:
    """Return a share in percent, or an en dash where nothing was measured.

    A share is never rounded up to 100 % nor down to 0 %: those mean all and none.
    """
    if share is None:
        return NO_VALUE
    step = 100 * 10**-digits / 100
    if 0 < share < 1:
        share = min(max(share, step / 100), 1 - step / 100)
    return f"{share:.{digits}%}".replace("%", " %")


def decimal(value: float | None, digits: int = 3) -> str:
    """Return a number with fixed digits, or an en dash where nothing was measured."""
    if value is None:
        return NO_VALUE
    return _without_minus_zero(f"{value:.{digits}f}")


def quantity(value: float) -> str:
    """Return a measured quantity: whole numbers from 1,000 on, else one digit."""
    return thousands(value) if abs(value) >= 1000 else decimal(value, 1)


def thousands(value: float | None) -> str:
    """Return a whole number with thin spaces between thousands, or an en dash for none."""
    if value is None:
        return NO_VALUE
    return f"{value:,.0f}".replace(",", "\u202f")


def joined(words: list[str]) -> str:
    """Return words as an English enumeration.

    Example:
        >>> joined(["grass", "crop", "water"])
        'grass, crop and water'
    """
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _without_minus_zero(number: str) -> str:
    return number.lstrip("-") if not number.strip("-0.") else number


def _visible(character: str) -> str:
    category = unicodedata.category(character)
    odd = category in ("Cc", "Cs", "Zl", "Zp") or character in _DIRECTION
    if not odd or character in _HARMLESS:
        return character
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")
