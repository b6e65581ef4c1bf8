"""The command line through real processes: help, results, refusals, signals."""

import json
import os
import shlex
import signal
import subprocess
import time

import numpy as np
import pytest
import rasterio
from factories import CRS, pixel_box, random_image, write_geojson, write_raster
from landscape import Country, make_spec, write_untrained_model
from processes import ENGINE, PYTHON, SLOW_TO_LOAD, environment, expect_refusal, lulc, names_in

from lulc_engine.cli.main import main
from lulc_engine.commands import COMMANDS, Command
from lulc_engine.options import InfoOptions, option_name

QUICK = ["--class-field", "class", "--window-px", "32", "--batch-size", "4", "--threads", "1"]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A folder with a scene, labels and a model; never written to by the tests."""
    folder = tmp_path_factory.mktemp("data")
    country = Country()
    write_raster(folder / "scene.tif", country.image("uint16"))
    country.polygons(folder / "labels.geojson", ("crop", "forest", "water"))
    usual = ((2000.0, 7000.0),) * 3  # values as in the scene
    write_untrained_model(folder / "model.safetensors", make_spec(value_range=usual))
    write_untrained_model(folder / "roles.safetensors", make_spec(("red", "nir", "swir16")))
    return folder


# --- help ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name, capsys):
    with pytest.raises(SystemExit) as caught:
        main([name, "--help"])
    assert caught.value.code == 0
    text = " ".join(capsys.readouterr().out.split())
    for field in COMMANDS[name].options.__dataclass_fields__:
        assert option_name(field) in text
    assert "Traceback" not in text


def test_help_is_quick_and_lists_the_commands():
    done = lulc("--help")
    assert done.returncode == 0
    assert all(name in done.stdout for name in COMMANDS)
    assert lulc("--version").stdout.count(".") == 2


# --- results -------------------------------------------------------------------------------------


def test_train_classify_assess_and_info(tmp_path, data):
    words = ["--image", data / "scene.tif", "--labels", data / "labels.geojson", *QUICK]
    words += ["--epochs", 3, "--report", tmp_path / "r.html", "--metrics", tmp_path / "m.json"]
    words += ["--table", tmp_path / "t.csv", "--model", tmp_path / "größe.safetensors"]
    done = lulc("train-segmenter", *words, "--json", env=environment(PYTHONIOENCODING="ascii"))
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["model"].endswith("größe.safetensors")
    assert result["overall_accuracy"] == result["scores"]["overall_accuracy"]
    assert json.loads((tmp_path / "m.json").read_text()) == result["scores"]
    names = {"größe.safetensors", "r.html", "m.json", "t.csv"}
    assert names_in(tmp_path) == names
    done = lulc(
        "classify", "--image", data / "scene.tif", "--model", result["model"], "--threads", 1,
        "--output", tmp_path / "map.tif",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "output: " in done.stdout
    done = lulc(
        "assess", "--map", tmp_path / "map.tif", "--reference", data / "labels.geojson",
        "--class-field", "class", "--metrics", tmp_path / "a.json", "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["overall_accuracy"] > 0.5
    done = lulc("info", "--model", result["model"], "--json")
    assert json.loads(done.stdout)["classes"] == ["crop", "forest", "water"]
    assert json.loads(done.stdout)["model_sha256"] == result["model_sha256"]


# --- refusals ------------------------------------------------------------------------------------


def feature(row, column, name, size=8, **changes):
    return ({**pixel_box(row, column, size, size), **changes}, {"class": name})


def far_away(folder):
    box = pixel_box(20_000, 0, 8, 8)
    return write_geojson(folder / "l.geojson", [(box, {"class": "a"}), (box, {"class": "b"})])


def one_class(folder):
    return write_geojson(
        folder / "l.geojson", [feature(0, 0, "a"), feature(20, 0, "a"), feature(40, 0, "a")]
    )


def wrong_crs(folder):
    """Metres that call themselves degrees."""
    features = [feature(0, 0, "a"), feature(20, 0, "b")]
    return write_geojson(folder / "l.geojson", features, crs="EPSG:4326")


def no_area(folder):
    """Only polygons without a pixel: invalid ones that repair leaves nothing of."""
    x, y = 500_015.0, 5_199_985.0
    line = [[[x, y], [x + 1, y], [x, y], [x, y]]]
    flat = {"type": "Polygon", "coordinates": line}
    return write_geojson(folder / "l.geojson", [(flat, {"class": "a"}), (flat, {"class": "b"})])


def not_a_vector(folder):
    (folder / "l.geojson").write_text("<html>404</html>")
    return folder / "l.geojson"


def missing(folder):
    return folder / "no.gpkg"


@pytest.mark.parametrize("labels", [far_away, one_class, wrong_crs, no_area, not_a_vector, missing])
def test_labels_that_cannot_be_learned(tmp_path, data, labels):
    path = labels(tmp_path)
    before = names_in(tmp_path)
    words = ["--image", data / "scene.tif", "--labels", path, "--model", tmp_path / "m.safetensors"]
    error = expect_refusal(lulc("train-segmenter", *words, *QUICK, "--json"), 3)
    assert error["hint"]
    assert names_in(tmp_path) == before


def train_words(data, folder):
    return {
        "--image": data / "scene.tif",
        "--labels": data / "labels.geojson",
        "--class-field": "class",
        "--model": folder / "m.safetensors",
        "--epochs": 1,
        "--threads": 1,
    }


def flat(words):
    return [item for pair in words.items() for item in pair]


TRAIN_REFUSALS = [
    ({"--class-field": "klasse"}, 3, "klasse"),
    ({"--class-field": ""}, None, "class"),
    ({"--labels": "labels.geojson|layername=no"}, 3, "no"),
    ({"--bands": "1,9"}, 3, "no band '9'"),
    ({"--bands": "1,1"}, 3, "chosen twice"),
    ({"--indices": "ndvi"}, 3, "NDVI needs the band"),
    ({"--indices": "nvdi"}, 2, "--indices cannot be 'nvdi'"),
    ({"--focus-classes": "swamp"}, 3, "no class 'swamp'"),
    ({"--epochs": "0"}, 2, "--epochs must be"),
    ({"--epochs": "ten"}, 2, "--epochs must be"),
    ({"--model": "m.pt"}, 2, "must end in .safetensors"),
    ({"--model": "no/such/folder/m.safetensors"}, 5, "does not exist"),
    ({"--report": "no/r.html"}, 5, "does not exist"),
    ({"--report": "r.pdf"}, 2, "must end in"),
    ({"--device": "mps"}, 5, "no mps device"),
    ({"--encoder": "resnet19", "--architecture": "unet"}, 2, "no encoder 'resnet19'"),
    ({"--encoder-weights": "imagenet", "--architecture": "unet"}, 5, "cannot be loaded"),
    ({"--image": "no.tif"}, 3, "does not exist"),
    ({"--mask": "no.tif"}, 3, "does not exist"),
    ({"--scale": "0"}, 2, "--scale"),
    ({"--test-labels": "no.geojson"}, 3, "no.geojson"),
]


@pytest.mark.parametrize(("changes", "exit_code", "words"), TRAIN_REFUSALS)
def test_trainings_that_cannot_be(tmp_path, data, changes, exit_code, words):
    if exit_code is None:
        changes, exit_code = {"--labels": data / "labels.geojson", "--class-field": "no"}, 3
    changes = {k: str(v).replace("labels.geojson|", f"{data}/labels.geojson|") for k, v in
               changes.items()}  # fmt: skip
    given = flat({**train_words(data, tmp_path), **changes})
    env = environment(HF_HUB_OFFLINE="1", HF_HOME=str(tmp_path / "hub"))
    done = lulc("train-segmenter", *given, "--json", cwd=tmp_path, env=env)
    error = expect_refusal(done, exit_code)
    assert words in error["message"]
    assert names_in(tmp_path) <= {"hub"}


def wrong_bands(folder):
    return {"--image": write_raster(folder / "s.tif", random_image(2, 20, 20))}


def wrong_roles(folder):
    image = random_image(3, 20, 20)
    scene = write_raster(folder / "s.tif", image, descriptions=("red", "green", "blue"))
    return {"--image": scene, "--model": "roles.safetensors"}


def truncated(folder):
    write_raster(folder / "s.tif", random_image(3, 300, 300), blockysize=1)
    data = (folder / "s.tif").read_bytes()
    (folder / "s.tif").write_bytes(data[: len(data) * 2 // 3])
    return {"--image": folder / "s.tif"}


def only_nodata(folder):
    return {"--image": write_raster(folder / "s.tif", np.zeros((3, 9, 9), "uint8"), nodata=0)}


def html_model(folder):
    (folder / "x.safetensors").write_text("<html>404 not found</html>")
    return {"--model": folder / "x.safetensors"}


def scene_as_model(folder):
    return {"--model": write_raster(folder / "x.tif", random_image(3, 9, 9))}


def damaged_model(folder):
    path, _ = write_untrained_model(folder / "x.safetensors")
    data = bytearray((folder / "x.safetensors").read_bytes())
    data[-100] ^= 16
    (folder / "x.safetensors").write_bytes(data)
    return {"--model": path}


def read_only(folder):
    target = folder / "locked"
    target.mkdir()
    target.chmod(0o500)
    if os.access(target, os.W_OK):  # the administrator may write everywhere but here
        target = "/proc/self"
    return {"--output": f"{target}/map.tif"}


CLASSIFY_REFUSALS = [
    (wrong_bands, 3, "needs 3 bands"),
    (wrong_roles, 3, "no band nir, swir16"),
    (truncated, 3, "s.tif"),
    (only_nodata, 3, "everything is nodata"),
    (html_model, 4, "not a model file"),
    (scene_as_model, 4, "not a model file"),
    (damaged_model, 4, "damaged"),
    (lambda _: {"--model": "no.safetensors"}, 4, "does not exist"),
    (lambda _: {"--image": "no.tif"}, 3, "does not exist"),
    (lambda _: {"--output": "no/map.tif"}, 5, "does not exist"),
    (read_only, 5, "cannot be written to"),
    (lambda _: {"--output": "map.png"}, 2, "must end in .tif"),
    (lambda _: {"--extent": "1,2"}, 2, "--extent must be"),
    (lambda _: {"--extent": "1,2,3,4"}, 3, "does not overlap"),
    (lambda _: {"--tile-px": "-1"}, 2, "--tile-px must be"),
    (lambda _: {"--output": ""}, 2, "--output is missing"),
]


@pytest.mark.parametrize(("change", "exit_code", "words"), CLASSIFY_REFUSALS)
def test_classifications_that_cannot_be(tmp_path, data, change, exit_code, words):
    given = {
        "--image": data / "scene.tif",
        "--model": data / "model.safetensors",
        "--output": tmp_path / "map.tif",
        "--threads": 1,
        **change(tmp_path),
    }
    if given["--model"] == "roles.safetensors":
        given["--model"] = data / "roles.safetensors"
    before = names_in(tmp_path)
    error = expect_refusal(lulc("classify", *flat(given), "--json", cwd=tmp_path), exit_code)
    assert words in error["message"]
    assert names_in(tmp_path) == before


@pytest.mark.parametrize(
    "words", [[], ["clasify"], ["info"], ["info", "--modl", "x"], ["info", "--model"]]
)
def test_wrong_words(words):
    error = expect_refusal(lulc(*words, "--json"), 2)
    assert "usage" not in error["message"].lower()


def test_without_json_the_message_is_on_stderr():
    done = lulc("info", "--model", "no.safetensors")
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr == "lulc: The model file no.safetensors does not exist. Check the path.\n"


def test_a_value_may_begin_with_a_negative_number(tmp_path):
    for extent in ("-3.5,-3,40,41", "-.5,1,2,3"):
        words = ["--image", "x.tif", "--model", "no.safetensors", "--output", tmp_path / "m.tif"]
        error = expect_refusal(lulc("classify", *words, "--extent", extent, "--json"), 4)
        assert "no.safetensors" in error["message"]


@pytest.mark.parametrize("closed", ["1>&-", "0<&- 1>&- 2>&-"])
def test_closed_streams_disturb_no_file(tmp_path, data, closed):
    words = ["--image", data / "scene.tif", "--model", data / "model.safetensors"]
    command = shlex.join([*ENGINE, "classify", *map(str, words), "--output", "m.tif"])
    done = subprocess.run(["sh", "-c", f"{command} {closed}"], cwd=tmp_path, timeout=120)
    assert done.returncode == 0
    with rasterio.open(tmp_path / "m.tif") as found:
        assert found.read(1).any()


def test_nobody_has_to_read_to_the_end(data):
    command = shlex.join([*ENGINE, "info", "--model", str(data / "model.safetensors")])
    done = subprocess.run(
        ["bash", "-c", f"{command} | true; exit ${{PIPESTATUS[0]}}"],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


def test_labels_in_another_crs_are_brought_to_the_scenes(tmp_path, data):
    from rasterio.warp import transform_geom

    labels = json.loads((data / "labels.geojson").read_text())
    moved = [
        (transform_geom(CRS, "EPSG:4326", item["geometry"]), item["properties"])
        for item in labels["features"]
    ]
    path = write_geojson(tmp_path / "l.geojson", moved, crs=None)
    given = {**train_words(data, tmp_path), "--labels": path}
    done = lulc("train-segmenter", *flat(given), *QUICK, "--json")
    assert done.returncode == 0, done.stderr


# --- bugs and memory -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "exit_code", "words"),
    [
        (MemoryError(), 5, "not enough free memory"),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"), 5, "memory"),
        (RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"), 5, "memory"),
        (RuntimeError("shapes differ"), 1, "Internal error: RuntimeError: shapes differ."),
        (KeyError("x"), 1, "Internal error: KeyError"),
    ],
)
def test_what_nobody_foresaw(monkeypatch, capsys, error, exit_code, words):
    def run(self, options, feedback):
        raise error

    monkeypatch.setattr(Command, "run", run)
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    try:
        assert main(["info", "--model", "x", "--json"]) == exit_code
    finally:
        for number, handler in zip((signal.SIGINT, signal.SIGTERM), handlers, strict=True):
            signal.signal(number, handler)
    assert InfoOptions(model="x").model == "x"
    assert words in json.loads(capsys.readouterr().out)["error"]["message"]


# --- signals -------------------------------------------------------------------------------------


def started_training(data, folder):
    """Start a long training and return it once it is at work."""
    given = {**train_words(data, folder), "--epochs": 5000, "--patience": 5000}
    process = subprocess.Popen(
        [*ENGINE, "train-segmenter", *map(str, flat(given)), *QUICK, "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    lines = []
    while not lines or "3 bands" not in lines[-1]:  # the scene is open
        lines.append(process.stderr.readline())
        assert lines[-1], lines
    time.sleep(1.5)
    return process


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_cancels_cleanly(tmp_path, data, number):
    process = started_training(data, tmp_path)
    sent = time.monotonic()
    process.send_signal(number)
    stdout, stderr = process.communicate(timeout=30)
    assert time.monotonic() - sent < 5
    assert process.returncode == 130
    assert json.loads(stdout)["error"]["code"] == "LULC-E130"
    assert "Traceback" not in stderr
    assert names_in(tmp_path) == set()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("module", ["lulc_engine.cli.main", "lulc_engine.training.segmenter"])
def test_a_signal_does_not_wait_for_what_is_being_loaded(tmp_path, data, module, number):
    words = [*map(str, flat(train_words(data, tmp_path)))]
    code = SLOW_TO_LOAD.format(module=module) + (
        f"sys.argv = ['lulc', 'train-segmenter', '--json', *{words!r}]\n"
        "from lulc_engine.__main__ import main\n"
        "sys.exit(main())\n"
    )
    expect_end(code, number)
    assert names_in(tmp_path) == set()


def test_a_run_that_does_not_stop_is_ended_after_a_grace():
    code = (
        "import time, sys, lulc_engine.commands as c, lulc_engine.cli.main as m\n"
        "m._GRACE_S = 0.5\n"
        "def run(*_):\n"
        "    print('loading', file=sys.stderr, flush=True)\n"
        "    time.sleep(60)\n"
        "c.Command.run = run\n"
        "sys.exit(m.main(['info', '--json', '--model', 'x']))\n"
    )
    expect_end(code, signal.SIGTERM)


def expect_end(code, number):
    """Send a signal to a process once it says that it loads; it must end soon, as cancelled."""
    process = subprocess.Popen(
        [PYTHON, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stderr.readline() == "loading\n"
        process.send_signal(number)
        stdout, stderr = process.communicate(timeout=15)
    finally:
        process.kill()
    assert process.returncode == 130, stderr
    assert json.loads(stdout)["error"]["code"] == "LULC-E130"
    assert "Traceback" not in stderr


def test_a_killed_training_leaves_nothing_under_a_final_name(tmp_path, data):
    process = started_training(data, tmp_path)
    process.kill()
    process.communicate()
    assert "m.safetensors" not in names_in(tmp_path)
    given = {**train_words(data, tmp_path), "--labels": "no.gpkg"}
    lulc("train-segmenter", *flat(given), "--json")  # the next run cleans up
    assert names_in(tmp_path) == set()
