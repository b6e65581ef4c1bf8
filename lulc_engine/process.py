"""What a process of the engine sets before any library is loaded."""

from __future__ import annotations

import os


def prepare_process() -> None:
    """Let idle threads sleep instead of spin; what the user has set is left alone.

    Threads that wait for each other in a busy loop cost little on an idle machine and ruin
    everything on a busy one: two trainings at once on two cores were ten times slower each.
    Measured with `benchmarks/waiting_threads.py`. OpenMP reads the variable when it is loaded.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
