"""Patch classifiers of timm, for any number of bands and for patches smaller than photographs.

Most of timm's networks were made for 224 px and halve the image five times, which leaves 2x2 values
of a patch of 64 px. Patches are not enlarged; instead the network's first layers are adapted so
that the last map keeps at least 4x4 values where the network can:

- networks with a stem (ResNet, DenseNet, EfficientNet, ConvNeXt ...): the stem's pooling is left
  out, then its strides become 1; 64 px lose one halving, 32 px two;
- VGG: the poolings at the end, which only global pooling follows, are left out;
- transformers: smaller patches, so that a ViT sees at least 8x8 of them and the last stage of a
  Swin keeps 4x4; sides that are no multiple are padded with zeros (the mean) right and below.

The head is Linear 256 - ReLU - Dropout - Linear on the globally pooled features.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

import timm
import torch
from torch import Tensor, nn
from torch.nn import functional

from lulc_engine.errors import EnvironmentFailure, OptionsError
from lulc_engine.models.pretrained import downloads

HEAD_WIDTH = 256
HEAD_DROPOUT = 0.3
_SMALLEST_MAP = 4
_SMALLEST_GRID = 8
_REDUCTION = 32  # of a whole network; all of timm's with a stem have it
_SWIN_REDUCTION = 8  # of the stages after the patches
_WINDOWS = (7, 8, 6)
_STEM = re.compile(r"^(conv_stem|stem|conv[12]|maxpool|features\.(conv0|pool0))\b")
_SIZES = (1, 2, 4, 5, 8, 12, 16, 24, 32, 48, 64, 96, 128, 160, 192, 224, 256, 384)
# What torch and timm raise where sizes do not go together; it is a matter of the network.
_DOES_NOT_FIT = (RuntimeError, AssertionError, ValueError, TypeError, LookupError, ArithmeticError)


class TimmClassifier(nn.Module):
    """A network of timm with our head.

    Args:
        backbone: gives features (N, F) of (N, C, side, side).
        features: F.
        classes: number of classes.
        side: what patches are padded to.

    Shape:
        input (N, C, k, k) float32; output (N, classes) logits.
    """

    def __init__(self, backbone: nn.Module, features: int, classes: int, side: int) -> None:
        super().__init__()
        self.side = side
        self.backbone = backbone
        self.head = nn.Sequential(
            nn.Linear(features, HEAD_WIDTH),
            nn.ReLU(inplace=True),
            nn.Dropout(HEAD_DROPOUT),
            nn.Linear(HEAD_WIDTH, classes),
        )

    def forward(self, channels: Tensor) -> Tensor:
        """Return logits of normalised channels (N, C, k, k)."""
        missing = self.side - channels.shape[-1]
        if missing:
            channels = functional.pad(channels, (0, missing, 0, missing))
        logits: Tensor = self.head(self.backbone(channels))
        return logits


def make(in_channels: int, classes: int, settings: Mapping[str, Any]) -> TimmClassifier:
    """Return a patch classifier of timm.

    Args:
        in_channels: number of inputs; pretrained first layers are adapted to it by timm.
        classes: number of classes.
        settings: ``timm_name``, ``patch_px``, and ``weights``: imagenet, or none (also None).

    Raises:
        OptionsError: timm has no such network, or it does not take such patches.
        EnvironmentFailure: pretrained weights cannot be downloaded.
    """
    name, px = str(settings["timm_name"]), int(settings["patch_px"])
    _check_name(name)
    pretrained = settings.get("weights") not in (None, "none")
    try:
        backbone, side, features = _fitted(name, in_channels, px, pretrained)
    except _DOES_NOT_FIT as err:
        if pretrained and "pretrained" in str(err).lower():
            raise OptionsError(
                f"timm has no pretrained weights of {name}.", "Train without (WEIGHTS none)."
            ) from err
        raise _unfit(name, in_channels, px, err) from err
    return TimmClassifier(backbone, features, classes, side)


def _check_name(name: str) -> None:
    # Names with a scheme or a path would be addresses to load from.
    if re.fullmatch(r"[\w.-]+", name) and timm.is_model(name):
        try:
            timm.get_pretrained_cfg(name, allow_unregistered="." not in name)
        except RuntimeError as err:
            raise OptionsError(
                f"timm knows no weights {name.partition('.')[2]!r} of {name.partition('.')[0]}.",
                f"Choose from: {', '.join(timm.list_pretrained(name.partition('.')[0]))}.",
            ) from err
        return
    close = difflib.get_close_matches(name, timm.list_models(), n=5, cutoff=0.5)
    raise OptionsError(
        f"There is no architecture {name!r}.",
        f"Did you mean {', '.join(close)}?" if close else "Choose one of ours or any of timm.",
    )


def _fitted(name: str, in_channels: int, px: int, pretrained: bool) -> tuple[nn.Module, int, int]:
    """Return a backbone for patches of a size, the side they are padded to, and its features."""
    failure: Exception | None = None
    for side, options in _geometries(name, px, pretrained):
        try:
            options = {"in_chans": in_channels, "num_classes": 0, **options}
            backbone = _created(name, pretrained, options)
            _adapt(backbone, px, has_stem="img_size" not in options)
            return backbone, side, _count_features(backbone, in_channels, side)
        except _DOES_NOT_FIT as err:  # also where the network has no such option
            failure = failure or err
    raise failure or ValueError(name)


def _adapt(backbone: nn.Module, px: int, has_stem: bool) -> None:
    if isinstance(backbone, timm.models.VGG):
        _shorten_vgg(backbone, px)
    elif has_stem:
        _refine_stem(backbone, px)


def _count_features(backbone: nn.Module, in_channels: int, side: int) -> int:
    """Return the length of the features, by trying; raises where the size does not fit."""
    backbone.eval()
    with torch.no_grad():
        features = backbone(torch.zeros(1, in_channels, side, side))
    backbone.train()
    if features.ndim != 2:
        raise ValueError(f"features of shape {tuple(features.shape)}")
    return int(features.shape[1])


def _geometries(name: str, px: int, pretrained: bool) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the side to pad to and the options that tell a network the size, best first."""
    module = timm.model_entrypoint(name).__module__.rsplit(".", 1)[-1]
    if module == "vgg":
        # Its dense layers of 120 million weights are dropped; made only to be filled from a file.
        yield px, ({} if pretrained else {"mlp_ratio": 1 / 4096})
    elif not getattr(timm.get_pretrained_cfg(name), "fixed_input_size", False):
        yield px, {}
    else:
        if module.startswith("swin"):
            patch = next((p for p in (4, 2) if _ceil(px, p * _SWIN_REDUCTION) >= _SMALLEST_MAP), 1)
            grid = _ceil(px, patch)
            window = min(_WINDOWS, key=lambda w: -grid % w)
            side = grid * patch
            yield side, {"img_size": side, "patch_size": patch, "window_size": window}
        patch = _patch_side(px)
        side = _ceil(px, patch) * patch
        yield side, {"img_size": side, "patch_size": patch}
        yield px, {"img_size": px}
        yield px, {}


def _patch_side(px: int) -> int:
    """Return a side of patches, at most 16, that leaves at least 8x8 where it can."""
    largest = max(1, min(16, px // _SMALLEST_GRID))
    divisors = [p for p in range(largest, largest // 2, -1) if px % p == 0]
    return divisors[0] if divisors else largest


def _created(name: str, pretrained: bool, options: Mapping[str, Any]) -> nn.Module:
    if not pretrained:
        return timm.create_model(name, pretrained=False, **options)
    try:
        with downloads():
            return timm.create_model(name, pretrained=True, **options)
    except OSError as err:  # the hub's client raises kinds of it, by version and cause
        raise EnvironmentFailure(
            f"The pretrained weights of {name} cannot be loaded ({type(err).__name__}).",
            "They are downloaded on first use: go online once, or train without (WEIGHTS none).",
        ) from err


def _shorten_vgg(backbone: nn.Module, px: int) -> None:
    """Leave out poolings at the end and the dense layers."""
    layers = backbone.get_submodule("features")
    pools = [name for name, layer in layers.named_children() if isinstance(layer, nn.MaxPool2d)]
    kept = max(0, int(math.log2(px / _SMALLEST_MAP)))
    for name in pools[kept:]:
        layers.set_submodule(name, nn.Identity())
    backbone.set_submodule("pre_logits", nn.Identity())


def _refine_stem(backbone: nn.Module, px: int) -> None:
    """Take halvings out of the stem, the last first, until the last map is large enough."""
    halvings = 0
    while _ceil(px, _REDUCTION >> halvings) < _SMALLEST_MAP and halvings < 5:
        halvings += 1
    strided = [
        (name, module)
        for name, module in backbone.named_modules()
        if _STEM.match(name) and _stride(module) > 1
    ]
    for name, module in reversed(strided):
        while halvings and _stride(module) > 1:
            halvings -= 1
            if isinstance(module, nn.Conv2d):
                _halve_stride(module)
            else:
                module = nn.Identity()
                backbone.set_submodule(name, module)


def _halve_stride(convolution: nn.Conv2d) -> None:
    stride = _stride(convolution) // 2
    convolution.stride = (stride, stride)
    side = convolution.kernel_size[0]
    if convolution.padding == (0, 0) and side > stride:  # a stem of patches that did not overlap
        convolution.padding = ((side - stride) // 2,) * 2


def _stride(module: nn.Module) -> int:
    if not isinstance(module, nn.Conv2d | nn.MaxPool2d | nn.AvgPool2d):
        return 1
    return module.stride if isinstance(module.stride, int) else int(module.stride[0])


def _unfit(name: str, in_channels: int, px: int, cause: Exception) -> OptionsError:
    """Return the error for patches that a network does not take; find the smallest it does."""
    for size in _SIZES:
        try:
            _fitted(name, in_channels, size, pretrained=False)
        except _DOES_NOT_FIT:
            continue
        limit = "The smallest it takes has" if size > px else "It takes, for example, patches of"
        return OptionsError(
            f"{name} does not take patches of {px} pixels.",
            f"{limit} {size}; choose another architecture or set RESIZE_PX.",
        )
    return OptionsError(
        f"{name} cannot be built for {in_channels} bands and any size of patches ({cause}).",
        "Choose another architecture.",
    )


def _ceil(numerator: int, denominator: int) -> int:
    return -(-numerator // denominator)
