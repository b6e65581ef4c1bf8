"""Ending a process that was asked to stop, whatever a library is busy with.

Nothing but the standard library and two small modules is imported here, so that signals can be
heeded before anything else is loaded. Until a command begins there is nothing to clean up, and
loading PyTorch takes many seconds on a busy computer: a process that is asked to stop by then ends
at once. Afterwards the run is asked to stop, and is ended where it does not within its grace.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import NoReturn

from lulc_engine.errors import Cancelled
from lulc_engine.protocol import to_json

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def end_now(last_words: Callable[[], None]) -> NoReturn:
    """End the process with exit code 130; leave no temporary file behind.

    Args:
        last_words: tells whoever has started the process.
    """
    # Where the module has not been loaded, or not to its end, nothing has been written.
    outputs = sys.modules.get("lulc_engine.outputs")
    remove = getattr(outputs, "remove_open_parts", None)
    if remove is not None:
        remove()
    with contextlib.suppress(OSError, Cancelled):  # nobody may be listening any more
        last_words()
    os._exit(Cancelled.exit_code)


def end_after(grace_s: float, last_words: Callable[[], None]) -> None:
    """End the process after some seconds, if it has not ended by itself until then."""
    timer = threading.Timer(grace_s, end_now, args=(last_words,))
    timer.daemon = True  # a run that ends by itself does not wait for it
    timer.start()


def end_on_signals(as_json: bool) -> None:
    """Let Ctrl-C and SIGTERM end the process at once, for as long as nothing has begun.

    Args:
        as_json: whether stdout is to have the error as JSON.
    """
    heed(lambda: end_now(lambda: say_cancelled(as_json)))


def heed(stop: Callable[[], None]) -> None:
    """Call a function on Ctrl-C and SIGTERM, instead of any other before it."""
    for number in _SIGNALS:
        signal.signal(number, lambda *_: stop())


def say_cancelled(as_json: bool) -> None:
    """Say that the run was cancelled, past buffers, whose locks the interrupted code may hold."""
    error = Cancelled()
    if as_json:
        os.write(1, (to_json({"error": error.as_dict()}) + "\n").encode())
    else:
        os.write(2, f"lulc: {error.message}\n".encode())
