"""Runs inside the QGIS desktop: opens the dialogs, runs the demo, saves what they show.

The task says whether to ``run`` the demo, and the folder to ``work`` in; see desktop_session.py.
"""

from __future__ import annotations

from desktop_session import DIALOG, TASK, begin, close, fold, layer, picture, wait
from processing.modeler.ModelerParametersDialog import ModelerParametersDialog
from qgis import processing
from qgis.core import QgsApplication, QgsProcessingModelAlgorithm
from qgis.PyQt.QtWidgets import QDockWidget, QScrollArea, QWidget
from qgis.utils import iface, plugins
from screenshots_results import fill_canvas, results, training

WINDOW = (1280, 800)


def work(lines: list[str]) -> None:
    """Take the pictures."""
    iface.mainWindow().resize(*WINDOW)
    for dock in iface.mainWindow().findChildren(QDockWidget):
        if dock.objectName() in ("Browser", "ProcessingToolbox"):
            dock.hide()
    load_demo()
    if TASK["dialogs"]:
        set_up_dialog()
        dialogs()
        filled()
        modeler()
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
    chosen = {"INPUT": layer("scene").id(), "MODEL": "eurosat_rgb"}
    for name, given in (("trainsegmenter", training()), ("classifyraster", chosen)):
        dialog = processing.createAlgorithmDialog(f"lulc:{name}", given)
        dialog.show()
        fold(dialog, True)
        dialog.resize(*DIALOG)
        wait(4)  # what the dialog says of the model comes a moment later
        picture(dialog, f"filled-{name}")
        close(dialog)


def modeler() -> None:
    """Show an algorithm as a step of a graphical model."""
    registry = QgsApplication.processingRegistry()
    for name in ("trainsegmenter", "comparemodels"):
        algorithm = registry.createAlgorithmById(f"lulc:{name}")
        model = QgsProcessingModelAlgorithm("model", "group")
        dialog = ModelerParametersDialog(algorithm, model)
        dialog.widget.widget.showAdvancedParametersClicked()
        dialog.show()
        dialog.resize(DIALOG[0], 1400)
        wait(1)
        picture(dialog, f"modeler-{name}")
        dialog.close()


def unfold(dialog: QWidget) -> None:
    """Open the advanced parameters and make the dialog as tall as they are."""
    fold(dialog, False)
    wait(0.3)
    areas = dialog.mainWidget().findChildren(QScrollArea)
    height = max((area.widget().sizeHint().height() for area in areas if area.widget()), default=0)
    dialog.resize(dialog.width(), min(height + 250, 4000))
    wait(0.5)


begin(work)
