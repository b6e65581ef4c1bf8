"""What the plugin makes of workers that behave and of workers that do not.

Stand-in engines take the place of the launcher, so that every kind of failure can be provoked.
"""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from qgis.core import QgsProcessingException, QgsProcessingFeedback
from support import PLUGIN_PARENT, wait_for

from lulc_qgis_plugin import worker
from lulc_qgis_plugin.engine_source import ENGINE_VERSION, protocol
from lulc_qgis_plugin.environment import Engine

PYTHON = "/usr/bin/python3"
HELLO = f"""
import json, os, signal, sys, threading, time
def emit(event, **fields):
    print(json.dumps(dict(v=1, event=event, **fields)), flush=True)
emit("hello", prefix=sys.prefix, python="3", engine={ENGINE_VERSION!r})
"""


@pytest.fixture(autouse=True)
def temporary_folder(tmp_path, monkeypatch, qgis_app):
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(worker.tempfile, "tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []  # whatever happened, nothing is left


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run a stand-in engine, given as code; return its result."""

    def run_engine(code, feedback=None, command="classify", prefix="/usr", hello=HELLO):
        script = tmp_path / "launcher.py"
        script.write_text(hello + code, encoding="utf-8")
        monkeypatch.setattr(worker, "LAUNCHER", script)
        request = protocol.request(command, {"image": "größe.tif"})
        engine = Engine(PYTHON, prefix, "a test")
        return worker.run_worker(request, feedback or QgsProcessingFeedback(), engine)

    return run_engine


def failure(run, code, **options):
    with pytest.raises(QgsProcessingException) as caught:
        run(code, **options)
    return str(caught.value)


# --- success -------------------------------------------------------------------------------------


class SeenFeedback(QgsProcessingFeedback):
    """Keeps the texts above the progress bar, which are not part of the log."""

    texts = ()

    def setProgressText(self, text):
        self.texts = (*self.texts, text)


def test_the_result_comes_back_and_events_are_shown(run):
    feedback = SeenFeedback()
    result = run(
        """
emit("progress", fraction=0.25, text="Reading")
emit("log", level="info", text="an <b>info</b>")
emit("log", level="warning", text="a warning")
emit("log", level="debug", text="a detail")
emit("metric", name="epoch", epoch=3, loss=0.51234, frozen=True, validation={"mean_iou": 0.5})
emit("metric", name="epoch", epoch=4, loss=0.5, frozen=False)
emit("progress", fraction=None, text="")
emit("unheard of", x=1)
emit("result", result={"output": "map.tif", "kappa": None, "n": 3})
""",
        feedback,
    )
    assert result == {"output": "map.tif", "kappa": None, "n": 3}
    assert result.training_speed["epochs"] == 2
    assert feedback.progress() == 25
    log = feedback.textLog()
    lines = ["an <b>info</b>", "a warning", "a detail"]
    lines += ["epoch 3, loss 0.5123, frozen, validation mean IoU 0.5", "epoch 4, loss 0.5"]
    for text in lines:
        assert text in log.splitlines()
    assert feedback.texts == ("Reading",)


def test_the_request_arrives_as_it_is(run):
    result = run(
        'r = json.load(open(sys.argv[1], encoding="utf-8"))\n'
        'emit("result", result={"request": r, "isolated": sys.flags.isolated, "cwd": os.getcwd(),'
        ' "inside": os.path.dirname(sys.argv[1])})'
    )
    assert result["request"] == {
        "v": 1, "command": "classify", "options": {"image": "größe.tif"},
    }  # fmt: skip
    assert result["isolated"] == 1
    assert result["cwd"] == result["inside"]


def test_garbage_on_stdout_does_no_harm(run):
    code = """
for line in ("hello", "{", "[]", '{"v": 2, "event": "error"}', '{"event": "result"}', "\\x00\\xff"):
    print(line)
emit("result", result={"n": 1})
print("bye")
"""
    assert run(code) == {"n": 1}


# --- failures ------------------------------------------------------------------------------------


def test_the_engines_message_and_hint_are_the_error(run):
    code = """
print("secret detail", file=sys.stderr)
emit("error", code="LULC-E3", message="No bands.", hint="Choose another.", exit_code=3)
sys.exit(3)
"""
    feedback = QgsProcessingFeedback()
    assert failure(run, code, feedback=feedback) == "No bands. Choose another."
    assert "secret detail" in feedback.textLog()


def test_only_the_last_lines_of_stderr_are_logged(run):
    code = "for i in range(1000): print('line', i, file=sys.stderr)\nsys.exit(1)"
    feedback = QgsProcessingFeedback()
    assert "exit code 1" in failure(run, code, feedback=feedback)
    lines = [line for line in feedback.textLog().splitlines() if line.startswith("line ")]
    assert lines == [f"line {i}" for i in range(980, 1000)]


def test_a_result_with_a_failing_exit_code_is_a_failure(run):
    assert "exit code 7" in failure(run, 'emit("result", result={})\nsys.exit(7)')


def test_success_without_a_result_is_a_failure(run):
    assert "without a result" in failure(run, "")
    assert "without a result" in failure(run, 'emit("result", result=5)')


def test_a_killed_engine_probably_lacked_memory(run):
    message = failure(run, "os.kill(os.getpid(), signal.SIGKILL)")
    assert "probably because memory ran out" in message


def test_a_crash_names_its_signal(run):
    assert "signal 11, SIGSEGV" in failure(run, "os.kill(os.getpid(), signal.SIGSEGV)")


def test_crashes_of_windows_are_recognised():
    assert "access violation, 0XC0000005" in worker._ending(-1073741819 & 0xFFFFFFFF)


def test_a_program_that_is_no_python_is_named(run, monkeypatch, tmp_path):
    with pytest.raises(QgsProcessingException, match="cannot be started"):
        worker.run_worker(
            protocol.request("classify", {}),
            QgsProcessingFeedback(),
            Engine(str(tmp_path / "no"), "/usr", "a test"),
        )


# --- introduction --------------------------------------------------------------------------------


def test_an_engine_of_another_version_is_refused(run):
    hello = HELLO.replace(ENGINE_VERSION, "99.1")
    assert "The engine has version 99.1" in failure(run, "time.sleep(60)", hello=hello)


def test_an_engine_in_another_environment_is_refused(run):
    message = failure(run, "time.sleep(60)", prefix="/home/me/env")
    assert "runs in /usr instead of /home/me/env" in message


def test_an_engine_that_does_not_introduce_itself_is_refused(run):
    hello = HELLO.rsplit("emit(", 1)[0]
    message = failure(run, 'emit("result", result={})\ntime.sleep(60)', hello=hello)
    assert "did not introduce itself" in message


def test_a_silent_engine_is_given_up(run, monkeypatch):
    monkeypatch.setattr(worker, "HELLO_TIMEOUT_S", 1.0)
    assert "does not answer" in failure(run, "", hello="import time; time.sleep(60)")


# --- cancelling ----------------------------------------------------------------------------------


def cancelled_after(delay_s, run, code, **options):
    """Cancel a run; return the message and how long the end took."""
    feedback = QgsProcessingFeedback()
    moment = []

    def cancel():
        moment.append(time.monotonic())
        feedback.cancel()

    threading.Timer(delay_s, cancel).start()
    message = failure(run, code, feedback=feedback, **options)
    return message, time.monotonic() - moment[0]


def test_cancel_is_a_line_and_the_engines_words_count(run):
    code = """
assert sys.stdin.readline() == "cancel\\n"
emit("error", code="LULC-E130", message="The best model was kept.", hint="", exit_code=130)
sys.exit(130)
"""
    message, took_s = cancelled_after(0.5, run, code)
    assert message == "The best model was kept."
    assert took_s < 1


@pytest.mark.parametrize(("command", "grace_s"), [("classify", 2), ("train-segmenter", 5)])
def test_an_engine_that_does_not_let_go_is_killed_after_its_grace(run, command, grace_s):
    message, took_s = cancelled_after(0.3, run, "time.sleep(60)", command=command)
    assert message == "The run was cancelled."
    assert grace_s <= took_s < grace_s + 1


def test_an_engine_that_only_loads_libraries_is_killed_at_once(run):
    hello = HELLO.replace("engine=", "loading=True, engine=")
    given = {"command": "train-segmenter", "hello": hello}
    message, took_s = cancelled_after(1, run, "time.sleep(60)", **given)
    assert message == "The run was cancelled."
    assert took_s < 3


def test_a_run_that_was_already_done_counts(run):
    feedback = QgsProcessingFeedback()
    threading.Timer(0.3, feedback.cancel).start()
    code = 'sys.stdin.readline()\nemit("result", result={"n": 1})'
    assert run(code, feedback) == {"n": 1}


# --- the parent's end ----------------------------------------------------------------------------

PARENT = """
import sys
sys.path.insert(0, {parent!r})
from pathlib import Path
from qgis.core import QgsProcessingFeedback
from lulc_qgis_plugin import worker
from lulc_qgis_plugin.environment import Engine
worker.LAUNCHER = Path({script!r})
request = worker.protocol.request("classify", {{}})
worker.run_worker(request, QgsProcessingFeedback(), Engine({python!r}, "/usr", "a test"))
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_the_worker_notices_that_its_parent_is_gone(tmp_path, how, temporary_folder):
    script, note = tmp_path / "engine.py", tmp_path / "pid"
    script.write_text(
        HELLO + f"open({str(note)!r}, 'w').write(str(os.getpid()))\n"
        "def watch():\n    sys.stdin.read()\n    os._exit(130)\n"
        "threading.Thread(target=watch, daemon=True).start()\ntime.sleep(60)\n"
    )
    code = PARENT.format(parent=str(PLUGIN_PARENT), script=str(script), python=PYTHON)
    env = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen([sys.executable, "-c", code], env=env) as parent:
        pid = int(wait_for(lambda: note.is_file() and note.read_text()))
        parent.send_signal(how)
    assert wait_for(lambda: not os.path.exists(f"/proc/{pid}"))
