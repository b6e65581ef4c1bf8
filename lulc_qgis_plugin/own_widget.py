"""Lets a parameter have a widget of our own in dialogs and QGIS's widget in the modeler.

QGIS finds the class by its path in the parameter's metadata and calls it, so that widgets are
imported by dialogs only. Everything else in that metadata is for the widget, which reads it there.
"""

from __future__ import annotations

from typing import Any

from qgis.core import QgsProcessingParameterDefinition
from qgis.gui import QgsGui, QgsProcessingGui
from qgis.PyQt.QtWidgets import QWidget

_KINDS = {"BatchAlgorithmDialog": QgsProcessingGui.WidgetType.Batch}
_MODELER = "ModelerParametersDialog"
_alive: list[QWidget] = []


def kept(widget: QWidget) -> QWidget:
    """Return a widget that a wrapper gives to QGIS, whose Python object then lives as long as it.

    QGIS hands the widget on to Python as a new object, whereupon the first one is taken for that of
    a deleted widget and is freed. The widget still asks it at every event: QGIS crashes. It is
    kept for ever, some hundred bytes: to be freed while the widget is being deleted is too early,
    and whether it is gone cannot be asked, since it is taken for gone from the beginning.
    """
    _alive.append(widget)
    return widget


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
            widget = QgsGui.processingGuiRegistry().createModelerParameterWidget(
                dialog.model, dialog.childId, parameter, dialog.context
            )
            widget.setDialog(dialog)
            return widget
        kind = _KINDS.get(name, QgsProcessingGui.WidgetType.Standard)
        return cls.WRAPPER(parameter, kind)
