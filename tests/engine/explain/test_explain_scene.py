"""Explanations of scenes: the windows must not show, and everything lies where it belongs."""

import numpy as np
import pytest
import rasterio
import torch
from factories import CRS, random_image, write_raster
from landscape import make_spec, shifted, write_untrained_model
from patch_models import make_patch_spec, write_patch_model
from recorder import Recorder
from torch.nn import functional

from lulc_engine.errors import BandError, DataError, ModelFileError, OptionsError
from lulc_engine.explain import segmenter
from lulc_engine.explain.command import explain
from lulc_engine.feedback import Feedback
from lulc_engine.options import ExplainOptions

HEIGHT, WIDTH = 136, 168


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "m.safetensors"
    spec = make_spec(floats_per_px=192)
    return write_untrained_model(path, spec)


@pytest.fixture(scope="module")
def image():
    values = random_image(3, HEIGHT, WIDTH)
    values[:, 30:40, 60:75] = 0  # nodata
    return values


@pytest.fixture
def scene(image, tmp_path):
    return write_raster(tmp_path / "scene.tif", image, nodata=0)


@pytest.fixture
def small_windows(monkeypatch):
    monkeypatch.setattr(segmenter, "_LARGEST_SIDE_PX", 128)
    monkeypatch.setattr(segmenter, "window_side", lambda *_: 128)


def run(scene, model, tmp_path, feedback=None, **options):
    given = {"image": scene, "model": model, "scale": 1.0, "offset": 0.0, "threads": 1}
    output = str(tmp_path / "heat.tif")
    found = explain(ExplainOptions(**given, output=output, **options), feedback or Feedback())
    with rasterio.open(output) as dataset:
        return dataset.read(), dataset.profile, found


def whole_heat(network, image, target, layer, part=None):
    """Seg-Grad-CAM of the whole image at once, by torch's own gradients; score from a part."""
    raw = image.astype(np.float32)
    valid = (image != 0).all(axis=0)
    raw[:, ~valid] = np.nan
    height, width = valid.shape
    held = {}

    def keep(module, inputs, output):
        output.retain_grad()
        held["map"] = output

    hook = network.body.get_submodule(layer).register_forward_hook(keep)
    try:
        # Of the layer's own output: nothing after it may work in place.
        for module in network.modules():
            if isinstance(module, torch.nn.ReLU):
                module.inplace = False
        logits = network(torch.from_numpy(raw)[None].requires_grad_())
    finally:
        hook.remove()
    chosen = torch.from_numpy(valid) & (logits[0].argmax(dim=0) == target)
    if part is not None:
        mask = torch.zeros(height, width, dtype=torch.bool)
        mask[part] = True
        chosen &= mask
    assert chosen.any()
    logits[0, target][chosen].sum().backward()
    weights = held["map"].grad.mean(dim=(2, 3))
    heat = functional.relu((weights[0, :, None, None] * held["map"].detach()[0]).sum(dim=0))
    size = (-(-height // 8) * 8, -(-width // 8) * 8)
    large = functional.interpolate(heat[None, None], size, mode="bilinear", align_corners=False)
    found = large[0, 0, :height, :width].numpy()
    found[~valid] = np.nan
    found = found if part is None else found[part]
    return found / np.nanmax(found)


def likeliest(network, image):
    with torch.inference_mode():
        logits = network(torch.from_numpy(image.astype(np.float32))[None])
    return int(np.bincount(logits[0].argmax(dim=0).flatten()).argmax())


@pytest.mark.parametrize("layer", ["down.3", "up.2"])
def test_windows_do_not_show(model, image, scene, tmp_path, small_windows, layer):
    path, network = model
    target = next(k for k in range(3) if np.nansum(whole_heat(network, image, k, layer)) > 0)
    found, profile, facts = run(scene, path, tmp_path, class_=str(target + 1), layer=layer)
    expected = whole_heat(network, image, target, layer)
    np.testing.assert_allclose(found[0], expected, atol=2e-4)
    assert profile["dtype"] == "float32"
    assert np.nanmax(found) == 1
    assert np.nanmin(found) >= 0
    assert np.isnan(found[0, 30:40, 60:75]).all()
    assert facts["layer"] == layer
    assert facts["explained_id"] == target + 1
    assert facts["samples"] == HEIGHT * WIDTH - 150


def test_a_part_lies_where_it_belongs(model, image, scene, tmp_path, small_windows):
    path, network = model
    rows, columns = slice(21, 121), slice(35, 160)
    west, north = shifted(21, 35) * (0, 0)
    extent = f"{west},{west + 1250},{north - 1000},{north} [{CRS}]"
    target = likeliest(network, image[:, rows, columns])
    found, profile, _ = run(scene, path, tmp_path, class_=f"class {target + 1}", extent=extent)
    assert profile["transform"] == shifted(21, 35)
    assert (profile["height"], profile["width"]) == (100, 125)
    assert str(profile["crs"]) == CRS
    expected = whole_heat(network, image, target, "down.3", (rows, columns))
    np.testing.assert_allclose(found[0], expected, atol=2e-4)


def test_without_a_class_the_most_frequent_one_is_taken_and_named(model, image, scene, tmp_path):
    path, network = model
    feedback = Recorder()
    _, _, facts = run(scene, path, tmp_path, feedback)
    valid = image.copy()
    assert facts["explained_id"] == likeliest(network, valid) + 1
    assert any(facts["explained_class"] in x and "most pixels" in x for x in feedback.lines)


def test_windows_without_a_bounded_reach_are_blended(image, tmp_path, monkeypatch):
    """Overlapping windows say the same here, so blending them must change nothing."""
    path, network = write_untrained_model(
        tmp_path / "m.safetensors", make_spec(halo_px=None, floats_per_px=192)
    )
    monkeypatch.setattr(segmenter, "window_side", lambda *_: 192)
    wide = np.tile(image, (1, 1, 2))[:, :, :280]
    scene = write_raster(tmp_path / "wide.tif", wide, nodata=0)
    target = likeliest(network, image)
    found, _, _ = run(scene, path, tmp_path, class_=str(target + 1))
    expected = whole_heat(network, wide, target, "down.3")
    inner = (slice(None), slice(60, 220))
    # Near the edges of windows a few pixels see less: the weights differ by little.
    assert np.nanmax(np.abs(found[0] - expected)[inner]) < 0.12
    assert np.nanmean(np.abs(found[0] - expected)) < 0.01


def test_activations_are_those_of_the_layer(model, image, scene, tmp_path, small_windows):
    path, network = model
    given = {"method": "activations", "layer": "up.2", "channel": 5}
    found, _, facts = run(scene, path, tmp_path, picture=str(tmp_path / "a.png"), **given)
    raw = image.astype(np.float32)
    raw[:, (image == 0).all(axis=0)] = np.nan
    raw = np.pad(raw, ((0, 0), (0, -HEIGHT % 8), (0, -WIDTH % 8)), constant_values=np.nan)
    held = []
    hook = network.body.up[2].register_forward_hook(lambda m, i, o: held.append(o.detach()))
    with torch.inference_mode():
        network(torch.from_numpy(raw)[None])
    hook.remove()
    expected = held[0][0, 5, :HEIGHT, :WIDTH].numpy()
    valid = (image != 0).all(axis=0)
    np.testing.assert_allclose(found[0][valid], expected[valid], atol=1e-4)
    assert facts["high"] > facts["low"]
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_a_style_for_qgis_lies_beside_the_raster(model, scene, tmp_path):
    run(scene, model[0], tmp_path, class_="2")
    text = (tmp_path / "heat.qml").read_text("utf-8")
    assert 'type="singlebandpseudocolor"' in text
    assert 'classificationMax="1.0"' in text
    assert 'alpha="0"' in text  # nothing covers places without evidence


def test_occlusion_gives_a_band_for_each_band(model, scene, tmp_path):
    found, _, facts = run(scene, model[0], tmp_path, method="occlusion", class_="2")
    assert found.shape == (3, HEIGHT, WIDTH)
    assert np.isnan(found[:, 30:40, 60:75]).all()
    assert np.nanmax(np.abs(found)) == pytest.approx(facts["high"], abs=1e-6)
    assert len(facts["importance"]) == 3


def test_patch_classifiers_are_asked_window_by_window(image, tmp_path):
    spec = make_patch_spec("spectralnet", 32, ids=(1, 2, 3))
    path, _ = write_patch_model(tmp_path / "m.safetensors", spec)
    scene = write_raster(tmp_path / "scene.tif", image, nodata=0)
    found, _, facts = run(scene, path, tmp_path, class_="class 1", report=str(tmp_path / "r.html"))
    assert found.shape == (1, HEIGHT, WIDTH)
    assert facts["layer"] == "last"
    assert (np.nanmin(found), np.nanmax(found)) == (0, 1)
    assert np.isnan(found[0, 30:40, 60:75]).all()
    assert np.isfinite(found).sum() == HEIGHT * WIDTH - 150
    # Windows of 32 pixels every 16, from the corner on until all is seen.
    assert facts["samples"] == 8 * 10
    assert "windows" in (tmp_path / "r.html").read_text("utf-8")


WRONG = [
    ({"class_": "marsh"}, OptionsError, r"no class 'marsh'.*1 class 1, 2 class 2, 3 class 3"),
    ({"layer": "body"}, OptionsError, r"no map layer 'body'.*down\.3"),
    ({"extent": "0,1,0,1"}, DataError, "does not overlap"),
    ({"bands": ("1", "2")}, BandError, "names 2 bands, the model needs 3"),
    ({"table": "t.csv"}, OptionsError, "--method occlusion"),
    ({"method": "occlusion", "layer": "up.0"}, OptionsError, "--layer is for"),
    ({"channel": 3}, OptionsError, "--channel is for"),
    ({"method": "activations", "channel": 999}, OptionsError, "from 0 to 255"),
    ({"labels": "l.gpkg"}, OptionsError, "by the method occlusion"),
    ({"patches": "p"}, OptionsError, "together"),
]


@pytest.mark.parametrize(("options", "kind", "message"), WRONG, ids=lambda v: str(v)[:30])
def test_what_does_not_go_together_is_refused(model, scene, tmp_path, options, kind, message):
    with pytest.raises(kind, match=message):
        run(scene, model[0], tmp_path, **options)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["scene.tif"]


def refused(match, kind=OptionsError, **options):
    with pytest.raises(kind, match=match):
        explain(ExplainOptions(**options), Feedback())


def test_other_refusals(model, scene, tmp_path, monkeypatch):
    path, output = model[0], str(tmp_path / "heat.tif")
    two = write_raster(tmp_path / "two.tif", random_image(2, 16, 16))
    empty = write_raster(tmp_path / "empty.tif", np.zeros((3, 16, 16), "uint16"), nodata=0)
    refused("needs? 3|3 bands", BandError, image=two, model=path, output=output)
    refused("nothing to explain", model=path, output=output)
    refused("No output", image=scene, model=path)
    refused(r"\.tif", image=scene, model=path, output=str(tmp_path / "o.png"))
    folder = str(tmp_path)
    refused("Give a scene", ModelFileError, patches=folder, model=path, output=str(tmp_path / "o"))
    refused("no valid pixel", DataError, image=empty, model=path, output=output)
    monkeypatch.setattr("lulc_engine.explain.canvas._MOST_NUMBERS", 1000)
    refused("smaller --extent", image=scene, model=path, output=output)
    assert not list(tmp_path.glob(".*")) + list(tmp_path.glob("heat*"))
