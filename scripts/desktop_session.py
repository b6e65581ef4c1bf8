"""What scripts share that run inside the QGIS desktop (--code): begin, wait, look, leave.

Who starts QGIS puts this folder on PYTHONPATH and names a file in LULC_GUI_TASK: JSON with what is
to be done, the folder for ``pictures`` and the text file for the ``answer``, whose last line is
``done`` if everything went well.
"""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from qgis.core import QgsMapLayer, QgsProject
from qgis.gui import QgsCollapsibleGroupBox
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QCoreApplication, QEvent, QTimer
from qgis.PyQt.QtWidgets import QWidget

TASK: dict[str, Any] = json.loads(Path(os.environ["LULC_GUI_TASK"]).read_text(encoding="utf-8"))
DIALOG = (700, 560)
_START_AFTER_MS = 4000
_TIMEOUT_S = 1200


def begin(work: Callable[[list[str]], None]) -> None:
    """Do the work once the desktop is there, then leave QGIS, whatever happens.

    Args:
        work: is given a list for the lines of the answer.
    """
    QTimer.singleShot(_START_AFTER_MS, lambda: _do(work))


def _do(work: Callable[[list[str]], None]) -> None:
    lines: list[str] = []
    sys.excepthook = lambda *error: _leave([*lines, "".join(traceback.format_exception(*error))])
    try:
        work(lines)
        lines.append("done")
    except BaseException:  # noqa: BLE001 - QGIS would show a window that nobody answers
        lines.append(traceback.format_exc())
    _leave(lines)


def _leave(lines: list[str]) -> None:
    """Write the answer and end QGIS at once: it would ask about unsaved changes."""
    Path(TASK["answer"]).write_text("\n".join(lines) + "\n", encoding="utf-8")
    os._exit(0)


def wait(seconds: float) -> None:
    """Let the desktop go on for a while."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        QCoreApplication.processEvents()
        time.sleep(0.02)


def until(holds: Callable[[], bool]) -> None:
    """Let the desktop go on until a condition holds."""
    end = time.monotonic() + _TIMEOUT_S
    while not holds():
        wait(0.2)
        if time.monotonic() > end:
            raise TimeoutError(f"nothing happened for {_TIMEOUT_S} s")


def picture(window: QWidget, name: str) -> None:
    """Save what a window shows."""
    window.grab().save(str(Path(TASK["pictures"], f"{name}.png")))


def layer(name: str) -> QgsMapLayer:
    """Return the layer of a name."""
    (found,) = QgsProject.instance().mapLayersByName(name)
    return found


def fold(dialog: QWidget, folded: bool) -> None:
    """Fold the advanced parameters of an algorithm's dialog, or open them."""
    for box in dialog.findChildren(QWidget, "grpAdvanced"):
        sip.cast(box, QgsCollapsibleGroupBox).setCollapsed(folded)


def finish(dialog: Any, name: str) -> None:
    """Wait for the end of what an algorithm's dialog runs, show its log and close it."""
    until(dialog.wasExecuted)
    wait(1)
    picture(dialog, name)
    if not dialog.results():
        raise RuntimeError(f"the algorithm failed; see {name}.png")
    close(dialog)


def close(dialog: QWidget) -> None:
    """Close a dialog; as for a user, it is gone before the next one opens."""
    dialog.close()
    kind = QEvent.Type.DeferredDelete
    QCoreApplication.sendPostedEvents(None, int(getattr(kind, "value", kind)))
