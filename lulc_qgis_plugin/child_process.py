"""Run a program beside QGIS: clean environment, lines as they come, cancel, no window.

The environment of QGIS must not reach the engine's Python: ``PROJ_DATA`` makes its PROJ read the
wrong database, ``PYTHONEXECUTABLE`` makes it believe that it is another Python, and ``python -I``
stops neither.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess  # nosec B404 - a fixed program with a list of arguments, never a shell
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QCoreApplication

_DROPPED = {
    "__PYVENV_LAUNCHER__",
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "PIP_PREFIX",
    "PIP_TARGET",
    "PIP_USER",
    "PROJ_AUX_DB",
    "PROJ_DATA",
    "PROJ_LIB",
    "QT_PLUGIN_PATH",
    "QT_QPA_PLATFORM_PLUGIN_PATH",
    "VIRTUAL_ENV",
}
_DROPPED_PREFIXES = (
    "CONDA_",
    "CPL_",
    "DYLD_",
    "GDAL_",
    "GTIFF_",
    "OGR_",
    "PYTHON",
    "QGIS_",
    "TORCH_FORCE_",
)
_KEPT_PREFIXES = ("GDAL_HTTP_", "GDAL_PROXY_")
_CERTIFICATES = ("CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_DIR", "SSL_CERT_FILE")
_POLL_S = 0.1
_DRAIN_S = 2.0


def clean_environment(
    base: Mapping[str, str] | None = None, leave_out: str | None = None
) -> dict[str, str]:
    """Return the environment for a child: QGIS's own without what would mislead the child.

    Args:
        base: the environment to clean; that of this process by default.
        leave_out: folder whose certificates and whose folders in PATH are left out; that of QGIS
            on Windows and macOS by default.
    """
    given = dict(os.environ if base is None else base)
    inside = qgis_dir() if leave_out is None else leave_out
    env = {name: value for name, value in given.items() if _is_kept(name.upper())}
    for name in _CERTIFICATES:
        if name in env and (not os.path.exists(env[name]) or is_inside(env[name], inside)):
            del env[name]
    if inside and "PATH" in env:
        folders = env["PATH"].split(os.pathsep)
        env["PATH"] = os.pathsep.join(item for item in folders if not is_inside(item, inside))
    env.update(PYTHONIOENCODING="utf-8", PYTHONUTF8="1", PYTHONNOUSERSITE="1")
    return env


def pump_events() -> None:
    """Let Qt handle its events where we block its thread, so that cancelling is noticed."""
    if threading.current_thread() is threading.main_thread():
        QCoreApplication.processEvents()


class ChildProcess:
    """A running program whose output arrives line by line.

    Args:
        command: program and arguments.
        folder: the working directory; a private one, so that nothing in it is imported.
        env: environment; the clean one by default.
    """

    def __init__(self, command: list[str], folder: Path, env: dict[str, str] | None = None) -> None:
        self._lines: queue.Queue[tuple[str, str | None]] = queue.Queue()
        self._process = subprocess.Popen(  # nosec B603 - a list, no shell
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=clean_environment() if env is None else env,
            cwd=str(folder),
            encoding="utf-8",
            errors="replace",
            **_platform_options(),
        )
        for name, stream in (("out", self._process.stdout), ("err", self._process.stderr)):
            threading.Thread(target=self._read, args=(name, stream), daemon=True).start()

    def lines(self) -> Iterator[tuple[str, str]]:
        """Yield ("out" or "err", line) until the end, and ("", "") ten times a second.

        Qt events are handled in between when this is the main thread.
        """
        open_streams, ended_s, ticked_s = 2, None, 0.0
        while open_streams or self._process.poll() is None:
            try:
                name, line = self._lines.get(timeout=_POLL_S)
            except queue.Empty:
                name, line = "", ""
            if line is None:
                open_streams -= 1
            elif name:
                yield name, line
            now = time.monotonic()
            if now - ticked_s >= _POLL_S:
                ticked_s = now
                pump_events()
                yield "", ""
            if self._process.poll() is not None:
                ended_s = now if ended_s is None else ended_s
                if now - ended_s > _DRAIN_S and not name:
                    break  # something that the program started holds the pipe open

    def send(self, line: str) -> None:
        """Write a line to the program's standard input; a program that is gone is no error."""
        stdin = self._process.stdin
        if stdin is not None:
            with contextlib.suppress(OSError, ValueError):
                stdin.write(line + "\n")
                stdin.flush()

    def kill(self) -> None:
        """End the program, and on Linux and macOS also what it started, at once."""
        with contextlib.suppress(OSError):
            if os.name == "posix":
                os.killpg(self._process.pid, signal.SIGKILL)
            else:
                self._process.kill()

    def close(self) -> int:
        """End the program if it still runs; return its exit code."""
        if self._process.poll() is None:
            self.kill()
        code = self._process.wait()
        with contextlib.suppress(OSError, ValueError):
            if self._process.stdin is not None:
                self._process.stdin.close()
        return code

    @property
    def pid(self) -> int:
        """The program's process id."""
        return self._process.pid

    def _read(self, name: str, stream: Any) -> None:
        with contextlib.suppress(OSError, ValueError), stream:
            for line in stream:
                self._lines.put((name, line.rstrip("\r\n")))
        self._lines.put((name, None))


class StopSignals:
    """Notices SIGTERM and SIGHUP in qgis_process, which would else leave no time to clean up.

    SIGINT is QGIS's own. In the desktop, and outside the main thread, nothing is changed.
    """

    def __init__(self) -> None:
        self.received = False
        self._previous: dict[int, Any] = {}

    def __enter__(self) -> StopSignals:
        alone = QgsApplication.platform() == "qgis_process"
        if alone and threading.current_thread() is threading.main_thread():
            for name in ("SIGTERM", "SIGHUP"):
                number = getattr(signal, name, None)
                if number is not None and signal.getsignal(number) != signal.SIG_IGN:
                    self._previous[number] = signal.signal(number, self._stop)
        return self

    def __exit__(self, *exception: Any) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)

    def _stop(self, number: int, frame: Any) -> None:
        self.received = True


def _platform_options() -> dict[str, Any]:
    if os.name == "posix":
        return {"start_new_session": True}  # Ctrl-C reaches QGIS only, and kill() reaches all
    return {"creationflags": getattr(subprocess, "CREATE_NO_WINDOW", 0)}


def _is_kept(name: str) -> bool:
    if name.startswith(_KEPT_PREFIXES):
        return True
    return name not in _DROPPED and not name.startswith(_DROPPED_PREFIXES)


def is_inside(path: str, folder: str) -> bool:
    """Return whether a path is a folder or lies in it."""
    if not folder or not path:
        return False
    path, folder = (os.path.normcase(os.path.abspath(item)) for item in (path, folder))
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def qgis_dir() -> str:
    """Return the folder that holds all of QGIS; empty on Linux, where it is spread over /usr."""
    if sys.platform == "win32":
        return os.environ.get("OSGEO4W_ROOT", "") or sys.base_prefix
    if sys.platform == "darwin" and ".app/Contents" in sys.executable:
        return sys.executable.split(".app/Contents")[0] + ".app"
    return ""
