"""Running a network in ONNX Runtime on processors, where OpenVINO is not to be had.

As for OpenVINO a network is prepared for one shape and kept in the cache. Values are given as
float32, because PyTorch exports no graph that takes uint16.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnxruntime

from lulc_engine.inference.runtimes import Prediction, Wanted
from lulc_engine.inference.runtimes.cache import cache_folder, kept
from lulc_engine.inference.runtimes.recipe import Recipe

if TYPE_CHECKING:
    from torch import nn

# 17: layer norm as one operator; every ONNX Runtime of the last years has it.
_OPSET = 17


class OnnxRuntime:
    """Executes a network on windows of one shape, in float32.

    Args:
        recipe: what it is prepared for.
        write: calls `write_graph` for the recipe, where the cache does not have it.
        threads: processor threads. Each takes windows of its own, as in OpenVINO.
    """

    def __init__(self, recipe: Recipe, write: Callable[[Path], None], threads: int) -> None:
        self.streams = threads
        self._wanted: Wanted = recipe.wanted
        name = f"{recipe.key('onnxruntime', onnxruntime.__version__)}.onnx"
        path = kept(cache_folder(), (name,), lambda working: write(working / name))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )

    def run(self, values: np.ndarray, valid: np.ndarray, known: np.ndarray) -> Prediction:
        """Return the prediction for all pixels of a window of the recipe's shape."""
        outputs = self.infer(values[None], valid[None])
        return Prediction.of((part[0] for part in outputs), self._wanted)

    def infer(self, values: np.ndarray, valid: np.ndarray) -> list[np.ndarray]:
        """Return the outputs for a batch of the recipe's shape.

        Args:
            values: (N, C, H, W) of any type.
            valid: (N, H, W) bool.
        """
        with np.errstate(over="ignore"):
            given = values.astype(np.float32)
        known = np.ascontiguousarray(valid)[:, None].view(np.uint8)
        outputs: list[np.ndarray] = self._session.run(None, {"values": given, "valid": known})
        return outputs


def write_graph(recipe: Recipe, graph: nn.Module, path: Path) -> None:
    """Write a `StoredGraph` for the recipe's shape as ONNX."""
    import torch

    values, valid = recipe.input_shapes(*recipe.shape[2:])
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")  # tracing warns of shapes that are fixed on purpose
        torch.onnx.export(
            graph.eval(),
            (torch.ones(values), torch.ones(valid, dtype=torch.uint8)),
            str(path),
            input_names=["values", "valid"],
            opset_version=_OPSET,
            dynamo=False,
        )
