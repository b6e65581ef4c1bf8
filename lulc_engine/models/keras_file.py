"""Reading Keras model files (.keras, .h5) without Keras: layers as data, weights as arrays.

Nothing in the file is ever executed: a Lambda layer's code stays a text. A file says what it holds,
so it is believed in nothing: sizes are looked at before anything is read, and HDF5 links that lead
out of the file are not followed.

Layouts: ``.keras`` (Keras 3) is a zip of config.json and model.weights.h5, where the layers'
weights stand under ``layers/<class name and number>/vars``; ``.h5`` has the same configuration as
an attribute and weights by layer name (``model_weights/<layer>``, attribute weight_names).
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from lulc_engine.errors import ModelFileError

_LARGEST_CONFIG = 8 * 2**20
_LARGEST_WEIGHTS = 512 * 2**20
_MOST_LAYERS = 2000
_MODELS = ("Sequential", "Functional", "Model")
# What the libraries raise for files that are cut off, damaged or made to confuse.
_DAMAGE = (
    OSError,
    KeyError,
    ValueError,
    TypeError,
    IndexError,
    AttributeError,
    RuntimeError,
    RecursionError,
    NotImplementedError,
    zlib.error,
    zipfile.BadZipFile,
    MemoryError,  # a size in a damaged header
)


@dataclass(frozen=True)
class KerasLayer:
    """A layer as the file describes it.

    Attributes:
        kind: its class.
        name: its name.
        config: its settings.
        inputs: names of the layers it takes its inputs from, in order.
    """

    kind: str
    name: str
    config: Mapping[str, Any]
    inputs: tuple[str, ...]


class KerasFile:
    """An open Keras file.

    Args:
        layers: all layers in the order of the file.
        weights: the HDF5 file of the weights.
        groups: where in it the weights of each layer are, by layer name; several where versions of
            Keras differ.
        version: of Keras, as far as the file says.
    """

    def __init__(
        self,
        layers: Sequence[KerasLayer],
        weights: h5py.File,
        groups: Mapping[str, Sequence[str]],
        version: str,
    ) -> None:
        self.layers = list(layers)
        self.version = version
        self._weights = weights
        self._groups = groups

    def read(self, layer: KerasLayer, shapes: Sequence[tuple[int, ...]]) -> list[np.ndarray]:
        """Return a layer's weights as float32, in Keras's order.

        Raises:
            ModelFileError: they are missing, of other shapes or not finite.
        """
        try:
            found = self._datasets(layer)
            if [dataset.shape for dataset in found] != list(shapes):
                raise ModelFileError(
                    f"The weights of the layer {layer.name} have the shapes "
                    f"{_listed(dataset.shape for dataset in found)}, not {_listed(shapes)}.",
                    "Only the published architectures can be imported.",
                )
            arrays = [_read_dataset(dataset) for dataset in found]
        except _DAMAGE as err:
            if isinstance(err, ModelFileError):
                raise
            raise ModelFileError(
                f"The weights of the layer {layer.name} cannot be read ({err}).",
                "Copy the file again.",
            ) from err
        if not all(np.isfinite(array).all() for array in arrays):
            raise ModelFileError(f"The layer {layer.name} has weights that are not finite.")
        return arrays

    def _datasets(self, layer: KerasLayer) -> list[h5py.Dataset]:
        for path in self._groups[layer.name]:
            group = _inside(self._weights, path)
            if isinstance(group, h5py.Group):
                names = group.attrs.get("weight_names")
                keys = sorted(group, key=int) if names is None else [_text(name) for name in names]
                found = [_inside(group, key) for key in keys]
                if not all(isinstance(dataset, h5py.Dataset) for dataset in found):
                    raise KeyError("a weight is missing")
                return found
        raise KeyError("they are missing")


@contextlib.contextmanager
def open_keras(path: str | Path) -> Iterator[KerasFile]:
    """Open a Keras file.

    Raises:
        ModelFileError: the file does not exist or is not a whole Keras model.
    """
    if not Path(path).is_file():
        raise ModelFileError(f"The Keras model {path} does not exist.", "Check the path.")
    with contextlib.ExitStack() as stack:
        try:
            if zipfile.is_zipfile(path):
                file = _open_zip(path, stack)
            elif h5py.is_hdf5(path):
                file = _open_hdf5(path, stack)
            else:
                raise ModelFileError(
                    f"{path} is not a Keras model (.keras or .h5).",
                    "A model in the SavedModel format must be saved as .keras first.",
                )
        except _DAMAGE as err:
            if isinstance(err, ModelFileError):
                raise
            reason = "no such entry" if isinstance(err, KeyError) else err
            raise ModelFileError(
                f"{path} is damaged or not a whole Keras model ({reason}).",
                "Copy the file again, or save the whole model, not its weights alone.",
            ) from err
        yield file


def _open_zip(path: str | Path, stack: contextlib.ExitStack) -> KerasFile:
    archive = stack.enter_context(zipfile.ZipFile(path))
    layers = _layers(_parsed(_read_entry(archive, "config.json", _LARGEST_CONFIG)))
    metadata = {}
    if "metadata.json" in archive.namelist():
        metadata = _parsed(_read_entry(archive, "metadata.json", _LARGEST_CONFIG))
    stream = io.BytesIO(_read_entry(archive, "model.weights.h5", _LARGEST_WEIGHTS))
    weights = stack.enter_context(h5py.File(stream, "r"))
    return KerasFile(layers, weights, _zip_groups(layers), str(metadata.get("keras_version", "")))


def _zip_groups(layers: Sequence[KerasLayer]) -> dict[str, list[str]]:
    """Return where Keras 3 keeps the weights: by class and its number, in some versions by name."""
    groups, count = {}, Counter[str]()
    for layer in layers:
        kind = _snake_case(layer.kind)
        numbered = f"{kind}_{count[kind]}" if count[kind] else kind
        count[kind] += 1
        groups[layer.name] = [f"layers/{numbered}/vars", f"layers/{layer.name}/vars"]
    return groups


def _open_hdf5(path: str | Path, stack: contextlib.ExitStack) -> KerasFile:
    weights = stack.enter_context(h5py.File(path, "r"))
    if "model_config" not in weights.attrs:
        raise ModelFileError(
            f"{path} is not a whole Keras model: it does not describe its layers.",
            "Save the whole model, not its weights alone.",
        )
    layers = _layers(_parsed(weights.attrs["model_config"]))
    groups = {layer.name: [f"model_weights/{layer.name}"] for layer in layers}
    return KerasFile(layers, weights, groups, _text(weights.attrs.get("keras_version", "")))


def _read_entry(archive: zipfile.ZipFile, name: str, limit: int) -> bytes:
    """Return an entry of a zip; its stated size is not believed."""
    with archive.open(name) as stream:
        content = stream.read(limit + 1)
    if len(content) > limit:
        raise ValueError(f"{name} is larger than {limit // 2**20} MB")
    return content


def _parsed(text: str | bytes) -> dict[str, Any]:
    if len(text) > _LARGEST_CONFIG:
        raise ValueError("its description is too large")
    value = json.loads(text)
    if not isinstance(value, dict):
        raise ValueError("its description is no object")
    return value


def _layers(config: Mapping[str, Any]) -> list[KerasLayer]:
    kind = config["class_name"]
    if kind not in _MODELS:
        raise ModelFileError(
            f"The Keras file holds a {kind}, not a Sequential or Functional model.",
            "Only the published architectures can be imported.",
        )
    inner = config["config"]
    rows = inner["layers"] if isinstance(inner, dict) else inner
    if len(rows) > _MOST_LAYERS:
        raise ValueError(f"it has {len(rows)} layers")
    layers: list[KerasLayer] = []
    for row in rows:
        settings = dict(row["config"])
        name = str(settings.get("name", row.get("name", "")))
        if kind == "Sequential":
            inputs = [layer.name for layer in layers[-1:]]
        else:
            inputs = list(_sources(row["inbound_nodes"]))
        layers.append(KerasLayer(str(row["class_name"]), name, settings, tuple(inputs)))
    return layers


def _sources(node: Any) -> Iterator[str]:
    """Yield the names of layers in a call's arguments, as Keras 2 or 3 writes them."""
    if isinstance(node, dict):
        if "keras_history" in node:
            yield str(node["keras_history"][0])
        else:
            for value in node.values():
                yield from _sources(value)
    elif isinstance(node, list):
        if len(node) >= 3 and isinstance(node[0], str) and isinstance(node[1], int):
            yield node[0]
        else:
            for value in node:
                yield from _sources(value)


def _inside(parent: h5py.Group, path: str) -> h5py.Group | h5py.Dataset | None:
    """Return what stands at a path; None if nothing does or the way leads out of the file."""
    found: h5py.Group | h5py.Dataset = parent
    for part in path.split("/"):
        link = found.get(part, getlink=True) if isinstance(found, h5py.Group) else None
        if not isinstance(link, h5py.HardLink):
            return None
        found = found[part]
    return found


def _read_dataset(dataset: h5py.Dataset) -> np.ndarray:
    if dataset.external or dataset.is_virtual:
        raise ValueError("they are in another file")
    if dataset.dtype.kind != "f":
        raise ValueError(f"they are of the type {dataset.dtype}")
    values: np.ndarray = dataset[()].astype(np.float32)
    return values


def _snake_case(name: str) -> str:
    """Return a class name as Keras does: SeparableConv2D becomes separable_conv2d."""
    name = re.sub(r"\W+", "", name)
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _listed(shapes: Any) -> str:
    return ", ".join("x".join(map(str, shape)) or "()" for shape in shapes) or "none"
