"""What a user should know about a scene: what it lacks, and what in it is likely a mistake."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from lulc_engine.rasters.alpha import called_alpha
from lulc_engine.rasters.bands import Band

if TYPE_CHECKING:
    import rasterio

_NOTABLE_BLACK = 0.01  # share of pixels


def about_file(name: str, dataset: rasterio.DatasetReader, alpha: Sequence[int]) -> Iterator[str]:
    """Yield what is unusual about an open file.

    Args:
        name: of the file; that of a virtual one is its content.
        dataset: the file.
        alpha: the bands that are taken for alpha.
    """
    if dataset.gcps[0]:
        yield (
            f"{name} has ground control points instead of a place: rectify it first, or the "
            "result will have no place either."
        )
    elif dataset.crs is None:
        yield f"{name} has no coordinate reference system; results will have none."
    for number in called_alpha(dataset):
        if number not in alpha:
            yield (
                f"Band {number} of {name} is called alpha, but holds measured values; it is taken "
                "for a band like the others."
            )


def about_values(
    name: str, sample: np.ndarray, bands: Sequence[Band], has_nodata: bool
) -> Iterator[str]:
    """Yield bands without content, and borders that are 0 without being declared as nodata.

    Args:
        name: of the file.
        sample: (C, n) raw values of valid pixels.
        bands: the C bands.
        has_nodata: whether the file names a nodata value for any of them.
    """
    if sample.shape[1] < 2:
        return
    same = (sample == sample[:, :1]).all(axis=1)
    empty = [band.role or band.name for band, is_same in zip(bands, same) if is_same]
    if empty:
        yield f"{name} has the same value everywhere in {', '.join(empty[:8])}."
    share = 0.0 if has_nodata else float((~sample.any(axis=0)).mean())
    if share > _NOTABLE_BLACK:
        yield (
            f"{name} has no nodata value, and {share:.0%} of its pixels (of those looked at) are 0 "
            "in all bands. If these hold no data, declare 0 as nodata."
        )
