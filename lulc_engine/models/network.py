"""A whole network: raw pixel values in, logits out.

Reflectance, indices and normalisation are part of the graph, so that one exported model takes what
is stored in a file and nothing can be applied twice or forgotten.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from lulc_engine.models.card import CLIP
from lulc_engine.models.indices import INDEX_FORMULAS, band_positions

# Reflectance below this is taken for it before the logarithm: noise of dark pixels, not a signal.
DARKEST = 1e-4


class InputLayer(nn.Module):
    """From raw values to normalised channels.

    reflectance = raw * scale + offset; channels = reflectance and indices, minus mean, over spread,
    cut off at +-`clip`. A pixel with a band that is not finite is not valid: all its channels are
    0, the mean of normalised data.

    With the transform ``log_ratio`` the bands are replaced by their natural logarithms, followed by
    the normalised difference (a - b) / (a + b) of every pair of bands, both of reflectance not
    below 1e-4: differences of logarithms do not depend on the brightness of the light.

    Args:
        roles: role of each band, None where unknown.
        indices: names of the spectral indices to add.
        transform: none or log_ratio.
        limits: reflectance is cut off to this range first, where training data had been stretched.
        clip: channels are cut off at plus and minus this; None leaves them as they are.

    Shape:
        input (N, bands, H, W) float32 raw values, NaN where not valid; output
        (N, channels, H, W) float32.
    """

    scale: Tensor
    offset: Tensor
    mean: Tensor
    spread: Tensor

    def __init__(
        self,
        roles: Sequence[str | None],
        indices: Sequence[str] = (),
        transform: str = "none",
        limits: tuple[float, float] | None = None,
        clip: float | None = CLIP,
    ) -> None:
        super().__init__()
        self.clip = clip
        self.indices = [(name, band_positions(roles, name)) for name in indices]
        self.limits = limits
        self._pairs = (
            list(itertools.combinations(range(len(roles)), 2)) if transform == "log_ratio" else None
        )
        self.channels = len(roles) + len(self._pairs or ()) + len(indices)
        self.register_buffer("scale", torch.ones(len(roles), 1, 1))
        self.register_buffer("offset", torch.zeros(len(roles), 1, 1))
        self.register_buffer("mean", torch.zeros(self.channels, 1, 1))
        self.register_buffer("spread", torch.ones(self.channels, 1, 1))

    def set_radiometry(self, scale: Sequence[float], offset: Sequence[float]) -> None:
        """Set scale and offset per band."""
        self.scale.copy_(torch.tensor(scale).view(-1, 1, 1))
        self.offset.copy_(torch.tensor(offset).view(-1, 1, 1))

    def set_statistics(self, mean: Tensor, spread: Tensor) -> None:
        """Set mean and spread (channels,) of the training data."""
        self.mean.copy_(mean.view(-1, 1, 1))
        self.spread.copy_(spread.view(-1, 1, 1))

    def features(self, reflectance: Tensor) -> Tensor:
        """Return what is made of reflectance (N, bands, H, W), not normalised."""
        extra = [
            INDEX_FORMULAS[name][1]({role: reflectance[:, p] for role, p in places.items()})
            for name, places in self.indices
        ]
        parts = [reflectance] if self._pairs is None else self._logarithms(reflectance)
        if extra:
            parts.append(torch.stack(extra, dim=1))
        return torch.cat(parts, dim=1) if len(parts) > 1 else parts[0]

    def _logarithms(self, reflectance: Tensor) -> list[Tensor]:
        bright = reflectance.clamp(min=DARKEST)
        if not self._pairs:
            return [bright.log()]
        first = bright[:, [a for a, _ in self._pairs]]
        second = bright[:, [b for _, b in self._pairs]]
        return [bright.log(), (first - second) / (first + second)]

    def normalise(self, reflectance: Tensor) -> Tensor:
        """Return normalised channels of reflectance; 0 where a band is not finite."""
        valid = torch.isfinite(reflectance).all(dim=1, keepdim=True)
        return self.scaled(self.features(reflectance), valid)

    def scaled(self, features: Tensor, valid: Tensor) -> Tensor:
        """Return features (N, channels, H, W) normalised; 0 where valid (N, 1, H, W) is not."""
        channels = (features - self.mean) / self.spread
        usable = valid & ~channels.isnan()  # an index of huge values may still be inf / inf
        if self.clip is not None:
            channels = channels.clamp(-self.clip, self.clip)
        return torch.where(usable, channels, 0.0)

    def forward(self, raw: Tensor) -> Tensor:
        """Return normalised channels of raw values."""
        return self.normalise(self.reflectance(raw))

    def reflectance(self, raw: Tensor) -> Tensor:
        """Return reflectance of raw values, within the limits; NaN where not valid."""
        reflectance = raw * self.scale + self.offset
        return reflectance if self.limits is None else reflectance.clamp(*self.limits)


class Network(nn.Module):
    """Input layer and body of a segmenter, for images of any size.

    Shape:
        input (N, bands, H, W) float32 raw values, NaN where not valid; output
        (N, classes, H, W) float32 logits.
    """

    def __init__(self, input_layer: InputLayer, body: nn.Module) -> None:
        super().__init__()
        self.input = input_layer
        self.body = body

    @property
    def stride(self) -> int:
        """The multiple that the body needs image sides to be of."""
        return int(self.body.stride)  # type: ignore[arg-type]

    def logits(self, channels: Tensor) -> Tensor:
        """Return logits (N, classes, H, W) of normalised channels of any size.

        The image is padded with zeros to the right and below up to the body's stride.
        """
        height, width = channels.shape[-2:]
        down, right = -height % self.stride, -width % self.stride
        if down or right:
            channels = functional.pad(channels, (0, right, 0, down))
        logits: Tensor = self.body(channels)
        return logits[..., :height, :width]

    def forward(self, raw: Tensor) -> Tensor:
        """Return logits of raw values."""
        return self.logits(self.input(raw))


def parameter_count(module: nn.Module) -> int:
    """Return the number of trainable parameters."""
    return sum(parameter.numel() for parameter in module.parameters() if parameter.requires_grad)
