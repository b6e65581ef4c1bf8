"""Lets a parameter have a widget of our own in dialogs and QGIS's widget in the modeler.

QGIS finds the class by its path in the parameter's metadata and calls it, so that widgets are
imported by dialogs only. Everything else in that metadata is for the widget, which reads it there.
"""

from __future__ import annotations

from typing import Any

from qgis.core import QgsProcessingContext, QgsProcessingParameterDefinition
from qgis.gui import QgsAbstractProcessingParameterWidgetWrapper, QgsGui, QgsProcessingGui
from qgis.PyQt import sip
from qgis.PyQt.QtWidgets import QWidget

_KINDS = {"BatchAlgorithmDialog": QgsProcessingGui.WidgetType.Batch}
_MODELER = "ModelerParametersDialog"


class OwnWrapper(QgsAbstractProcessingParameterWidgetWrapper):
    """What wraps a widget that is made in Python, and keeps it itself, as QGIS's own in Python do.

    QGIS's `createWrappedWidget` is declared to return a widget that no Python object stands for
    yet. For one made in Python a second object is made, the first is taken for that of a deleted
    widget and may be freed, and the widget, which still asks the first at every event, crashes
    QGIS. So the widget is never handed through QGIS.
    """

    _widget: QWidget | None = None

    def createWrappedWidget(self, context: QgsProcessingContext) -> QWidget:
        """Return the widget with the parameter's default in it; the same one each time."""
        widget = self.wrappedWidget()
        if widget is None:
            self._widget = widget = self.createWidget()
            self.setWidgetValue(self.parameterDefinition().defaultValueForGui(), context)
        return widget

    def wrappedWidget(self) -> QWidget | None:
        """Return the widget; None before there is one and after it was deleted."""
        widget = self._widget
        if widget is None or sip.isdeleted(widget):
            return super().wrappedWidget()
        return widget

    def _settings(self) -> dict[str, Any]:
        """Return what the parameter's metadata hold for the widget."""
        return dict(self.parameterDefinition().metadata()["widget_wrapper"])


class OwnWidget:
    """What QGIS calls to get a widget; a subclass names its wrapper."""

    WRAPPER: Any = None

    def __new__(
        cls,
        parameter: QgsProcessingParameterDefinition,
        dialog: Any,
        row: int = 0,
        col: int = 0,
        **settings: Any,
    ) -> Any:
        """Return the wrapper of a widget, which QGIS keeps."""
        name = type(dialog).__name__
        if name == _MODELER:
            return cls.modeler_widget(parameter, dialog)
        kind = _KINDS.get(name, QgsProcessingGui.WidgetType.Standard)
        return cls.WRAPPER(parameter, kind)

    @classmethod
    def modeler_widget(cls, parameter: QgsProcessingParameterDefinition, dialog: Any) -> QWidget:
        """Return QGIS's own widget, which also takes inputs and outputs of the model."""
        widget = QgsGui.processingGuiRegistry().createModelerParameterWidget(
            dialog.model, dialog.childId, parameter, dialog.context
        )
        widget.setDialog(dialog)
        return widget
