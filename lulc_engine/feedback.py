"""How a running command talks to whoever started it: progress, log lines, cancelling.

The engine calls a `Feedback` and never prints. The command line and the worker process each have
a subclass; the base class is silent, for tests and for use as a library.
"""

from __future__ import annotations

import threading
from typing import Any

from lulc_engine.errors import Cancelled


class Feedback:
    """A silent feedback that can be cancelled from another thread."""

    def __init__(self) -> None:
        self._cancelled = threading.Event()

    def progress(self, fraction: float | None, text: str = "") -> None:
        """Report the share of the work done (0 to 1; None while unknown) and what goes on."""

    def info(self, text: str) -> None:
        """Report something the user may want to know."""

    def warning(self, text: str) -> None:
        """Report something the user should look at."""

    def metric(self, name: str, **values: Any) -> None:
        """Report numbers of one step of the work, such as the scores of an epoch."""

    def cancel(self) -> None:
        """Ask the run to stop; safe to call from any thread."""
        self._cancelled.set()

    @property
    def is_cancelled(self) -> bool:
        """Whether somebody asked the run to stop."""
        return self._cancelled.is_set()

    def check(self) -> None:
        """Raise Cancelled if the run was asked to stop; called at least once a second."""
        if self._cancelled.is_set():
            raise Cancelled

    def part(self, start: float, stop: float) -> Feedback:
        """Return a feedback whose 0 to 1 is this one's start to stop."""
        return _Part(self, start, stop)


class _Part(Feedback):
    """A share of another feedback's progress."""

    def __init__(self, whole: Feedback, start: float, stop: float) -> None:
        self._whole, self._start, self._span = whole, start, stop - start
        self._cancelled = whole._cancelled

    def progress(self, fraction: float | None, text: str = "") -> None:
        done = None if fraction is None else self._start + self._span * fraction
        self._whole.progress(done, text)

    def info(self, text: str) -> None:
        self._whole.info(text)

    def warning(self, text: str) -> None:
        self._whole.warning(text)

    def metric(self, name: str, **values: Any) -> None:
        self._whole.metric(name, **values)
