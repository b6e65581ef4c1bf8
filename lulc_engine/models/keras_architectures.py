"""The published Keras networks that can be imported: their layers, and where weights belong.

A file is recognised by its whole graph: classes of layers, what feeds what, and the settings that
decide about results. Same shapes alone would not do: another padding or another order of a
concatenation gives a network that loads and is wrong.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lulc_engine.errors import ModelFileError
from lulc_engine.models import dcnn5, mobile_unet
from lulc_engine.models.keras_file import KerasFile, KerasLayer

_DEPTHWISE = (2, 3, 0, 1)

SUPPORTED = (
    "Supported are the Mobile-UNet (SeparableConv2D of 32 to 256 filters) and the 5x5 DCNN (Conv2D "
    "of 16, 32 and 64 filters)."
)
# Layers without a part in a trained network's result.
_PASSIVE = ("InputLayer", "Dropout", "SpatialDropout2D")
_MOST_INPUTS, _MOST_CLASSES = 1024, 4096

_ONE, _TWO = ([1, 1], 1), ([2, 2], 2)
_LAST_AXIS = (-1, 3, [-1], [3])
_LAST = {"data_format": ("channels_last",)}
_CONVOLUTION = {**_LAST, "strides": _ONE, "dilation_rate": _ONE, "use_bias": (True,)}
_SEPARABLE = {
    **_CONVOLUTION,
    "kernel_size": ([3, 3], 3),
    "padding": ("same",),
    "depth_multiplier": (1,),
    "activation": ("linear",),
}
_POOL = {**_LAST, "pool_size": _TWO, "strides": _TWO, "padding": ("valid",)}
_RELU = {"max_value": (None,), "negative_slope": (0,), "threshold": (0,)}
_UP = {**_LAST, "size": _TWO, "interpolation": ("nearest",)}


@dataclass(frozen=True)
class Expected:
    """A layer of a published network.

    Attributes:
        kind: Keras's class.
        inputs: positions of the layers that feed it; -1 is the image.
        settings: for each setting that decides about results, the values it may have.
        targets: tensors of our network that its weights become, in Keras's order.
    """

    kind: str
    inputs: tuple[int, ...]
    settings: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    targets: tuple[str, ...] = ()


@dataclass(frozen=True)
class Recognised:
    """What a Keras file holds.

    Attributes:
        architecture: our name of it.
        in_channels: number of its inputs.
        classes: number of its classes.
        patch_px: side of its patches; None for a segmenter.
        layers: its layers with weights, and which of our tensors they become.
    """

    architecture: str
    in_channels: int
    classes: int
    patch_px: int | None
    layers: tuple[tuple[KerasLayer, Expected], ...]


def recognise(file: KerasFile) -> Recognised:
    """Return which published network a file holds.

    Raises:
        ModelFileError: none of them, or one with other settings.
    """
    layers = [layer for layer in file.layers if layer.kind not in _PASSIVE]
    kinds = [layer.kind for layer in layers]
    known = {"mobile_unet": _mobile_unet(), "dcnn5": _dcnn5()}
    matching = [name for name, its in known.items() if [item.kind for item in its] == kinds]
    if not matching:
        raise ModelFileError(
            f"The Keras network is of no known kind ({_summary(kinds)}).", SUPPORTED
        )
    architecture, expected = matching[0], known[matching[0]]
    _check_graph(file.layers, expected)
    height, width, channels = _input_shape(file.layers)
    classes = _whole(layers[-1].config.get("filters", layers[-1].config.get("units")))
    if not (0 < channels <= _MOST_INPUTS and 0 < classes <= _MOST_CLASSES):
        raise ModelFileError(
            f"The Keras network has {channels} inputs and {classes} classes.", SUPPORTED
        )
    if architecture == "dcnn5" and height != width:
        raise ModelFileError(f"Its patches of {height} x {width} pixels are not square.", SUPPORTED)
    return Recognised(
        architecture,
        channels,
        classes,
        height if architecture == "dcnn5" else None,
        tuple(pair for pair in zip(layers, expected, strict=True) if pair[1].targets),
    )


def read_tensors(
    file: KerasFile, found: Recognised, ours: Mapping[str, Sequence[int]]
) -> dict[str, np.ndarray]:
    """Return the weights as tensors of our network.

    Args:
        file: the open file.
        found: what it holds.
        ours: shapes of our network's tensors by name.

    Raises:
        ModelFileError: weights are missing or of other shapes.
    """
    tensors = {}
    for layer, expected in found.layers:
        # The first kernel of a separable convolution is (height, width, channels, 1).
        orders = [_order(len(ours[name])) for name in expected.targets]
        if layer.kind == "SeparableConv2D":
            orders[0] = _DEPTHWISE
        shapes = [
            tuple(ours[name][order.index(axis)] for axis in range(len(order)))
            for name, order in zip(expected.targets, orders, strict=True)
        ]
        arrays = file.read(layer, shapes)
        for name, array, order in zip(expected.targets, arrays, orders, strict=True):
            tensors[name] = np.ascontiguousarray(array.transpose(order))
    return tensors


def _order(axes: int) -> tuple[int, ...]:
    """Return the axes of a Keras weight in torch's order: (height, width, inputs, outputs)."""
    return (3, 2, 0, 1) if axes == 4 else tuple(reversed(range(axes)))


def _check_graph(layers: Sequence[KerasLayer], expected: Sequence[Expected]) -> None:
    """Raise ModelFileError where layers are connected or set otherwise than published."""
    places: dict[str, int] = {}
    position = 0
    for layer in layers:
        sources = tuple(places.get(name, -1) for name in layer.inputs) or (-1,)
        if layer.kind in _PASSIVE:
            places[layer.name] = sources[0]
            continue
        wanted = expected[position]
        if sources != wanted.inputs:
            raise ModelFileError(
                f"The layer {layer.name} takes its input from elsewhere than in the published "
                "network.",
                SUPPORTED,
            )
        _check_settings(layer, wanted)
        places[layer.name] = position
        position += 1


def _check_settings(layer: KerasLayer, wanted: Expected) -> None:
    for name, allowed in wanted.settings.items():
        if layer.config.get(name, allowed[0]) not in allowed:
            raise ModelFileError(
                f"The layer {layer.name} has {name} {layer.config[name]!r}, the published network "
                f"{allowed[0]!r}.",
                SUPPORTED,
            )


def _input_shape(layers: Sequence[KerasLayer]) -> tuple[int, int, int]:
    """Return height, width and channels of the input; 0 where the file leaves them open."""
    for name in ("batch_shape", "batch_input_shape"):
        shape = layers[0].config.get(name) if layers else None
        if isinstance(shape, list) and len(shape) == 4:
            height, width, channels = (_whole(side) for side in shape[1:])
            return height, width, channels
    raise ModelFileError("The Keras network does not take images.", SUPPORTED)


def _whole(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _summary(kinds: Sequence[str]) -> str:
    found = Counter(kinds)
    shown = ", ".join(f"{kind[:40]} x {count}" for kind, count in found.most_common(8))
    return f"layers: {shown}" if shown else "no layers"


def _mobile_unet() -> list[Expected]:
    layers: list[Expected] = []

    def block(name: str, source: int) -> int:
        """Add two separable convolutions with norm and ReLU; return the position of the last."""
        for first in (0, 4):
            targets = (f"{first}.weight", f"{first + 1}.weight", f"{first + 1}.bias")
            layers.append(
                Expected(
                    "SeparableConv2D",
                    (source,),
                    _SEPARABLE,
                    tuple(f"{name}.{target}" for target in targets),
                )
            )
            layers.append(_norm(f"{name}.{first + 2}", len(layers) - 1))
            layers.append(Expected("ReLU", (len(layers) - 1,), _RELU))
            source = len(layers) - 1
        return source

    def add(kind: str, inputs: tuple[int, ...], settings: Mapping[str, Any]) -> int:
        layers.append(Expected(kind, inputs, settings))
        return len(layers) - 1

    last = block("down.0", -1)
    skips = []
    for level in range(1, len(mobile_unet.FILTERS)):
        skips.append(last)
        last = block(f"down.{level}", add("MaxPooling2D", (last,), _POOL))
    for level, skip in enumerate(reversed(skips)):
        up = add("UpSampling2D", (last,), _UP)
        last = block(f"up.{level}", add("Concatenate", (up, skip), {"axis": _LAST_AXIS}))
    settings = {**_CONVOLUTION, "kernel_size": _ONE, "activation": ("softmax",)}
    layers.append(Expected("Conv2D", (last,), settings, ("head.weight", "head.bias")))
    return layers


def _dcnn5() -> list[Expected]:
    layers: list[Expected] = []
    for number, filters in enumerate(dcnn5.FILTERS):
        settings = {
            **_CONVOLUTION,
            "filters": (filters,),
            "kernel_size": _TWO,
            "padding": ("same",),
            "activation": ("relu",),
        }
        targets = (f"conv.{number}.weight", f"conv.{number}.bias")
        layers.append(Expected("Conv2D", (len(layers) - 1,), settings, targets))
        if number:
            layers.append(Expected("MaxPooling2D", (len(layers) - 1,), _POOL))
        layers.append(_norm(f"norm.{number}", len(layers) - 1))
    layers.append(Expected("Flatten", (len(layers) - 1,), _LAST))
    for number, activation in ((0, "relu"), (3, "relu"), (6, "softmax")):
        targets = (f"head.{number}.weight", f"head.{number}.bias")
        dense = {"activation": (activation,), "use_bias": (True,)}
        layers.append(Expected("Dense", (len(layers) - 1,), dense, targets))
    return layers


def _norm(name: str, source: int) -> Expected:
    targets = tuple(f"{name}.{t}" for t in ("weight", "bias", "running_mean", "running_var"))
    settings = {
        "epsilon": (dcnn5.BN_EPS,),
        "axis": _LAST_AXIS,
        "center": (True,),
        "scale": (True,),
    }
    return Expected("BatchNormalization", (source,), settings, targets)
