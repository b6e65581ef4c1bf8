"""Patch classifiers of every architecture: trained for one step, kept in a file, put on a map."""

import numpy as np
import rasterio
import torch
from factories import write_raster
from torch import nn

from lulc_engine.feedback import Feedback
from lulc_engine.inference.classify import classify
from lulc_engine.inference.patch_map import SMALL_PX
from lulc_engine.models.build import build_patch_network, load_patch_network, network_tensors
from lulc_engine.models.card import PATCHES, ModelSpec, PatchFacts, make_card, read_spec
from lulc_engine.models.model_file import read_model, write_model
from lulc_engine.models.network import parameter_count
from lulc_engine.options import PATCH_CLASSIFIERS, TIMM_NAMES, ClassifyOptions
from lulc_engine.rasters.bands import Band
from lulc_engine.rasters.legend import Legend
from lulc_engine.rasters.reflectance import Radiometry

ARCHITECTURES = [*PATCH_CLASSIFIERS, *TIMM_NAMES]
SMALL = ("pixelnet", "dcnn5")
SCALE = 1e-4


def patch_spec(architecture, bands=4, classes=3, patch_px=64):
    rows = [{"id": i, "name": f"class {i}", "color": f"#0000{i:02x}"} for i in range(classes)]
    return ModelSpec(
        task=PATCHES,
        architecture=architecture,
        settings={"weights": "none"},
        bands=tuple(Band(i + 1, f"B{i + 1}", None) for i in range(bands)),
        indices=(),
        radiometry=Radiometry((SCALE,) * bands, (0.0,) * bands, "test", "test"),
        value_range=((0.0, 10000.0),) * bands,
        legend=Legend.from_rows(rows),
        halo_px=None,
        stride=1,
        patch=PatchFacts(patch_px),
    )


def patches_for(spec, count=2, seed=1):
    shape = (count, len(spec.bands), spec.patch.size_px, spec.patch.size_px)
    return 1 + 3000 * torch.rand(shape, generator=torch.Generator().manual_seed(seed))


def trained_one_step(spec, seed=0):
    """A network after one step on two patches, and what it was before."""
    torch.manual_seed(seed)
    network = build_patch_network(spec).train()
    before = [parameter.detach().clone() for parameter in network.parameters()]
    patches = patches_for(spec)
    optimizer = torch.optim.SGD(network.parameters(), 1e-2)
    loss = nn.functional.cross_entropy(network(patches), torch.tensor([0, 1]))
    loss.backward()
    optimizer.step()
    return network.eval(), before


def expect_a_life(spec, folder):
    """Take a network through one step, a file and a scene; nothing may change on the way."""
    network, before = trained_one_step(spec)
    moved = [not torch.equal(a, b) for a, b in zip(before, network.parameters(), strict=True)]
    assert sum(moved) > 0.3 * len(moved)  # ResNets begin with branches that add nothing

    statistics = ([0.0] * spec.in_channels, [1.0] * spec.in_channels)
    card = make_card(spec, "m", parameter_count(network), "2", statistics, {}, {}, {})
    tensors = network_tensors(network)
    write_model(folder / "m.safetensors", tensors, card)
    card, read = read_model(folder / "m.safetensors")
    assert all(np.array_equal(tensors[name].ravel(), read[name].ravel()) for name in tensors)
    again = load_patch_network(read_spec(card), read)
    with torch.inference_mode():
        logits = network(patches_for(spec))
        assert torch.equal(again(patches_for(spec)), logits)
    assert logits.shape == (2, len(spec.legend))
    assert torch.isfinite(logits).all()
    expect_on_a_map(spec, logits, folder)


def expect_on_a_map(spec, logits, folder):
    """Classify a scene of the two patches side by side; the map says what the network says."""
    size = spec.patch.size_px
    scene = torch.cat([*patches_for(spec)], dim=2).numpy()
    image = write_raster(folder / "scene.tif", scene)
    outputs = {"output": str(folder / "map.tif"), "probabilities": str(folder / "shares.tif")}
    model = str(folder / "m.safetensors")
    options = ClassifyOptions(image=image, model=model, scale=SCALE, threads=1, **outputs)
    classify(options, Feedback())
    with rasterio.open(folder / "map.tif") as dataset:
        found = dataset.read(1)
    with rasterio.open(folder / "shares.tif") as dataset:
        shares = dataset.read()
    # A small window stands for the pixel in its middle, a larger one for all that it shows.
    middles = [size // 2, size + size // 2] if size <= SMALL_PX else [0, 1]
    row = middles[0]
    expected = torch.softmax(logits, dim=1).numpy()
    np.testing.assert_allclose(shares[:, row, middles].T, expected, atol=1e-4)
    np.testing.assert_array_equal(found[row, middles], shares[:, row, middles].argmax(axis=0))
