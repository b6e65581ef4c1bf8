"""The widget for a field of a layer that may also be a raster.

QGIS 3.22 crashes (null pointer) in its own field widget when the layer that it follows is a raster,
and LABELS may be one. In the modeler its own does: it follows no layer there. In the parameter's
metadata stands the ``placeholder`` that says what an empty field means, and whether to ``guess``.
"""

from __future__ import annotations

from typing import Any

from qgis.core import (
    NULL,
    QgsProcessingContext,
    QgsProcessingUtils,
    QgsProject,
    QgsVectorLayer,
)
from qgis.PyQt.QtWidgets import QComboBox, QWidget

from .own_widget import OwnWidget, OwnWrapper
from .translation import tr

# What fields with the class are usually called.
_USUAL = {
    "class", "class_id", "class_name", "classes", "classid", "classname", "classvalue", "label",
    "land_cover", "landcover", "lulc", "lc",
}  # fmt: skip


class FieldWrapper(OwnWrapper):
    """A list of the fields of the vector layer chosen elsewhere in the dialog; may be typed."""

    def createWidget(self) -> QWidget:
        box = QComboBox()
        box.setEditable(True)
        box.setToolTip(self.parameterDefinition().toolTip())
        box.currentTextChanged.connect(self._announce)
        return box

    def setWidgetValue(self, value: Any, context: QgsProcessingContext) -> None:
        self.wrappedWidget().setCurrentText("" if value is None or value == NULL else str(value))

    def widgetValue(self) -> Any:
        return self.wrappedWidget().currentText().strip() or None

    def postInitialize(self, wrappers: list[Any]) -> None:
        parent = self.parameterDefinition().parentLayerParameterName()
        for wrapper in wrappers:
            if wrapper.parameterDefinition().name() == parent:
                wrapper.widgetValueHasChanged.connect(self._show_fields)
                self._show_fields(wrapper)

    def _show_fields(self, wrapper: Any) -> None:
        """List the fields of the chosen layer; keep the choice where the new layer has it too."""
        box = self.wrappedWidget()
        if box is None:  # the dialog is being closed
            return
        names, chosen = field_names(wrapper.parameterValue()), box.currentText()
        if chosen not in names:
            chosen = usual_field(names) if self._settings().get("guess") else ""
        box.blockSignals(True)
        box.clear()
        box.addItems(["", *names])
        box.setCurrentText(chosen)
        box.setEnabled(bool(names))
        box.lineEdit().setPlaceholderText(tr(self._settings()["placeholder"]) if names else "")
        box.blockSignals(False)
        if chosen:
            self._announce(chosen)

    def _announce(self, text: str) -> None:
        self.widgetValueHasChanged.emit(self)


class FieldWidget(OwnWidget):
    """What QGIS calls to get the widget of a field."""

    WRAPPER = FieldWrapper


def usual_field(names: list[str]) -> str:
    """Return the only field that is called as fields with the class usually are; else nothing."""
    found = [name for name in names if name.lower() in _USUAL]
    return found[0] if len(found) == 1 else ""


def field_names(layer: Any) -> list[str]:
    """Return the names of the fields of a vector layer, given as layer, id, name or path."""
    if isinstance(layer, str) and layer:
        context = QgsProcessingContext()
        context.setProject(QgsProject.instance())
        layer = QgsProcessingUtils.mapLayerFromString(layer, context)
        # The names are read below while the context still owns what it has loaded.
        return field_names(layer) if layer is not None else []
    return [field.name() for field in layer.fields()] if isinstance(layer, QgsVectorLayer) else []
