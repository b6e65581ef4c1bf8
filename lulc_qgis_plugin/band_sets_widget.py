"""The widget for the sets of bands of a study: a line to type in, and the usual sets to tick.

Any other set is typed as bands joined by +, so the line stays; a ticked set is its word in it.
"""

from __future__ import annotations

import functools

from qgis.PyQt.QtWidgets import QMenu, QToolButton, QWidget

from .choice_labels import label_of
from .engine_source import options
from .own_widget import OwnWidget
from .text_widget import TextWrapper


class BandSetsWrapper(TextWrapper):
    """A line for sets of bands and a button with those that have names."""

    def createWidget(self) -> QWidget:
        holder = super().createWidget()
        button = QToolButton()
        button.setObjectName("sets")
        button.setText("…")
        menu = QMenu(button)
        for word in options.BAND_SETS:
            action = menu.addAction(label_of(word))
            action.setCheckable(True)
            action.setData(word)
            action.triggered.connect(functools.partial(self._toggle, word))
        menu.aboutToShow.connect(self._tick)
        button.setMenu(menu)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        holder.layout().addWidget(button)
        return holder

    def _words(self) -> list[str]:
        return [part.strip() for part in self._edit().text().split(",") if part.strip()]

    def _tick(self) -> None:
        """Tick the sets that the line holds."""
        for action in self.wrappedWidget().findChild(QMenu).actions():
            action.setChecked(action.data() in self._words())

    def _toggle(self, word: str, checked: bool = False) -> None:
        words = [item for item in self._words() if item != word]
        self._edit().setText(", ".join([*words, word] if checked else words))


class BandSetsWidget(OwnWidget):
    """What QGIS calls to get the widget of sets of bands."""

    WRAPPER = BandSetsWrapper
