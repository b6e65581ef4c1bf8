"""What the values of patches mean to the published 5x5 DCNN."""

from __future__ import annotations

import dataclasses

import numpy as np

from lulc_engine.options import TrainPatchesOptions
from lulc_engine.rasters.reflectance import Radiometry
from lulc_engine.samples.patches.patch_set import PatchSet

PUBLISHED = "published"
# It takes raw numbers of 16 bits as a share of the largest one.
_SCALE = 1 / 65535


def as_published(options: TrainPatchesOptions, patches: PatchSet) -> PatchSet:
    """Return patches with the scale of the published recipe, where that is what they are for.

    Values that SCALE or OFFSET describe, pictures of 8 bits and values with fractions keep theirs.
    """
    given = options.scale is not None or options.offset is not None
    kind = patches.images.dtype
    if options.recipe != PUBLISHED or given or kind == np.uint8 or kind.kind not in "iu":
        return patches
    count = len(patches.bands)
    scale, offset = (_SCALE,) * count, (0.0,) * count
    radiometry = Radiometry(scale, offset, "option", "the published recipe")
    return dataclasses.replace(patches, radiometry=radiometry)
