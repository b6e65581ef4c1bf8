"""A window with the classes of labels as a table: names and colours can be edited."""

from __future__ import annotations

from collections.abc import Sequence

from qgis.gui import QgsColorButton
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QColor
from qgis.PyQt.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from .algorithms.base import tr
from .label_classes import LabelClass, with_rows

_ID, _NAME, _COLOR, _COUNT = range(4)


class ClassTable(QDialog):
    """Shows classes and lets people change their names and colours.

    Args:
        classes: as the labels have them.
        rows: what has been given before.
        parent: the dialog of the algorithm.
    """

    def __init__(
        self,
        classes: Sequence[LabelClass],
        rows: dict[int, dict[str, str]],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Classes"))
        self._classes = list(classes)
        self._table = QTableWidget(len(self._classes), 4)
        titles = [tr("Id"), tr("Name"), tr("Colour"), tr("Features")]
        self._table.setHorizontalHeaderLabels(titles)
        self._table.verticalHeader().hide()
        header = self._table.horizontalHeader()
        header.setSectionResizeMode(_NAME, QHeaderView.ResizeMode.Stretch)
        self._fill(with_rows(self._classes, rows))
        buttons = QDialogButtonBox.StandardButton
        box = QDialogButtonBox(buttons.Ok | buttons.Cancel | buttons.RestoreDefaults)
        box.accepted.connect(self.accept)
        box.rejected.connect(self.reject)
        box.button(buttons.RestoreDefaults).setText(tr("As in the labels"))
        box.button(buttons.RestoreDefaults).clicked.connect(lambda: self._fill(self._classes))
        layout = QVBoxLayout(self)
        text = tr("Names and colours that model, maps and reports will have. Ids stay.")
        label = QLabel(text)
        label.setWordWrap(True)
        layout.addWidget(label)
        layout.addWidget(self._table)
        layout.addWidget(box)
        self.resize(520, min(640, 190 + 34 * len(self._classes)))

    def rows(self) -> dict[int, dict[str, str]]:
        """Return what differs from the labels, by id."""
        found = {}
        for number, item in enumerate(self._classes):
            name = self._table.item(number, _NAME).text().strip()
            color = self._table.cellWidget(number, _COLOR).color().name()
            row = {}
            if name and name != item.name:
                row["name"] = name
            if color != item.color:
                row["color"] = color
            if row:
                found[item.id] = row
        return found

    def _fill(self, classes: Sequence[LabelClass]) -> None:
        for number, item in enumerate(classes):
            self._table.setItem(number, _ID, _fixed(str(item.id)))
            self._table.setItem(number, _NAME, QTableWidgetItem(item.name))
            button = QgsColorButton()
            button.setColor(QColor(item.color))
            self._table.setCellWidget(number, _COLOR, button)
            count = "" if item.count is None else str(item.count)
            self._table.setItem(number, _COUNT, _fixed(count))


def _fixed(text: str) -> QTableWidgetItem:
    item = QTableWidgetItem(text)
    item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
    return item
