"""Networks that were prepared for windows of one shape, and what executes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

import numpy as np

from lulc_engine.inference.runtimes import Runtime
from lulc_engine.inference.runtimes.machine import Machine
from lulc_engine.inference.runtimes.recipe import Recipe

if TYPE_CHECKING:  # PyTorch takes seconds to load, and a prepared network does without
    from torch import nn


class Prepared(Runtime, Protocol):
    """Executes a prepared network; may be called from several threads at once."""

    def infer(self, values: np.ndarray, valid: np.ndarray) -> list[np.ndarray]:
        """Return the outputs of a `StoredGraph`.

        Args:
            values: (N, C, H, W), of the recipe's shape and of any type.
            valid: (N, H, W) bool.
        """
        ...


def prepared(recipe: Recipe, graph: Callable[[], nn.Module], machine: Machine) -> Prepared:
    """Return what executes a network on a machine whose runtime is not PyTorch.

    Args:
        recipe: what it is prepared for.
        graph: makes the `StoredGraph` where the cache does not have the prepared network.
        machine: names runtime, precision and threads.
    """
    if machine.runtime == "onnxruntime":
        from lulc_engine.inference.runtimes.onnx_runtime import OnnxRuntime

        return OnnxRuntime(recipe, graph, machine.threads)
    from lulc_engine.inference.runtimes.openvino_runtime import OpenVinoRuntime

    return OpenVinoRuntime(recipe, graph, machine.precision, machine.threads)
