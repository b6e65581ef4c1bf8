"""What a network that was prepared for a runtime depends on."""

from __future__ import annotations

from dataclasses import dataclass

import lulc_engine
from lulc_engine.inference.runtimes import Wanted
from lulc_engine.inference.runtimes.cache import key_of


@dataclass(frozen=True)
class Recipe:
    """What a prepared network depends on, besides the runtime.

    Attributes:
        model_sha256: of the model file.
        scale: of the scene, per band.
        offset: of the scene, per band.
        shape: (C, H, W) of a window.
        dtype: name of the values' type.
        wanted: the outputs.
    """

    model_sha256: str
    scale: tuple[float, ...]
    offset: tuple[float, ...]
    shape: tuple[int, int, int]
    dtype: str
    wanted: Wanted

    def key(self, runtime: str, version: str) -> str:
        """Return a name for it, of this version of the software and of a runtime."""
        return key_of({**vars(self), "lulc": lulc_engine.__version__, runtime: version})

    def input_shapes(self, height: int, width: int) -> list[list[int]]:
        """Return the shapes of values and validity of a window of some size."""
        return [[1, self.shape[0], height, width], [1, 1, height, width]]
