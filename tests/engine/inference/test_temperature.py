"""Logits are divided by the model's temperature wherever probabilities are made of them."""

import csv
import json

import numpy as np
import pytest
import rasterio
import torch
from factories import random_image, write_raster
from landscape import make_model_card, make_spec, write_untrained_model
from patch_models import make_patch_spec, write_patch_model
from seamless import logits_of, read_map, run_classify, softmax

from lulc_engine.feedback import Feedback
from lulc_engine.inference.patch_table import classify_patches
from lulc_engine.models.card import read_spec
from lulc_engine.models.export import export_model
from lulc_engine.models.model_file import read_card
from lulc_engine.options import ClassifyPatchesOptions, ExportModelOptions

pytestmark = pytest.mark.usefixtures("flat")

HOT = 2.5


def maps(folder, name, scene, model, **options):
    """Return labels, percent and probabilities of a scene."""
    paths = {key: str(folder / f"{name}_{key}.tif") for key in ("confidence", "probabilities")}
    run_classify(scene, model, folder / f"{name}.tif", **paths, **options)
    with rasterio.open(paths["probabilities"]) as dataset:
        shares = dataset.read()
    return read_map(folder / f"{name}.tif"), read_map(paths["confidence"]), shares


@pytest.mark.parametrize("runtime", ["torch", "openvino", "onnxruntime"])
def test_segmenters_in_every_runtime(tmp_path, runtime):
    image = random_image(3, 40, 50)
    scene = write_raster(tmp_path / "s.tif", image)
    cold, network = write_untrained_model(tmp_path / "cold.safetensors")
    hot, _ = write_untrained_model(tmp_path / "hot.safetensors", make_spec(temperature=HOT))
    logits = logits_of(network, image, np.ones(image.shape[1:], bool))
    before = maps(tmp_path, "cold", scene, cold, runtime=runtime)
    after = maps(tmp_path, "hot", scene, hot, runtime=runtime)
    np.testing.assert_array_equal(after[0], before[0])
    np.testing.assert_allclose(before[2], softmax(logits), atol=1e-3)
    np.testing.assert_allclose(after[2], softmax(logits / HOT), atol=1e-3)
    assert abs(before[2] - after[2]).max() > 0.1
    assert abs(after[1] - 100 * after[2].max(axis=0)).max() <= 0.51


@pytest.mark.parametrize("architecture", ["pixelnet", "flat"])
def test_patch_classifiers_on_scenes(tmp_path, architecture):
    scene = write_raster(tmp_path / "s.tif", random_image(3, 20, 24))
    found = []
    for name, temperature in (("cold", 1.0), ("hot", HOT)):
        spec = make_patch_spec(architecture, 5, temperature=temperature)
        path, _ = write_patch_model(tmp_path / f"{name}.safetensors", spec)
        found.append(maps(tmp_path, name, scene, path))
    np.testing.assert_array_equal(found[0][0], found[1][0])
    expect_hotter(found[0][2].reshape(3, -1).T, found[1][2].reshape(3, -1).T)


def expect_hotter(before, after):
    """Expect the softmax (n, K) of logits divided by HOT, which a power of the shares gives too."""
    powers = before.astype(np.float64) ** (1 / HOT)
    np.testing.assert_allclose(after, powers / powers.sum(axis=1, keepdims=True), atol=2e-4)
    assert abs(before - after).max() > 0.05


@pytest.mark.parametrize("multilabel", [False, True])
def test_the_table_of_patches(tmp_path, multilabel):
    features = tmp_path / "x.npy"
    np.save(features, np.random.default_rng(0).uniform(1, 99, (30, 6, 6, 3)).astype(np.float32))
    shares = []
    for name, temperature in (("cold", 1.0), ("hot", HOT)):
        spec = make_patch_spec("flat", 6, multilabel=multilabel, temperature=temperature)
        path, _ = write_patch_model(tmp_path / f"{name}.safetensors", spec)
        options = ClassifyPatchesOptions(
            model=path, features=str(features), output=str(tmp_path / f"{name}.csv"), threads=1
        )
        classify_patches(options, Feedback())
        with open(options.output, newline="", encoding="utf-8") as stream:
            rows = list(csv.DictReader(stream))
        shares.append(np.array([[float(row[f"p_class {i}"]) for i in (1, 2, 3)] for row in rows]))
    cold, hot = shares
    if not multilabel:
        expect_hotter(cold, hot)
        return
    with np.errstate(divide="ignore"):
        odds = np.log(cold / (1 - cold)) / HOT
    inside = (cold > 1e-4) & (cold < 1 - 1e-4)
    np.testing.assert_allclose(hot[inside], (1 / (1 + np.exp(-odds)))[inside], atol=2e-3)


@pytest.mark.parametrize("name", ["m.onnx", "m.xml"])
def test_exported_models(tmp_path, name):
    model, network = write_untrained_model(tmp_path / "m.safetensors", make_spec(temperature=HOT))
    options = ExportModelOptions(model=model, output=str(tmp_path / name), tile_px=32)
    assert export_model(options, Feedback())["largest_difference"] < 1e-4
    values = np.random.default_rng(0).uniform(1, 99, (1, 3, 32, 32)).astype(np.float32)
    if name.endswith(".onnx"):
        import onnxruntime

        session = onnxruntime.InferenceSession(str(tmp_path / name))
        (found,) = session.run(None, {"image": values})
        metadata = session.get_modelmeta().custom_metadata_map
        assert json.loads(metadata["lulc_temperature"]) == HOT
    else:
        from lulc_engine.quiet_openvino import ov

        exact = {"INFERENCE_PRECISION_HINT": "f32"}
        found = ov.compile_model(str(tmp_path / name), "CPU", exact)(values)[0]
    with torch.inference_mode():
        logits = network(torch.from_numpy(values))
    np.testing.assert_allclose(found, (logits / HOT).softmax(dim=1).numpy(), atol=1e-4)


def test_a_card_without_a_temperature_means_1(tmp_path):
    spec = make_spec(temperature=HOT)
    path, network = write_untrained_model(tmp_path / "m.safetensors", spec)
    assert read_spec(read_card(path)).temperature == HOT
    card = make_model_card(spec, network)
    assert card["lulc:calibration"] == {"temperature": HOT}
    del card["lulc:calibration"]
    assert read_spec(card).temperature == 1
