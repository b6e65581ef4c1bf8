"""The published 5x5 DCNN, layer by layer.

Convolutions of 2x2 with Keras's padding 'same', which for kernels of two pixels is one row below
and one column to the right. With 4 bands and 5 classes it has 24,181 parameters with batch-norm
statistics.

Our one deviation: running statistics follow with torch's momentum of 0.1 (Keras's 0.99 in torch's
terms is 0.01). They end at the same values; with Keras's a short training is judged by statistics
that still are the initial ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn
from torch.nn import functional

from lulc_engine.errors import OptionsError
from lulc_engine.models.dense_dcnn5 import DenseDcnn5

FILTERS = (16, 32, 64)
HIDDEN = (64, 128)
BN_EPS = 1e-3
SMALLEST_PX = 4  # two poolings
_LARGEST_PX = 64  # beyond, the first dense layer alone would have a million weights


class Dcnn5(nn.Module):
    """The 5x5 DCNN for any number of bands and classes, and other sides than 5.

    conv 2x2 'same' 16 - ReLU - BN - dropout | conv 2x2 'same' 32 - ReLU - max-pool 2 - BN - dropout
    | conv 2x2 'same' 64 - ReLU - max-pool 2 - BN - dropout | flatten - dense 64 - ReLU - dropout -
    dense 128 - ReLU - dropout - dense K; BN with eps 1e-3, dropout 0.2 and then 0.5.

    Args:
        in_channels: number of inputs.
        classes: number of classes.
        patch_px: side of the patches.

    Shape:
        input (N, in_channels, patch_px, patch_px) float32; output (N, classes) logits.
    """

    def __init__(self, in_channels: int, classes: int, patch_px: int = 5) -> None:
        super().__init__()
        self.patch_px = patch_px
        before = (in_channels, *FILTERS[:-1])
        self.conv = nn.ModuleList(
            nn.Conv2d(inputs, filters, kernel_size=2)
            for inputs, filters in zip(before, FILTERS, strict=True)
        )
        self.norm = nn.ModuleList(nn.BatchNorm2d(filters, eps=BN_EPS) for filters in FILTERS)
        self.dropout = nn.Dropout(0.2)
        flat = FILTERS[-1] * (patch_px // 4) ** 2
        self.head = nn.Sequential(
            nn.Linear(flat, HIDDEN[0]),
            nn.ReLU(),
            nn.Dropout(0.5),
            nn.Linear(HIDDEN[0], HIDDEN[1]),
            nn.ReLU(),
            nn.Dropout(0.5),
            nn.Linear(HIDDEN[1], classes),
        )
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):  # Keras's initial weights
                nn.init.xavier_uniform_(module.weight)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def forward(self, channels: Tensor) -> Tensor:
        """Return logits (N, classes) of normalised channels (N, C, patch_px, patch_px)."""
        features = channels
        for level, (conv, norm) in enumerate(zip(self.conv, self.norm, strict=True)):
            features = functional.relu(conv(functional.pad(features, (0, 1, 0, 1))))
            if level > 0:
                features = functional.max_pool2d(features, 2)
            features = self.dropout(norm(features))
        # Keras flattens rows, columns, channels in this order.
        logits: Tensor = self.head(features.permute(0, 2, 3, 1).flatten(1))
        return logits

    def dense(self) -> DenseDcnn5:
        """Return the trained network for whole images; see `patch_network`."""
        return DenseDcnn5(self)


def make(in_channels: int, classes: int, settings: Mapping[str, Any]) -> Dcnn5:
    """Return an untrained 5x5 DCNN; ``patch_px`` is its only setting.

    Raises:
        OptionsError: it does not take patches of that size.
    """
    patch_px = int(settings.get("patch_px", 5))
    if not SMALLEST_PX <= patch_px <= _LARGEST_PX:
        raise OptionsError(
            f"dcnn5 takes patches of {SMALLEST_PX} to {_LARGEST_PX} pixels, not {patch_px}.",
            "It was made for 5; choose another architecture for larger ones.",
        )
    return Dcnn5(in_channels, classes, patch_px)
