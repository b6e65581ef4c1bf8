"""The widget for several files and folders: a line of paths, and a button that adds to it.

QGIS's own list of files takes no folder, only the files in it, and in QGIS 3.22 it shows none of
those that a dialog is opened with, as from its history.
"""

from __future__ import annotations

from typing import Any

from qgis.core import NULL, QgsProcessingContext
from qgis.PyQt.QtWidgets import QFileDialog

from .own_widget import OwnWidget
from .text_widget import TextWrapper

_BETWEEN = ";"


class FilesWrapper(TextWrapper):
    """Paths separated by semicolons; the value is a list of them."""

    def setWidgetValue(self, value: Any, context: QgsProcessingContext) -> None:
        several = isinstance(value, (list, tuple))
        paths = value if several else [] if value is None or value == NULL else [value]
        self._edit().setText(f"{_BETWEEN} ".join(str(path) for path in paths))

    def widgetValue(self) -> Any:
        text = super().widgetValue() or ""
        return [path.strip() for path in text.split(_BETWEEN) if path.strip()]

    def _choose_file(self, name_filter: str, checked: bool = False) -> None:
        title = self.parameterDefinition().description()
        parent, start = self.wrappedWidget(), self._start()
        for path in QFileDialog.getOpenFileNames(parent, title, start, name_filter)[0]:
            self._take(path)

    def _put(self, path: str) -> None:
        """Add a path to those that are there."""
        given = self.widgetValue()
        if path not in given:
            self._edit().setText(f"{_BETWEEN} ".join([*given, path]))


class FilesWidget(OwnWidget):
    """What QGIS calls to get the widget of files."""

    WRAPPER = FilesWrapper
