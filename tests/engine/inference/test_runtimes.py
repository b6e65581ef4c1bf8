"""OpenVINO and ONNX Runtime beside PyTorch: the same labels from the same file, faster."""

import subprocess
import sys
import threading
import weakref

import numpy as np
import pytest
import rasterio
import torch
from factories import random_image, write_raster
from landscape import make_spec, write_untrained_model
from recorder import Recorder
from seamless import UNDECIDED, logits_of, run_classify

from lulc_engine.errors import EnvironmentFailure, OptionsError
from lulc_engine.feedback import Feedback
from lulc_engine.inference.pipeline import in_order
from lulc_engine.inference.plan import Pixels, pixel_plan
from lulc_engine.inference.precision import faithful, patchwork
from lulc_engine.inference.runtimes import Prediction, Wanted, machine
from lulc_engine.inference.runtimes.cache import cache_folder, kept
from lulc_engine.inference.runtimes.machine import Machine
from lulc_engine.inference.runtimes.torch_runtime import TorchRuntime, short_type
from lulc_engine.options import ClassifyOptions
from lulc_engine.rasters.grid import Window


def classify_with(runtime, folder, scene, model):
    """Return the bands of all rasters that a classification writes."""
    paths = {
        name: str(folder / f"{runtime}_{name}.tif") for name in ("confidence", "probabilities")
    }
    run_classify(scene, model, folder / f"{runtime}.tif", runtime=runtime, **paths)
    found = []
    for path in (folder / f"{runtime}.tif", *paths.values()):
        with rasterio.open(path) as dataset:
            found.append(dataset.read())
    return found


@pytest.mark.parametrize("runtime", ["openvino", "onnxruntime"])
@pytest.mark.parametrize("architecture", ["mobile_unet", "unet", "deeplabv3plus", "segformer"])
def test_all_outputs_are_those_of_pytorch(tmp_path, architecture, runtime):
    settings = {} if architecture == "mobile_unet" else {"encoder": "mobilenet_v2"}
    spec = make_spec(architecture=architecture, settings=settings, halo_px=None, stride=32)
    path, network = write_untrained_model(tmp_path / "m.safetensors", spec)
    image = random_image(3, 70, 90)
    scene = write_raster(tmp_path / "scene.tif", image, nodata=0)
    ours = classify_with(runtime, tmp_path, scene, path)
    theirs = classify_with("torch", tmp_path, scene, path)
    best = np.sort(logits_of(network, image, np.ones(image.shape[1:], bool)), axis=0)
    decided = best[-1] - best[-2] >= UNDECIDED
    np.testing.assert_array_equal(ours[0][0][decided], theirs[0][0][decided])
    assert np.abs(ours[1].astype(int) - theirs[1]).max() <= 1  # percent are rounded
    np.testing.assert_allclose(ours[2], theirs[2], atol=1e-3)  # logits here are large


def test_a_cache_that_cannot_be_written_costs_time_only(tmp_path, model, monkeypatch):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    monkeypatch.setenv("LULC_CACHE", str(blocked))
    scene = write_raster(tmp_path / "scene.tif", random_image(3, 40, 50))
    run_classify(scene, model[0], tmp_path / "map.tif", runtime="openvino")
    assert (tmp_path / "map.tif").is_file()
    assert cache_folder() != blocked


def test_what_is_not_finished_is_not_in_the_cache(tmp_path):
    def fail(folder):
        (folder / "a").write_text("half")
        raise OSError("disk full")

    with pytest.raises(EnvironmentFailure, match="could not be written"):
        kept(tmp_path, ("a", "b"), fail)
    assert list(tmp_path.iterdir()) == []
    path = kept(tmp_path, ("a", "b"), lambda folder: [(folder / n).write_text(n) for n in "ab"])
    assert path == tmp_path / "a"
    assert {item.name for item in tmp_path.iterdir()} == {"a", "b"}


@pytest.mark.parametrize(
    "options",
    [
        {"runtime": "torch", "precision": "bf16"},
        {"runtime": "onnxruntime", "precision": "bf16"},
        {"runtime": "openvino", "device": "cuda"},
        {"runtime": "onnxruntime", "device": "cuda"},
        {"runtime": "magic"},
    ],
)
def test_choices_that_contradict_each_other(tmp_path, model, options):
    scene = write_raster(tmp_path / "scene.tif", random_image(3, 40, 50))
    with pytest.raises(OptionsError):
        run_classify(scene, model[0], tmp_path / "map.tif", **options)
    assert not (tmp_path / "map.tif").exists()


def test_openvino_reports_to_nobody(tmp_path, model):
    scene = write_raster(tmp_path / "scene.tif", random_image(3, 40, 50))
    code = (
        "import sys, multiprocessing; from lulc_engine.cli.main import main;"
        "assert main(sys.argv[1:]) == 0; import openvino.tools.ovc;"
        "assert sys.modules['openvino_telemetry'] is None;"
        "assert not multiprocessing.active_children()"
    )
    words = ["--image", scene, "--model", model[0], "--output", tmp_path / "map.tif"]
    command = [sys.executable, "-c", code, "classify", *map(str, words), "--runtime", "openvino"]
    subprocess.run(command, check=True, timeout=300)


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "int32", "uint32", "float64"])
@pytest.mark.parametrize("runtime", ["openvino", "onnxruntime"])
def test_every_type_of_pixel(tmp_path, model, runtime, dtype):
    scene = write_raster(tmp_path / "scene.tif", random_image(3, 40, 50, dtype), nodata=0)
    maps = []
    for name in (runtime, "torch"):
        run_classify(scene, model[0], tmp_path / f"{name}.tif", runtime=name)
        with rasterio.open(tmp_path / f"{name}.tif") as dataset:
            maps.append(dataset.read(1))
    assert (maps[0] == maps[1]).mean() > 0.999


@pytest.mark.parametrize(
    ("missing", "chosen"),
    [((), "openvino"), (("openvino",), "onnxruntime"), (("openvino", "onnxruntime"), "torch")],
)
def test_what_is_not_installed_is_not_chosen(monkeypatch, missing, chosen):
    monkeypatch.setattr(machine, "_is_installed", lambda name: name not in missing)
    options = ClassifyOptions(image="s.tif", model="m", output="o.tif", device="cpu")
    for is_patch_classifier in (False, True):
        assert machine.choose_machine(options, is_patch_classifier).runtime == chosen


def test_16_bits_in_pytorch_are_near_to_32(model):
    network = model[1]
    image = random_image(3, 64, 64)
    valid = np.ones(image.shape[1:], bool)
    wanted = Wanted(probabilities=True)
    cpu = torch.device("cpu")
    exact, short = (TorchRuntime(network, cpu, wanted, low) for low in (False, True))
    a, b = (runtime.run(image, valid, valid).probabilities for runtime in (exact, short))
    assert 0 < np.abs(a - b).max() < 0.2  # other arithmetic, and not far off
    assert short_type(cpu) == torch.bfloat16


# --- precision -----------------------------------------------------------------------------------


class Painter:
    """A runtime that knows no network: class 0 but for a share of the rows of a window."""

    streams = 1

    def __init__(self, wrong_rows):
        self.wrong_rows = wrong_rows

    def run(self, values, valid, known):
        classes = np.zeros(valid.shape, np.uint8)
        classes[: self.wrong_rows] = 1
        return Prediction(classes, None, None)


@pytest.fixture
def plan():
    whole = Window(0, 0, 1000, 1000)
    return pixel_plan(whole, whole, 200, 0, 1)


def read_valid(job):
    valid = np.ones((job.window.height, job.window.width), bool)
    return Pixels(np.zeros((1, *valid.shape), np.uint8), valid, valid[job.core])


MACHINE = Machine("openvino", "cpu", 2, "auto")


@pytest.mark.parametrize(("wrong_rows", "precision"), [(0, "bf16"), (1, "bf16"), (2, "f32")])
def test_a_fast_runtime_is_taken_where_it_agrees(plan, wrong_rows, precision):
    def make(machine):
        painter = Painter(wrong_rows if machine.precision == "bf16" else 0)
        painter.machine = machine
        return painter

    said = Recorder()
    taken = faithful(make, MACHINE, plan, read_valid, said)
    assert taken.machine == MACHINE.at(precision)  # as many windows at once as for a map
    share = 100 - wrong_rows / 2  # of 200 rows
    assert f"{share:.2f} %" in said.infos[0]


def test_only_one_runtime_at_a_time_has_memory_for_windows(plan):
    alive = weakref.WeakSet()

    class Counted(Painter):
        def run(self, *pixels):
            alive.add(self)
            assert len(alive) == 1
            return super().run(*pixels)

    faithful(lambda machine: Counted(0), MACHINE, plan, read_valid, Feedback())


def test_a_patchwork_shows_pieces_from_all_over_the_scene(plan):
    rows, columns = np.mgrid[:1000, :1000]
    image = np.stack([rows, columns]).astype(np.int32)
    seen = []

    def read(job):
        seen.append(job.window)
        inside = job.window.relative_to(Window(0, 0, 1000, 1000))
        valid = image[(0, *inside)] % 2 == 0
        return Pixels(image[(slice(None), *inside)], valid, valid)

    pixels = patchwork(plan, read)
    shape = (plan.jobs[0].window.height, plan.jobs[0].window.width)
    assert pixels.values.shape == (2, *shape)
    np.testing.assert_array_equal(pixels.valid, pixels.values[0] % 2 == 0)
    assert min(window.row_off for window in seen) == 0
    assert max(window.row_stop for window in seen) == 1000
    assert max(window.col_stop for window in seen) == 1000


def test_nothing_to_compare_on(plan):
    made = []
    faithful(made.append, MACHINE, plan, lambda job: None, Feedback())
    assert made[-1] == MACHINE.at("f32")


# --- several windows at once ---------------------------------------------------------------------


def test_results_come_in_order_from_several_threads():
    together = threading.Barrier(2, timeout=30)  # broken unless two are computed at once

    def compute(read):
        if read < 4:
            together.wait()
        return read * 10

    found = list(in_order(((n, n) for n in range(9)), compute, 2))
    assert found == [(n, n * 10) for n in range(9)]


def test_an_error_of_a_thread_reaches_the_consumer():
    def compute(read):
        if read == 3:
            raise ValueError("three")
        return read

    found = []
    with pytest.raises(ValueError, match="three"):
        found.extend(in_order(((n, n) for n in range(99)), compute, 2))
    threads = [thread for thread in threading.enumerate() if thread.name.startswith("compute")]
    assert not any(thread.is_alive() for thread in threads)
