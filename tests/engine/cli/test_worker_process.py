"""The worker process as the plugin starts it: lines in, lines out, and its end."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from factories import write_raster
from landscape import Country
from processes import PYTHON, SLOW_TO_LOAD, names_in

import lulc_engine
from lulc_engine import protocol

LAUNCHER = f"""
import sys
sys.path.insert(0, {str(Path(lulc_engine.__file__).parents[1])!r})
from lulc_engine import worker
if "train-segmenter" in open(sys.argv[1], encoding="utf-8").read():
    worker._DEFAULT_GRACE_S = 60  # so that only the run itself ends in time
sys.exit(worker.main(sys.argv[1:]))
"""
# Takes the place of every command; its body follows.
STAND_IN = """
import os, time, lulc_engine.commands as c
def run(self, options, feedback):
    {body}
c.Command.run = run
from lulc_engine import worker
"""


INFO = {"v": 1, "command": "info", "options": {"model": "x"}}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    country = Country()
    write_raster(folder / "scene.tif", country.image("uint16"))
    country.polygons(folder / "labels.geojson", ("crop", "forest", "Wälder"))
    return folder


@pytest.fixture
def start(tmp_path):
    """Start a worker with a request, given as an object or as text."""
    launcher = tmp_path / "launcher.py"
    started = []

    def start_worker(request):
        text = request if isinstance(request, str) else json.dumps(request)
        if not launcher.exists():
            launcher.write_text(LAUNCHER, encoding="utf-8")
        (tmp_path / "request.json").write_text(text, encoding="utf-8")
        process = subprocess.Popen(
            [PYTHON, "-I", "-u", str(launcher), str(tmp_path / "request.json")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, encoding="utf-8",
        )  # fmt: skip
        started.append(process)
        return process

    yield start_worker
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()


def training(data, folder, **changes):
    options = {
        "image": [str(data / "scene.tif")],
        "labels": str(data / "labels.geojson"),
        "class_field": "class",
        "window_px": 32,
        "batch_size": 4,
        "epochs": 2,
        "threads": 1,
        "model": str(folder / "m.safetensors"),
    }
    return protocol.request("train-segmenter", {**options, **changes})


def events_of(stdout):
    events = [protocol.decode(line) for line in stdout.splitlines()]
    assert None not in events  # nothing but protocol lines
    return events


def stand_in(folder, body):
    """Let the next worker run this code instead of a command."""
    text = LAUNCHER.replace("from lulc_engine import worker\n", STAND_IN.format(body=body))
    (folder / "launcher.py").write_text(text, encoding="utf-8")


def run(process):
    """Let a worker end with its parent listening; return exit code, events and stderr."""
    stdout, stderr = [], ""
    for line in process.stdout:
        stdout.append(line)
    process.wait(60)
    stderr = process.stderr.read()
    return process.returncode, events_of("".join(stdout)), stderr


@pytest.fixture
def out(tmp_path):
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


def test_a_run_from_hello_to_result(start, data, out):
    code, events, stderr = run(start(training(data, out)))
    assert code == 0, stderr
    kinds = [event["event"] for event in events]
    assert (kinds[0], kinds[-1]) == ("hello", "result")
    assert kinds.count("hello") == kinds.count("result") == 1
    assert {"progress", "log", "metric"} <= set(kinds)
    assert events[0]["prefix"] == sys.prefix
    assert events[0]["engine"] == lulc_engine.__version__
    metrics = [event for event in events if event["event"] == "metric"]
    assert [metric["epoch"] for metric in metrics] == [1, 2]
    assert 0 <= metrics[0]["validation"]["mean_iou"] <= 1
    shares = [event["fraction"] for event in events if event["event"] == "progress"]
    known = [share for share in shares if share is not None]
    assert known == sorted(known)
    assert known[-1] == 1
    result = events[-1]["result"]
    assert result["model"] == str(out / "m.safetensors")
    assert result["scores"]["classes"][0]["name"] == "Wälder"
    assert names_in(out) == {"m.safetensors"}


def wait_for(process, kind):
    for line in process.stdout:
        if protocol.decode(line)["event"] == kind:
            return
    raise AssertionError(process.stderr.read())


@pytest.mark.parametrize("way", ["line", "line after others", "end of file"])
def test_it_can_be_cancelled(start, data, out, way):
    process = start(training(data, out, epochs=5000, patience=5000))
    wait_for(process, "metric")
    sent = time.monotonic()
    if way == "end of file":
        process.stdin.close()
    else:
        process.stdin.write("cancel\n" if way == "line" else "\nwhat?\n\u20ac\n cancel \n")
        process.stdin.flush()
    code, events, stderr = run(process)
    assert time.monotonic() - sent < 30
    assert code == 130
    assert "Traceback" not in stderr
    errors = [event for event in events if event["event"] == "error"]
    assert [(error["code"], error["exit_code"]) for error in errors] == [("LULC-E130", 130)]
    assert names_in(out) == set()


def test_it_does_not_wait_for_what_is_being_loaded(start, data, out, tmp_path):
    slow = SLOW_TO_LOAD.format(module="lulc_engine.training.segmenter")
    (tmp_path / "launcher.py").write_text(slow + LAUNCHER, encoding="utf-8")
    process = start(training(data, out))
    assert process.stderr.readline() == "loading\n"
    sent = time.monotonic()
    process.stdin.write("cancel\n")
    process.stdin.flush()
    code, events, _ = run(process)
    assert time.monotonic() - sent < 15
    assert code == 130
    assert events[-1]["code"] == "LULC-E130"


def test_the_best_model_may_be_kept(start, data, out):
    process = start(training(data, out, epochs=5000, patience=5000, keep_best=True))
    wait_for(process, "metric")
    process.stdin.write("cancel\n")
    process.stdin.flush()
    code, events, _ = run(process)
    assert code == 130
    assert "best model so far" in events[-1]["message"]
    assert names_in(out) == {"m.safetensors"}


def test_refusals_are_events(start, data, out):
    code, events, stderr = run(start(training(data, out, class_field="klasse")))
    assert code == 3
    assert "Traceback" not in stderr
    assert events[-1]["event"] == "error"
    assert "klasse" in events[-1]["message"]
    assert events[-1]["hint"]
    assert events[-1]["exit_code"] == 3
    assert names_in(out) == set()


@pytest.mark.parametrize(
    "request_",
    [
        "",
        "[]",
        "{}",
        "not JSON",
        {"v": 2, "command": "info", "options": {}},
        {"v": 1, "command": "explode", "options": {}},
        {"v": 1, "command": ["info"], "options": {}},
        {"v": 1, "command": "info", "options": [1]},
        {"v": 1, "command": "info", "options": None},
        {"v": 1, "command": "info", "options": {"modell": "x"}},
    ],
)
def test_requests_that_are_none(start, request_):
    code, events, stderr = run(start(request_))
    assert code == 2
    assert [event["event"] for event in events] == ["hello", "error"]
    assert "Traceback" not in stderr


def test_what_libraries_print_does_not_disturb(start, tmp_path):
    """Python's print, the C library and child processes all write to stderr instead."""
    stand_in(
        tmp_path,
        "print('printed'); os.write(1, b'written\\n'); os.system('echo spoken')\n"
        "    return {'name': 'K' + chr(0xdcff)}",
    )
    exit_code, events, stderr = run(start(INFO))
    assert exit_code == 0, stderr
    assert [event["event"] for event in events] == ["hello", "result"]
    assert events[1]["result"]["name"] == "K\udcff"
    for text in ("printed", "written", "spoken"):
        assert text in stderr


def test_a_reader_that_is_gone_ends_the_run_as_a_cancel_does(start, tmp_path):
    stand_in(tmp_path, "time.sleep(1); feedback.info('at work'); time.sleep(60)")
    process = start(INFO)
    assert "hello" in process.stdout.readline()
    process.stdout.close()
    assert process.wait(20) == 130
    assert "Traceback" not in process.stderr.read()


def test_a_run_that_does_not_let_go_ends_in_time(start, tmp_path):
    """A library that never comes back cannot keep the process from ending with the parent."""
    stand_in(tmp_path, "feedback.info('at work'); time.sleep(60)")
    process = start(INFO)
    wait_for(process, "log")
    sent = time.monotonic()
    process.stdin.close()
    code, events, _ = run(process)
    assert 1 < time.monotonic() - sent < 20
    assert code == 130
    assert events[-1]["code"] == "LULC-E130"
