"""The classes of a change map: one per pair of classes that a place had before and has after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lulc_engine.errors import DataError
from lulc_engine.evaluation.class_map import ClassMap, class_index
from lulc_engine.evaluation.matching import Matching, Sides, match_legends
from lulc_engine.rasters.legend import LARGEST_ID, Color, Legend, LegendClass

_SIDES = Sides(
    own="map before",
    other="map after",
    lacking=": all of it is new",
    hint="Maps to compare need the same class names, or the same ids.",
)
_PALE = 0.65  # how far what stayed the same is lightened, so that change stands out
_FROM_SHARE = 0.25  # how much of the class before shows in the colour of a change


@dataclass(frozen=True)
class Transitions:
    """Which pairs of classes occur, and how pixel values become them.

    Attributes:
        matching: of the two legends; its legend is the common one.
        pairs: the T pairs that occur, as indices of the common legend, in its order.
        legend: the T classes of the change map: ids, from-to names and colours.
        before_values: the K values of the first map that are classes.
        before_index: index in the common legend of each of them.
        after_values: the values of the second map that are classes.
        after_index: index in the common legend of each of them.
    """

    matching: Matching
    pairs: tuple[tuple[int, int], ...]
    legend: Legend
    before_values: tuple[int, ...]
    before_index: tuple[int, ...]
    after_values: tuple[int, ...]
    after_index: tuple[int, ...]

    def of(
        self, before: npt.NDArray[np.integer], after: npt.NDArray[np.integer]
    ) -> npt.NDArray[np.int64]:
        """Return the index 0 to T-1 of each pixel's transition (H, W), T where there is none."""
        size = len(self.matching.legend)
        table = np.full((size + 1, size + 1), len(self.pairs), np.int64)
        for index, pair in enumerate(self.pairs):
            table[pair] = index
        rows = _common(before, self.before_values, self.before_index, size)
        return table[rows, _common(after, self.after_values, self.after_index, size)]


def find_transitions(
    before: ClassMap, after: ClassMap, counts: Mapping[tuple[int, int], int]
) -> Transitions:
    """Match the legends of two maps and list the transitions that occur.

    Args:
        before: the first map.
        after: the second map.
        counts: how often each value of the first meets each value of the second.

    Raises:
        DataError: the legends have nothing in common, or no place has a class in both maps.
    """
    first, second = {pair[0] for pair in counts}, {pair[1] for pair in counts}
    known_before, known_after = _stored_ids(before), _stored_ids(after)
    first -= before.unclassified_values(first, known_after)
    second -= after.unclassified_values(second, known_before)
    here = {pair for pair in counts if pair[0] in first and pair[1] in second}
    if not here:
        raise DataError(
            "There is no place where both maps have a class.",
            "Choose maps of one area; look at their nodata values.",
        )
    own, other = before.legend(first), after.legend(second)
    used = {other.ids.index(value) for value in second}
    matching = match_legends(own, other, used, before.complete_legend is not None, _SIDES)
    values_after = tuple(sorted(second))
    places = (matching.reference_index[other.ids.index(value)] for value in values_after)
    # Every class of the second map that occurs has a place in the common legend
    index_after = tuple(place for place in places if place is not None)
    values_before = tuple(sorted(first))
    index_before = tuple(own.ids.index(value) for value in values_before)
    of_before = dict(zip(values_before, index_before, strict=True))
    of_after = dict(zip(values_after, index_after, strict=True))
    pairs = tuple(sorted({(of_before[a], of_after[b]) for a, b in here}))
    return Transitions(
        matching=matching,
        pairs=pairs,
        legend=change_legend(matching.legend, pairs),
        before_values=values_before,
        before_index=index_before,
        after_values=values_after,
        after_index=index_after,
    )


def change_legend(legend: Legend, pairs: Sequence[tuple[int, int]]) -> Legend:
    """Return a class per pair of classes.

    The id of a change from class 3 to class 7 is 37; with ids from 10 on two digits are kept for
    the class after (312 is 3 to 12), and so on. Ids that are negative or too long for this are
    replaced by positions. What stays the same has a pale colour of its class, change a strong one
    of the class after with a tinge of the class before.

    Args:
        legend: the common legend.
        pairs: indices of the class before and the class after.

    Example:
        >>> from lulc_engine.rasters.legend import make_legend
        >>> change_legend(make_legend([3, 7], ["crop", "lake"]), [(0, 0), (0, 1)]).names
        ('crop unchanged', 'crop → lake')
    """
    numbers = _numbers(legend)
    base = 10 ** len(str(max(numbers)))
    taken: dict[Color, None] = {}
    classes = []
    for i, j in pairs:
        old, new = legend.classes[i], legend.classes[j]
        name = f"{old.name} unchanged" if i == j else f"{old.name} → {new.name}"
        color = _free(_pale(old.color) if i == j else _tinged(new.color, old.color), taken)
        classes.append(LegendClass(numbers[i] * base + numbers[j], name, color))
    return Legend(tuple(classes))


def _stored_ids(class_map: ClassMap) -> set[int]:
    legend = class_map.complete_legend
    return set(legend.ids) if legend else set()


def _common(
    values: npt.NDArray[np.integer], known: Sequence[int], index: Sequence[int], none: int
) -> npt.NDArray[np.int64]:
    """Return the index in the common legend of each pixel, ``none`` where it has no class."""
    places = np.array([*index, none], np.int64)
    # -1, no class, takes the last place
    common: npt.NDArray[np.int64] = places[class_index(values, known)]
    return common


def _numbers(legend: Legend) -> list[int]:
    digits = len(str(max(legend.ids)))
    if min(legend.ids) < 0 or 10 ** (2 * digits) > LARGEST_ID:
        return list(range(1, len(legend) + 1))
    return list(legend.ids)


def _pale(color: Color) -> Color:
    red, green, blue = (round(part + (255 - part) * _PALE) for part in color)
    return (red, green, blue)


def _tinged(color: Color, tinge: Color) -> Color:
    red, green, blue = (
        round(part * (1 - _FROM_SHARE) + other * _FROM_SHARE)
        for part, other in zip(color, tinge, strict=True)
    )
    return (red, green, blue)


def _free(color: Color, taken: dict[Color, None]) -> Color:
    """Return the colour, or one near it that no other transition has."""
    red, green, blue = color
    for step in range(1, 256):  # then all come again: more transitions of one colour share it
        if color not in taken:
            break
        color = ((red + 7 * step) % 256, (green + 11 * step) % 256, (blue + 13 * step) % 256)
    taken[color] = None
    return color
