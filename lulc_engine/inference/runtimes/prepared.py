"""Networks that were prepared for windows of one shape, and what executes them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import numpy as np

from lulc_engine.inference.runtimes import Runtime
from lulc_engine.inference.runtimes.machine import Machine
from lulc_engine.inference.runtimes.preparing import prepare
from lulc_engine.inference.runtimes.recipe import Recipe


class Prepared(Runtime, Protocol):
    """Executes a prepared network; may be called from several threads at once."""

    def infer(self, values: np.ndarray, valid: np.ndarray) -> list[np.ndarray]:
        """Return the outputs of a `StoredGraph`.

        Args:
            values: (N, C, H, W), of the recipe's shape and of any type.
            valid: (N, H, W) bool.
        """
        ...


def prepared(
    model: str, recipe: Recipe, machine: Machine, check: Callable[[], None] = lambda: None
) -> Prepared:
    """Return what executes a network on a machine whose runtime is not PyTorch.

    Args:
        model: the model file.
        recipe: what it is prepared for, where the cache does not have it.
        machine: names runtime, precision, threads and how many windows they compute at once.
        check: raises to stop; called while the network is being prepared.
    """

    def write(path: Path) -> None:
        prepare(machine.runtime, model, recipe, path, check)

    if machine.runtime == "onnxruntime":
        from lulc_engine.inference.runtimes.onnx_runtime import OnnxRuntime

        return OnnxRuntime(recipe, write, machine.threads)
    from lulc_engine.inference.runtimes.openvino_runtime import OpenVinoRuntime

    return OpenVinoRuntime(recipe, write, machine.precision, machine.threads, machine.streams)
