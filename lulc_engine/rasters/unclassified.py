"""Pixels that a model looked at and would not classify, because it was not sure enough.

They have a value of their own in a map and a row of their own in its legend, since nodata means
something else: there is nothing to be seen there. Whoever reads the map sees both apart and can
send somebody where the model gave up. In the tag LULC_LEGEND the row is marked,
``"unclassified": true``, so that it is never taken for a class.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from typing import Any

from lulc_engine.errors import DataError
from lulc_engine.rasters.geotiff import map_encoding
from lulc_engine.rasters.legend import LARGEST_ID, Legend, LegendClass

NAME = "unclassified"
_MARK = "unclassified"
_GREY = 158
_LARGEST_BYTE = 255


def with_unclassified(legend: Legend) -> tuple[str, int, Legend]:
    """Return type and nodata value of a map with unclassified pixels, and its legend.

    Type and nodata are those of a map without (see `map_encoding`), unless all bytes are taken. The
    value is the highest free one of a byte, beyond bytes the first one after the highest id. It is
    the last row of the legend.

    Example:
        >>> from lulc_engine.rasters.legend import make_legend
        >>> dtype, nodata, legend = with_unclassified(make_legend([1, 2], ["crop", "lake"]))
        >>> dtype, nodata, legend.classes[-1].id, legend.classes[-1].name
        ('uint8', 0, 255, 'unclassified')
    """
    dtype, nodata = map_encoding(legend)
    taken = {*legend.ids, nodata}
    if dtype == "uint8":
        value = next((v for v in range(_LARGEST_BYTE, 0, -1) if v not in taken), None)
        if value is None:
            dtype, nodata, value = "uint16", 65535, _LARGEST_BYTE
    else:
        largest, highest = 65535 if dtype == "uint16" else LARGEST_ID, max(legend.ids)
        candidates = itertools.chain([highest + 1], range(highest - 1, 0, -1))
        value = next(v for v in candidates if v not in taken and v <= largest)
    return dtype, nodata, Legend((*legend.classes, _row(value, legend)))


def legend_tag(legend: Legend, unclassified: int | None = None) -> str:
    """Return the text of the tag LULC_LEGEND.

    Args:
        legend: of the map.
        unclassified: the id of its row for unclassified pixels, if it has one.
    """
    rows = json.loads(legend.to_json())
    marked = [{**row, _MARK: True} if row["id"] == unclassified else row for row in rows]
    return json.dumps(marked, ensure_ascii=False)


def read_legend_tag(text: str) -> tuple[Legend, frozenset[int]]:
    """Return the classes in a tag LULC_LEGEND, and the values that mean unclassified.

    Raises:
        DataError: the text is not a legend.
    """
    whole = Legend.from_json(text)
    rows: list[Mapping[str, Any]] = json.loads(text)
    marked = frozenset(int(row["id"]) for row in rows if row.get(_MARK) is True)
    classes = tuple(item for item in whole.classes if item.id not in marked)
    if not classes:
        raise DataError("The legend has no classes.")
    return Legend(classes), marked


def _row(value: int, legend: Legend) -> LegendClass:
    grey, taken = _GREY, {item.color for item in legend.classes}
    while (grey, grey, grey) in taken:
        grey = (grey + 7) % 256
    return LegendClass(value, NAME, (grey, grey, grey))
