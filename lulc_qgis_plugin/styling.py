"""How results look in QGIS: class names and colours on maps, styles of files, names of layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qgis.core import (
    QgsDefaultValue,
    QgsEditorWidgetSetup,
    QgsExpression,
    QgsMapLayer,
    QgsMarkerSymbol,
    QgsPalettedRasterRenderer,
    QgsPalLayerSettings,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingLayerPostProcessorInterface,
    QgsProject,
    QgsRasterLayer,
    QgsSimpleMarkerSymbolLayer,
    QgsSingleSymbolRenderer,
    QgsTextBufferSettings,
    QgsTextFormat,
    QgsVectorLayer,
    QgsVectorLayerSimpleLabeling,
)
from qgis.PyQt.QtCore import QTimer
from qgis.PyQt.QtGui import QColor

from .layer_groups import RunGroup

# QGIS does not keep post-processors alive; each leaves this list when it has done its work.
_waiting: list[LayerStyle] = []
# The tree adds layers, and their legends, when it comes round to it.
_GROUP_AFTER_MS, _LEGEND_AFTER_MS = 100, 300


class LayerStyle(QgsProcessingLayerPostProcessorInterface):
    """Names a layer after QGIS has loaded it; subclasses also style it."""

    def __init__(self) -> None:
        super().__init__()
        self._names = ("", "")
        self._output = ""
        self._group: RunGroup | None = None

    def join(self, group: RunGroup, output: str) -> None:
        """Let the layer of an output become part of a group once it is loaded."""
        self._group, self._output = group, output

    def rename(self, old: str, new: str) -> None:
        """Give the layer a new name if it has the old one, that is, if the user chose none."""
        self._names = (old, new)

    def apply(self, layer: QgsMapLayer) -> None:
        """Set the renderer; a table has none."""

    def postProcessLayer(
        self, layer: Any, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> None:
        """Style the layer; QGIS calls this on the main thread."""
        if isinstance(layer, QgsMapLayer):
            self.apply(layer)
            if layer.name() == self._names[0]:
                layer.setName(self._names[1])
            layer.triggerRepaint()
            layer_id, group = layer.id(), self._group
            if group is not None:
                group.add(self._output, layer_id)
                # Not the method itself: a timer does not keep the object that it belongs to.
                QTimer.singleShot(_GROUP_AFTER_MS, lambda: group.arrange())
            QTimer.singleShot(_LEGEND_AFTER_MS, lambda: show_legend(layer_id))
        if self in _waiting:
            _waiting.remove(self)


class MapStyle(LayerStyle):
    """Gives a classified raster the colours and names of its legend."""

    def __init__(self, legend: Sequence[Any]) -> None:
        super().__init__()
        self._legend = legend

    def apply(self, layer: QgsRasterLayer) -> None:
        """Show band 1 with a name and a colour per class."""
        if self._legend:
            set_legend(layer, self._legend)


class FileStyle(LayerStyle):
    """Gives a layer the style that lies beside its file, which Processing passes over."""

    def apply(self, layer: QgsMapLayer) -> None:
        """Load the QML file of the layer's name."""
        layer.loadDefaultStyle()


class ClassPickerStyle(LayerStyle):
    """Lets people choose the class of a point from the classes of a legend, and see all points.

    The field ``class`` follows with the name, for trainings that need it.
    """

    def __init__(self, field: str, legend: Sequence[Any]) -> None:
        super().__init__()
        self._field, self._legend = field, legend

    def apply(self, layer: QgsVectorLayer) -> None:
        """Show the field as a list of names that holds ids, and points as rings."""
        choices = [{str(item["name"]): str(item["id"])} for item in self._legend]
        setup = QgsEditorWidgetSetup("ValueMap", {"map": choices})
        layer.setEditorWidgetSetup(layer.fields().indexOf(self._field), setup)
        name = layer.fields().indexOf("class")
        if self._legend and name >= 0:
            layer.setDefaultValueDefinition(name, QgsDefaultValue(self._name_of_class(), True))
        layer.setRenderer(QgsSingleSymbolRenderer(_ring()))

    def _name_of_class(self) -> str:
        """Return the expression for the name of the chosen class; without one the name stays."""
        quoted = QgsExpression.quotedString
        pairs = [f"{quoted(str(c['id']))}, {quoted(str(c['name']))}" for c in self._legend]
        chosen = f'map_get(map({", ".join(pairs)}), to_string("{self._field}"))'
        return f'coalesce({chosen}, "class")'


class RankedPickerStyle(ClassPickerStyle):
    """The same, with the rank of each point beside it."""

    def apply(self, layer: QgsVectorLayer) -> None:
        """Show the field as a list of names, points as rings and ranks as labels."""
        super().apply(layer)
        text, buffer = QgsTextFormat(), QgsTextBufferSettings()
        buffer.setEnabled(True)
        buffer.setColor(QColor("white"))
        buffer.setSize(0.8)
        text.setBuffer(buffer)
        text.setColor(QColor("black"))
        text.setSize(9)
        labels = QgsPalLayerSettings()
        labels.fieldName = "rank"
        labels.dist = 2  # mm, outside the ring
        labels.setFormat(text)
        layer.setLabeling(QgsVectorLayerSimpleLabeling(labels))
        layer.setLabelsEnabled(True)


def style_when_loaded(context: QgsProcessingContext, layer_id: str, style: LayerStyle) -> bool:
    """Let a style be applied to an output if QGIS loads it; in qgis_process nothing is loaded.

    Returns:
        Whether it is going to be loaded.
    """
    is_loaded = bool(layer_id) and context.willLoadLayerOnCompletion(layer_id)
    if is_loaded:
        _waiting.append(style)
        context.layerToLoadOnCompletionDetails(layer_id).setPostProcessor(style)
    return is_loaded


def show_legend(layer_id: str) -> None:
    """Unfold a layer's legend in the layer tree, which folds it when the renderer changes."""
    node = QgsProject.instance().layerTreeRoot().findLayer(layer_id)
    if node is not None:
        node.setExpanded(False)  # what the tree shows may differ from what the node says
        node.setExpanded(True)


def _ring() -> QgsMarkerSymbol:
    """Return a black ring on a white one: seen on every map, and the pixel shows within it."""
    ring = {"name": "circle", "color": "0,0,0,0", "size": "3.6"}
    symbol = QgsMarkerSymbol.createSimple({**ring, "outline_color": "white", "outline_width": "1"})
    black = {**ring, "outline_color": "black", "outline_width": "0.4"}
    symbol.appendSymbolLayer(QgsSimpleMarkerSymbolLayer.create(black))
    return symbol


def set_legend(layer: QgsRasterLayer, legend: Sequence[Any]) -> None:
    """Show band 1 with a name and a colour per class."""
    classes = [
        QgsPalettedRasterRenderer.Class(
            int(item["id"]), QColor(str(item["color"])), str(item["name"])
        )
        for item in legend
    ]
    layer.setRenderer(QgsPalettedRasterRenderer(layer.dataProvider(), 1, classes))
