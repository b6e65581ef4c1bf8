"""The networks: one entry of `MODELS` per architecture."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from torch import nn

from lulc_engine.errors import OptionsError


def build_body(
    architecture: str, in_channels: int, classes: int, settings: Mapping[str, Any]
) -> nn.Module:
    """Return an untrained network body: normalised channels in, logits out.

    Args:
        architecture: a key of `MODELS`.
        in_channels: number of inputs (bands and indices).
        classes: number of classes.
        settings: options of the architecture, as a model card stores them.

    Raises:
        OptionsError: the architecture is unknown or a setting does not fit.
    """
    try:
        make = MODELS[architecture]
    except KeyError:
        raise OptionsError(
            f"There is no architecture {architecture!r}.", f"Choose from: {', '.join(MODELS)}."
        ) from None
    return make(in_channels, classes, settings)


def _mobile_unet(in_channels: int, classes: int, settings: Mapping[str, Any]) -> nn.Module:
    from lulc_engine.models.mobile_unet import MobileUNet

    return MobileUNet(in_channels, classes)


def _smp(architecture: str) -> Callable[[int, int, Mapping[str, Any]], nn.Module]:
    def make(in_channels: int, classes: int, settings: Mapping[str, Any]) -> nn.Module:
        from lulc_engine.models.smp_models import SmpSegmenter  # loads in a second: only if asked

        weights = settings.get("encoder_weights")
        return SmpSegmenter(architecture, in_channels, classes, settings["encoder"], weights)

    return make


MODELS: dict[str, Callable[[int, int, Mapping[str, Any]], nn.Module]] = {
    "mobile_unet": _mobile_unet,
    "unet": _smp("unet"),
    "unetplusplus": _smp("unetplusplus"),
    "fpn": _smp("fpn"),
    "deeplabv3plus": _smp("deeplabv3plus"),
    "segformer": _smp("segformer"),
}
