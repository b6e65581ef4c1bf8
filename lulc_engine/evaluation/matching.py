"""Which class of a reference is which class of a map: by name where possible, else by id."""

from __future__ import annotations

import dataclasses
import unicodedata
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from lulc_engine.errors import DataError
from lulc_engine.rasters.legend import Legend, LegendClass

_SHOWN = 8

_Key = Callable[[LegendClass], Hashable]
_Keys = tuple[_Key, _Key]


@dataclass(frozen=True)
class Sides:
    """What the two sides of a matching are called, and what the reader should know about them."""

    own: str = "map"
    other: str = "reference"
    lacking: str = ": all its samples count as wrong"
    hint: str = (
        "Give the reference the class names of the map; choose its field with CLASS_FIELD, or "
        "CLASS_NAME_FIELD for the names."
    )


ASSESSMENT = Sides()


@dataclass(frozen=True)
class Matching:
    """The common legend of a map and a reference, or of two maps.

    Attributes:
        by: name or id.
        legend: the map's classes, then used classes of the reference that the map does not have.
        reference_index: for each class of the reference its index in ``legend``; None for an
            unused class that the map does not have.
        notes: what a reader of the assessment must know about the matching.
    """

    by: str
    legend: Legend
    reference_index: tuple[int | None, ...]
    notes: tuple[str, ...]


def match_legends(
    map_legend: Legend,
    reference: Legend,
    used: set[int],
    has_names: bool = True,
    sides: Sides = ASSESSMENT,
) -> Matching:
    """Match the classes of a reference to those of a map.

    By name if the names in use are shared, else by id, else it is an error. Names are shared if
    the map has every name that the reference uses, or the reference has every name of the map:
    then a class that only one side has is an error of the map, not another way to count. Capital
    letters and spaces at the ends of names make no difference. Where all names of a side are whole
    numbers, as in a text field of ids, these are its ids: their order as texts says nothing.

    Args:
        map_legend: the classes of the map.
        reference: the classes of the reference.
        used: indices of the reference's classes that occur on the map.
        has_names: whether the map's names are its own; else matched classes take the reference's.
        sides: how messages name the two.

    Raises:
        DataError: neither names nor ids are shared.
    """
    both: dict[str, _Keys] = {
        "name": (_name_key, _name_key),
        "id": (_id_key(map_legend), _id_key(reference)),
    }
    for by, keys in both.items():
        if _is_shared(map_legend, reference, used, keys):
            matching = _joined(by, keys, map_legend, reference, used, sides)
            return matching if has_names else _named(matching, reference)
    raise DataError(
        f"The classes of the {sides.own} ({_some(map_legend)}) and of the {sides.other} "
        f"({_some(reference)}) have neither names nor ids in common.",
        sides.hint,
    )


def _is_shared(map_legend: Legend, reference: Legend, used: set[int], both: _Keys) -> bool:
    map_key, key = both
    map_keys = [map_key(item) for item in map_legend.classes]
    keys = [key(item) for item in reference.classes]
    if len(set(map_keys)) < len(map_keys) or len(set(keys)) < len(keys) or not map_keys:
        return False
    return {keys[i] for i in used} <= set(map_keys) or set(map_keys) <= set(keys)


def _joined(
    by: str, both: _Keys, map_legend: Legend, reference: Legend, used: set[int], sides: Sides
) -> Matching:
    map_key, key = both
    classes = list(map_legend.classes)
    place: dict[Hashable, int] = {map_key(item): i for i, item in enumerate(classes)}
    notes: list[str] = []
    indices: list[int | None] = []
    for i, item in enumerate(reference.classes):
        if key(item) not in place and i in used:
            place[key(item)] = len(classes)
            classes.append(_with_free_id(item, classes))
            notes.append(
                f"The {sides.own} has no class “{item.name}” of the {sides.other}{sides.lacking}."
            )
        indices.append(place.get(key(item)))
    if by == "id":
        notes += _pairs(classes, reference, indices, used, sides)
    return Matching(by, Legend(tuple(classes)), tuple(indices), tuple(notes))


def _named(matching: Matching, reference: Legend) -> Matching:
    """Give the matched classes the names and colours of the reference."""
    classes = list(matching.legend.classes)
    for item, index in zip(reference.classes, matching.reference_index, strict=True):
        if index is not None:
            classes[index] = LegendClass(classes[index].id, item.name, item.color)
    return dataclasses.replace(matching, legend=Legend(tuple(classes)))


def _pairs(
    classes: list[LegendClass],
    reference: Legend,
    indices: list[int | None],
    used: set[int],
    sides: Sides,
) -> list[str]:
    """Name the classes that have the same id and another name, for the reader to check."""
    pairs = [
        f"{classes[index].id}: {sides.own} “{classes[index].name}”, {sides.other} “{item.name}”"
        for i, (item, index) in enumerate(zip(reference.classes, indices, strict=True))
        if i in used and index is not None and classes[index].name != item.name
    ]
    if not pairs:
        return []
    more = f" and {len(pairs) - _SHOWN} more" if len(pairs) > _SHOWN else ""
    return [
        f"Names of {sides.own} and {sides.other} differ, so that classes were matched by id. Check "
        f"that these belong together: {'; '.join(pairs[:_SHOWN])}{more}."
    ]


def _with_free_id(item: LegendClass, classes: list[LegendClass]) -> LegendClass:
    taken = {other.id for other in classes}
    free = item.id if item.id not in taken else max(taken) + 1
    return LegendClass(free, item.name, item.color)


def _name_key(item: LegendClass) -> Hashable:
    return unicodedata.normalize("NFC", item.name).strip().casefold()


def _id_key(legend: Legend) -> _Key:
    """Return the ids of a legend's classes, or the numbers that are their names."""
    names = [item.name.strip() for item in legend.classes]
    if all(name.isascii() and name.isdecimal() for name in names):
        return lambda item: int(item.name)
    return lambda item: item.id


def _some(legend: Legend) -> str:
    shown = [f"{item.id} {item.name}" for item in legend.classes[:_SHOWN]]
    return ", ".join(shown) + (", ..." if len(legend) > _SHOWN else "")
