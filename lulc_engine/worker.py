"""The process that does the work for the QGIS plugin: a request file in, JSON lines out.

Started as ``python -I -u launcher REQUEST.json`` (see `protocol`). Only protocol lines reach
stdout: the descriptor is kept aside and everything that libraries print goes to stderr. A thread
reads stdin: the line ``cancel`` asks the run to stop, end-of-file means that the parent is gone.
Either way the process ends within the grace period, whatever a library is busy with.
"""

from __future__ import annotations

import contextlib
import faulthandler
import json
import os
import signal
import sys
import threading
import traceback
from pathlib import Path
from typing import Any, TextIO

import lulc_engine
from lulc_engine import protocol
from lulc_engine.commands import COMMANDS
from lulc_engine.errors import Cancelled, LulcError, OptionsError
from lulc_engine.feedback import Feedback
from lulc_engine.process import prepare_process
from lulc_engine.stopping import end_after, end_now

# People wait for at most two seconds after they cancelled; what is left of them is for removing
# temporary files. Only a model that is to be kept may take longer, and the parent then waits for 5.
_DEFAULT_GRACE_S, _GRACE_TO_KEEP_S = 1.3, 4.5


class WorkerFeedback(Feedback):
    """Feedback that becomes protocol lines."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream
        self._lock = threading.Lock()

    def emit(self, event: str, **fields: Any) -> None:
        """Write one protocol line.

        Raises:
            Cancelled: nobody listens: the parent is gone.
        """
        try:
            with self._lock:
                self._stream.write(protocol.encode(event, **fields) + "\n")
                self._stream.flush()
        except BrokenPipeError as err:
            raise Cancelled("The program that had asked for this run is gone.") from err

    def progress(self, fraction: float | None, text: str = "") -> None:
        self.emit(protocol.PROGRESS, fraction=fraction, text=text)

    def info(self, text: str) -> None:
        self.emit(protocol.LOG, level="info", text=text)

    def warning(self, text: str) -> None:
        self.emit(protocol.LOG, level="warning", text=text)

    def metric(self, name: str, **values: Any) -> None:
        self.emit(protocol.METRIC, name=name, **values)


def main(arguments: list[str]) -> int:
    """Run the request named by the only argument; return the exit code."""
    prepare_process()
    feedback = WorkerFeedback(_take_stdout())
    faulthandler.enable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's; it sends `cancel`
    try:
        feedback.emit(
            protocol.HELLO,
            prefix=sys.prefix,
            python=".".join(map(str, sys.version_info[:3])),
            engine=lulc_engine.__version__,
            loading=True,  # next; that can keep all threads waiting
        )
        name, options = _read_request(arguments)
        grace_s = _GRACE_TO_KEEP_S if options.get("keep_best") else _DEFAULT_GRACE_S
        loaded = threading.Event()
        watch = (feedback, grace_s, loaded)
        threading.Thread(target=_watch_stdin, args=watch, daemon=True).start()
        command = COMMANDS[name]
        given = command.options.from_mapping(options)
        command.load()
        loaded.set()
        result = command.run(given, feedback)
        feedback.emit(protocol.RESULT, result=result)
    except LulcError as err:
        with contextlib.suppress(Cancelled):  # that there is no parent may be the reason
            feedback.emit(protocol.ERROR, exit_code=err.exit_code, **err.as_dict())
        return err.exit_code
    except Exception as err:  # the one place where a bug becomes a message
        if is_out_of_memory(err):
            feedback.emit(protocol.ERROR, exit_code=5, **OUT_OF_MEMORY)
            return 5
        traceback.print_exc()
        feedback.emit(protocol.ERROR, exit_code=1, **bug_report(err))
        return 1
    return 0


OUT_OF_MEMORY = {
    "code": "LULC-E5",
    "message": "The computer has not enough free memory for this.",
    "hint": "Close other programs, or choose smaller windows or a smaller batch.",
}


def is_out_of_memory(err: BaseException) -> bool:
    """Return whether memory ran out; PyTorch says so in words, by device."""
    text = str(err)
    in_words = "can't allocate memory" in text or "out of memory" in text
    return isinstance(err, MemoryError) or (isinstance(err, RuntimeError) and in_words)


def bug_report(err: BaseException) -> dict[str, str]:
    """Return the error object for an exception that nobody foresaw."""
    return {
        "code": "LULC-E1",
        "message": f"Internal error: {type(err).__name__}: {err}.",
        "hint": "This is a bug in the software; please report it with the log.",
    }


def _take_stdout() -> TextIO:
    """Keep stdout for the protocol and send everything else that writes to it to stderr."""
    # A file name that is no text becomes JSON escapes instead of an error.
    stream = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="backslashreplace", newline="\n")
    os.dup2(2, 1)
    return stream


def _read_request(arguments: list[str]) -> tuple[str, dict[str, Any]]:
    if len(arguments) != 1:
        raise OptionsError("The worker needs one argument: the request file.")
    try:
        request = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
        version, name = request["v"], str(request["command"])
        options = dict(request["options"])
    except (OSError, ValueError, KeyError, TypeError) as err:
        raise OptionsError(f"The request file {arguments[0]} cannot be read: {err}.") from err
    if version != protocol.VERSION:
        raise OptionsError(
            f"The request speaks protocol {version}, this engine speaks {protocol.VERSION}.",
            "Plugin and engine are of different versions; restart QGIS.",
        )
    if name not in COMMANDS:
        raise OptionsError(f"Unknown command {name!r}.", f"Known are: {', '.join(COMMANDS)}.")
    return name, options


def _watch_stdin(feedback: WorkerFeedback, grace_s: float, loaded: threading.Event) -> None:
    """Cancel the run when stdin says so; at once, while the command is still being loaded."""
    # Without a buffer: the lock of one that is being read ends the interpreter with an abort.
    # A stdin that is closed from the start is an end-of-file.
    with contextlib.suppress(OSError), open(0, "rb", buffering=0, closefd=False) as stream:
        for line in stream:
            if line.strip() == protocol.CANCEL.encode():
                break
    feedback.cancel()

    def last_words() -> None:
        cancelled = Cancelled()
        feedback.emit(protocol.ERROR, exit_code=cancelled.exit_code, **cancelled.as_dict())

    if not loaded.is_set():
        end_now(last_words)
    end_after(grace_s, last_words)
