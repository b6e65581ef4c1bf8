"""A whole patch classifier: raw pixel values of a patch in, logits out."""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor, nn
from torch.nn import functional

from lulc_engine.models.network import InputLayer


class PatchNetwork(nn.Module):
    """Input layer and body of a patch classifier.

    Args:
        input_layer: from raw values to normalised channels.
        body: from normalised channels to logits.
        resize_px: side to which normalised channels are resized (bilinear) for the body; None
            leaves them as they are.

    The body has a submodule ``head``. Bodies for small windows also have ``dense()``: a module that
    shares their weights, takes normalised channels (N, C, H, W) of a whole image and returns logits
    (N, K, H - k + 1, W - k + 1), equal to the body's on the patch that begins at each pixel.

    Shape:
        input (N, bands, k, k) float32 raw values, NaN where not valid; output (N, K) float32
        logits.
    """

    def __init__(
        self, input_layer: InputLayer, body: nn.Module, resize_px: int | None = None
    ) -> None:
        super().__init__()
        self.input = input_layer
        self.body = body
        self.resize_px = resize_px

    def logits(self, channels: Tensor) -> Tensor:
        """Return logits (N, K) of normalised channels (N, C, k, k)."""
        if self.resize_px is not None:
            size = (self.resize_px, self.resize_px)
            channels = functional.interpolate(channels, size, mode="bilinear", align_corners=False)
        logits: Tensor = self.body(channels)
        return logits

    def forward(self, raw: Tensor) -> Tensor:
        """Return logits of raw values."""
        return self.logits(self.input(raw))

    @property
    def is_dense(self) -> bool:
        """Whether the body can be applied to every pixel of an image at once."""
        return self.resize_px is None and hasattr(self.body, "dense")

    def head_parameters(self) -> Iterator[nn.Parameter]:
        """Return the parameters of the head, which is never pretrained."""
        return self._head.parameters()

    def backbone_parameters(self) -> Iterator[nn.Parameter]:
        """Return all parameters but the head's."""
        mine = {id(parameter) for parameter in self.head_parameters()}
        return (parameter for parameter in self.parameters() if id(parameter) not in mine)

    def train_head_only(self) -> None:
        """Put the head into training mode and everything else into evaluation mode.

        Batch norm of a frozen backbone must not follow the new data.
        """
        self.eval()
        self._head.train()

    @property
    def _head(self) -> nn.Module:
        return self.body.get_submodule("head")
