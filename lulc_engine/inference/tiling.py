"""Covering a scene with windows whose cores meet without overlap.

A window is read with a halo around its core, so that every kept pixel sees all the pixels that the
network would see in the whole image; then the map has no seams. Three things must hold for that:
the halo is at least the network's reach, window origins are multiples of the network's stride (the
pooling phase is the same), and a window touches the image's edge where the image does (the
network's own zero padding acts there and nowhere else). Windows at the far edge are therefore moved
inwards, never cut: all windows have one shape.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lulc_engine.rasters.grid import Window


@dataclass(frozen=True, slots=True)
class Span:
    """One window along one side: it reads from ``start`` and keeps ``core_start:core_stop``."""

    start: int
    core_start: int
    core_stop: int


@dataclass(frozen=True, slots=True)
class Tile:
    """A window to read (it may reach over the far edges, up to the multiple) and its core."""

    window: Window
    core: Window


def round_up(size: int, multiple: int) -> int:
    """Return the smallest multiple that is not below size.

    >>> round_up(17, 8), round_up(16, 8)
    (24, 16)
    """
    return -(-size // multiple) * multiple


def cover(size: int, tile: int, halo: int, multiple: int) -> tuple[int, list[Span]]:
    """Return the window side and the spans that cover ``0:size``.

    Contract: cores are disjoint, in order and cover ``0:size``; a core is at least ``halo`` away
    from its window's ends, except at the image's ends; starts are multiples of ``multiple``.

    Windows are made smaller where as many of them are enough: less is then computed twice.

    Args:
        size: pixels along the side, at least 1.
        tile: largest window side, in pixels; rounded up to the multiple and to 2 halos + 1 step.
        halo: reach of the network in pixels; rounded up to the multiple.
        multiple: the network's stride.

    >>> cover(100, 48, 8, 8)
    (48, [Span(start=0, core_start=0, core_stop=40), Span(start=32, core_start=40, core_stop=72), \
Span(start=56, core_start=72, core_stop=100)])
    >>> cover(2048, 720, 56, 8)[0], cover(4096, 720, 56, 8)[0]
    (600, 688)
    """
    halo = round_up(halo, multiple)
    padded = round_up(size, multiple)
    tile = min(padded, max(round_up(tile, multiple), 2 * halo + multiple))
    if tile < padded:
        count = -(-(padded - 2 * halo) // (tile - 2 * halo))
        tile = round_up(-(-(padded + 2 * halo * (count - 1)) // count), multiple)
    spans: list[Span] = []
    start = done = 0
    while done < size:
        core_stop = size if start + tile >= padded else start + tile - halo
        spans.append(Span(start, done, core_stop))
        done = core_stop
        start = min(start + tile - 2 * halo, padded - tile)
    return tile, spans


def tiles(whole: Window, part: Window, tile: int, halo: int, multiple: int) -> Iterator[Tile]:
    """Yield the tiles, row by row, whose cores cover a part of the whole image.

    The windows are those of the whole image, so that a part is classified exactly as it would be
    within the whole.
    """
    height, row_spans = cover(whole.height, tile, halo, multiple)
    width, col_spans = cover(whole.width, tile, halo, multiple)
    for rows in row_spans:
        for columns in col_spans:
            core = Window(
                rows.core_start,
                columns.core_start,
                rows.core_stop - rows.core_start,
                columns.core_stop - columns.core_start,
            ).intersect(part)
            if core.height and core.width:
                yield Tile(Window(rows.start, columns.start, height, width), core)
