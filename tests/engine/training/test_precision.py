"""Low precision: only where a processor has instructions for it, and by what it is."""

import pytest
import torch

from lulc_engine.training.precision import low_precision, prefers_bfloat16

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("capabilities", "size_px", "wanted"),
    [
        ({"avx512_bf16": True}, 64, True),
        ({"amx_bf16": True, "avx512_bf16": False}, 32, True),
        ({"avx512_bf16": True}, 5, False),
        ({"avx2": True}, 64, False),
        ({}, 64, False),
    ],
)
def test_the_processor_decides(monkeypatch, capabilities, size_px, wanted):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities, raising=False)
    assert prefers_bfloat16(CPU, size_px) is wanted
    assert not prefers_bfloat16(torch.device("cuda"), size_px)


def test_a_torch_that_cannot_be_asked_computes_in_32_bits(monkeypatch):
    monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
    assert not prefers_bfloat16(CPU, 64)


def test_only_what_is_computed_inside_is_of_low_precision():
    layer, image = torch.nn.Conv2d(3, 4, 3), torch.rand(1, 3, 8, 8)
    with low_precision(CPU, True):
        assert layer(image).dtype == torch.bfloat16
    with low_precision(CPU, False):
        assert layer(image).dtype == torch.float32
    assert layer.weight.dtype == torch.float32
