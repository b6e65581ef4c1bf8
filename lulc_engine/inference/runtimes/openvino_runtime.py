"""Running a network in OpenVINO on processors.

A network is prepared for one shape and kept in the cache: changing shapes costs half the speed. The
compiled form is kept there as well, so that the next run starts in a fraction of a second.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lulc_engine.inference.runtimes import Prediction
from lulc_engine.inference.runtimes.cache import cache_folder, kept
from lulc_engine.inference.runtimes.recipe import PER_PIXEL, Recipe
from lulc_engine.quiet_openvino import ov

if TYPE_CHECKING:
    from torch import nn

# A multiple of every network's stride.
_TRACED_PX = 128
_TYPES = {
    "uint8": ov.Type.u8,
    "int8": ov.Type.i8,
    "uint16": ov.Type.u16,
    "int16": ov.Type.i16,
    "uint32": ov.Type.u32,
    "int32": ov.Type.i32,
    "float32": ov.Type.f32,
    "float64": ov.Type.f64,
}


def can_run(dtype: str) -> bool:
    """Return whether values of a type can be given to OpenVINO as they are."""
    return dtype in _TYPES


def has_fast_bf16() -> bool:
    """Return whether this processor computes in bfloat16 faster than in float32."""
    return "BF16" in ov.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


class OpenVinoRuntime:
    """Executes a network on windows of one shape and type.

    Args:
        recipe: what it is prepared for.
        write: calls `write_graph` for the recipe, where the cache does not have it.
        precision: f32 or bf16.
        threads: processor threads.
        streams: windows that they compute at once. As many as threads is fastest on a machine that
            also reads and writes.
    """

    def __init__(
        self,
        recipe: Recipe,
        write: Callable[[Path], None],
        precision: str,
        threads: int,
        streams: int,
    ) -> None:
        self.streams = streams
        self._recipe = recipe
        self._local = threading.local()
        folder = cache_folder()
        name = recipe.key("openvino", ov.__version__)
        files = (f"{name}.xml", f"{name}.bin")
        path = kept(folder, files, lambda working: write(working / files[0]))
        core = ov.Core()
        self._compiled = core.compile_model(
            str(path),
            "CPU",
            {
                "INFERENCE_PRECISION_HINT": precision,
                "INFERENCE_NUM_THREADS": threads,
                "NUM_STREAMS": streams,
                "CACHE_DIR": str(folder / "compiled"),
            },
        )

    def run(self, values: np.ndarray, valid: np.ndarray, known: np.ndarray) -> Prediction:
        """Return the prediction for all pixels of a window of the recipe's shape."""
        outputs = self.infer(values[None], valid[None])
        return Prediction.of((part[0] for part in outputs), self._recipe.wanted)

    def infer(self, values: np.ndarray, valid: np.ndarray) -> list[np.ndarray]:
        """Return the outputs for a batch of the recipe's shape.

        Values of another type than the recipe's are made float32 before.

        Args:
            values: (N, C, H, W).
            valid: (N, H, W) bool.
        """
        request = self._request()
        as_is = values.dtype.name == self._recipe.dtype and can_run(self._recipe.dtype)
        given = np.ascontiguousarray(values) if as_is else self._as_float(values)
        known = np.ascontiguousarray(valid)[:, None].view(np.uint8)
        request.infer([given, known], share_inputs=True)
        return [
            np.array(request.get_output_tensor(i).data) for i in range(len(self._compiled.outputs))
        ]

    def _as_float(self, values: np.ndarray) -> np.ndarray:
        """Return values as float32, in this thread's memory, which is used again.

        Fresh memory for every window would take longer than the conversion itself.
        """
        if not hasattr(self._local, "floats") or self._local.floats.shape != values.shape:
            self._local.floats = np.empty(values.shape, np.float32)
        floats: np.ndarray = self._local.floats
        with np.errstate(over="ignore"):
            np.copyto(floats, values, casting="unsafe")
        return floats

    def _request(self) -> ov.InferRequest:
        """Return this thread's request; its memory is used again."""
        if not hasattr(self._local, "request"):
            self._local.request = self._compiled.create_infer_request()
        return self._local.request


def write_graph(recipe: Recipe, graph: nn.Module, path: Path) -> None:
    """Write a `StoredGraph` for the recipe's shape as OpenVINO IR: an .xml, and a .bin beside it.

    Where there is a result per pixel it is traced on a small image, which takes a tenth of the time
    and memory, and then given the recipe's shape; on that shape itself where something in it does
    not follow.
    """
    height, width = recipe.shape[2:]
    small = (min(_TRACED_PX, height), min(_TRACED_PX, width))
    model, follows = None, False
    if recipe.form == PER_PIXEL and small != (height, width):
        model = _traced(recipe, graph, *small)
        try:
            model.reshape(dict(enumerate(recipe.input_shapes(height, width))))
            follows = list(model.outputs[0].shape)[-2:] == [height, width]
        except RuntimeError:
            follows = False
    if model is None or not follows:
        model = _traced(recipe, graph, height, width)
        model.reshape(dict(enumerate(recipe.input_shapes(height, width))))
    inputs = ov.preprocess.PrePostProcessor(model)
    inputs.input(0).tensor().set_element_type(_TYPES.get(recipe.dtype, ov.Type.f32))
    inputs.input(1).tensor().set_element_type(ov.Type.u8)
    ov.save_model(inputs.build(), path, compress_to_fp16=False)


def _traced(recipe: Recipe, graph: nn.Module, height: int, width: int) -> ov.Model:
    import torch

    example: Any = tuple(torch.ones(shape) for shape in recipe.input_shapes(height, width))
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")  # tracing warns of shapes that are fixed on purpose
        # PyTorch's own check would load its distributed parts and take as long as all the rest.
        traced = torch.jit.trace(  # type: ignore[no-untyped-call]
            graph.eval(), example, strict=False, check_trace=False
        )
        return ov.convert_model(traced, example_input=example)
