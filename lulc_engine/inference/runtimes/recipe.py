"""What a network that was prepared for a runtime depends on."""

from __future__ import annotations

from dataclasses import dataclass

import lulc_engine
from lulc_engine.inference.runtimes import Wanted
from lulc_engine.inference.runtimes.cache import key_of

# What of a network is applied: the same file and shape may be used in several ways.
PER_PIXEL = "per pixel"  # windows of a segmenter, of whatever size
EVERY_WINDOW = "every window"  # a patch classifier for all windows of an image at once
ONE_BY_ONE = "one by one"  # a patch classifier for a batch of patches


@dataclass(frozen=True)
class Recipe:
    """What a prepared network depends on, besides the runtime.

    Attributes:
        model_sha256: of the model file.
        scale: of the scene, per band.
        offset: of the scene, per band.
        shape: (N, C, H, W) of a batch of windows.
        dtype: name of the values' type.
        wanted: the outputs.
        form: PER_PIXEL, EVERY_WINDOW or ONE_BY_ONE.
        step: pixels from one window to the next, for EVERY_WINDOW.
    """

    model_sha256: str
    scale: tuple[float, ...]
    offset: tuple[float, ...]
    shape: tuple[int, int, int, int]
    dtype: str
    wanted: Wanted
    form: str = PER_PIXEL
    step: int = 1

    def key(self, runtime: str, version: str) -> str:
        """Return a name for it, of this version of the software and of a runtime."""
        return key_of({**vars(self), "lulc": lulc_engine.__version__, runtime: version})

    def input_shapes(self, height: int, width: int) -> list[list[int]]:
        """Return the shapes of values and validity of windows of some size."""
        count, bands = self.shape[:2]
        return [[count, bands, height, width], [count, 1, height, width]]
