"""Legends: the ordered classes of a model or a map, with the users' ids, names and colours."""

from __future__ import annotations

import colorsys
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lulc_engine.errors import DataError

Color = tuple[int, int, int]

LARGEST_ID = 2**31 - 1  # of an int32 map, whose lowest value is its nodata
_NEARLY_BLACK = 40
_SHORT_WORD = 4

# Colours that readers of land-cover maps expect, by words that occur in class names (English and
# the usual synonyms); the first match wins, so the special stands before the general.
_KEYWORD_COLORS: tuple[tuple[str, Color], ...] = (
    ("wetland", (0, 150, 160)),
    ("water", (65, 115, 190)),
    ("river", (65, 115, 190)),
    ("lake", (65, 115, 190)),
    ("sea", (45, 85, 160)),
    ("snow", (225, 240, 250)),
    ("ice", (215, 235, 250)),
    ("cloud", (200, 200, 205)),
    ("shrub", (150, 160, 70)),
    ("forest", (25, 100, 50)),
    ("tree", (25, 100, 50)),
    ("built", (200, 50, 60)),
    ("urban", (200, 50, 60)),
    ("artificial", (200, 50, 60)),
    ("residential", (220, 90, 90)),
    ("industrial", (160, 60, 130)),
    ("road", (110, 110, 115)),
    ("highway", (110, 110, 115)),
    ("building", (175, 60, 70)),
    ("dry grass", (215, 190, 110)),
    ("bare", (205, 180, 140)),
    ("barren", (205, 180, 140)),
    ("sand", (235, 215, 160)),
    ("fallow", (190, 150, 100)),
    ("grass", (150, 200, 90)),
    ("pasture", (170, 210, 110)),
    ("crop", (235, 200, 75)),
    ("cultivated", (235, 200, 75)),
    ("arable", (235, 200, 75)),
    ("agric", (235, 200, 75)),
    ("vegetation", (105, 180, 80)),
)


@dataclass(frozen=True)
class LegendClass:
    """One class: the user's id, its name and its colour (red, green, blue, 0 to 255)."""

    id: int
    name: str
    color: Color

    @property
    def hex_color(self) -> str:
        """The colour as ``#rrggbb``."""
        return "#{:02x}{:02x}{:02x}".format(*self.color)


@dataclass(frozen=True)
class Legend:
    """Ordered classes with unique ids; the position is the class index inside the network."""

    classes: tuple[LegendClass, ...]

    def __post_init__(self) -> None:
        if len(set(self.ids)) != len(self.ids):
            raise DataError(f"Class ids must be unique, not {list(self.ids)}.")
        too_large = [item.id for item in self.classes if abs(item.id) > LARGEST_ID]
        if too_large:
            raise DataError(
                f"Class ids must be from -{LARGEST_ID} to {LARGEST_ID}, not {too_large[0]}."
            )

    def __len__(self) -> int:
        return len(self.classes)

    @property
    def ids(self) -> tuple[int, ...]:
        """The users' ids, in order."""
        return tuple(item.id for item in self.classes)

    @property
    def names(self) -> tuple[str, ...]:
        """The class names, in order."""
        return tuple(item.name for item in self.classes)

    def index_of(self, word: str) -> int:
        """Return the index of the class with this name or id.

        Raises:
            DataError: no class has it.
        """
        for index, item in enumerate(self.classes):
            if word in (item.name, str(item.id)):
                return index
        raise DataError(
            f"There is no class {word!r}.", f"The classes are: {', '.join(self.names)}."
        )

    def to_json(self) -> str:
        """Return the text of the tag LULC_LEGEND: a list of ``{id, name, color}``."""
        rows = [{"id": c.id, "name": c.name, "color": c.hex_color} for c in self.classes]
        return json.dumps(rows, ensure_ascii=False)

    @classmethod
    def from_rows(cls, rows: Iterable[Mapping[str, Any]]) -> Legend:
        """Return a legend from ``{id, name, color}`` mappings, colours as ``#rrggbb``.

        Raises:
            DataError: a row is not of that form.
        """
        try:
            return cls(
                tuple(
                    LegendClass(int(r["id"]), str(r["name"]), _parse_color(str(r["color"])))
                    for r in rows
                )
            )
        except (KeyError, TypeError, ValueError, OverflowError) as err:
            raise DataError(f"A legend needs rows of id, name and color (#rrggbb): {err}.") from err

    @classmethod
    def from_json(cls, text: str) -> Legend:
        """Return the legend in a tag LULC_LEGEND.

        Raises:
            DataError: the text is not a legend.
        """
        try:
            rows = json.loads(text)
        except ValueError as err:
            raise DataError(f"The legend is not JSON: {err}.") from err
        return cls.from_rows(rows)


def make_legend(
    ids: Sequence[int], names: Sequence[str], colors: Mapping[int, Color] | None = None
) -> Legend:
    """Return a legend with given colours, or colours chosen by name where there are none."""
    if len(ids) != len(names):
        raise ValueError(f"{len(ids)} ids for {len(names)} names")
    chosen = choose_colors(names)
    given = colors or {}
    return Legend(
        tuple(LegendClass(int(i), str(n), given.get(i, c)) for i, n, c in zip(ids, names, chosen))
    )


def alike_names(names: Iterable[str]) -> list[str]:
    """Return a note on names that differ in nothing but capital letters: likely one class."""
    listed = list(names)
    count = Counter(name.casefold() for name in listed)
    same = [name for name in listed if count[name.casefold()] > 1]
    return [f"The class names {', '.join(same)} differ in capital letters only."] if same else []


def choose_colors(names: Sequence[str]) -> list[Color]:
    """Return a colour per class name: the usual one of a known word, else a distinct hue.

    Two classes never get the same colour: a taken one is made darker, and any is taken instead of
    what would be nearly black.
    """
    chosen: dict[Color, None] = {}
    for position, name in enumerate(names):
        color = _by_keyword(name) or _by_position(position)
        number = position
        while color in chosen:
            color = _darker(color)
            if max(color) < _NEARLY_BLACK:
                color, number = _by_number(number), number + 1
        chosen[color] = None
    return list(chosen)


def _by_keyword(name: str) -> Color | None:
    lower = name.lower()
    return next((color for word, color in _KEYWORD_COLORS if _has_word(lower, word)), None)


def _has_word(name: str, word: str) -> bool:
    """Return whether a name has a word; short ones only at its parts' beginning ("ice", "rice")."""
    if len(word) > _SHORT_WORD:
        return word in name
    return re.search(rf"(?<![^\W\d_]){word}", name) is not None


def _by_position(position: int) -> Color:
    hue = (position * 0.61803398875 + 0.08) % 1  # golden-ratio steps keep neighbours apart
    lightness = (0.5, 0.62, 0.38)[position % 3]
    red, green, blue = colorsys.hls_to_rgb(hue, lightness, 0.55)
    return (round(red * 255), round(green * 255), round(blue * 255))


def _by_number(number: int) -> Color:
    """Return any colour; all 2**24 are met before one comes twice, since the factor is odd."""
    value = number * 0x9E3779B1 % 2**24
    return (value >> 16, value >> 8 & 255, value & 255)


def _darker(color: Color) -> Color:
    red, green, blue = color
    return (int(red * 0.82), int(green * 0.82), int(blue * 0.82))


def _parse_color(text: str) -> Color:
    digits = text.removeprefix("#")
    if len(digits) != 6:
        raise ValueError(f"colour {text!r}")
    return (int(digits[0:2], 16), int(digits[2:4], 16), int(digits[4:6], 16))
