"""From a model card to a network and back to tensors."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TypeVar

import numpy as np
import torch
from torch import nn

from lulc_engine.errors import LulcError, ModelFileError
from lulc_engine.models.bodies import build_body, build_patch_body
from lulc_engine.models.card import ModelSpec
from lulc_engine.models.network import InputLayer, Network
from lulc_engine.models.patch_network import PatchNetwork

AnyNetwork = TypeVar("AnyNetwork", Network, PatchNetwork)


def build_network(spec: ModelSpec) -> Network:
    """Return an untrained segmenter for a spec, with the spec's radiometry.

    Raises:
        OptionsError: the architecture or its settings are unknown.
        BandError: an index needs a band that is not there.
    """
    body = build_body(spec.architecture, spec.in_channels, len(spec.legend), spec.settings)
    return Network(_input_layer(spec), body)


def build_patch_network(spec: ModelSpec) -> PatchNetwork:
    """Return an untrained patch classifier for a spec, with the spec's radiometry.

    Raises:
        OptionsError: the architecture is unknown or does not take such patches.
        BandError: an index needs a band that is not there.
    """
    if spec.patch is None:
        raise ValueError("the spec is of a segmenter")
    resize_px = spec.settings.get("resize_px")
    settings = {**spec.settings, "patch_px": resize_px or spec.patch.size_px}
    body = build_patch_body(spec.architecture, spec.in_channels, len(spec.legend), settings)
    return PatchNetwork(_input_layer(spec), body, resize_px)


def load_network(spec: ModelSpec, tensors: Mapping[str, np.ndarray]) -> Network:
    """Return the segmenter of a model file, in eval mode.

    Raises:
        ModelFileError: a tensor is missing, unknown or of another shape, or the file holds a patch
            classifier.
    """
    if spec.patch is not None:
        raise ModelFileError("The model is a patch classifier, not a segmenter.")
    try:
        network = _filled(build_network(_offline(spec)), tensors)
        if spec.stride % network.stride:
            raise ValueError(f"stride {spec.stride}")
    except _MISFITS as err:
        raise _misfit() from err
    return network


def load_patch_network(spec: ModelSpec, tensors: Mapping[str, np.ndarray]) -> PatchNetwork:
    """Return the patch classifier of a model file, in eval mode.

    Raises:
        ModelFileError: a tensor is missing, unknown or of another shape, or the file holds a
            segmenter.
    """
    if spec.patch is None:
        raise ModelFileError(
            "The model labels every pixel of a scene; it does not take patches.",
            "Choose a patch classifier.",
        )
    try:
        return _filled(build_patch_network(_offline(spec)), tensors)
    except _MISFITS as err:
        raise _misfit() from err


def network_tensors(network: nn.Module) -> dict[str, np.ndarray]:
    """Return all parameters and buffers of a network as arrays."""
    return {
        name: tensor.detach().to("cpu").contiguous().numpy()
        for name, tensor in network.state_dict().items()
    }


_MISFITS = (RuntimeError, LulcError, KeyError, TypeError, ValueError, AttributeError)


def _input_layer(spec: ModelSpec) -> InputLayer:
    limits = (0.0, 1.0) if spec.patch is not None and spec.patch.stretch else None
    roles = [band.role for band in spec.bands]
    layer = InputLayer(roles, spec.indices, spec.transform, limits, spec.clip)
    layer.set_radiometry(spec.radiometry.scale, spec.radiometry.offset)
    return layer


def _offline(spec: ModelSpec) -> ModelSpec:
    """Return a spec without pretrained weights: they come from the file."""
    settings = {**spec.settings, "encoder_weights": None, "weights": None}
    return dataclasses.replace(spec, settings=settings)


def _filled(network: AnyNetwork, tensors: Mapping[str, np.ndarray]) -> AnyNetwork:
    network.load_state_dict({name: torch.from_numpy(t) for name, t in tensors.items()})
    network.eval()
    return network


def _misfit() -> ModelFileError:
    return ModelFileError(
        "The model file's weights do not fit its model card.", "Train or import it again."
    )
