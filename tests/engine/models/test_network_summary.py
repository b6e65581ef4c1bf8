"""What the model page says of the network, against counts by hand and torch's own."""

import pytest
import torch
from landscape import make_model_card, make_spec, untrained_network, write_untrained_model
from patch_networks import patch_spec

from lulc_engine.feedback import Feedback
from lulc_engine.models.build import build_network, build_patch_network
from lulc_engine.models.info import info
from lulc_engine.models.model_file import write_model
from lulc_engine.models.network import parameter_count
from lulc_engine.models.summary import summarise
from lulc_engine.options import InfoOptions


def test_a_mobile_unet_by_hand():
    found = summarise(make_spec())
    assert found.side_px == 256
    assert [part.name for part in found.blocks] == [
        "down.0", "down.1", "down.2", "down.3", "up.0", "up.1", "up.2", "head",
    ]  # fmt: skip
    first, deepest, last = found.blocks[0], found.blocks[3], found.blocks[-1]
    # Depthwise 3x3 without bias, pointwise with bias, batch norm; twice.
    assert first.parameters == 3 * 9 + (3 * 32 + 32) + 64 + 32 * 9 + (32 * 32 + 32) + 64
    assert (first.output, deepest.output, last.output) == (
        (32, 256, 256), (256, 32, 32), (3, 256, 256),
    )  # fmt: skip
    assert [layer.kind for layer in first.layers] == [
        "Conv2d", "Conv2d", "BatchNorm2d", "ReLU"
    ] * 2  # fmt: skip
    assert first.layers[0].name == "down.0.0"
    assert last.parameters == 32 * 3 + 3
    assert last.layers == ()


@pytest.mark.parametrize(
    ("architecture", "size"), [("pixelnet", 5), ("spectralnet", 64), ("vit", 64)]
)
def test_all_parameters_of_a_patch_classifier_are_counted_once(architecture, size):
    spec = patch_spec(architecture, patch_px=size)
    found = summarise(spec)
    network = build_patch_network(spec)
    assert found.parameters == parameter_count(network)
    assert sum(part.parameters for part in found.blocks) + found.elsewhere == found.parameters
    assert found.side_px == size
    assert max(part.parameters for part in found.blocks) < 0.6 * found.parameters
    # Positions and the token of a transformer are in no block.
    body = network.body
    loose = (body.backbone.pos_embed, body.backbone.cls_token) if architecture == "vit" else ()
    assert found.elsewhere == sum(item.numel() for item in loose)


def test_nothing_is_computed_and_nothing_is_changed():
    spec = make_spec()
    torch.manual_seed(0)
    network = build_network(spec)
    torch.manual_seed(0)
    summarise(spec)
    again = build_network(spec)
    assert list(network.state_dict()) == list(again.state_dict())


def page(tmp_path, path):
    report = tmp_path / "page.html"
    result = info(InfoOptions(model=str(path), report=str(report)), Feedback())
    return result, report.read_text("utf-8")


def test_the_page_lists_blocks_layers_reach_and_size(tmp_path):
    path, _ = write_untrained_model(tmp_path / "m.safetensors")
    result, text = page(tmp_path, path)
    size = (tmp_path / "m.safetensors").stat().st_size
    assert result["size_bytes"] == size
    assert result["task"] == "semantic-segmentation"
    assert f"{size / 1e6:.1f} MB" in text
    for words in (
        "down.3", "256 x 32 x 32", "All 57 layers", "down.0.7", "Conv2d, BatchNorm2d, ReLU",
        # The reach of 51 pixels of 10 m.
        "51 pixels, 510 m in each direction (a window of 103 x 103)", "50.000", "28.000",
    ):  # fmt: skip
        assert words in text, words


def test_a_network_that_cannot_be_built_here_is_no_reason_to_show_nothing(tmp_path):
    spec = make_spec()
    network = untrained_network(spec)
    card = make_model_card(spec, network)
    card["lulc:architecture"] = {"name": "from_the_future", "settings": {}}
    write_model(tmp_path / "m.safetensors", {}, card)
    _, text = page(tmp_path, tmp_path / "m.safetensors")
    assert "cannot be built here" in text
    assert "from_the_future" in text
    assert "Classes it tells apart" in text
