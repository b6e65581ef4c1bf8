"""Runs inside the QGIS desktop: set-up dialog, then the demo through algorithm dialogs.

The task holds the ``steps``, each an algorithm and its parameters; see desktop_session.py.
"""

from __future__ import annotations

import time
from typing import Any

from desktop_session import TASK, begin, finish, picture, until, wait
from qgis import processing
from qgis.utils import iface, plugins


def work(lines: list[str]) -> None:
    """Run the steps."""
    lines.append(check_setup_dialog())
    for algorithm, parameters in TASK["steps"]:
        lines.append(run_dialog(algorithm, parameters))
    layers = [layer.name() for layer in iface.mapCanvas().layers()]
    lines.append(f"layers: {', '.join(layers)}")
    iface.mainWindow().resize(1400, 950)
    wait(2)
    picture(iface.mainWindow(), "desktop")


def check_setup_dialog() -> str:
    """Open the set-up dialog and have it check the engine that is there."""
    desktop = plugins["lulc_qgis_plugin"]._desktop
    dialog = desktop.show_setup()
    wait(1)
    dialog.start("check")
    until(lambda: dialog._feedback is None)
    picture(dialog, "setup")
    log = dialog._log.toPlainText()
    dialog.close()
    if "it works" not in log:
        raise RuntimeError(f"The set-up dialog's check failed: {log}")
    return "the set-up dialog checked the engine"


def run_dialog(algorithm: str, parameters: dict[str, Any]) -> str:
    """Open an algorithm's dialog, press Run and wait for its end."""
    started = time.monotonic()
    dialog = processing.createAlgorithmDialog(f"lulc:{algorithm}", parameters)
    dialog.show()
    wait(1)
    picture(dialog, algorithm)
    dialog.runButton().click()
    wait(1)
    finish(dialog, f"{algorithm}-log")
    return f"{algorithm} in {time.monotonic() - started:.0f} s"


begin(work)
