"""The widget for layers: QGIS's own, which opens with the layer that is most likely meant.

QGIS puts the active layer into its widgets. Where that is of another kind, as when the labels are
active and a scene is asked for, they open empty, and a list of scenes always does. In the
parameter's metadata stand the ``kind`` of layer, SCENE, MAP, LABELS or REFERENCE, and the
parameter that it shall be ``unlike``.
"""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsMapLayer,
    QgsPalettedRasterRenderer,
    QgsProcessingContext,
    QgsProcessingParameterDefinition,
    QgsProject,
    QgsRasterLayer,
    QgsVectorLayer,
)
from qgis.gui import (
    QgsGui,
    QgsProcessingGui,
    QgsProcessingParameterWidgetContext,
)
from qgis.PyQt.QtWidgets import QComboBox, QWidget

from .algorithms.parameters import LABELS, MAP, REFERENCE, SCENE
from .dialog_values import DialogValues, path_of, project_context
from .own_widget import OwnWidget, OwnWrapper
from .training_layers import is_called_training, is_training, learned_from

_SEVERAL = "multilayer"


class LayerWrapper(OwnWrapper):
    """QGIS's wrapper of layers inside one that makes a suggestion when the dialog is complete."""

    def __init__(self, parameter: QgsProcessingParameterDefinition, kind: Any) -> None:
        super().__init__(parameter, kind)
        self._inner = QgsGui.processingGuiRegistry().createParameterWidgetWrapper(parameter, kind)
        self._active: QgsMapLayer | None = None

    def setWidgetContext(self, context: QgsProcessingParameterWidgetContext) -> None:
        super().setWidgetContext(context)
        self._inner.setWidgetContext(context)
        self._active = context.activeLayer()

    def createWidget(self) -> QWidget:
        widget = self._inner.createWrappedWidget(project_context())
        self._inner.widgetValueHasChanged.connect(self._announce)
        return widget

    def setWidgetValue(self, value: Any, context: QgsProcessingContext) -> None:
        self._inner.setParameterValue(value, context)

    def widgetValue(self) -> Any:
        return self._inner.parameterValue()

    def postInitialize(self, wrappers: list[Any]) -> None:
        self._inner.postInitialize(wrappers)
        definition = self.parameterDefinition()
        if definition.flags() & QgsProcessingParameterDefinition.Flag.FlagOptional:
            return
        settings = self._settings()
        other = str(settings.get("unlike", ""))
        taken = DialogValues(wrappers, [other], self._stay).layer(other) if other else None
        found = suggested(str(settings["kind"]), self._active, taken)
        if found is not None:
            value = [found.id()] if definition.type() == _SEVERAL else found.id()
            self.setParameterValue(value, project_context())
            return
        box = self.wrappedWidget().findChild(QComboBox)
        if box is not None:  # QGIS has put its first layer there
            box.setCurrentIndex(-1)

    def _announce(self, *changed: Any) -> None:
        self.widgetValueHasChanged.emit(self)

    def _stay(self, *changed: Any) -> None:
        """Leave what is chosen: the user may want the same layer twice."""


class LayerWidget(OwnWidget):
    """What QGIS calls to get the widget of layers; in batches its own will do."""

    WRAPPER = LayerWrapper

    def __new__(
        cls,
        parameter: QgsProcessingParameterDefinition,
        dialog: Any,
        row: int = 0,
        col: int = 0,
        **settings: Any,
    ) -> Any:
        """Return the wrapper of a widget, which QGIS keeps."""
        if type(dialog).__name__ != "BatchAlgorithmDialog":
            return super().__new__(cls, parameter, dialog, row, col, **settings)
        kind = QgsProcessingGui.WidgetType.Batch
        wrapper = QgsGui.processingGuiRegistry().createParameterWidgetWrapper(parameter, kind)
        wrapper.setDialog(dialog)
        return wrapper


def suggested(
    kind: str, active: QgsMapLayer | None, taken: QgsMapLayer | None
) -> QgsMapLayer | None:
    """Return the layer of the project that is most likely meant; None where none is.

    The active layer where it will do, else the uppermost in the list of layers.

    Args:
        kind: SCENE, MAP, LABELS or REFERENCE.
        active: the layer that is active in the project.
        taken: a layer that is chosen already for something else.
    """
    there = list(QgsProject.instance().layerTreeRoot().layerOrder())
    if active is not None:
        there.insert(0, active)
    tests = {
        SCENE: (_is_scene, _is_file),
        MAP: (_is_map, _has_one_band),
        LABELS: (_is_labels, _is_map),
        REFERENCE: (_is_reference, _is_labels, _is_map),
    }
    learned = learned_from(taken) if kind == REFERENCE else frozenset()
    for fits in tests[kind]:
        for layer in there:
            is_taken = taken is not None and layer.id() == taken.id()
            if fits(layer) and not is_taken and not is_training(layer, learned):
                return layer
    return None


def _is_file(layer: QgsMapLayer) -> bool:
    """Return whether it is a raster in a file, not a web map."""
    return isinstance(layer, QgsRasterLayer) and bool(path_of(layer))


def _is_map(layer: QgsMapLayer) -> bool:
    return _is_file(layer) and isinstance(layer.renderer(), QgsPalettedRasterRenderer)


def _is_scene(layer: QgsMapLayer) -> bool:
    return _is_file(layer) and not _is_map(layer) and layer.bandCount() > 1


def _has_one_band(layer: QgsMapLayer) -> bool:
    return _is_file(layer) and layer.bandCount() == 1


def _is_labels(layer: QgsMapLayer) -> bool:
    return isinstance(layer, QgsVectorLayer) and layer.isSpatial()


def _is_reference(layer: QgsMapLayer) -> bool:
    """Return whether it holds labels that by their name are not for training."""
    return _is_labels(layer) and not is_called_training(layer)
