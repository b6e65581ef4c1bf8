"""The same patches with fewer bands, or in another order."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from lulc_engine.rasters.bands import Band
from lulc_engine.rasters.reflectance import Radiometry
from lulc_engine.samples.chips import ChipStore
from lulc_engine.samples.patches.patch_set import PatchSet

_AT_ONCE = 256


def with_bands(patches: PatchSet, bands: Sequence[Band], store: ChipStore) -> PatchSet:
    """Return a patch set with some of its bands; all else stays the same.

    Args:
        patches: has these bands.
        bands: the wanted ones, in order.
        store: where the chosen bands live.
    """
    if tuple(bands) == patches.bands:
        return patches
    places = [patches.bands.index(band) for band in bands]
    count, _, *sides = patches.images.shape
    images = store.allocate((count, len(places), *sides), patches.images.dtype)
    for start in range(0, count, _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        images[part] = np.take(patches.images[part], places, axis=1)
    known = patches.radiometry
    radiometry = Radiometry(
        tuple(known.scale[place] for place in places),
        tuple(known.offset[place] for place in places),
        known.source,
        known.reason,
    )
    return dataclasses.replace(patches, images=images, bands=tuple(bands), radiometry=radiometry)
