"""The demo scene with its polygons, as layers to try everything with.

The files are copied out of the plugin's folder first: QGIS must be able to replace that one when
the plugin is updated, and on Windows no file of it may be open then.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from qgis.core import (
    QgsCategorizedSymbolRenderer,
    QgsContrastEnhancement,
    QgsFillSymbol,
    QgsMultiBandColorRenderer,
    QgsProject,
    QgsRasterLayer,
    QgsRasterMinMaxOrigin,
    QgsRendererCategory,
    QgsVectorLayer,
)

from .engine_source import resource

FILES = ("scene.tif", "train.geojson", "test.geojson", "NOTICE", "LICENSE.txt")
GROUP = "LULC demo"
_RED, _GREEN, _BLUE = 3, 2, 1  # bands of the scene
# As in a map of these classes.
_COLORS = {
    "water": "#4173be",
    "forest": "#196432",
    "green vegetation": "#69b450",
    "dry grass or bare field": "#d7be6e",
    "built-up": "#c8323c",
}


def copy_demo(folder: Path) -> Path:
    """Copy the demo's files where they are not there yet; return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        target = folder / name
        if not target.is_file():
            part = target.with_name(name + ".part")
            shutil.copyfile(resource("demo", name), part)
            part.replace(target)
    return folder


def load_demo(folder: Path) -> list[QgsRasterLayer | QgsVectorLayer]:
    """Add scene and polygons to the project, in a group on top; return the layers.

    Args:
        folder: where the files are, or are to be copied to.

    Raises:
        OSError: they cannot be copied.
    """
    copy_demo(folder)
    scene = QgsRasterLayer(str(folder / "scene.tif"), "scene")
    show_true_colour(scene)
    train = QgsVectorLayer(str(folder / "train.geojson"), "train", "ogr")
    test = QgsVectorLayer(str(folder / "test.geojson"), "test", "ogr")
    for layer in (train, test):
        show_classes(layer)
    layers = [test, train, scene]
    project = QgsProject.instance()
    group = project.layerTreeRoot().insertGroup(0, GROUP)
    project.addMapLayers(layers, False)
    for layer in layers:
        group.addLayer(layer)
    return layers


def show_true_colour(layer: QgsRasterLayer) -> None:
    """Show red, green and blue as such, stretched from the 2nd to the 98th percentile."""
    provider = layer.dataProvider()
    layer.setRenderer(QgsMultiBandColorRenderer(provider, _RED, _GREEN, _BLUE))
    layer.setContrastEnhancement(
        QgsContrastEnhancement.ContrastEnhancementAlgorithm.StretchToMinimumMaximum,
        QgsRasterMinMaxOrigin.Limits.CumulativeCut,
    )


def show_classes(layer: QgsVectorLayer) -> None:
    """Draw each class as an outline of its own colour, so that the scene shows inside."""
    categories = []
    for name, color in _COLORS.items():
        symbol = QgsFillSymbol.createSimple(
            {"style": "no", "outline_color": color, "outline_width": "0.7"}
        )
        categories.append(QgsRendererCategory(name, symbol, name))
    layer.setRenderer(QgsCategorizedSymbolRenderer("class", categories))
