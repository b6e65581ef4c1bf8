"""Runs a Python module and ends with whoever started it, so that no pip goes on without QGIS.

Run as ``python -I guarded.py MODULE ARGUMENT...``; standard library only. Standard input is a pipe
whose other end the parent holds: it comes to its end when the parent is gone, however it went.
"""

import os
import runpy
import signal
import sys
import threading

END_OF_PARENT = 130


def _watch() -> None:
    """Wait for the end of standard input, then end this process and all that it started."""
    try:
        # Without a buffer: the lock of one that is being read ends the interpreter with an abort.
        while os.read(0, 1024):
            pass
    except OSError:
        pass  # the same: nobody is there any more
    if os.name == "posix" and os.getpid() == os.getpgid(0):
        os.killpg(0, signal.SIGKILL)
    os._exit(END_OF_PARENT)


if __name__ == "__main__":
    threading.Thread(target=_watch, daemon=True).start()
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
