"""Runs inside the QGIS desktop: opens the dialogs, runs the demo, saves what they show.

The task says whether to ``run`` the demo, and the folder to ``work`` in; see desktop_session.py.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from desktop_session import TASK, begin, close, finish, picture, wait
from qgis import processing
from qgis.core import QgsApplication, QgsProject
from qgis.gui import QgsCollapsibleGroupBox
from qgis.PyQt import sip
from qgis.PyQt.QtWidgets import QDockWidget, QScrollArea, QWidget
from qgis.utils import iface, plugins

WINDOW = (1280, 800)
DIALOG = (700, 560)
FIELD = {"CLASS_FIELD": "class"}


def work(lines: list[str]) -> None:
    """Take the pictures."""
    iface.mainWindow().resize(*WINDOW)
    for dock in iface.mainWindow().findChildren(QDockWidget):
        if dock.objectName() in ("Browser", "ProcessingToolbox"):
            dock.hide()
    set_up_dialog()
    load_demo()
    dialogs()
    filled()
    if TASK["run"]:
        results()


def set_up_dialog() -> None:
    """Show the set-up dialog as it is at first, and with what is advanced."""
    dialog = plugins["lulc_qgis_plugin"]._desktop.show_setup()
    wait(1)
    picture(dialog, "setup")
    dialog._advanced.setCollapsed(False)
    wait(0.5)
    picture(dialog, "setup-advanced")
    dialog._advanced.setCollapsed(True)
    dialog.close()


def load_demo() -> None:
    """Load the demo as its menu entry does."""
    plugins["lulc_qgis_plugin"]._desktop.show_demo()
    fill_canvas()
    wait(3)
    picture(iface.mainWindow(), "scene")


def fill_canvas() -> None:
    """Show the scene as large as the window allows."""
    (scene,) = QgsProject.instance().mapLayersByName("scene")
    iface.mapCanvas().setExtent(scene.extent())
    iface.mapCanvas().refresh()


def dialogs() -> None:
    """Show every algorithm's dialog: as it opens, and with all parameters unfolded."""
    provider = QgsApplication.processingRegistry().providerById("lulc")
    for algorithm in provider.algorithms():
        dialog = processing.createAlgorithmDialog(algorithm.id())
        dialog.show()
        fold(dialog, True)  # QGIS remembers how the last one was left
        dialog.resize(*DIALOG)
        wait(1)
        picture(dialog, f"dialog-{algorithm.name()}")
        unfold(dialog)
        picture(dialog, f"dialog-{algorithm.name()}-all")
        close(dialog)


def filled() -> None:
    """Show what the dialogs say once scene, labels and model are chosen."""
    chosen = {"INPUT": layer("scene"), "MODEL": "eurosat_rgb"}
    for name, given in (("trainsegmenter", training()), ("classifyraster", chosen)):
        dialog = processing.createAlgorithmDialog(f"lulc:{name}", given)
        dialog.show()
        fold(dialog, True)
        dialog.resize(*DIALOG)
        wait(4)  # what the dialog says of the model comes a moment later
        picture(dialog, f"filled-{name}")
        close(dialog)


def layer(name: str) -> str:
    """Return the id of a layer of the demo."""
    (found,) = QgsProject.instance().mapLayersByName(name)
    return found.id()


def training() -> dict[str, Any]:
    """Return what a beginner fills in to train."""
    return {"INPUT": [layer("scene")], "LABELS": layer("train"), **FIELD}


def unfold(dialog: QWidget) -> None:
    """Open the advanced parameters and make the dialog as tall as they are."""
    fold(dialog, False)
    wait(0.3)
    areas = dialog.mainWidget().findChildren(QScrollArea)
    height = max((area.widget().sizeHint().height() for area in areas if area.widget()), default=0)
    dialog.resize(dialog.width(), min(height + 250, 4000))
    wait(0.5)


def fold(dialog: QWidget, folded: bool) -> None:
    """Fold the advanced parameters, or open them."""
    for box in dialog.findChildren(QWidget, "grpAdvanced"):
        sip.cast(box, QgsCollapsibleGroupBox).setCollapsed(folded)


def results() -> None:
    """Train, classify and assess; show dialogs, logs and the map."""
    folder = Path(TASK["work"])
    model, classified = folder / "neuchatel.safetensors", folder / "map.tif"
    run("trainsegmenter", {**training(), "MODEL": model, "REPORT": folder / "training.html"})
    applied = {"INPUT": layer("scene"), "MODEL": model, "OUTPUT": classified}
    run("classifyraster", {**applied, "CONFIDENCE": folder / "confidence.tif"})
    wait(3)
    fill_canvas()
    hide("train", "test", "Confidence")
    for node in QgsProject.instance().layerTreeRoot().findLayers():
        if not node.name().startswith("Classified"):  # whose legend shows by itself
            node.setExpanded(False)
    wait(3)
    picture(iface.mainWindow(), "map")
    found = next(x for x in QgsProject.instance().mapLayers().values() if "map" in x.name())
    assessed = {"MAP": found.id(), "REFERENCE": layer("test"), **FIELD}
    run("assessaccuracy", {**assessed, "REPORT": folder / "accuracy.html"})
    wait(2)
    picture(iface.mainWindow(), "desktop")
    hide("Classified")
    show("Confidence")
    wait(3)
    picture(iface.mainWindow(), "confidence")
    for name in ("training.html", "accuracy.html"):
        shutil.copy(folder / name, TASK["pictures"])


def hide(*names: str) -> None:
    """Untick the layers whose names begin so."""
    _tick(names, False)


def show(*names: str) -> None:
    """Tick the layers whose names begin so."""
    _tick(names, True)


def _tick(names: tuple[str, ...], on: bool) -> None:
    for node in QgsProject.instance().layerTreeRoot().findLayers():
        if node.name().startswith(names):
            node.setItemVisibilityChecked(on)


def run(algorithm: str, parameters: dict[str, Any]) -> None:
    """Open an algorithm's dialog, press Run and wait for its end."""
    given = {
        name: str(value) if isinstance(value, Path) else value for name, value in parameters.items()
    }
    dialog = processing.createAlgorithmDialog(f"lulc:{algorithm}", given)
    dialog.show()
    fold(dialog, True)
    dialog.resize(*DIALOG)
    wait(1)
    picture(dialog, f"run-{algorithm}")
    dialog.runButton().click()
    wait(12)
    if not dialog.wasExecuted():
        picture(dialog, f"run-{algorithm}-running")
    finish(dialog, f"run-{algorithm}-log")


begin(work)
