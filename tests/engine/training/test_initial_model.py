"""`--initial-model`: what is taken over from an earlier model, and what is refused."""

import numpy as np
import pytest
from patch_training import arrays, lulc, trained

from lulc_engine.models.model_file import read_card, read_model

QUICK = {"epochs": 1, "validation_share": 0.2, "test_share": 0, "architecture": "pixelnet"}
STILL = {**QUICK, "learning_rate": 1e-8}  # so slow that weights stay where they began


@pytest.fixture(scope="module")
def earlier(tmp_path_factory):
    """A model of three classes and its patches."""
    folder = tmp_path_factory.mktemp("earlier")
    data = arrays(folder / "a")
    trained(**data, **QUICK, learning_rate=0.01, model=folder / "m.safetensors")
    return folder / "m.safetensors", data


def weights(path):
    return read_model(path)[1]


def test_same_classes_start_where_the_earlier_model_ended(tmp_path, earlier):
    model, data = earlier
    trained(**data, **STILL, initial_model=model, keep="last", model=tmp_path / "m.safetensors")
    before, after = weights(model), weights(tmp_path / "m.safetensors")
    for name in before:
        if name.endswith(("weight", "bias")):
            np.testing.assert_allclose(after[name], before[name], atol=1e-5, err_msg=name)


def test_other_classes_keep_the_backbone_and_its_normalisation(tmp_path, earlier):
    model, _ = earlier
    four = arrays(tmp_path / "four", classes=4, seed=5)
    trained(**four, **STILL, initial_model=model, keep="last", model=tmp_path / "m.safetensors")
    before, after = weights(model), weights(tmp_path / "m.safetensors")
    last = max(name for name in before if name.startswith("body.head.") and "weight" in name)
    assert after[last].shape[0] == 4
    np.testing.assert_array_equal(after["input.mean"], before["input.mean"])
    for name in before:
        if name.startswith("body.spectral") and name.endswith("weight"):
            np.testing.assert_allclose(after[name], before[name], atol=1e-5, err_msg=name)


def test_the_card_names_the_model_that_was_started_from(tmp_path, earlier):
    model, data = earlier
    trained(**data, **STILL, initial_model=model, model=tmp_path / "m.safetensors")
    training = read_card(tmp_path / "m.safetensors")["lulc:training"]
    assert training["data"]["initial_model"]["name"] == "m.safetensors"
    assert len(training["data"]["initial_model"]["sha256"]) == 64
    assert training["options"]["initial_model"] == "m.safetensors"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"architecture": "dcnn5"}, "its architecture is pixelnet, that of the training dcnn5"),
        ({"bands": "1,2"}, "list of inputs is blue, green, red, nir"),
    ],
)
def test_another_network_or_other_bands_are_refused(tmp_path, earlier, options, words):
    model, data = earlier
    done = lulc(
        **{**data, **STILL, **options}, initial_model=model, model=tmp_path / "m.safetensors"
    )
    assert done.code == 2
    assert words in done.message
    assert not (tmp_path / "m.safetensors").exists()


def test_patches_of_another_size_are_refused(tmp_path, earlier):
    model, _ = earlier
    larger = arrays(tmp_path / "larger", side=7)
    done = lulc(**larger, **STILL, initial_model=model, model=tmp_path / "m.safetensors")
    assert done.code == 2
    assert "patches of another size" in done.message


def test_the_model_itself_is_never_overwritten(earlier):
    model, data = earlier
    done = lulc(**data, **STILL, initial_model=model, model=model)
    assert done.code != 0
    assert weights(model)
