"""Runs inside the QGIS desktop (--code): set-up dialog, then the demo through algorithm dialogs.

The file named by LULC_GUI_TASK says what to run and where to put screenshots; the answer is a text
file whose last line is ``done`` if everything went well.
"""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from qgis import processing
from qgis.PyQt.QtCore import QCoreApplication, QEvent, QTimer
from qgis.PyQt.QtWidgets import QWidget
from qgis.utils import iface, plugins

TASK = json.loads(Path(os.environ["LULC_GUI_TASK"]).read_text(encoding="utf-8"))
START_AFTER_MS = 4000
STEP_TIMEOUT_S = 600


def main() -> None:
    """Run the steps and leave QGIS, whatever happens."""
    lines: list[str] = []
    sys.excepthook = lambda *error: leave([*lines, "".join(traceback.format_exception(*error))])
    try:
        lines.append(check_setup_dialog())
        for algorithm, parameters in TASK["steps"]:
            lines.append(run_dialog(algorithm, parameters))
        layers = [layer.name() for layer in iface.mapCanvas().layers()]
        lines.append(f"layers: {', '.join(layers)}")
        iface.mainWindow().resize(1400, 950)
        wait(2)
        picture(iface.mainWindow(), "desktop")
        lines.append("done")
    except BaseException:  # noqa: BLE001 - QGIS would show a window that nobody answers
        lines.append(traceback.format_exc())
    leave(lines)


def leave(lines: list[str]) -> None:
    """Write the answer and end QGIS at once: it would ask about unsaved changes."""
    Path(TASK["answer"]).write_text("\n".join(lines) + "\n", encoding="utf-8")
    os._exit(0)


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
    until(dialog.wasExecuted)
    wait(1)
    picture(dialog, f"{algorithm}-log")
    results = dialog.results()
    if not results:
        raise RuntimeError(f"{algorithm} failed; see {algorithm}-log.png")
    dialog.close()
    # As for a user, the dialog is gone before the next one opens; here it would wait for our end.
    kind = QEvent.Type.DeferredDelete
    QCoreApplication.sendPostedEvents(None, int(getattr(kind, "value", kind)))
    return f"{algorithm} in {time.monotonic() - started:.0f} s"


def picture(window: QWidget, name: str) -> None:
    """Save what a window shows."""
    window.grab().save(str(Path(TASK["pictures"], f"{name}.png")))


def wait(seconds: float) -> None:
    """Let the desktop go on for a while."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        QCoreApplication.processEvents()
        time.sleep(0.02)


def until(holds: Any) -> None:
    """Let the desktop go on until a condition holds."""
    end = time.monotonic() + STEP_TIMEOUT_S
    while not holds():
        wait(0.2)
        if time.monotonic() > end:
            raise TimeoutError(f"nothing happened for {STEP_TIMEOUT_S} s")


QTimer.singleShot(START_AFTER_MS, main)
