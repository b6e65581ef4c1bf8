"""Intervals of scores from a reference that chance has not drawn, and what not to trust in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lulc_engine.evaluation.bootstrap import LEAST_UNITS, bootstrap_block
from lulc_engine.evaluation.units import BLOCKS, Margins, UnitCounts
from lulc_engine.rasters.legend import Legend
from lulc_engine.reports.words import listed, quoted

# With fewer, resampling sees too little of how units differ.
FEW_UNITS = 5
PIXELS = "pixels"


def unit_intervals(
    margins: Margins, legend: Legend, counts: UnitCounts, what: str = PIXELS
) -> tuple[dict[str, Any], list[str]]:
    """Return the ``intervals`` part of the metrics object, and notes on what not to trust in it.

    Args:
        margins: counts of U polygons or blocks and K classes.
        legend: the K classes.
        counts: where the margins come from.
        what: what lies in a unit, in plural.
    """
    block = {
        "method": "bootstrap",
        "unit": counts.kind,
        "block_px": counts.block_px or None,
        **bootstrap_block(margins, legend),
    }
    return block, cautions(block, what)


def cautions(block: Mapping[str, Any], what: str = PIXELS) -> list[str]:
    """Return notes on what not to trust in the ``intervals`` part of a metrics object.

    Args:
        block: with ``unit`` and ``block_px``.
        what: what lies in a unit, in plural; the same as the unit where they stand alone.
    """
    kind, units = block["unit"], block["units"]
    one = kind.removesuffix("s")
    if kind == BLOCKS:
        where = f"{units} {kind if units > 1 else one} of {block['block_px']} pixels"
    else:
        where = f"{units} {kind if units > 1 else one}"
    if kind == what:
        return _on_their_own(where, units)
    if units < LEAST_UNITS:
        return [
            f"The whole reference lies in {where}. Neighbouring {what} resemble each other, so "
            "that these scores may be chance; how much, cannot be said."
        ]
    notes = []
    if units < FEW_UNITS:
        notes.append(f"The whole reference lies in {where}: the intervals are rough.")
    single = [item["name"] for item in block["classes"] if item["units"] == 1]
    few = [item for item in block["classes"] if 1 < item["units"] < FEW_UNITS]
    if single:
        notes.append(
            f"Only one {one} of {listed([quoted(name) for name in single])}: its {what} resemble "
            f"each other, so that its scores may be chance, however many {what} it has."
        )
    if few:
        names = [f"{quoted(item['name'])} ({item['units']})" for item in few]
        notes.append(
            f"Few {kind}: {listed(names)}. Intervals that rest on fewer than {FEW_UNITS} are rough."
        )
    return notes


def _on_their_own(where: str, units: int) -> list[str]:
    if units < LEAST_UNITS:
        return [f"The whole reference is {where}: these scores may be chance."]
    if units < FEW_UNITS:
        return [f"The whole reference is {where}: the intervals are rough."]
    return []
