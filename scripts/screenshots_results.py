"""Runs inside the QGIS desktop: runs the algorithms on the demo and shows what they leave.

Layers with their legends, logs, the Results Viewer, tables; reports are copied beside the pictures.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from desktop_session import DIALOG, TASK, finish, fold, layer, picture, wait
from qgis import processing
from qgis.core import QgsMapLayer, QgsProject
from qgis.PyQt.QtWidgets import QMainWindow, QWidget
from qgis.utils import iface, plugins

FIELD = {"CLASS_FIELD": "class"}
OTHER_TRAINING = {"EPOCHS": 2, "SEED": 1}
PATCH_TRAINING = {"ARCHITECTURE": "pixelnet", "EPOCHS": 8}


def training() -> dict[str, Any]:
    """Return what a beginner fills in to train."""
    return {"INPUT": [layer("scene").id()], "LABELS": layer("train").id(), **FIELD}


def results() -> None:
    """Run what there is, one after the other."""
    folder = Path(TASK["work"])
    model, second = folder / "neuchatel.safetensors", folder / "second.safetensors"
    run("trainsegmenter", {**training(), "MODEL": model, "REPORT": folder / "training.html"})
    maps(folder, model, second)
    pages(folder, model, second)
    patches(folder)
    results_viewer()
    for page in folder.glob("*.html"):
        shutil.copy(page, TASK["pictures"])


def maps(folder: Path, model: Path, second: Path) -> None:
    """Show everything that is painted on the canvas."""
    scene = layer("scene").id()
    applied = {"INPUT": scene, "MODEL": model, "OUTPUT": folder / "map.tif"}
    shares = {"CONFIDENCE": folder / "confidence.tif", "PROBABILITIES": folder / "p.tif"}
    run("classifyraster", {**applied, **shares})
    wait(2)
    fill_canvas()
    for node in QgsProject.instance().layerTreeRoot().findLayers():
        if node.name() in ("scene", "train", "test"):
            node.setExpanded(False)  # the legend of what is new shows by itself
    show_only("Classified", "map")
    show_only("Confidence", "confidence")
    show_only("Probabilit", "probabilities")
    before = by_file("map.tif")
    assessed = {"MAP": before.id(), "REFERENCE": layer("test").id(), **FIELD}
    run("assessaccuracy", {**assessed, "REPORT": folder / "accuracy.html"})
    run("trainsegmenter", {**training(), "MODEL": second, **OTHER_TRAINING}, shown=False)
    other = {"OUTPUT": folder / "other.tif", "MIN_CONFIDENCE": 40}
    run("classifyraster", {"INPUT": scene, "MODEL": second, **other}, shown=False)
    show_only(by_file("other.tif").name(), "unclassified")
    pair = {"BEFORE": before.id(), "AFTER": by_file("other.tif").id()}
    run("detectchange", {**pair, "OUTPUT": folder / "c.tif", "REPORT": folder / "change.html"})
    show_only(by_file("c.tif").name(), "change")
    asked = {"INPUT": scene, "MODEL": model, "CLASS": "forest", "OUTPUT": folder / "heat.tif"}
    run("explainprediction", {**asked, "REPORT": folder / "explain.html"})
    show_only(by_file("heat.tif").name(), "explanation")
    sampled = {"MAP": before.id(), "CONFIDENCE": by_file("confidence.tif").id(), "SIZE": 60}
    run("suggestsamples", {**sampled, "OUTPUT": folder / "points.gpkg"})
    points = by_file("points.gpkg")
    show_only(points.name(), "points", "Classified")
    table("points.gpkg", "points-table")


def pages(folder: Path, model: Path, second: Path) -> None:
    """Run what only leaves a report."""
    run("modelinfo", {"MODEL": model, "REPORT": folder / "card.html"})
    run("describedata", {**training(), "REPORT": folder / "data.html"})
    compared = {"MODELS": [str(model), str(second)], "REPORT": folder / "compare.html"}
    run("comparemodels", compared)


def patches(folder: Path) -> None:
    """Run what is for patches: training on windows of the scene, a table of a folder's patches."""
    made = {"MODEL": folder / "patches.safetensors", "REPORT": folder / "patches.html"}
    run("trainpatchclassifier", {**training(), **PATCH_TRAINING, **made})
    given = {"PATCHES": TASK["patches"], "MODEL": "eurosat_rgb", "OUTPUT": folder / "patches.csv"}
    run("classifypatches", given)
    table("patches.csv", "patches")


def results_viewer() -> None:
    """Show the list of reports."""
    dock = plugins["processing"].resultsDock
    dock.setFloating(True)
    dock.resize(500, 400)
    dock.show()
    wait(1)
    picture(dock, "results-viewer")
    dock.close()


def fill_canvas() -> None:
    """Show the scene as large as the window allows."""
    iface.mapCanvas().setExtent(layer("scene").extent())
    iface.mapCanvas().refresh()


def by_file(name: str) -> QgsMapLayer:
    """Return the layer that shows a file."""
    layers = QgsProject.instance().mapLayers().values()
    return next(item for item in layers if Path(item.source().split("|")[0]).name == name)


def table(name: str, title: str) -> None:
    """Show a table that was loaded, as QGIS shows it."""
    opened = iface.showAttributeTable(by_file(name))
    window: QWidget = opened
    while not isinstance(window, QMainWindow) and window.parentWidget() is not None:
        if window.isWindow():
            break
        window = window.parentWidget()
    window.resize(900, 400)
    wait(2)
    picture(window, f"result-{title}")
    opened.close()


def show_only(name: str, title: str, *below: str) -> None:
    """Show the desktop with one result, by how its layer's name begins, and what lies below it."""
    for node in QgsProject.instance().layerTreeRoot().findLayers():
        is_shown = node.name().startswith((name, *below))
        node.setItemVisibilityChecked(is_shown)
        node.setExpanded(is_shown)
    wait(4)
    picture(iface.mainWindow(), f"result-{title}")


def run(algorithm: str, parameters: dict[str, Any], shown: bool = True) -> None:
    """Open an algorithm's dialog, press Run and wait for its end; take pictures where shown."""
    given = {
        name: str(value) if isinstance(value, Path) else value for name, value in parameters.items()
    }
    dialog = processing.createAlgorithmDialog(f"lulc:{algorithm}", given)
    dialog.show()
    fold(dialog, True)
    dialog.resize(*DIALOG)
    wait(1)
    if shown:
        picture(dialog, f"run-{algorithm}")
    dialog.runButton().click()
    wait(12)
    if shown and not dialog.wasExecuted():
        picture(dialog, f"run-{algorithm}-running")
    finish(dialog, f"run-{algorithm}-log" if shown else "run-another-log")
