"""What a model file says about itself, and whether it is whole; read without the engine's process.

The card is checked by the engine's own functions (`lulc_engine.models`), so that what is shown
here is what a run will find.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .engine_source import engine_module, errors
from .translation import tr

# Types of numbers as the file format names them.
_DTYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2",
    "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "<i1",
    "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "<u1", "BOOL": "?",
}  # fmt: skip


@dataclass(frozen=True)
class ModelCard:
    """A model file.

    Attributes:
        path: the file.
        card: the model card.
        spec: the part of it that a network is built and fed by (`lulc_engine.models.card`).
    """

    path: str
    card: dict[str, Any]
    spec: Any

    @property
    def is_patch_classifier(self) -> bool:
        """Whether it gives windows their class, instead of every pixel of a scene."""
        return self.spec.patch is not None

    @property
    def pixel_m(self) -> list[float]:
        """The training's pixel size in metres; empty where it is not known."""
        size = self.card.get("lulc:training", {}).get("pixel_m")
        return [float(side) for side in size] if size else []

    @property
    def scores(self) -> tuple[str, dict[str, Any]]:
        """The split that is told and its metrics: the test where there is one."""
        found = self.card.get("lulc:scores") or {}
        split = next((name for name in ("test", "validation") if found.get(name)), "")
        return split, dict(found.get(split) or {})


def read_model_card(path: str) -> ModelCard:
    """Return the card of a model file; reads only the file's header. Main thread only.

    Raises:
        LulcError: the file is missing, is no model file, or its card is incomplete.
    """
    card = engine_module("models.model_file").read_card(path)
    try:
        return ModelCard(path, card, engine_module("models.card").read_spec(card))
    except AttributeError as err:  # a list where the card has an object
        raise errors.ModelFileError(
            f"The model card is incomplete: {err}.", "Train or import the model again."
        ) from err


def damage(model: ModelCard, model_sha256: Any) -> str:
    """Return what is wrong with a model file's weights; empty where nothing is.

    Reads the whole file, which takes a second per gigabyte: not for the main thread.

    Args:
        model: the model.
        model_sha256: the engine's function of that name.
    """
    try:
        tensors = _tensors(Path(model.path))
    except (OSError, ValueError, LookupError, TypeError, OverflowError, struct.error):
        return tr("{} is damaged or incomplete.").format(model.path)
    if model_sha256(tensors, model.card) != model.card.get("model_sha256"):
        return tr("{} is damaged: its content does not fit its hash.").format(model.path)
    for name, tensor in tensors.items():
        if tensor.dtype.kind == "f" and not np.isfinite(tensor).all():
            text = tr("{path} holds values that are not finite ({name}).")
            return text.format(path=model.path, name=name)
    return ""


def _tensors(path: Path) -> dict[str, np.ndarray]:
    """Return the arrays of a safetensors file, which stay on disk until they are looked at."""
    with open(path, "rb") as stream:
        (length,) = struct.unpack("<Q", stream.read(8))
        header = json.loads(stream.read(length))
    header.pop("__metadata__", None)
    start, size = 8 + length, path.stat().st_size
    if size != start + max((row["data_offsets"][1] for row in header.values()), default=0):
        raise ValueError("the file is of another size than its header says")
    tensors = {}
    for name, row in header.items():
        dtype, shape = np.dtype(_DTYPES[row["dtype"]]), tuple(row["shape"])
        first, last = row["data_offsets"]
        if last - first != dtype.itemsize * int(np.prod(shape, dtype=np.int64)):
            raise ValueError(f"{name} is of another size than its shape says")
        if first == last:
            tensors[name] = np.empty(shape, dtype)
        else:
            tensors[name] = np.memmap(path, dtype, "r", start + first, shape or (1,)).reshape(shape)
    return tensors
