"""Widgets for the classes of labels: a table of names and colours, and check boxes for a choice.

Both follow the labels and the class field in the same dialog. Their values stay texts: JSON rows
and names separated by commas. In the parameter's metadata stand the names of the parameters that
they follow: ``labels``, ``field``, ``names``, ``selected``, ``patches`` and ``legend``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from qgis.core import NULL, QgsProcessingContext, QgsRasterLayer, QgsVectorLayer
from qgis.gui import QgsCheckableComboBox, QgsProcessingGui
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QWidget

from .algorithms.base import tr
from .class_table import ClassTable
from .dialog_values import DialogValues
from .label_classes import (
    LabelClass,
    of_folder,
    of_raster,
    of_vector,
    rows_in,
    text_of,
    with_rows,
)
from .model_text import legend_html
from .own_widget import OwnWidget
from .text_widget import TextWrapper

NONE = "none"
_MANY_FEATURES = 5000
_FOLLOWED = ("labels", "field", "names", "selected", "patches", "legend")


class DialogClasses:
    """The classes of the labels that are chosen in a dialog.

    Args:
        settings: of the parameter: which parameters are followed.
        wrappers: of the dialog.
        changed: called when the classes may be others.
    """

    def __init__(
        self, settings: dict[str, Any], wrappers: Sequence[Any], changed: Callable[..., None]
    ) -> None:
        self._names = {key: str(settings.get(key, "")) for key in _FOLLOWED}
        self._values = DialogValues(wrappers, [n for n in self._names.values() if n], changed)
        self._known: tuple[Any, list[LabelClass]] = (None, [])

    def read(self) -> list[LabelClass]:
        """Return the classes as the labels have them."""
        names, values = self._names, self._values
        layer = values.layer(names["labels"])
        given = (
            layer.source() if layer is not None else "",
            str(values.plain(names["field"]) or ""),
            str(values.plain(names["names"]) or ""),
            bool(values.plain(names["selected"])),
            str(values.plain(names["patches"]) or ""),
        )
        is_large = isinstance(layer, QgsVectorLayer) and layer.featureCount() > _MANY_FEATURES
        # Small layers are read again each time: features may have been edited or selected.
        if given != self._known[0] or not is_large:
            self._known = (given, _classes_of(layer, given))
        return self._known[1]

    def renamed(self) -> list[LabelClass]:
        """Return the classes with the names and colours of the table in the same dialog."""
        text = str(self._values.plain(self._names["legend"]) or "")
        return with_rows(self.read(), rows_in(text))


class LegendWrapper(TextWrapper):
    """Shows the classes of the labels and opens a table of them."""

    _classes: DialogClasses | None = None
    _text = ""

    def createWidget(self) -> QWidget:
        if self.type() != QgsProcessingGui.WidgetType.Standard:
            return super().createWidget()
        holder = QWidget()
        layout = QHBoxLayout(holder)
        layout.setContentsMargins(0, 0, 0, 0)
        label = QLabel()
        label.setObjectName("classes")
        label.setWordWrap(True)
        label.setTextFormat(Qt.TextFormat.RichText)
        label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        button = QPushButton(tr("Edit ..."))
        button.clicked.connect(self._edit_table)
        layout.addWidget(label, 1)
        layout.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        holder.setToolTip(self.parameterDefinition().toolTip())
        return holder

    def postInitialize(self, wrappers: list[Any]) -> None:
        if self.type() == QgsProcessingGui.WidgetType.Standard:
            self._classes = DialogClasses(self._settings(), wrappers, self._show)
            self._show()

    def setWidgetValue(self, value: Any, context: QgsProcessingContext) -> None:
        if self.type() != QgsProcessingGui.WidgetType.Standard:
            super().setWidgetValue(value, context)
            return
        text = "" if value is None or value == NULL else str(value)
        if text != self._text:
            self._text = text
            self._show()
            self.widgetValueHasChanged.emit(self)

    def widgetValue(self) -> Any:
        if self.type() != QgsProcessingGui.WidgetType.Standard:
            return super().widgetValue()
        return self._text or None

    def _edit_table(self, checked: bool = False) -> None:
        """Open the table; what is given for classes of other labels stays."""
        if self._classes is None:
            return
        given = rows_in(self._text)
        table = ClassTable(self._classes.read(), given, self.wrappedWidget())
        if table.exec():
            for item in self._classes.read():
                given.pop(item.id, None)
            self.setWidgetValue(text_of({**given, **table.rows()}), QgsProcessingContext())
        table.deleteLater()

    def _show(self, *changed: Any) -> None:
        widget = self.wrappedWidget()
        if widget is None or self._classes is None:
            return
        found = with_rows(self._classes.read(), rows_in(self._text))
        label = widget.findChild(QLabel, "classes")
        label.setText(legend_html([(item.name, item.color) for item in found]))
        if not found:
            label.setText(tr("Shown when labels and class field are chosen"))
        label.setEnabled(bool(found))
        widget.findChild(QPushButton).setEnabled(bool(found))


class FocusWrapper(TextWrapper):
    """Check boxes for the classes that a loss attends to."""

    _classes: DialogClasses | None = None
    _box: QgsCheckableComboBox | None = None
    _wanted = ""  # as set from elsewhere, until a box is clicked

    def createWidget(self) -> QWidget:
        if self.type() != QgsProcessingGui.WidgetType.Standard:
            return super().createWidget()
        box = QgsCheckableComboBox()
        box.setDefaultText(tr("Chosen automatically: the pair most confused"))
        box.setToolTip(self.parameterDefinition().toolTip())
        box.checkedItemsChanged.connect(self._clicked)
        self._box = box
        return box

    def postInitialize(self, wrappers: list[Any]) -> None:
        if self.type() == QgsProcessingGui.WidgetType.Standard:
            self._classes = DialogClasses(self._settings(), wrappers, self._list)
            self._list()

    def setWidgetValue(self, value: Any, context: QgsProcessingContext) -> None:
        if self.type() != QgsProcessingGui.WidgetType.Standard:
            super().setWidgetValue(value, context)
            return
        self._wanted = "" if value is None or value == NULL else str(value).strip()
        self._list()
        self.widgetValueHasChanged.emit(self)

    def widgetValue(self) -> Any:
        if self.type() != QgsProcessingGui.WidgetType.Standard:
            return super().widgetValue()
        return self._wanted or None

    def _list(self, *changed: Any) -> None:
        """List the classes of the labels; those stay checked that were."""
        box = self._box
        if box is None or self._classes is None or self.wrappedWidget() is None:
            return
        classes = self._classes.renamed()
        chosen = _words(self._wanted, [item.name for item in classes])
        box.blockSignals(True)
        box.clear()
        states = Qt.CheckState
        for item in classes:
            is_chosen = item.name in chosen or str(item.id) in chosen
            state = states.Checked if is_chosen else states.Unchecked
            box.addItemWithCheckState(item.name, state, str(item.id))
        state = states.Checked if chosen == [NONE] else states.Unchecked
        box.addItemWithCheckState(tr("None: all classes alike"), state, NONE)
        box.blockSignals(False)

    def _clicked(self, *checked: Any) -> None:
        box = self._box
        if box is None:
            return
        data = [str(value) for value in box.checkedItemsData()]
        names = {str(box.itemData(i)): box.itemText(i) for i in range(box.count())}
        if NONE in data:
            self._wanted = NONE
        else:
            # A name that holds a comma would be taken for two.
            words = [key if "," in names[key] else names[key] for key in data]
            self._wanted = ", ".join(words)
        self.widgetValueHasChanged.emit(self)


class LegendWidget(OwnWidget):
    """What QGIS calls to get the widget of a legend."""

    WRAPPER = LegendWrapper


class FocusWidget(OwnWidget):
    """What QGIS calls to get the widget of the focus classes."""

    WRAPPER = FocusWrapper


def _classes_of(layer: Any, given: tuple[str, str, str, bool, str]) -> list[LabelClass]:
    _, field, name_field, selected, patches = given
    if isinstance(layer, QgsVectorLayer):
        return of_vector(layer, field, name_field, selected) if field else []
    if isinstance(layer, QgsRasterLayer):
        return of_raster(layer)
    return of_folder(patches) if patches else []


def _words(text: str, names: Sequence[str]) -> list[str]:
    if text in names:
        return [text]
    return [part.strip() for part in text.split(",") if part.strip()]
