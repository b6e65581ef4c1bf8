"""From a model card to a network and back to tensors."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch

from lulc_engine.errors import LulcError, ModelFileError
from lulc_engine.models import build_body
from lulc_engine.models.card import ModelSpec
from lulc_engine.models.network import InputLayer, Network


def build_network(spec: ModelSpec) -> Network:
    """Return an untrained network for a spec, with the spec's radiometry.

    Raises:
        OptionsError: the architecture or its settings are unknown.
        BandError: an index needs a band that is not there.
    """
    layer = InputLayer([band.role for band in spec.bands], spec.indices)
    layer.set_radiometry(spec.radiometry.scale, spec.radiometry.offset)
    body = build_body(spec.architecture, spec.in_channels, len(spec.legend), spec.settings)
    return Network(layer, body)


def load_network(spec: ModelSpec, tensors: Mapping[str, np.ndarray]) -> Network:
    """Return the network of a model file, in eval mode.

    Raises:
        ModelFileError: a tensor is missing, unknown or of another shape.
    """
    # Weights come from the file, so no pretrained ones are fetched.
    offline = ModelSpec(**{**vars(spec), "settings": {**spec.settings, "encoder_weights": None}})
    try:
        network = build_network(offline)
        network.load_state_dict({name: torch.from_numpy(t) for name, t in tensors.items()})
        if spec.stride % network.stride:
            raise ValueError(f"stride {spec.stride}")
    except (RuntimeError, LulcError, KeyError, TypeError, ValueError, AttributeError) as err:
        raise ModelFileError(
            "The model file's weights do not fit its model card.", "Train or import it again."
        ) from err
    return network.eval()


def network_tensors(network: Network) -> dict[str, np.ndarray]:
    """Return all parameters and buffers of a network as arrays."""
    return {
        name: tensor.detach().to("cpu").contiguous().numpy()
        for name, tensor in network.state_dict().items()
    }
