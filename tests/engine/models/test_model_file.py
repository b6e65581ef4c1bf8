"""Model files: equal content gives equal bytes, and nothing damaged is ever loaded."""

import contextlib
import json
import pickle
import struct
import sys
import zipfile
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from landscape import make_model_card, make_spec, untrained_network, write_untrained_model
from safetensors.numpy import save_file

from lulc_engine.errors import EnvironmentFailure, LulcError, ModelFileError
from lulc_engine.models.build import load_network, network_tensors
from lulc_engine.models.card import read_spec
from lulc_engine.models.model_file import FORMAT_VERSION, read_card, read_model, write_model
from lulc_engine.training.snapshot import Snapshot
from lulc_engine.training.state_file import write_state


@pytest.fixture(scope="module")
def content():
    """Card and tensors of a model of two classes and one band."""
    spec = make_spec(roles=("red",), ids=(0, 70000))
    network = untrained_network(spec)
    return make_model_card(spec, network), network_tensors(network)


@pytest.fixture
def path(tmp_path, content):
    card, tensors = content
    write_model(tmp_path / "m.safetensors", tensors, card)
    return tmp_path / "m.safetensors"


def load(path):
    card, tensors = read_model(path)
    return load_network(read_spec(card), tensors)


def refusal(path):
    with pytest.raises(ModelFileError) as caught:
        load(path)
    assert caught.value.exit_code == 4
    assert str(path) in caught.value.message or "model card" in caught.value.message
    return caught.value.message


def parts_of(path):
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    return data[8 : 8 + length], data[8 + length :]


# --- the same and back ---------------------------------------------------------------------------


def test_the_same_content_gives_the_same_bytes(tmp_path, content, path):
    card, tensors = content
    turned = dict(reversed(list(tensors.items())))
    write_model(tmp_path / "b.safetensors", turned, dict(reversed(list(card.items()))))
    assert path.read_bytes() == (tmp_path / "b.safetensors").read_bytes()


def test_the_hash_leaves_the_run_out_and_nothing_else(tmp_path, content):
    card, tensors = content
    write = tmp_path / "m.safetensors"
    digest = write_model(write, tensors, card)
    assert digest == write_model(write, tensors, {**card, "run": {"host": "elsewhere"}})
    assert read_card(write)["run"]["host"] == "elsewhere"
    for key in set(card) - {"run"}:
        assert write_model(write, tensors, {**card, key: "another"}) != digest
    for name, tensor in tensors.items():
        changed = {**tensors, name: np.asarray(tensor + 1)}
        assert write_model(write, changed, card) != digest


def test_writing_leaves_the_card_alone(tmp_path, content):
    card, tensors = content
    before = json.dumps(card)
    write_model(tmp_path / "m.safetensors", tensors, card)
    assert json.dumps(card) == before


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"roles": ("blue", "red", "nir"), "indices": ("ndvi", "evi")},
        {"architecture": "fpn", "settings": {"encoder": "mobilenet_v2", "encoder_weights": None}},
    ],
)
def test_a_network_comes_back_bit_by_bit(tmp_path, changes):
    spec = make_spec(**changes)
    if spec.architecture == "fpn":
        spec = make_spec(**changes, halo_px=None, stride=32)
    path, network = write_untrained_model(tmp_path / "m.safetensors", spec)
    raw = torch.rand(1, len(spec.bands), 40, 50) * 99
    with torch.inference_mode():
        assert torch.equal(load(path)(raw), network(raw))
    card = read_card(path)
    assert read_spec(card) == spec
    assert card == read_model(path)[0]


def test_pretrained_weights_are_not_fetched_again(tmp_path, monkeypatch):
    settings = {"encoder": "mobilenet_v2", "encoder_weights": None}
    spec = make_spec(architecture="fpn", settings=settings, halo_px=None, stride=32)
    network = untrained_network(spec)
    card = make_model_card(spec, network)
    card["lulc:architecture"]["settings"]["encoder_weights"] = "imagenet"
    write_model(tmp_path / "m.safetensors", network_tensors(network), card)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    load(tmp_path / "m.safetensors")


# --- damage --------------------------------------------------------------------------------------


def test_no_flipped_bit_goes_unnoticed(path):
    """Half of the flips hit the header, where a card has its own spellings of the same."""
    data = bytearray(path.read_bytes())
    header = 8 + len(parts_of(path)[0])
    rng = np.random.default_rng(0)
    places = [*rng.integers(0, header, 200), *rng.integers(header, len(data), 150)]
    for place in places:
        bit = 1 << int(rng.integers(8))
        data[place] ^= bit
        path.write_bytes(data)
        with pytest.raises(ModelFileError):
            read_model(path)
        data[place] ^= bit
    path.write_bytes(data)
    read_model(path)


def test_every_bit_of_the_run_is_covered(path):
    data = bytearray(path.read_bytes())
    start = data.index(b'\\"run\\"')
    stop = data.index(b"}", start)
    for place in range(start, stop):
        data[place] ^= 1
        path.write_bytes(data)
        with pytest.raises(ModelFileError):
            read_model(path)
        data[place] ^= 1


def test_truncated_files_are_refused(path):
    data = path.read_bytes()
    rng = np.random.default_rng(1)
    for length in [0, 1, 7, 8, 9, len(data) - 1, *rng.integers(0, len(data), 40)]:
        path.write_bytes(data[:length])
        refusal(path)


def test_the_card_of_a_file_that_was_cut_off_is_refused(path):
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    with pytest.raises(ModelFileError, match="damaged or incomplete"):
        read_card(path)


def test_something_appended_is_refused(path):
    path.write_bytes(path.read_bytes() + b"\0")
    refusal(path)


def write_pickle(path):
    path.write_bytes(pickle.dumps({"state_dict": [1, 2, 3]}))


def write_zip(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", b"x")


def write_other_safetensors(path):
    save_file({"a": np.zeros(3, np.float32)}, path)


def write_stranger(path):
    card = json.dumps({"format": "other", "format_version": 1})
    save_file({"a": np.zeros(3, np.float32)}, path, metadata={"model_card": card})


def write_big_header(path):
    path.write_bytes(struct.pack("<Q", 2**40) + b"{}" + b" " * 100)


def write_deep_header(path):
    header = b'{"a":' + b"[" * 200_000 + b"]" * 200_000 + b"}"
    path.write_bytes(struct.pack("<Q", len(header)) + header)


def write_deep_card(path):
    depth = 100_000
    save_file({}, path, metadata={"model_card": "[" * depth + "]" * depth})


def write_endless_version(path):
    save_file({}, path, metadata={"model_card": '{"format":"lulc-model","format_version":1e999}'})


def write_long_number(path):
    card = '{"format":"lulc-model","format_version":' + "1" * 10_000 + "}"
    save_file({}, path, metadata={"model_card": card})


def write_half_a_character(path):
    header = json.dumps({"__metadata__": {"model_card": '{"format": "\ud800", "run": {"a": 1}}'}})
    path.write_bytes(struct.pack("<Q", len(header)) + header.encode())


STRANGE = [
    write_pickle, write_zip, write_other_safetensors, write_stranger, write_big_header,
    write_deep_header, write_deep_card, write_endless_version, write_long_number,
    write_half_a_character,
]  # fmt: skip


@pytest.mark.parametrize("write", STRANGE, ids=lambda f: f.__name__)
def test_other_files_are_refused(tmp_path, write):
    path = tmp_path / "m.safetensors"
    write(path)
    assert "not a model file" in refusal(path)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<!DOCTYPE html><html><body>404 not found</body></html>",
        struct.pack("<Q", 2) + b"[]",
        struct.pack("<Q", 2) + b"{}",
        struct.pack("<Q", 4) + b"null",
        struct.pack("<Q", 22) + b'{"__metadata__": null}',
        struct.pack("<Q", 4) + b"\xff\xfe\x00\x00",
    ],
)
def test_other_bytes_are_refused(tmp_path, data):
    path = tmp_path / "m.safetensors"
    path.write_bytes(data)
    assert "not a model file" in refusal(path)


def test_missing_files_and_folders(tmp_path):
    assert "does not exist" in refusal(tmp_path / "no.safetensors")
    assert "cannot be read" in refusal(tmp_path)


def test_nothing_is_unpickled(tmp_path):
    class Payload:
        def __reduce__(self):
            return (open, (str(tmp_path / "executed"), "w"))

    path = tmp_path / "m.safetensors"
    path.write_bytes(pickle.dumps(Payload()))
    refusal(path)
    assert not (tmp_path / "executed").exists()


# --- well-formed, with the right hash, and still not usable --------------------------------------


@pytest.fixture
def changed(tmp_path, content):
    """Return a function that writes a model file with changed parts and a fitting hash."""

    def write(card=None, tensors=None):
        path = tmp_path / "m.safetensors"
        write_model(path, content[1] if tensors is None else tensors, card or content[0])
        return path

    return write


def test_a_later_format_is_named(changed, content):
    path = changed({**content[0], "format_version": FORMAT_VERSION + 1})
    assert f"later version of this software (format {FORMAT_VERSION + 1})" in refusal(path)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_no_numbers_are_refused(changed, content, value):
    weight = content[1]["body.head.weight"].copy()
    weight.flat[0] = value
    message = refusal(changed(tensors={**content[1], "body.head.weight": weight}))
    assert "not finite (body.head.weight)" in message


def test_missing_unknown_and_misshapen_tensors_are_refused(changed, content):
    tensors = content[1]
    without = {n: t for n, t in tensors.items() if n != "body.head.bias"}
    weight = tensors["body.head.weight"]
    for wrong in (
        without,
        {**tensors, "body.extra": np.zeros(1, np.float32)},
        {**tensors, "body.head.weight": weight[:1]},
        {**tensors, "body.head.weight": weight.reshape(-1)},
        {},
    ):
        assert "do not fit its model card" in refusal(changed(tensors=wrong))


NEEDED = [
    "mlm:tasks", "lulc:architecture", "lulc:bands", "lulc:indices", "lulc:radiometry",
    "lulc:legend", "lulc:receptive_field",
]  # fmt: skip


@pytest.mark.parametrize("key", NEEDED)
@pytest.mark.parametrize("value", [None, 7, "text", {"a": 1}, [[]]])
def test_every_part_of_the_card_is_needed(changed, content, key, value):
    refusal(changed({k: v for k, v in content[0].items() if k != key}))
    refusal(changed({**content[0], key: value}))


@pytest.mark.parametrize(
    ("key", "part", "value"),
    [
        ("lulc:architecture", "name", "a_new_one"),
        ("lulc:architecture", "name", ["fpn"]),
        ("lulc:receptive_field", "halo_px", 10**9),
        ("lulc:receptive_field", "halo_px", -1),
        ("lulc:receptive_field", "halo_px", "51"),
        ("lulc:receptive_field", "stride", 0),
        ("lulc:receptive_field", "stride", -8),
        ("lulc:receptive_field", "stride", 5),
        ("lulc:receptive_field", "stride", 1e999),
        ("lulc:radiometry", "scale", [1.0, 1.0]),
        ("lulc:radiometry", "offset", []),
        ("lulc:radiometry", "value_range", [[1], [2]]),
        ("lulc:calibration", "temperature", 0),
        ("lulc:calibration", "temperature", -1.5),
        ("lulc:calibration", "temperature", "hot"),
        ("lulc:calibration", "temperature", 1e999),
    ],
)
def test_impossible_cards_are_refused(changed, content, key, part, value):
    refusal(changed({**content[0], key: {**content[0][key], part: value}}))


@pytest.mark.parametrize("settings", [{}, {"encoder": 5}, {"encoder": "tu-hf-hub:a/b"}])
def test_impossible_encoders_are_refused(changed, content, settings):
    card = {**content[0], "lulc:architecture": {"name": "unet", "settings": settings}}
    assert "do not fit its model card" in refusal(changed(card))


def test_an_index_whose_band_is_missing_is_refused(changed, content):
    refusal(changed({**content[0], "lulc:indices": ["ndvi"]}))
    refusal(changed({**content[0], "lulc:indices": ["a_new_one"]}))


def test_a_refusal_is_one_sentence_with_a_cure(changed, content):
    with pytest.raises(LulcError) as caught:
        load(changed({**content[0], "lulc:bands": None}))
    assert caught.value.hint == "Train or import the model again."
    assert "\n" not in str(caught.value)


# --- what cannot be written ----------------------------------------------------------------------


@contextlib.contextmanager
def no_room():
    """Let no file of this process grow beyond 4 KiB, as on a full disk."""
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.skipif(sys.platform == "win32", reason="no such limit on Windows")
def test_a_full_disk_is_no_bug(tmp_path, content):
    """The library of the format reports it by an error of its own, which is no OSError."""
    card, tensors = content
    with no_room(), pytest.raises(EnvironmentFailure) as caught:
        write_model(tmp_path / "m.safetensors", tensors, card)
    assert caught.value.exit_code == 5
    assert str(tmp_path) in caught.value.message
    assert "Free some disk space" in caught.value.hint


@pytest.mark.skipif(sys.platform == "win32", reason="no such limit on Windows")
def test_a_full_disk_while_a_training_keeps_its_state_is_no_bug(tmp_path):
    kept = Snapshot(epoch=1, weights={"w": torch.zeros(4096)}, loss=0.0, score=0.0)
    fit = SimpleNamespace(best=kept, lowest=kept, last=kept, history=[], notes=[])
    with no_room(), pytest.raises(EnvironmentFailure, match="could not be written"):
        write_state(tmp_path / "state", {}, {}, fit)
    assert not (tmp_path / "state" / "state.safetensors").exists()
