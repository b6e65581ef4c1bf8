"""Importing Keras models: the same numbers, and nothing from files that mean harm."""

import io
import json
import pickle
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch

from lulc_engine.commands import COMMANDS
from lulc_engine.errors import LulcError, ModelFileError, OptionsError
from lulc_engine.feedback import Feedback
from lulc_engine.models.build import load_network, load_patch_network
from lulc_engine.models.card import read_spec
from lulc_engine.models.mobile_unet import FILTERS
from lulc_engine.models.model_file import read_model
from lulc_engine.options import ImportModelOptions

# --- files of the published layouts --------------------------------------------------------------


class Keras:
    """Layers and random weights of a Keras model, written as .keras or .h5."""

    def __init__(self, kind, shape, seed=0):
        self.kind, self.shape = kind, shape
        self.rng = np.random.default_rng(seed)
        self.layers, self.weights = [], {}
        self.counts = {}

    def add(self, kind, inputs=(), weights=(), **config):
        snake = {
            "SeparableConv2D": "separable_conv2d", "Conv2D": "conv2d", "ReLU": "re_lu",
            "BatchNormalization": "batch_normalization", "Dense": "dense", "Dropout": "dropout",
            "MaxPooling2D": "max_pooling2d", "UpSampling2D": "up_sampling2d",
            "Concatenate": "concatenate", "Flatten": "flatten", "InputLayer": "input_layer",
            "Lambda": "lambda",
        }[kind]  # fmt: skip
        number = self.counts[snake] = self.counts.get(snake, -1) + 1
        name = f"{snake}_{number}" if number else snake
        self.layers.append([kind, name, config, tuple(inputs)])
        if weights:
            self.weights[name] = [np.asarray(w, np.float32) for w in weights]
        return name

    def random(self, *shape):
        """Weights that neither drown nor saturate what passes through."""
        return self.rng.normal(0, np.prod(shape[:-1]) ** -0.5 if len(shape) > 1 else 0.3, shape)

    def norm(self, source, filters):
        spread = self.rng.uniform(0.02, 0.5, filters)
        weights = [self.random(filters) + 1, self.random(filters), self.random(filters), spread]
        settings = {"axis": -1, "epsilon": 0.001, "center": True, "scale": True}
        return self.add("BatchNormalization", [source], weights, **settings)

    def config(self, version):
        rows = []
        for kind, name, settings, inputs in self.layers:
            settings = {"name": name, **settings}
            if kind == "InputLayer":
                key = "batch_shape" if version == 3 else "batch_input_shape"
                settings[key] = [None, *self.shape]
            if version == 3:
                histories = [{"config": {"keras_history": [i, 0, 0]}} for i in inputs]
                args = [histories] if len(inputs) > 1 else histories
                nodes = [{"args": args, "kwargs": {"mask": None}}] if inputs else []
            else:
                nodes = [[[i, 0, 0, {}] for i in inputs]] if inputs else []
            row = {"class_name": kind, "name": name, "config": settings, "inbound_nodes": nodes}
            rows.append(row)
        if self.kind == "Sequential":
            rows = [{k: v for k, v in row.items() if k != "inbound_nodes"} for row in rows]
        return {"class_name": self.kind, "config": {"name": "model", "layers": rows}}

    def write_zip(self, path, config=None):
        stream = io.BytesIO()
        with h5py.File(stream, "w") as file:
            for name, arrays in self.weights.items():
                group = file.create_group(f"layers/{name}/vars")
                for number, array in enumerate(arrays):
                    group[str(number)] = array
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("metadata.json", json.dumps({"keras_version": "3.10.0"}))
            archive.writestr("config.json", json.dumps(config or self.config(3)))
            archive.writestr("model.weights.h5", stream.getvalue())
        return str(path)

    def write_h5(self, path, config=None):
        with h5py.File(path, "w") as file:
            file.attrs["keras_version"] = "2.15.0"
            file.attrs["model_config"] = json.dumps(config or self.config(2))
            for name, arrays in self.weights.items():
                group = file.create_group(f"model_weights/{name}")
                # The order of the names decides, not that of the alphabet.
                keys = [f"{name}/{'zyxw'[number]}:0" for number in range(len(arrays))]
                group.attrs["weight_names"] = [key.encode() for key in keys]
                for key, array in zip(keys, arrays, strict=True):
                    group[key] = array
        return str(path)


CONVOLUTION = {
    "strides": [1, 1], "dilation_rate": [1, 1], "use_bias": True, "data_format": "channels_last",
}  # fmt: skip
POOL = {"pool_size": [2, 2], "strides": [2, 2], "padding": "valid", "data_format": "channels_last"}


def dcnn5(bands=4, classes=5, patch_px=5, seed=0, **first):
    keras = Keras("Sequential", [patch_px, patch_px, bands], seed)
    last = keras.add("InputLayer")
    before = bands
    for level, filters in enumerate((16, 32, 64)):
        settings = {
            **CONVOLUTION, "filters": filters, "kernel_size": [2, 2], "padding": "same",
            "activation": "relu", **(first if level == 0 else {}),
        }  # fmt: skip
        weights = [keras.random(2, 2, before, filters), keras.random(filters)]
        last = keras.add("Conv2D", [last], weights, **settings)
        if level:
            last = keras.add("MaxPooling2D", [last], **POOL)
        last = keras.norm(last, filters)
        last = keras.add("Dropout", [last], rate=0.2)
        before = filters
    last = keras.add("Flatten", [last], data_format="channels_last")
    before = 64 * (patch_px // 4) ** 2
    for units, activation in ((64, "relu"), (128, "relu"), (classes, "softmax")):
        weights = [keras.random(before, units), keras.random(units)]
        settings = {"units": units, "activation": activation, "use_bias": True}
        last = keras.add("Dense", [last], weights, **settings)
        before = units
    return keras


def mobile_unet(bands=10, classes=6, seed=0, swap=False):
    keras = Keras("Functional", [128, 128, bands], seed)

    def block(source, before, filters):
        settings = {
            **CONVOLUTION, "filters": filters, "kernel_size": [3, 3], "padding": "same",
            "depth_multiplier": 1, "activation": "linear",
        }  # fmt: skip
        for inputs in (before, filters):
            weights = [
                keras.random(3, 3, inputs, 1),
                keras.random(1, 1, inputs, filters),
                keras.random(filters),
            ]
            source = keras.add("SeparableConv2D", [source], weights, **settings)
            source = keras.norm(source, filters)
            relu = {"max_value": None, "negative_slope": 0.0, "threshold": 0.0}
            source = keras.add("ReLU", [source], **relu)
        return source

    last, skips, before = keras.add("InputLayer"), [], bands
    for level, filters in enumerate(FILTERS):
        if level:
            skips.append((last, before))
            last = keras.add("MaxPooling2D", [last], **POOL)
        last, before = block(last, before, filters), filters
    for skip, filters in reversed(skips):
        up = {"size": [2, 2], "interpolation": "nearest", "data_format": "channels_last"}
        last = keras.add("UpSampling2D", [last], **up)
        inputs = [skip, last] if swap else [last, skip]
        last = block(keras.add("Concatenate", inputs, axis=-1), before + filters, filters)
        before = filters
    settings = {**CONVOLUTION, "kernel_size": [1, 1], "padding": "valid", "activation": "softmax"}
    weights = [keras.random(1, 1, before, classes), keras.random(classes)]
    keras.add("Conv2D", [last], weights, filters=classes, **settings)
    return keras


def imported(tmp_path, source, **options):
    """The result of the command, the spec and the network of the file it wrote."""
    model = str(tmp_path / "imported.safetensors")
    given = ImportModelOptions(input=source, model=model, **options)
    result = COMMANDS["import-model"].run(given, Feedback())
    card, tensors = read_model(model)
    spec = read_spec(card)
    load = load_network if spec.patch is None else load_patch_network
    return result, card, spec, load(spec, tensors)


# --- the same numbers ----------------------------------------------------------------------------


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def forward_dcnn5(keras, patches):
    """Probabilities of patches (N, H, W, C) in float64, written out from Keras's description."""
    x = patches.astype(np.float64)
    for kind, name, settings, _ in keras.layers:
        weights = [w.astype(np.float64) for w in keras.weights.get(name, [])]
        if kind == "Conv2D":
            kernel, bias = weights
            height, width = x.shape[1:3]
            padded = np.pad(x, ((0, 0), (0, 1), (0, 1), (0, 0)))
            x = bias + sum(
                padded[:, i : i + height, j : j + width] @ kernel[i, j]
                for i in range(2)
                for j in range(2)
            )
        elif kind == "MaxPooling2D":
            n, height, width = len(x), x.shape[1] // 2, x.shape[2] // 2
            x = x[:, : 2 * height, : 2 * width].reshape(n, height, 2, width, 2, -1).max(axis=(2, 4))
        elif kind == "BatchNormalization":
            gamma, beta, mean, variance = weights
            x = gamma * (x - mean) / np.sqrt(variance + 0.001) + beta
        elif kind == "Flatten":
            x = x.reshape(len(x), -1)
        elif kind == "Dense":
            x = x @ weights[0] + weights[1]
        if settings.get("activation") == "relu":
            x = np.maximum(x, 0)
    return softmax(x)


@pytest.mark.parametrize("layout", ["write_h5", "write_zip"])
@pytest.mark.parametrize(("bands", "classes", "patch_px"), [(4, 5, 5), (1, 3, 9), (2, 2, 4)])
def test_the_dcnn_gives_the_same_probabilities(tmp_path, layout, bands, classes, patch_px):
    keras = dcnn5(bands, classes, patch_px)
    source = getattr(keras, layout)(tmp_path / "m.keras")
    result, _, spec, network = imported(tmp_path, source)
    values = keras.rng.integers(0, 65535, (30, patch_px, patch_px, bands))
    with torch.inference_mode():
        raw = torch.from_numpy(values.astype(np.float32)).permute(0, 3, 1, 2)
        found = network(raw).softmax(dim=1).numpy()
    expected = forward_dcnn5(keras, values / 65535)
    assert abs(found - expected).max() < 1e-5
    assert abs(np.log(found) - np.log(expected)).max() < 1e-3
    assert expected[:, 0].std() > 1e-5  # it depends on the patch
    assert (spec.architecture, spec.patch.size_px, spec.clip) == ("dcnn5", patch_px, None)
    assert result["architecture"] == "dcnn5"


def same(tensor, array):
    return np.array_equal(tensor.detach().numpy(), array)


@pytest.mark.parametrize("layout", ["write_h5", "write_zip"])
def test_every_weight_of_the_mobile_unet_has_its_place(tmp_path, layout):
    keras = mobile_unet()
    _, _, spec, network = imported(tmp_path, getattr(keras, layout)(tmp_path / "m.h5"))
    assert (spec.architecture, spec.halo_px, spec.stride) == ("mobile_unet", 51, 8)
    body = network.body
    blocks = [*body.down, *body.up]
    for number in range(14):
        block, first = blocks[number // 2], 4 * (number % 2)
        suffix = f"_{number}" if number else ""
        depthwise, pointwise, bias = keras.weights[f"separable_conv2d{suffix}"]
        gamma, beta, mean, variance = keras.weights[f"batch_normalization{suffix}"]
        channels = depthwise.shape[2]
        for channel in (0, channels - 1):
            assert same(block[first].weight[channel, 0], depthwise[:, :, channel, 0])
        assert same(block[first + 1].weight[:, :, 0, 0], pointwise[0, 0].T)
        assert same(block[first + 1].bias, bias)
        norm = block[first + 2]
        for ours, theirs in zip(
            (norm.weight, norm.bias, norm.running_mean, norm.running_var),
            (gamma, beta, mean, variance),
            strict=True,
        ):
            assert same(ours, theirs)
    kernel, bias = keras.weights["conv2d"]
    assert same(body.head.weight[:, :, 0, 0], kernel[0, 0].T)
    assert same(body.head.bias, bias)


def test_inputs_are_not_cut_off(tmp_path):
    _, _, _, network = imported(tmp_path, mobile_unet(3, 2).write_zip(tmp_path / "m.keras"))
    raw = torch.tensor([-300.0, 9.0, 12345.0]).view(1, 3, 1, 1).expand(1, 3, 8, 8)
    assert torch.equal(network.input(raw), raw)


# --- the card ------------------------------------------------------------------------------------


def test_the_card_says_where_it_comes_from(tmp_path):
    source = dcnn5(3, 2).write_h5(tmp_path / "published.h5")
    options = {"bands": "red,green,near infrared", "classes": "water,land", "license": "MIT"}
    _, card, spec, _ = imported(tmp_path, source, **options)
    assert [band.role for band in spec.bands] == ["red", "green", "nir"]
    assert spec.legend.names == ("water", "land")
    assert spec.legend.ids == (0, 1)
    assert spec.radiometry.scale == pytest.approx((1 / 65535,) * 3)
    assert card["lulc:normalisation"] == {"mean": [0.0] * 3, "spread": [1.0] * 3}
    assert card["license"] == "MIT"
    assert card["lulc:scores"] == {}
    origin = card["lulc:training"]
    assert origin["imported_from"]["name"] == "published.h5"
    assert len(origin["imported_from"]["sha256"]) == 64
    assert origin["keras_version"] == "2.15.0"


def test_the_same_file_gives_the_same_model(tmp_path):
    source = dcnn5().write_h5(tmp_path / "m.h5")
    hashes = {imported(tmp_path, source)[0]["model_sha256"] for _ in range(2)}
    assert len(hashes) == 1


def test_scale_and_offset(tmp_path):
    source = dcnn5(2, 2).write_h5(tmp_path / "m.h5")
    _, _, spec, _ = imported(tmp_path, source, scale=0.5, offset=-1)
    assert (spec.radiometry.scale, spec.radiometry.offset) == ((0.5, 0.5), (-1.0, -1.0))
    source = mobile_unet(2, 2).write_zip(tmp_path / "u.keras")
    _, _, spec, _ = imported(tmp_path, source)
    assert (spec.radiometry.scale, spec.radiometry.offset) == ((1.0, 1.0), (0.0, 0.0))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"bands": "red"}, "--bands names 1 different inputs, the network has 4"),
        ({"bands": "red,red,green,blue"}, "--bands names 3 different"),
        ({"classes": "a,b,c,d,e,f"}, "--classes names 6 different classes, the network has 5"),
    ],
)
def test_names_that_do_not_fit(tmp_path, options, message):
    source = dcnn5().write_h5(tmp_path / "m.h5")
    with pytest.raises(OptionsError, match=message):
        imported(tmp_path, source, **options)


# --- other networks ------------------------------------------------------------------------------


def refused(tmp_path, source):
    with pytest.raises(ModelFileError) as caught:
        imported(tmp_path, str(source))
    assert caught.value.exit_code == 4
    assert not list(tmp_path.glob("*.safetensors"))
    return str(caught.value)


@pytest.mark.parametrize(
    ("first", "message"),
    [
        ({"padding": "valid"}, "conv2d has padding 'valid'.*'same'"),
        ({"activation": "elu"}, "conv2d has activation 'elu'.*'relu'"),
        ({"strides": [2, 2]}, r"conv2d has strides \[2, 2\]"),
        ({"data_format": "channels_first"}, "conv2d has data_format 'channels_first'"),
        ({"filters": 17}, "conv2d has filters 17"),
    ],
)
def test_other_settings_than_published(tmp_path, first, message):
    with pytest.raises(ModelFileError, match=message):
        imported(tmp_path, dcnn5(**first).write_h5(tmp_path / "m.h5"))


def test_another_order_of_concatenation(tmp_path):
    source = mobile_unet(3, 2, swap=True).write_zip(tmp_path / "m.keras")
    assert "takes its input from elsewhere" in refused(tmp_path, source)


def test_another_network_names_what_is_supported(tmp_path):
    keras = Keras("Sequential", [5, 5, 4])
    keras.add("InputLayer")
    keras.add("Dense", ["input_layer"], [keras.random(4, 2)], units=2)
    message = refused(tmp_path, keras.write_h5(tmp_path / "m.h5"))
    assert "no known kind (layers: Dense x 1)" in message
    assert "Mobile-UNet" in message
    assert "5x5 DCNN" in message


def test_code_in_a_file_is_never_run(tmp_path):
    class Harm:
        def __reduce__(self):
            return (open, (str(tmp_path / "harmed"), "w"))

    keras = dcnn5()
    code = pickle.dumps(Harm()).hex()
    keras.add("Lambda", [keras.layers[-1][1]], function=[code, None, None])
    assert "Lambda" in refused(tmp_path, keras.write_h5(tmp_path / "m.h5"))
    assert not (tmp_path / "harmed").exists()


# --- files that are damaged or mean harm ---------------------------------------------------------


def test_missing_and_wrong_weights(tmp_path):
    keras = dcnn5()
    kernel, bias = keras.weights["conv2d_1"]
    del keras.weights["conv2d_1"]
    assert "weights of the layer conv2d_1" in refused(tmp_path, keras.write_h5(tmp_path / "a.h5"))
    keras.weights["conv2d_1"] = [kernel[:, :, :3], bias]
    message = refused(tmp_path, keras.write_h5(tmp_path / "b.h5"))
    assert "2x2x3x32, 32, not 2x2x16x32, 32" in message
    keras.weights["conv2d_1"] = [kernel]
    assert "conv2d_1" in refused(tmp_path, keras.write_zip(tmp_path / "c.keras"))
    keras.weights["conv2d_1"] = [np.full_like(kernel, np.nan), bias]
    assert "not finite" in refused(tmp_path, keras.write_zip(tmp_path / "d.keras"))


def test_files_that_are_cut_off_at_any_place(tmp_path):
    for name in ("write_h5", "write_zip"):
        whole = tmp_path / "whole"
        content = Path(getattr(dcnn5(), name)(whole)).read_bytes()
        whole.unlink()
        for share in (0, 0.001, 0.1, 0.5, 0.9, 0.999):
            part = tmp_path / "part.h5"
            part.write_bytes(content[: int(share * len(content))])
            refused(tmp_path, part)


def test_flipped_bytes_never_crash(tmp_path):
    rng = np.random.default_rng(0)
    for name in ("write_h5", "write_zip"):
        content = Path(getattr(dcnn5(1, 2), name)(tmp_path / "whole")).read_bytes()
        for _ in range(40):
            damaged = bytearray(content)
            for place in rng.integers(0, min(len(content), 40_000), 20):
                damaged[place] = rng.integers(256)
            path = tmp_path / "damaged.h5"
            path.write_bytes(damaged)
            try:
                imported(tmp_path, str(path))
            except LulcError as error:
                assert error.exit_code == 4  # noqa: PT017 - some damage only changes weights


@pytest.mark.parametrize(
    "content", [b"", b"text", b"PK\x03\x04", b"\x89HDF\r\n\x1a\n", pickle.dumps({"a": 1})]
)
def test_files_of_other_kinds(tmp_path, content):
    (tmp_path / "m.keras").write_bytes(content)
    refused(tmp_path, tmp_path / "m.keras")


def test_a_file_that_is_not_there(tmp_path):
    assert "does not exist" in refused(tmp_path, tmp_path / "nothing.keras")


def test_weights_alone(tmp_path):
    with h5py.File(tmp_path / "m.weights.h5", "w") as file:
        file["layers/dense/vars/0"] = np.zeros(3)
    assert "does not describe its layers" in refused(tmp_path, tmp_path / "m.weights.h5")


def test_a_zip_without_its_parts(tmp_path):
    with zipfile.ZipFile(tmp_path / "m.keras", "w") as archive:
        archive.writestr("config.json", json.dumps(dcnn5().config(3)))
    assert "not a whole Keras model" in refused(tmp_path, tmp_path / "m.keras")


def test_a_zip_that_unpacks_to_more_than_it_may(tmp_path):
    with zipfile.ZipFile(tmp_path / "m.keras", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", b" " * (9 * 2**20))
    assert "larger than 8 MB" in refused(tmp_path, tmp_path / "m.keras")


@pytest.mark.parametrize(
    "config",
    [
        [],
        {},
        {"class_name": "Sequential"},
        {"class_name": "Sequential", "config": {"layers": 3}},
        {"class_name": "Sequential", "config": {"layers": [{}]}},
        {"class_name": "Sequential", "config": {"layers": []}},
        {"class_name": "Exotic", "config": {"layers": []}},
        {"class_name": "Functional", "config": {"layers": [{"class_name": "Dense", "config": 1}]}},
        {"class_name": "Sequential", "config": {"layers": [{"class_name": "x"}] * 3000}},
    ],
)
def test_descriptions_that_describe_nothing(tmp_path, config):
    keras = Keras("Sequential", [5, 5, 4])
    refused(tmp_path, keras.write_zip(tmp_path / "m.keras", config))


def test_a_description_nested_without_end(tmp_path):
    with zipfile.ZipFile(tmp_path / "m.keras", "w") as archive:
        archive.writestr("config.json", '{"a":' + "[" * 100_000)
    refused(tmp_path, tmp_path / "m.keras")


def test_more_inputs_than_any_network_has(tmp_path):
    config = dcnn5().config(3)
    config["config"]["layers"][0]["config"]["batch_shape"] = [None, 5, 5, 10**9]
    assert "1000000000 inputs" in refused(tmp_path, dcnn5().write_zip(tmp_path / "m.keras", config))


def test_links_out_of_the_file_are_not_followed(tmp_path):
    keras = dcnn5()
    other = keras.write_h5(tmp_path / "other.h5")
    path = keras.write_h5(tmp_path / "m.h5")
    with h5py.File(path, "a") as file:
        del file["model_weights/conv2d"]
        file["model_weights/conv2d"] = h5py.ExternalLink(other, "model_weights/conv2d")
    assert "layer conv2d" in refused(tmp_path, path)


def test_weights_stored_in_another_file_are_not_read(tmp_path):
    keras = dcnn5()
    path = keras.write_h5(tmp_path / "m.h5")
    raw = tmp_path / "raw.bin"
    raw.write_bytes(bytes(64))
    with h5py.File(path, "a") as file:
        del file["model_weights/conv2d/conv2d/y:0"]
        group = file["model_weights/conv2d"]
        group.create_dataset("conv2d/y:0", (16,), "f4", external=[(str(raw), 0, 64)])
    assert "in another file" in refused(tmp_path, path)
