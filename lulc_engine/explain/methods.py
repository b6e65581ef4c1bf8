"""The methods, applied to a batch of images: patches, or one window of a segmenter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from lulc_engine.explain.gradcam import enlarged, gradient, heat, map_and_gradient, tapped
from lulc_engine.explain.layers import Layer, as_map
from lulc_engine.explain.occlusion import BandCounts, without_band
from lulc_engine.explain.subject import Subject
from lulc_engine.models.network import Network


@dataclass(frozen=True)
class Answer:
    """What a method says of a batch.

    Attributes:
        maps: (N, layers, H, W) float32.
        shares: probabilities (N, K) of patches, (N, K, H, W) of a segmenter.
        explained: class indices of what is explained, (N,) of patches, (N, H, W) of a segmenter.
    """

    maps: np.ndarray
    shares: np.ndarray
    explained: np.ndarray


class Method(Protocol):
    """Something that can be asked of a batch.

    Attributes:
        layers: how many numbers it gives for a pixel.
    """

    layers: int

    def ask(self, raw: Tensor, labels: np.ndarray | None, counted: np.ndarray | None) -> Answer:
        """Return the answer for raw values (N, bands, H, W), NaN where not valid.

        Args:
            raw: the images, on the subject's device.
            labels: class indices as of the answer's ``explained``, -1 where unknown.
            counted: (N, H, W) which pixels of a segmenter count in statistics; None for patches.
        """
        ...


class PatchGradCam:
    """Grad-CAM of each patch for itself."""

    layers = 1

    def __init__(self, subject: Subject) -> None:
        self._subject = subject

    def ask(
        self, raw: Tensor, labels: np.ndarray | None = None, counted: np.ndarray | None = None
    ) -> Answer:
        """See `Method`; heats are not normalised."""
        subject, layer = self._subject, _layer_of(self._subject)
        height, width = fed_size(subject, raw)
        with tapped(subject.network.body, layer) as tap:
            logits = subject.network(raw)
            target = targets(subject, logits.detach())
            score = logits[torch.arange(len(logits)), target].sum()
            maps, slopes = map_and_gradient(tap, score, layer, height, width)
        found = heat(maps, slopes.mean(dim=(2, 3)))
        return _answer(subject, logits, target, on_patch(subject, found, raw)[:, None])


class SegmenterGradCam:
    """Seg-Grad-CAM of windows, with channel weights that hold for all of them.

    Args:
        subject: a segmenter with a class.
        weights: (channels,) of the layer.
    """

    layers = 1

    def __init__(self, subject: Subject, weights: Tensor) -> None:
        self._subject, self._weights = subject, weights

    def ask(
        self, raw: Tensor, labels: np.ndarray | None = None, counted: np.ndarray | None = None
    ) -> Answer:
        """See `Method`; heats are not normalised."""
        subject, layer = self._subject, _layer_of(self._subject)
        height, width = raw.shape[-2:]
        with torch.no_grad(), tapped(subject.network.body, layer) as tap:
            logits = subject.network(raw)
            found = heat(as_map(tap.value, layer, height, width), self._weights)
        maps = enlarged(found, height, width)[:, None]
        return _answer(subject, logits, targets(subject, logits), maps)


class Activations:
    """What a layer holds: the mean of its channels, or one of them."""

    layers = 1

    def __init__(self, subject: Subject, channel: int | None) -> None:
        self._subject, self._channel = subject, channel

    def ask(
        self, raw: Tensor, labels: np.ndarray | None = None, counted: np.ndarray | None = None
    ) -> Answer:
        """See `Method`."""
        subject, layer = self._subject, _layer_of(self._subject)
        with torch.no_grad(), tapped(subject.network.body, layer) as tap:
            logits = subject.network(raw)
            held = as_map(tap.value, layer, *fed_size(subject, raw))
        shown = held.mean(dim=1) if self._channel is None else held[:, self._channel]
        return _answer(
            subject, logits, targets(subject, logits), on_patch(subject, shown, raw)[:, None]
        )


class Occlusion:
    """The drop of the explained class's probability without each band.

    Args:
        subject: the model.
        counts: takes the statistics.
    """

    def __init__(self, subject: Subject, counts: BandCounts) -> None:
        self._subject, self._counts = subject, counts
        self.layers = len(counts.bands)

    def ask(
        self, raw: Tensor, labels: np.ndarray | None = None, counted: np.ndarray | None = None
    ) -> Answer:
        """See `Method`; all pixels of a patch have its drops."""
        subject, network = self._subject, self._subject.network
        with torch.no_grad():
            logits = network(raw)
            target = targets(subject, logits)
            before = subject.probabilities(logits)
            known = None if labels is None else labels[counted] if counted is not None else labels
            self._counts.begin(_samples(before, counted), known)
            reflectance = network.input.reflectance(raw)
            drops = []
            for band, mean in enumerate(subject.means):
                channels = without_band(network.input, reflectance, band, mean)
                after = subject.probabilities(network.logits(channels))
                self._counts.without(band, _samples(after, counted))
                drops.append((before - after).gather(1, target[:, None])[:, 0])
        maps = torch.stack(drops, dim=1)
        if not isinstance(network, Network):
            maps = maps[:, :, None, None].expand(-1, -1, *raw.shape[-2:])
        return _answer(subject, logits, target, maps)


def targets(subject: Subject, logits: Tensor) -> Tensor:
    """Return the class indices (N, ...) that logits (N, K, ...) are explained by."""
    likeliest = logits.argmax(dim=1)
    if subject.target is None:
        return likeliest
    return torch.full_like(likeliest, subject.target)


def segmenter_gradient(
    subject: Subject, raw: Tensor, counted: np.ndarray, everywhere: bool
) -> Tensor:
    """Return the gradient of a window's score, summed over the places of the layer, (channels,).

    Args:
        subject: a segmenter with a class.
        raw: a window (1, bands, H, W).
        counted: (1, H, W) bool, the pixels of which the score is made.
        everywhere: whether all of them count, or those only that get the class.
    """
    layer = _layer_of(subject)
    height, width = int(raw.shape[-2]), int(raw.shape[-1])
    with tapped(subject.network.body, layer) as tap:
        logits = subject.network(raw)
        chosen = torch.from_numpy(counted).to(logits.device)
        if not everywhere:
            chosen = chosen & (logits.argmax(dim=1) == subject.target)
        score = (logits[:, subject.target] * chosen).sum()
        slope = as_map(gradient(tap, score), layer, height, width)
    return slope.sum(dim=(0, 2, 3))


def fed_size(subject: Subject, raw: Tensor) -> tuple[int, int]:
    """Return the size of what the body is given for images: patches may be resized or padded."""
    height, width = int(raw.shape[-2]), int(raw.shape[-1])
    if isinstance(subject.network, Network):
        return height, width
    side = subject.network.resize_px or height
    side = int(getattr(subject.network.body, "side", side))
    return side, side


def on_patch(subject: Subject, values: Tensor, raw: Tensor) -> Tensor:
    """Return a layer's values (N, rows, columns) on the pixels (N, H, W) of the images."""
    large = enlarged(values, *fed_size(subject, raw))
    height, width = int(raw.shape[-2]), int(raw.shape[-1])
    if isinstance(subject.network, Network):
        return large
    inner = subject.network.resize_px or height  # what lies beyond was padded
    large = large[:, :inner, :inner]
    return large if inner == height else enlarged(large, height, width)


def _layer_of(subject: Subject) -> Layer:
    if subject.layer is None:
        raise ValueError("the method needs a layer")
    return subject.layer


def _samples(shares: Tensor, counted: np.ndarray | None) -> np.ndarray:
    """Return probabilities (n, K) of the samples that count."""
    if counted is None:
        patches: np.ndarray = shares.cpu().numpy()
        return patches
    pixels: np.ndarray = np.moveaxis(shares.cpu().numpy(), 1, -1)[counted]
    return pixels


def _answer(subject: Subject, logits: Tensor, target: Tensor, maps: Tensor) -> Answer:
    shares = subject.probabilities(logits.detach())
    return Answer(
        maps.detach().cpu().numpy(), shares.cpu().numpy(), target.cpu().numpy().astype(np.int16)
    )
