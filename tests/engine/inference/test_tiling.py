"""Windows by property: everything is kept once, and everything kept has seen all it needs."""

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lulc_engine.inference.tiling import cover, round_up, tiles
from lulc_engine.rasters.grid import Window

sizes = st.integers(1, 700)
sides = st.integers(1, 300)
halos = st.integers(0, 130)
multiples = st.sampled_from([1, 2, 8, 16, 32])


@given(sizes, sides, halos, multiples)
def test_cores_follow_each_other_from_end_to_end(size, side, halo, multiple):
    _, spans = cover(size, side, halo, multiple)
    assert spans[0].core_start == 0
    assert spans[-1].core_stop == size
    for before, after in itertools.pairwise(spans):
        assert before.core_stop == after.core_start
    assert all(span.core_start < span.core_stop for span in spans)


@given(sizes, sides, halos, multiples)
def test_every_core_has_its_halo_or_the_images_edge(size, side, halo, multiple):
    length, spans = cover(size, side, halo, multiple)
    padded = round_up(size, multiple)
    for span in spans:
        assert span.start <= span.core_start
        assert span.core_stop <= span.start + length
        assert span.start == 0 or span.core_start - span.start >= halo
        is_last = span.start + length == padded
        assert is_last or span.start + length - span.core_stop >= halo
        assert span.start + length <= padded


@given(sizes, sides, halos, multiples)
def test_windows_are_aligned_and_no_larger_than_wanted(size, side, halo, multiple):
    length, spans = cover(size, side, halo, multiple)
    padded = round_up(size, multiple)
    assert length % multiple == 0
    assert all(span.start % multiple == 0 for span in spans)
    assert length <= padded
    assert length <= max(round_up(side, multiple), 2 * round_up(halo, multiple) + multiple)
    assert len({span.start for span in spans}) == len(spans)


@given(sizes, sides, halos, multiples)
def test_there_are_no_more_windows_than_needed(size, side, halo, multiple):
    length, spans = cover(size, side, halo, multiple)
    halo = round_up(halo, multiple)
    largest = max(round_up(side, multiple), 2 * halo + multiple)
    padded = round_up(size, multiple)
    assert len(spans) == (
        1 if largest >= padded else -(-(padded - 2 * halo) // (largest - 2 * halo))
    )
    # A side smaller by one step would not do.
    smaller = length - multiple
    assert len(spans) * smaller - 2 * halo * (len(spans) - 1) < padded


small = st.integers(1, 90)


@given(small, small, st.integers(1, 40), st.integers(0, 12), st.sampled_from([1, 8]), st.data())
def test_tiles_cover_a_part_once_and_are_those_of_the_whole(
    height, width, side, halo, multiple, data
):
    whole = Window(0, 0, height, width)
    top, left = data.draw(st.integers(0, height - 1)), data.draw(st.integers(0, width - 1))
    part = Window(
        top, left, data.draw(st.integers(1, height - top)), data.draw(st.integers(1, width - left))
    )
    found = list(tiles(whole, part, side, halo, multiple))
    times = np.zeros((height, width), dtype=int)
    for tile in found:
        times[tile.core.relative_to(whole)] += 1
        assert tile.core.intersect(tile.window) == tile.core
    expected = np.zeros_like(times)
    expected[part.relative_to(whole)] = 1
    assert (times == expected).all()
    assert len({(tile.window.height, tile.window.width) for tile in found}) == 1
    everywhere = {tile.window for tile in tiles(whole, whole, side, halo, multiple)}
    assert {tile.window for tile in found} <= everywhere
    order = [(tile.core.row_off, tile.core.col_off) for tile in found]
    assert order == sorted(order)
