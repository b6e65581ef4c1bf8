"""Preparing a network in a process of its own."""

import subprocess
import sys
import time

import numpy as np
import pytest
from factories import random_image, write_raster
from landscape import write_untrained_model

from lulc_engine.errors import Cancelled, ModelFileError
from lulc_engine.inference.runtimes import Wanted, preparing
from lulc_engine.inference.runtimes.machine import Machine
from lulc_engine.inference.runtimes.prepared import prepared
from lulc_engine.inference.runtimes.recipe import Recipe
from lulc_engine.models.model_file import read_card


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return write_untrained_model(tmp_path_factory.mktemp("model") / "m.safetensors")[0]


def recipe_of(model, side=64):
    sha256 = read_card(model)["model_sha256"]
    return Recipe(sha256, (1e-4,) * 3, (0.0,) * 3, (1, 3, side, side), "uint16", Wanted())


def machine(runtime):
    return Machine(runtime, "cpu", 1, "f32")


@pytest.mark.parametrize("runtime", ["openvino", "onnxruntime"])
def test_a_child_makes_the_same_network(tmp_path, model, monkeypatch, runtime):
    values = random_image(3, 64, 64)[None]
    outputs = []
    for apart in (False, True):
        monkeypatch.setenv("LULC_CACHE", str(tmp_path / str(apart)))
        if apart:
            monkeypatch.delitem(sys.modules, "torch")
            monkeypatch.setattr(preparing, "_write", None)  # nothing is made here
        network = prepared(str(model), recipe_of(model), machine(runtime))
        outputs.append(network.infer(values, np.ones((1, 64, 64), bool))[0])
    np.testing.assert_array_equal(*outputs)


def test_a_cancelled_run_ends_the_child(tmp_path, model, monkeypatch):
    children = []

    class Child(subprocess.Popen):
        def __init__(self, *args, **options):
            super().__init__(*args, **options)
            children.append(self)

    def stop():
        raise Cancelled

    monkeypatch.setattr(preparing.subprocess, "Popen", Child)
    monkeypatch.setenv("LULC_CACHE", str(tmp_path))
    monkeypatch.delitem(sys.modules, "torch")
    started = time.monotonic()
    with pytest.raises(Cancelled):
        prepared(str(model), recipe_of(model), machine("openvino"), stop)
    assert time.monotonic() - started < 2
    assert children[0].returncode not in (None, 0)
    assert list(tmp_path.iterdir()) == []


def test_what_a_child_failed_of_is_an_error_of_this_process(tmp_path, model, monkeypatch):
    monkeypatch.setenv("LULC_CACHE", str(tmp_path / "cache"))
    other = write_untrained_model(tmp_path / "other.safetensors", seed=1)[0]
    monkeypatch.delitem(sys.modules, "torch")
    with pytest.raises(ModelFileError, match="changed while it was in use"):
        prepared(str(other), recipe_of(model), machine("openvino"))
    assert list((tmp_path / "cache").iterdir()) == []


@pytest.mark.parametrize("runtime", ["openvino", "onnxruntime"])
def test_a_process_that_classifies_never_loads_pytorch(tmp_path, model, runtime):
    """Neither with nothing in the cache nor with the prepared network."""
    scene = write_raster(tmp_path / "scene.tif", random_image(3, 40, 50))
    code = (
        "import sys; from lulc_engine.cli.main import main;"
        "code = main(sys.argv[1:]); print('torch' in sys.modules); sys.exit(code)"
    )
    for name in ("first", "second"):
        words = ["--image", scene, "--model", model, "--output", tmp_path / f"{name}.tif"]
        words += ["--threads", "1", "--runtime", runtime]
        command = [sys.executable, "-c", code, "classify", *map(str, words)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert done.stdout.split()[-1] == "False"
    assert (tmp_path / "first.tif").read_bytes() == (tmp_path / "second.tif").read_bytes()
