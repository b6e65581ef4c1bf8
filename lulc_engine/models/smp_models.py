"""Segmenters of segmentation-models-pytorch, with any of its encoders and any number of bands."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import Any

import segmentation_models_pytorch as smp
import timm
from torch import Tensor, nn

from lulc_engine.errors import EnvironmentFailure, OptionsError
from lulc_engine.models.pretrained import downloads

ARCHITECTURES = {
    "unet": smp.Unet,
    "unetplusplus": smp.UnetPlusPlus,
    "fpn": smp.FPN,
    "deeplabv3plus": smp.DeepLabV3Plus,
    "segformer": smp.Segformer,
}


class SmpSegmenter(nn.Module):
    """A network of segmentation-models-pytorch behind the same face as our own.

    Args:
        architecture: a key of `ARCHITECTURES`.
        in_channels: number of inputs.
        classes: number of classes.
        encoder: name of an encoder of the library.
        weights: name of pretrained encoder weights, or None; they are downloaded once.

    Raises:
        OptionsError: no such encoder, or it does not go with the architecture.
        EnvironmentFailure: pretrained weights cannot be downloaded.

    Shape:
        input (N, in_channels, H, W) float32, H and W multiples of `stride`; output
        (N, classes, H, W).
    """

    stride = 32

    def __init__(
        self,
        architecture: str,
        in_channels: int,
        classes: int,
        encoder: str,
        weights: str | None = None,
    ) -> None:
        super().__init__()
        _check_encoder(encoder, weights)
        try:
            with downloads() if weights else contextlib.nullcontext():
                self.network = ARCHITECTURES[architecture](
                    encoder_name=encoder,
                    encoder_weights=(weights and True) if encoder.startswith("tu-") else weights,
                    in_channels=in_channels,
                    classes=classes,
                )
        except (ValueError, KeyError, NotImplementedError) as err:
            raise OptionsError(
                f"The encoder {encoder} does not go with {architecture}: {err}.",
                "Choose another encoder, such as resnet18 or mobilenet_v2.",
            ) from err
        except OSError as err:  # the hub's client raises kinds of it, by version and cause
            if weights is None:
                raise
            raise EnvironmentFailure(
                f"The pretrained weights {weights} of {encoder} cannot be loaded "
                f"({type(err).__name__}).",
                "They are downloaded on first use: go online once, or train without "
                "(ENCODER_WEIGHTS none).",
            ) from err

    def forward(self, image: Tensor) -> Tensor:
        """Return logits (N, classes, H, W)."""
        logits: Tensor = self.network(image)
        return logits


def _check_encoder(encoder: str, weights: str | None) -> None:
    known = smp.encoders.encoders
    # Of timm only the models that it holds itself: its names can also be addresses to load from.
    from_timm = encoder.startswith("tu-") and timm.is_model(encoder.removeprefix("tu-"))
    if not from_timm and encoder not in known:
        families = ", ".join(sorted(known)[:400:12])
        raise OptionsError(
            f"There is no encoder {encoder!r}.",
            f"Choose one of segmentation-models-pytorch, for example {families}; or any of "
            "timm with the prefix tu-.",
        )
    if weights is None or from_timm:
        return
    settings = known[encoder]["pretrained_settings"]
    if weights not in settings:
        raise OptionsError(
            f"The encoder {encoder} has no weights {weights!r}.",
            f"Choose from: {', '.join(settings)}; or none.",
        )


def _maker(architecture: str) -> Callable[[int, int, Mapping[str, Any]], SmpSegmenter]:
    def make(in_channels: int, classes: int, settings: Mapping[str, Any]) -> SmpSegmenter:
        weights = settings.get("encoder_weights")
        return SmpSegmenter(architecture, in_channels, classes, settings["encoder"], weights)

    return make


make_unet = _maker("unet")
make_unetplusplus = _maker("unetplusplus")
make_fpn = _maker("fpn")
make_deeplabv3plus = _maker("deeplabv3plus")
make_segformer = _maker("segformer")
