"""The widget for bands: a line to type in, and a list of the scene's bands to tick.

What an empty line means is said by the bands of the scene that is chosen in the same dialog. In the
parameter's metadata stand the ``scene`` parameter, and what an empty line means: ``placeholder``
without a scene, ``listed`` with its bands.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qgis.core import QgsRasterLayer
from qgis.gui import QgsProcessingGui
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from .algorithms.base import tr
from .dialog_values import DialogValues, path_of
from .engine_source import errors
from .own_widget import OwnWidget
from .scene_facts import NotLookedAt, open_scene
from .text_widget import TextWrapper

_MOST_SHOWN = 12


class BandsWrapper(TextWrapper):
    """A line for bands and a button with those that the scene has."""

    _values: DialogValues | None = None
    _bands: Sequence[Any] = ()

    def createWidget(self) -> QWidget:
        holder = super().createWidget()
        if self.type() == QgsProcessingGui.WidgetType.Standard:
            button = QToolButton()
            button.setObjectName("choose")
            button.setText("…")
            button.setEnabled(False)
            button.clicked.connect(self._choose)
            holder.layout().addWidget(button)
        return holder

    def postInitialize(self, wrappers: list[Any]) -> None:
        if self.type() == QgsProcessingGui.WidgetType.Standard:
            names = (self._settings()["scene"], "BAND_NAMES")
            self._values = DialogValues(wrappers, names, self._look)
            self._look()

    def _look(self, *changed: Any) -> None:
        """Show what the bands of the chosen scene are; of several scenes those of the first."""
        widget, values = self.wrappedWidget(), self._values
        if widget is None or values is None:
            return
        layer = values.raster(self._settings()["scene"])
        self._bands = bands_of(layer, values.texts("BAND_NAMES")) if layer is not None else []
        names = [f"{band.number} {band.role or band.name}" for band in self._bands[:_MOST_SHOWN]]
        more = ", …" if len(self._bands) > _MOST_SHOWN else ""
        edit = widget.findChild(QLineEdit)
        settings = self._settings()
        shown = ", ".join(names) + more
        text = tr(settings["listed"]).format(shown) if names else tr(settings["placeholder"])
        edit.setPlaceholderText(text)
        widget.findChild(QToolButton, "choose").setEnabled(bool(names))

    def _choose(self, checked: bool = False) -> None:
        """Let the bands be ticked; they are written as their numbers, or roles where all differ."""
        words = {word.strip().lower() for word in self._edit().text().split(",") if word.strip()}
        window = BandList(self._bands, words, self.wrappedWidget())
        if window.exec():
            self._edit().setText(", ".join(window.chosen()))
        window.deleteLater()


class BandList(QDialog):
    """The bands of a scene with check boxes.

    Args:
        bands: of the scene.
        words: what has been chosen before, in lower case.
        parent: the widget that it belongs to.
    """

    def __init__(self, bands: Sequence[Any], words: set[str], parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Bands"))
        self._bands = list(bands)
        self._list = QListWidget()
        for band in self._bands:
            known = {str(band.number), band.name.lower(), band.role or ""}
            self._list.addItem(_item(band, bool(words & known) or not words))
        buttons = QDialogButtonBox.StandardButton
        box = QDialogButtonBox(buttons.Ok | buttons.Cancel)
        box.accepted.connect(self.accept)
        box.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(QLabel(tr("Bands to use, in this order:")))
        layout.addWidget(self._list)
        layout.addWidget(box)
        self.resize(320, min(520, 150 + 22 * len(self._bands)))

    def chosen(self) -> list[str]:
        """Return the ticked bands as words; none where all are, which is what empty means."""
        ticked = Qt.CheckState.Checked
        rows = range(len(self._bands))
        found = [self._bands[row] for row in rows if self._list.item(row).checkState() == ticked]
        if len(found) == len(self._bands):
            return []
        roles = [band.role for band in self._bands if band.role]
        unique = {role for role in roles if roles.count(role) == 1}
        return [band.role if band.role in unique else str(band.number) for band in found]


class BandsWidget(OwnWidget):
    """What QGIS calls to get the widget of bands."""

    WRAPPER = BandsWrapper


def bands_of(layer: QgsRasterLayer, band_names: Sequence[str]) -> Sequence[Any]:
    """Return the bands of a layer's file as the engine names them; none where it has no file."""
    path = path_of(layer)
    if not path:
        return []
    try:
        return list(open_scene(path, band_names).bands)
    except (errors.LulcError, NotLookedAt, RuntimeError):
        return []


def _item(band: Any, is_chosen: bool) -> QListWidgetItem:
    role = f" ({band.role})" if band.role and band.role not in band.name.lower() else ""
    item = QListWidgetItem(f"{band.number}  {band.name}{role}")
    item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsUserCheckable)
    item.setCheckState(Qt.CheckState.Checked if is_chosen else Qt.CheckState.Unchecked)
    return item
