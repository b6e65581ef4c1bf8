"""What is to be explained: a model, and the class whose evidence is looked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from lulc_engine.devices import choose_device, use_threads
from lulc_engine.errors import OptionsError
from lulc_engine.explain.layers import Layer, choose_layer, find_layers
from lulc_engine.explain.target import choose_class
from lulc_engine.models.build import load_network, load_patch_network
from lulc_engine.models.card import ModelSpec
from lulc_engine.models.model_file import Tensors
from lulc_engine.models.network import Network
from lulc_engine.models.patch_network import PatchNetwork
from lulc_engine.options import ExplainOptions
from lulc_engine.rasters.reflectance import Radiometry

# Sides, in strides, of the image that a segmenter is tried with: rows differ from columns.
_TRIED = (4, 6)


@dataclass(frozen=True)
class Subject:
    """A network ready to be asked.

    Attributes:
        spec: the model's.
        network: in eval mode, on the device, its weights fixed.
        device: where it is.
        layer: what Grad-CAM and activations look at; None for occlusion.
        target: index of the class to explain, None where it is what the model says.
        means: mean reflectance (bands,) that stands for a band that says nothing.
        knows_means: whether these are of the training; else of the data that are explained.
    """

    spec: ModelSpec
    network: Network | PatchNetwork
    device: torch.device
    layer: Layer | None
    target: int | None
    means: tuple[float, ...] = ()
    knows_means: bool = True

    @property
    def several(self) -> bool:
        """Whether a patch may have several classes."""
        return self.spec.patch is not None and self.spec.patch.multilabel

    def probabilities(self, logits: Tensor) -> Tensor:
        """Return probabilities of logits (N, K, ...), calibrated as the model says."""
        scaled = logits / self.spec.temperature
        return torch.sigmoid(scaled) if self.several else torch.softmax(scaled, dim=1)


def make_subject(
    options: ExplainOptions,
    spec: ModelSpec,
    tensors: Tensors,
    radiometry: Radiometry,
    sample: Callable[[], np.ndarray],
) -> Subject:
    """Return the network of a model file, for values as they are read.

    Args:
        options: of the command.
        spec: the model's.
        tensors: the model's.
        radiometry: what the network is given instead of the training's.
        sample: gives raw values (bands, n) of valid pixels of what is explained.

    Raises:
        OptionsError: the model has no such layer or class.
        EnvironmentFailure: the device is not there.
    """
    target = choose_class(options.class_, spec.legend)
    device = choose_device(options.device)
    use_threads(options.threads)
    load = load_network if spec.patch is None else load_patch_network
    network = load(spec, tensors)
    network.input.set_radiometry(radiometry.scale, radiometry.offset)
    network.requires_grad_(False).to(device)
    layer = None if options.method == "occlusion" else _layer(options, spec, network)
    if layer is not None and options.channel is not None and options.channel >= layer.channels:
        raise OptionsError(
            f"--channel must be from 0 to {layer.channels - 1} for the layer {layer.name}, not "
            f"{options.channel}."
        )
    means = _trained_means(network, spec)
    known = means is not None
    if means is None:
        values = torch.from_numpy(sample().astype(np.float32))
        shaped = values.reshape(1, len(spec.bands), 1, -1).to(device)
        means = network.input.reflectance(shaped).mean(dim=(0, 2, 3))
    return Subject(spec, network, device, layer, target, tuple(means.tolist()), known)


def _trained_means(network: Network | PatchNetwork, spec: ModelSpec) -> Tensor | None:
    """Return the mean reflectance (bands,) of the training, None where the model has none.

    Of logarithms it is the geometric mean. Networks that were trained elsewhere may take values as
    they are: their input layer neither shifts nor scales.
    """
    layer = network.input
    if not layer.mean.any() and bool((layer.spread == 1).all()):
        return None
    means = layer.mean.flatten()[: len(spec.bands)]
    return means.exp() if spec.transform == "log_ratio" else means


def _layer(options: ExplainOptions, spec: ModelSpec, network: Network | PatchNetwork) -> Layer:
    if isinstance(network, Network):
        height, width = (side * network.stride for side in _TRIED)
        # Every halving must leave maps that tell rows from columns.
        height, width = max(height, 128), max(width, 192)
    else:
        height = width = network.resize_px or (spec.patch.size_px if spec.patch else 1)
    layers = find_layers(network.body, spec.in_channels, height, width)
    return choose_layer(layers, options.layer, spec.architecture, spec.patch is None)
