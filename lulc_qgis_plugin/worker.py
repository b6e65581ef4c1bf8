"""Run one command of the engine in a worker process and wait for its result.

The protocol is that of `lulc_engine.protocol`. A run that ends with exit code 0 and a result has
succeeded; everything else raises QgsProcessingException, because neither qgis_process nor a model
notices a failure that is only reported.
"""

from __future__ import annotations

import collections
import os
import shutil
import signal
import tempfile
import time
from pathlib import Path
from typing import Any

from qgis.core import QgsProcessingException, QgsProcessingFeedback

from .child_process import ChildProcess, StopSignals
from .engine_source import ENGINE_VERSION, PLUGIN_DIR, protocol
from .environment import Engine, find_engine

GRACE_S = {"train-segmenter": 5.0, "train-patches": 5.0}
DEFAULT_GRACE_S = 2.0
LOADING_GRACE_S = 1.0  # nothing has been made that would have to be removed
HELLO_TIMEOUT_S = 120.0
LAUNCHER = PLUGIN_DIR / "launcher.py"

_TEXT_EVERY_S = 5.0
_KEPT_LINES = 20
_SPELLED = {"f1": "F1", "iou": "IoU", "map": "mAP", "mcc": "MCC"}
_WINDOWS_CRASHES = {
    0xC0000005: "access violation",
    0xC00000FD: "stack overflow",
    0xC0000135: "a DLL is missing",
}


class WorkerResult(dict[str, Any]):
    """What a command answered.

    Attributes:
        training_speed: of a training: ``epochs`` it took, their seconds ``epochs_s``, and those
            before them, ``before_s``; empty for other commands.
    """

    def __init__(self, answer: dict[str, Any], training_speed: dict[str, Any]) -> None:
        super().__init__(answer)
        self.training_speed = training_speed


def run_worker(
    request: dict[str, Any], feedback: QgsProcessingFeedback, engine: Engine | None = None
) -> dict[str, Any]:
    """Run a request (see `protocol.request`) and return the command's result.

    Raises:
        QgsProcessingException: the run failed or was cancelled.
        EnvironmentFailure: the engine was not found or cannot be started.
    """
    chosen = find_engine() if engine is None else engine
    folder = Path(tempfile.mkdtemp(prefix="lulc-"))
    try:
        path = folder / "request.json"
        path.write_text(protocol.to_json(request), encoding="utf-8")
        command = [chosen.python, "-I", "-u", str(LAUNCHER), str(path)]
        try:
            child = ChildProcess(command, folder, chosen.environment())
        except OSError as err:
            raise QgsProcessingException(
                f"The engine's Python {chosen.python} cannot be started ({err.strerror})."
            ) from err
        return _Run(child, chosen, str(request["command"]), feedback).result()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class _Run:
    """One worker process and what it has said so far."""

    def __init__(
        self, child: ChildProcess, engine: Engine, command: str, feedback: QgsProcessingFeedback
    ) -> None:
        self._child = child
        self._engine = engine
        self._feedback = feedback
        self._grace_s = GRACE_S.get(command, DEFAULT_GRACE_S)
        self._started_s = time.monotonic()
        self._greeted = False
        self._kill_at_s: float | None = None
        self._killed = False
        self._result: dict[str, Any] | None = None
        self._is_loading = False
        self._epoch_times_s: list[float] = []
        self._error: dict[str, Any] | None = None
        self._stderr: collections.deque[str] = collections.deque(maxlen=_KEPT_LINES)
        self._text, self._text_s = "", 0.0

    def result(self) -> dict[str, Any]:
        """Wait for the end and return the result; raise where there is none."""
        with StopSignals() as stop:
            try:
                for source, line in self._child.lines():
                    if source == "out":
                        self._take(line)
                    elif source == "err":
                        self._stderr.append(line)
                    self._watch(stop.received)
            finally:
                code = self._child.close()
        if code == 0 and self._result is not None:
            return WorkerResult(self._result, self._speed())
        raise self._failure(code)

    def _speed(self) -> dict[str, Any]:
        """Return how fast the epochs of a training went by, where there were several."""
        times = self._epoch_times_s
        if len(times) < 2:
            return {}
        epoch_s = (times[-1] - times[0]) / (len(times) - 1)
        before_s = max(0.0, times[0] - self._started_s - epoch_s)
        return {"epochs": len(times), "before_s": before_s, "epochs_s": epoch_s * len(times)}

    def _take(self, line: str) -> None:
        event = protocol.decode(line)
        if event is None:
            self._stderr.append(line)
        elif event["event"] == protocol.HELLO:
            self._check_hello(event)
        elif not self._greeted:
            raise QgsProcessingException("The engine did not introduce itself and was stopped.")
        else:
            self._show(event)

    def _check_hello(self, event: dict[str, Any]) -> None:
        prefix, version = str(event.get("prefix", "")), str(event.get("engine", ""))
        if not _same_path(prefix, self._engine.prefix):
            raise QgsProcessingException(
                f"The engine runs in {prefix} instead of {self._engine.prefix}, so its packages "
                "would be the wrong ones. A variable of the environment misleads it."
            )
        if version != ENGINE_VERSION:
            raise QgsProcessingException(
                f"The engine has version {version}, the plugin {ENGINE_VERSION}. Restart QGIS; "
                "if that does not help, install the plugin again."
            )
        self._greeted, self._is_loading = True, bool(event.get("loading"))
        self._feedback.pushDebugInfo(f"Python {event.get('python', '')} in {prefix}")

    def _show(self, event: dict[str, Any]) -> None:
        kind, text = event["event"], str(event.get("text", ""))
        self._is_loading = False
        if kind == protocol.PROGRESS:
            self._progress(event.get("fraction"), text)
        elif kind == protocol.LOG:
            show = {"warning": "pushWarning", "debug": "pushDebugInfo"}
            getattr(self._feedback, show.get(str(event.get("level")), "pushInfo"))(text)
        elif kind == protocol.METRIC:
            self._feedback.pushDebugInfo(metric_text(event))
            if event.get("name") == "epoch":
                self._epoch_times_s.append(time.monotonic())
        elif kind == protocol.RESULT and isinstance(event.get("result"), dict):
            self._result = event["result"]
        elif kind == protocol.ERROR:
            self._error = event

    def _progress(self, fraction: Any, text: str) -> None:
        if isinstance(fraction, (int, float)):
            self._feedback.setProgress(100.0 * fraction)
        now = time.monotonic()
        if text and text != self._text and now - self._text_s >= _TEXT_EVERY_S:
            self._text, self._text_s = text, now  # QGIS keeps every text in the log
            self._feedback.setProgressText(text)

    def _watch(self, stop: bool) -> None:
        now = time.monotonic()
        if self._kill_at_s is None and (stop or self._feedback.isCanceled()):
            self._kill_at_s = now + (LOADING_GRACE_S if self._is_loading else self._grace_s)
            self._child.send(protocol.CANCEL)
        elif self._kill_at_s is not None and now > self._kill_at_s and not self._killed:
            self._killed = True
            self._child.kill()
        if not self._greeted and now - self._started_s > HELLO_TIMEOUT_S:
            raise QgsProcessingException("The engine does not answer and was stopped.")

    def _failure(self, code: int) -> QgsProcessingException:
        error = self._error
        if self._kill_at_s is not None:
            known = error is not None and error.get("exit_code") == 130
            return QgsProcessingException(
                _sentence(error) if error and known else "The run was cancelled."
            )
        for line in self._stderr:
            self._feedback.pushConsoleInfo(line)
        if error is not None and code != 0:
            return QgsProcessingException(_sentence(error))
        return QgsProcessingException(_ending(code))


def metric_text(event: dict[str, Any]) -> str:
    """Return the numbers of one step of the work as a line: ``epoch 3, loss 0.5123``."""
    numbers = {key: value for key, value in event.items() if key not in ("v", "event", "name")}
    name = str(event.get("name", ""))
    return ", ".join(([] if name in numbers else [name]) + _number_texts(numbers))


def _number_texts(numbers: dict[str, Any]) -> list[str]:
    texts = []
    for key, value in numbers.items():
        words = " ".join(_SPELLED.get(word, word) for word in key.split("_"))
        if isinstance(value, dict):
            texts += [f"{words} {text}" for text in _number_texts(value)]
        elif isinstance(value, bool):
            texts += [words] if value else []
        elif isinstance(value, float):
            texts.append(f"{words} {value:.4g}")
        elif isinstance(value, (int, str)):
            texts.append(f"{words} {value}")
    return texts


def _sentence(error: dict[str, Any]) -> str:
    return f"{error.get('message', '')} {error.get('hint', '')}".strip()


def _ending(code: int) -> str:
    if code == 0:
        return "The engine ended without a result. This is a bug; please report it with the log."
    if code == -9:
        return (
            "The engine was killed by the system, probably because memory ran out. Close other "
            "programs, or choose smaller windows or a smaller batch."
        )
    if code < 0:
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = "unknown"
        return f"The engine crashed (signal {-code}, {name}). See the log for its last lines."
    crash = _WINDOWS_CRASHES.get(code & 0xFFFFFFFF)
    if crash is not None:
        return f"The engine crashed ({crash}, {code & 0xFFFFFFFF:#X}). See the log."
    return f"The engine ended with exit code {code}. See the log for its last lines."


def _same_path(one: str, other: str) -> bool:
    return os.path.normcase(os.path.realpath(one)) == os.path.normcase(os.path.realpath(other))
