"""A patch classifier for every window of an image at once, ready to be applied."""

from __future__ import annotations

import copy

from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from lulc_engine.models.network import InputLayer
from lulc_engine.models.patch_network import PatchNetwork


class EveryWindow(nn.Module):
    """The dense form of a patch classifier, with batch norm folded into the convolutions.

    Args:
        network: a dense one, in eval mode.
        step: pixels from one window to the next.

    Attributes:
        input: from raw values to normalised channels.

    Shape:
        `logits`: channels (N, C, H, W) to (N, K, n, m) float32 logits, one for each window that
        begins at a multiple of the step.
    """

    input: InputLayer

    def __init__(self, network: PatchNetwork, step: int) -> None:
        super().__init__()
        self.input = network.input
        self._dense = folded(network.body.dense().eval())  # type: ignore[operator]
        self._step = step

    def logits(self, channels: Tensor) -> Tensor:
        """Return the logits of the windows of normalised channels."""
        logits: Tensor = self._dense(channels)
        return logits if self._step == 1 else logits[..., :: self._step, :: self._step]


def folded(module: nn.Module) -> nn.Module:
    """Return a copy in which batch norm is part of a convolution beside it, and no dropout.

    Args:
        module: in eval mode.
    """
    result = copy.deepcopy(module)
    for part in list(result.modules()):
        if isinstance(part, nn.Sequential):
            layers: list[nn.Module] = []
            for layer in part:
                before = layers[-1] if layers else None
                if isinstance(layer, nn.BatchNorm2d) and isinstance(before, nn.Conv2d):
                    layers[-1] = fuse_conv_bn_eval(before, layer)
                elif isinstance(layer, nn.Conv2d) and isinstance(before, nn.BatchNorm2d):
                    layers[-1] = _after_norm(before, layer)
                elif not isinstance(layer, nn.Dropout):
                    layers.append(layer)
            part._modules.clear()
            part.extend(layers)
    return result


def _after_norm(norm: nn.BatchNorm2d, convolution: nn.Conv2d) -> nn.Conv2d:
    """Return a 'valid' convolution that does what batch norm and it do one after the other."""
    if norm.running_mean is None or norm.running_var is None or convolution.groups != 1:
        raise ValueError("batch norm without statistics, or a grouped convolution")
    gain = norm.weight / (norm.running_var + norm.eps).sqrt()
    shift = norm.bias - norm.running_mean * gain
    found = copy.deepcopy(convolution)
    constant = (convolution.weight * shift[None, :, None, None]).sum(dim=(1, 2, 3))
    bias = constant if convolution.bias is None else convolution.bias + constant
    found.weight = nn.Parameter((convolution.weight * gain[None, :, None, None]).detach())
    found.bias = nn.Parameter(bias.detach())
    return found
