"""Exported models: the same probabilities elsewhere, and the facts that other software reads."""

import importlib.util
import json

import numpy as np
import pytest
import torch
from landscape import make_model_card, make_spec, write_untrained_model
from torch import nn

from lulc_engine.commands import COMMANDS
from lulc_engine.errors import EnvironmentFailure, ModelFileError, OptionsError
from lulc_engine.feedback import Feedback
from lulc_engine.models.build import build_patch_network, load_patch_network, network_tensors
from lulc_engine.models.card import PATCHES, PatchFacts
from lulc_engine.models.model_file import write_model
from lulc_engine.options import ExportModelOptions

needs_onnx = pytest.mark.skipif(
    importlib.util.find_spec("onnxruntime") is None or importlib.util.find_spec("onnx") is None,
    reason="the extra onnx is not installed",
)
KINDS = [pytest.param("m.onnx", marks=needs_onnx), "m.xml"]


def export(model, output, **options):
    given = ExportModelOptions(model=str(model), output=str(output), **options)
    return COMMANDS["export-model"].run(given, Feedback())


def run(path, values):
    """Probabilities and metadata of an exported model."""
    if path.suffix == ".onnx":
        import onnxruntime

        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        metadata = session.get_modelmeta().custom_metadata_map
        (found,) = session.run(["probabilities"], {"image": values})
    else:
        from lulc_engine.quiet_openvino import ov

        model = ov.Core().read_model(str(path))
        names = model.get_rt_info("model_info").astype(dict)
        metadata = {n: model.get_rt_info(["model_info", n]).astype(str) for n in names}
        compiled = ov.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
        found = compiled({"image": values})["probabilities"]
    return found, {name: json.loads(value) for name, value in metadata.items()}


def write_patch_model(path, architecture="resnet18", patch_px=32, multilabel=False, **changes):
    spec = make_spec(
        task=PATCHES, architecture=architecture, halo_px=None, stride=1,
        patch=PatchFacts(patch_px, multilabel), **changes,
    )  # fmt: skip
    torch.manual_seed(0)
    network = build_patch_network(spec)
    network.input.set_statistics(
        torch.full((spec.in_channels,), 1.0), torch.full((spec.in_channels,), 20.0)
    )
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.running_mean, -0.2, 0.2)
    write_model(path, network_tensors(network), make_model_card(spec, network))
    return load_patch_network(spec, network_tensors(network))


@pytest.mark.parametrize("name", KINDS)
def test_a_segmenter_elsewhere(tmp_path, name):
    spec = make_spec(roles=("red", "nir", None), indices=("ndvi",), halo_px=51)
    model, network = write_untrained_model(tmp_path / "m.safetensors", spec)
    result = export(model, tmp_path / name, tile_px=40)
    assert result["largest_difference"] < 1e-4
    assert result["input"] == [-1, 3, 40, 40]
    values = np.random.default_rng(0).uniform(1, 99, (3, 3, 40, 40)).astype(np.float32)
    values[1, 0, 5:9] = np.nan
    found, facts = run(tmp_path / name, values)
    with torch.inference_mode():
        expected = network(torch.from_numpy(values)).softmax(dim=1).numpy()
    assert expected.std() > 0.02
    assert abs(found - expected).max() < 1e-4
    assert facts["model_type"] == "Segmentor"
    assert facts["class_names"] == {"0": "class 1", "1": "class 2", "2": "class 3"}
    assert facts["resolution"] == 1000
    assert facts["tile_size"] == facts["tiles_size"] == 40
    assert facts["tiles_overlap"] == 80
    assert facts["lulc_bands"] == ["red", "nir", "band 3"]
    assert [row["id"] for row in facts["lulc_legend"]] == [1, 2, 3]


@needs_onnx
def test_what_deepness_feeds_is_what_the_file_stores(tmp_path):
    model, network = write_untrained_model(tmp_path / "m.safetensors")
    export(model, tmp_path / "m.onnx", tile_px=32)
    tiles = np.random.default_rng(0).integers(1, 99, (1, 32, 32, 3), dtype=np.uint8)
    _, facts = run(tmp_path / "m.onnx", np.zeros((1, 3, 32, 32), np.float32))
    # As Deepness does it: a 255th, standardised, channels first.
    fed = np.float32(tiles * 1.0 / 255.0)
    fed = (fed - np.float32(facts["standardization_mean"])) / np.float32(
        facts["standardization_std"]
    )
    found, _ = run(tmp_path / "m.onnx", fed.transpose(0, 3, 1, 2).astype(np.float32))
    raw = torch.from_numpy(tiles.astype(np.float32)).permute(0, 3, 1, 2)
    with torch.inference_mode():
        assert abs(found - network(raw).softmax(dim=1).numpy()).max() < 1e-4


SMALLEST = [
    ("dcnn5", 5, False),
    ("pixelnet", 5, False),
    ("spectralnet", 32, True),
    ("small_resnet", 33, False),
]
LARGER = [("resnet18", 32, False), ("vit_tiny_patch16_224", 17, False)]


@pytest.mark.parametrize(
    ("architecture", "patch_px", "multilabel", "name"),
    [
        *[pytest.param(*row, "m.onnx", marks=needs_onnx) for row in (*SMALLEST, *LARGER)],
        *[(*row, "m.xml") for row in SMALLEST],
    ],
)
def test_patch_classifiers_elsewhere(tmp_path, architecture, patch_px, multilabel, name):
    transform = "log_ratio" if architecture == "pixelnet" else "none"
    path = tmp_path / "m.safetensors"
    network = write_patch_model(path, architecture, patch_px, multilabel, transform=transform)
    assert export(path, tmp_path / name)["largest_difference"] < 1e-4
    values = np.random.default_rng(0).uniform(1, 99, (5, 3, patch_px, patch_px))
    found, facts = run(tmp_path / name, values.astype(np.float32))
    with torch.inference_mode():
        logits = network(torch.from_numpy(values.astype(np.float32)))
    expected = torch.sigmoid(logits) if multilabel else logits.softmax(dim=1)
    assert found.shape == (5, 3)
    assert abs(found - expected.numpy()).max() < 1e-4
    assert facts["model_type"] == "Classifier"
    assert facts["tile_size"] == patch_px


@needs_onnx
def test_what_onnx_cannot_express_is_no_bug(tmp_path):
    # Maps of 17 pixels are pooled to 5, which ONNX has no operator for.
    write_patch_model(tmp_path / "m.safetensors", "spectralnet", 33)
    with pytest.raises(EnvironmentFailure, match="cannot be written as ONNX") as caught:
        export(tmp_path / "m.safetensors", tmp_path / "m.onnx")
    assert "OpenVINO" in caught.value.hint


@pytest.mark.parametrize(
    ("output", "options", "message"),
    [
        ("m.txt", {}, "must end in .onnx, or in .xml"),
        ("m.xml", {"format": "onnx"}, "must end in .onnx"),
        ("m.onnx", {"format": "openvino"}, "must end in .onnx"),
    ],
)
def test_formats_and_endings(tmp_path, output, options, message):
    with pytest.raises(OptionsError, match=message):
        export(tmp_path / "m.safetensors", tmp_path / output, **options)


def test_a_missing_package_is_named(tmp_path, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name: None if name == "onnx" else find(name)
    )
    with pytest.raises(EnvironmentFailure, match="needs the package onnx") as caught:
        export(tmp_path / "m.safetensors", tmp_path / "m.onnx")
    assert "lulc-engine[onnx]" in caught.value.hint


def test_no_file_is_left_where_results_differ(tmp_path, monkeypatch):
    model, _ = write_untrained_model(tmp_path / "m.safetensors")
    monkeypatch.setattr("lulc_engine.models.export._TOLERANCE", -1.0)
    with pytest.raises(EnvironmentFailure, match="probabilities differ by"):
        export(model, tmp_path / "m.xml", tile_px=32)
    assert [path.name for path in tmp_path.iterdir()] == ["m.safetensors"]


def test_something_that_is_no_model(tmp_path):
    (tmp_path / "m.safetensors").write_bytes(b"text")
    with pytest.raises(ModelFileError):
        export(tmp_path / "m.safetensors", tmp_path / "m.xml")
