"""What happens to pixel values before the network: reflectance, indices, normalisation."""

import numpy as np
import pytest
import torch

from lulc_engine import options
from lulc_engine.errors import BandError
from lulc_engine.models.indices import INDEX_FORMULAS, band_positions
from lulc_engine.models.mobile_unet import MobileUNet
from lulc_engine.models.network import CLIP, InputLayer, Network

ROLES = ("blue", "green", "red", "nir", "swir16")
VALUES = {"blue": 0.05, "green": 0.1, "red": 0.2, "nir": 0.5, "swir16": 0.3}
BY_HAND = {
    "ndvi": 0.3 / 0.7,
    "ndbi": -0.2 / 0.8,
    "evi": 2.5 * 0.3 / (0.5 + 1.2 - 0.375 + 1),
    "savi": 1.5 * 0.3 / 1.2,
    "ndwi": -0.4 / 0.6,
}


def index_of(name, values):
    tensors = {role: torch.tensor(value, dtype=torch.float32) for role, value in values.items()}
    return float(INDEX_FORMULAS[name][1](tensors))


def test_all_names_are_options():
    assert tuple(INDEX_FORMULAS) == options.INDICES == tuple(BY_HAND)


@pytest.mark.parametrize("name", INDEX_FORMULAS)
def test_indices_by_hand(name):
    assert index_of(name, VALUES) == pytest.approx(BY_HAND[name], rel=1e-6)


@pytest.mark.parametrize("name", INDEX_FORMULAS)
def test_nothing_over_nothing_is_zero(name):
    assert index_of(name, dict.fromkeys(ROLES, 0.0)) == 0


def test_a_vanishing_denominator_is_safe_and_has_a_gradient():
    values = {role: torch.zeros(1, requires_grad=True) for role in ROLES}
    INDEX_FORMULAS["ndvi"][1](values).backward()
    assert float(values["nir"].grad) == 0
    evi = {"nir": 0.0, "red": -1 / 6, "blue": 0.0}
    assert index_of("evi", evi) == 0
    assert index_of("savi", {"nir": -0.5, "red": 0.0}) == 0


def test_nir08_stands_in_for_nir():
    assert band_positions(["red", "nir08"], "ndvi") == {"red": 0, "nir": 1}
    assert band_positions(["red", "nir08", "nir"], "ndvi") == {"red": 0, "nir": 2}


def test_a_missing_band_is_named():
    with pytest.raises(BandError, match="NDBI needs the band swir16") as caught:
        band_positions(["red", None, "nir"], "ndbi")
    assert caught.value.exit_code == 3
    with pytest.raises(BandError, match="nir and red and blue"):
        InputLayer([None, None], ["evi"])


def by_numpy(raw, scale, offset, mean, spread):
    """The layer's definition for ROLES with NDVI and EVI, in double precision."""
    reflectance = raw.astype(float) * scale[:, None, None] + offset[:, None, None]
    b = dict(zip(ROLES, reflectance, strict=True))
    with np.errstate(all="ignore"):
        below = b["nir"] + b["red"]
        ndvi = np.where(abs(below) > 1e-6, (b["nir"] - b["red"]) / below, 0)
        below = b["nir"] + 6 * b["red"] - 7.5 * b["blue"] + 1
        evi = np.where(abs(below) > 1e-6, 2.5 * (b["nir"] - b["red"]) / below, 0)
        channels = np.concatenate([reflectance, [ndvi, evi]])
        channels = np.clip((channels - mean[:, None, None]) / spread[:, None, None], -CLIP, CLIP)
    return np.where(np.isfinite(reflectance).all(axis=0), channels, 0)


@pytest.fixture
def layer():
    return InputLayer(ROLES, ["ndvi", "evi"])


def test_the_graph_is_the_definition(layer):
    rng = np.random.default_rng(0)
    raw = rng.integers(1000, 6000, (5, 9, 7)).astype(np.float32)
    raw[:, 2, 3] = 1000  # reflectance 0 in all bands
    raw[1, 4, 4], raw[3, 0, 0] = np.nan, np.inf
    scale, offset = np.full(5, 1e-4), np.full(5, -0.1)
    mean, spread = rng.uniform(0.1, 0.3, 7), rng.uniform(0.02, 0.2, 7)
    layer.set_radiometry(scale.tolist(), offset.tolist())
    layer.set_statistics(torch.from_numpy(mean), torch.from_numpy(spread))
    found = layer(torch.from_numpy(raw)[None])[0].numpy()
    expected = by_numpy(raw, scale, offset, mean, spread)
    np.testing.assert_allclose(found, expected, rtol=2e-4, atol=2e-5)
    assert (found[:, 4, 4] == 0).all()
    assert (found[:, 0, 0] == 0).all()
    assert (abs(found) <= CLIP).all()


def test_huge_values_never_become_nan(layer):
    """Squares and sums of finite float32 values overflow; inf over inf is not a number."""
    raw = torch.full((1, 5, 2, 2), 3e38)
    raw[0, :, 0, 0] = torch.tensor([0, 0, 3e38, -3e38, 0])
    assert torch.isfinite(layer(raw)).all()


def test_invalid_pixels_do_not_spread():
    torch.manual_seed(0)
    network = Network(InputLayer([None] * 2), MobileUNet(2, 3)).eval()
    raw = torch.rand(1, 2, 120, 8)
    holes = raw.clone()
    holes[:, 0, 60] = float("nan")  # one band is enough
    with torch.inference_mode():
        logits, other = network(raw), network(holes)
    assert torch.isfinite(other).all()
    assert torch.equal(logits[:, :, : 60 - 51], other[:, :, : 60 - 51])
    assert not torch.equal(logits[:, :, 60], other[:, :, 60])
    raw[:, :, 60] = 0  # the mean of normalised data
    with torch.inference_mode():
        assert torch.equal(network(raw), other)
