"""The widget for a text with suggestions, for a path, or for both at once.

QGIS's own widgets do not do: a combo box of texts takes only those in its list, and a file widget
takes either files or folders. In the parameter's metadata stand the ``suggestions``, a
``placeholder`` that says what an empty text means, and what may be chosen on disk: a ``folder``
(True) or a file that matches a ``filter``.
"""

from __future__ import annotations

import functools
import os
from typing import Any

from qgis.core import NULL, QgsProcessingContext, QgsSettings
from qgis.gui import QgsFilterLineEdit
from qgis.PyQt.QtCore import QUrl
from qgis.PyQt.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QMenu,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from .own_widget import OwnWidget, OwnWrapper
from .translation import tr

_LAST_FOLDER = "Processing/LastInputPath"  # the setting that QGIS's own file widgets use


class TextWrapper(OwnWrapper):
    """A line to type in, with a list of suggestions, and a button to look on disk."""

    def createWidget(self) -> QWidget:
        settings = self._settings()
        holder = QWidget()
        layout = QHBoxLayout(holder)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(_line(settings), 1)
        if settings.get("folder") or settings.get("filter"):
            layout.addWidget(self._button(settings))
        edit = holder.findChild(QLineEdit)
        edit.setPlaceholderText(tr(settings.get("placeholder", "")))
        edit.textChanged.connect(self._announce)
        holder.setToolTip(self.parameterDefinition().toolTip())
        return holder

    def setWidgetValue(self, value: Any, context: QgsProcessingContext) -> None:
        self._edit().setText("" if value is None or value == NULL else str(value))

    def widgetValue(self) -> Any:
        text = self._edit().text().strip()
        if text.startswith("file://"):  # dropped on the line
            text = QUrl(text).toLocalFile()
        return text or None

    def _edit(self) -> QLineEdit:
        return self.wrappedWidget().findChild(QLineEdit)

    def _button(self, settings: dict[str, Any]) -> QToolButton:
        button = QToolButton()
        button.setObjectName("browse")  # QgsFilterLineEdit and combo boxes have buttons, too
        button.setText("…")
        ways = {
            tr("Folder…"): self._choose_folder if settings.get("folder") else None,
            tr("File…"): functools.partial(self._choose_file, tr(settings.get("filter", "")))
            if settings.get("filter")
            else None,
        }
        offered = {text: choose for text, choose in ways.items() if choose}
        if len(offered) == 1:
            button.clicked.connect(*offered.values())
            return button
        menu = QMenu(button)
        for text, choose in offered.items():
            menu.addAction(text).triggered.connect(choose)
        button.setMenu(menu)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        return button

    def _choose_folder(self, checked: bool = False) -> None:
        title = self.parameterDefinition().description()
        self._take(QFileDialog.getExistingDirectory(self.wrappedWidget(), title, self._start()))

    def _choose_file(self, name_filter: str, checked: bool = False) -> None:
        title = self.parameterDefinition().description()
        self._take(
            QFileDialog.getOpenFileName(self.wrappedWidget(), title, self._start(), name_filter)[0]
        )

    def _start(self) -> str:
        """Return where to look first: at what is chosen already, else at the last folder."""
        text = self._edit().text().strip()
        return text if os.path.exists(text) else str(QgsSettings().value(_LAST_FOLDER, ""))

    def _take(self, path: str) -> None:
        if path:
            self._put(path)
            QgsSettings().setValue(_LAST_FOLDER, os.path.dirname(path))

    def _put(self, path: str) -> None:
        self._edit().setText(path)

    def _announce(self, text: str) -> None:
        self.widgetValueHasChanged.emit(self)


class TextWidget(OwnWidget):
    """What QGIS calls to get the widget of a text or path."""

    WRAPPER = TextWrapper


def _line(settings: dict[str, Any]) -> QWidget:
    if not settings.get("suggestions"):
        return QgsFilterLineEdit()
    box = QComboBox()
    box.setEditable(True)
    box.setCompleter(None)  # else a name that begins like a suggestion becomes it
    box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    box.addItems(["", *settings["suggestions"]])
    return box
