"""Make the engine's environment: a virtual environment outside QGIS, filled by pip.

A new environment gets a folder of its own and becomes the current one only after it has classified
an image, by an atomic change of ``current.json``: an installation that fails, is cancelled or dies
changes nothing, and the next one removes what it left.
"""

from __future__ import annotations

import collections
import contextlib
import io
import shutil
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

from qgis.core import QgsProcessingException, QgsProcessingFeedback

from .base_python import Base, choose_base
from .child_process import ChildProcess, StopSignals
from .engine_home import (
    DOWNLOADS,
    LOG,
    PYTHONS,
    delete,
    locked,
    new_environment,
    python_in,
    recorded_folder,
    remove_leftovers,
    usable_home,
    write_record,
)
from .engine_source import ENGINE_VERSION, PLUGIN_DIR, errors
from .environment import data_folder
from .network_settings import Proxy
from .pip_steps import Wishes, failure, installed_gb, needed_gb, pip_commands, pip_environment
from .translation import tr
from .uv_wheel import MANAGED_PYTHON, bring_uv
from .verification import verify

_KEPT_LINES = 60
_VENV = ("-I", str(PLUGIN_DIR / "guarded.py"), "venv")
_STEPS = 3


def set_up(wishes: Wishes, feedback: QgsProcessingFeedback, proxy: Proxy | None = None) -> str:
    """Make an environment, check it and make it the current one; return its Python.

    Raises:
        EnvironmentFailure: no Python, no space, no network, or the installation failed.
        QgsProcessingException: it was cancelled.
    """
    home = usable_home(wishes.folder)
    base = choose_base(wishes.python)
    with locked(home):
        remove_leftovers(home, recorded_folder())
        _check_space(home, wishes)
        with _log(home) as log:
            return _Installation(home, base, wishes, feedback, proxy or Proxy(), log).run()


class _Installation:
    """One try: its folder, its log and how far it has come."""

    def __init__(
        self,
        home: Path,
        base: Base,
        wishes: Wishes,
        feedback: QgsProcessingFeedback,
        proxy: Proxy,
        log: TextIO,
    ) -> None:
        self._home = home
        self._base = base
        self._wishes = wishes
        self._feedback = feedback
        self._proxy = proxy
        self._log = log
        self._started_s = time.monotonic()
        self._free = shutil.disk_usage(home).free
        self._share = 0.0

    def run(self) -> str:
        """Make the environment; remove what there is of it where that fails."""
        before = recorded_folder()
        folder = new_environment(self._home, self._wishes.device)
        self._say(f"Installing into {folder}; log in {self._home / LOG}")
        try:
            python = self._fill(folder)
            self._step(3, tr("checking every package and classifying an image"))
            verify(python, folder, self._wishes.device, self._feedback)
            write_record(python, self._wishes.device)
        except BaseException as err:
            self._write(f"FAILED: {err}")
            delete(folder)
            raise
        shutil.rmtree(folder / "tmp", ignore_errors=True)
        shutil.rmtree(self._home / DOWNLOADS, ignore_errors=True)
        self._say(f"Done: the engine runs in {python}")
        if before is not None:
            delete(before)
        self._feedback.setProgress(100)
        return python

    def _fill(self, folder: Path) -> str:
        env = pip_environment(self._home, folder, self._proxy)
        self._step(1, tr("making the environment"))
        self._make(folder, env)
        python = python_in(folder)
        size = installed_gb(self._wishes)
        text = tr("fetching and installing packages, about {} GB on disk")
        self._step(2, text.format(f"{size:.0f}"))
        for command in pip_commands(python, self._wishes):
            self._run("installing the packages", command, folder, env)
        return python

    def _make(self, folder: Path, env: dict[str, str]) -> None:
        python = self._base.python
        if not self._base.needs_uv:
            self._say(f"Python {python}")
            command = [python, *_VENV, str(folder)]
            self._run("making the environment", command, folder, env)
            return
        self._say("No Python here can make an environment by itself; uv helps out.")
        for note in self._base.notes:
            self._say(f"  {note}")
        uv = bring_uv(folder / "tmp", self._wishes.wheels, self._feedback)
        env = {**env, "UV_PYTHON_INSTALL_DIR": str(data_folder() / PYTHONS)}
        step = "making the environment with uv"
        command = [uv, "venv", "--no-config", "--allow-existing", "--python"]
        self._run(step, [*command, python or MANAGED_PYTHON, str(folder)], folder, env)
        wheels = self._wishes.wheels
        source = ["--offline", "--no-index", "--find-links", wheels] if wheels else []
        command = [uv, "pip", "install", "--no-config", "--python", python_in(folder), *source]
        self._run(step, [*command, "pip"], folder, env)

    def _run(self, step: str, command: Sequence[str], folder: Path, env: dict[str, str]) -> None:
        """Run a command and show what it prints; raise when it fails or is cancelled."""
        last: collections.deque[str] = collections.deque(maxlen=_KEPT_LINES)
        self._write("$ " + " ".join(command))
        try:
            child = ChildProcess(list(command), folder, env)
        except OSError as err:
            raise errors.EnvironmentFailure(f"{command[0]} cannot be started: {err}.") from err
        with StopSignals() as stop:
            try:
                for source, line in child.lines():
                    if source and line.strip():
                        line = self._proxy.hide(line)
                        last.append(line)
                        self._feedback.pushConsoleInfo(line)
                        self._write(line)
                    self._show_progress()
                    if stop.received or self._feedback.isCanceled():
                        raise QgsProcessingException("The set-up was cancelled.")
            finally:
                code = child.close()
        if code != 0:
            raise failure(step, code, last, self._home, self._proxy)

    def _step(self, number: int, text: str) -> None:
        shown = tr("Step {number} of {last}: {what}")
        self._feedback.setProgressText(shown.format(number=number, last=_STEPS, what=text))
        self._write(f"Step {number}: {text}")

    def _show_progress(self) -> None:
        """Judge by how much the disk has filled: pip says nothing while it unpacks."""
        used_gb = (self._free - shutil.disk_usage(self._home).free) / 1e9
        share = min(0.92, used_gb / (needed_gb(self._wishes) * 0.85))
        if share > self._share + 0.005:
            self._share = share
            self._feedback.setProgress(100 * share)

    def _say(self, text: str) -> None:
        self._feedback.pushInfo(text)
        self._write(text)

    def _write(self, text: str) -> None:
        """Write to the log; a disk that is full must not hide what was wrong first."""
        seconds = time.monotonic() - self._started_s
        with contextlib.suppress(OSError):
            self._log.write(f"{seconds:7.1f} s  {self._proxy.hide(text)}\n")
            self._log.flush()


def _check_space(home: Path, wishes: Wishes) -> None:
    free_gb, needed = shutil.disk_usage(home).free / 1e9, needed_gb(wishes)
    if free_gb < needed:
        raise errors.EnvironmentFailure(
            f"Installing takes {needed:.1f} GB ({installed_gb(wishes):.1f} GB remain in use), "
            f"{home} has {free_gb:.1f} GB left.",
            "Free some space or choose another FOLDER.",
        )


@contextlib.contextmanager
def _log(home: Path) -> Iterator[TextIO]:
    """Open the log of this installation; one that nobody sees where the disk takes none."""
    try:
        stream: TextIO = open(home / LOG, "w", encoding="utf-8", errors="replace")  # noqa: SIM115
    except OSError:
        stream = io.StringIO()
    try:
        with contextlib.suppress(OSError):
            stream.write(f"Land Cover (LULC) {ENGINE_VERSION}, {time.strftime('%Y-%m-%d %X')}\n")
        yield stream
    finally:
        with contextlib.suppress(OSError):
            stream.close()
