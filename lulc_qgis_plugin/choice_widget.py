"""The widgets for one of several words, or some of them: lists that show what each is called.

The words themselves are what `qgis_process`, models and histories hold, and what an algorithm gets.
QGIS's own widgets can only show them as they are.
"""

from __future__ import annotations

from typing import Any

from qgis.core import (
    NULL,
    QgsProcessingContext,
    QgsProcessingParameterDefinition,
    QgsProcessingParameters,
)
from qgis.gui import QgsCheckableComboBox
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QComboBox, QWidget

from .choice_labels import label_of
from .own_widget import OwnWidget, OwnWrapper
from .translation import tr


class ChoiceWrapper(OwnWrapper):
    """A list of choices under their names; the word itself is the tool tip of each."""

    def createWidget(self) -> QWidget:
        definition = self.parameterDefinition()
        box = QComboBox()
        if definition.flags() & QgsProcessingParameterDefinition.Flag.FlagOptional:
            box.addItem(tr("Not chosen: the default"), None)
        for word in definition.options():
            box.addItem(label_of(word), word)
            box.setItemData(box.count() - 1, word, Qt.ItemDataRole.ToolTipRole)
        box.setToolTip(definition.toolTip())
        box.currentIndexChanged.connect(self._announce)
        return box

    def setWidgetValue(self, value: Any, context: QgsProcessingContext) -> None:
        box = self.wrappedWidget()
        word = None if value is None or value == NULL or value == "" else str(value)
        words = [box.itemData(place) for place in range(box.count())]
        if word not in words:  # a history of another version: the default is what would be run
            word = self.parameterDefinition().defaultValue()
        box.setCurrentIndex(words.index(word) if word in words else -1)

    def widgetValue(self) -> Any:
        return self.wrappedWidget().currentData()

    def _announce(self, place: int) -> None:
        self.widgetValueHasChanged.emit(self)


class ChoicesWrapper(OwnWrapper):
    """A list of choices to tick under their names; the word itself is the tool tip of each."""

    def createWidget(self) -> QWidget:
        definition = self.parameterDefinition()
        box = QgsCheckableComboBox()
        box.setDefaultText(tr("None chosen"))
        for word in definition.options():
            box.addItemWithCheckState(label_of(word), Qt.CheckState.Unchecked, word)
            box.setItemData(box.count() - 1, word, Qt.ItemDataRole.ToolTipRole)
        box.setToolTip(definition.toolTip())
        box.checkedItemsChanged.connect(self._announce)
        return box

    def setWidgetValue(self, value: Any, context: QgsProcessingContext) -> None:
        box, definition = self.wrappedWidget(), self.parameterDefinition()
        given = {definition.name(): value}
        chosen = QgsProcessingParameters.parameterAsEnumStrings(definition, given, context)
        for place in range(box.count()):
            is_chosen = box.itemData(place) in chosen
            state = Qt.CheckState.Checked if is_chosen else Qt.CheckState.Unchecked
            box.setItemCheckState(place, state)

    def widgetValue(self) -> Any:
        return [str(word) for word in self.wrappedWidget().checkedItemsData()]

    def _announce(self, names: list[str]) -> None:
        self.widgetValueHasChanged.emit(self)


class ChoiceWidget(OwnWidget):
    """What QGIS calls to get the widget of a choice."""

    WRAPPER = ChoiceWrapper

    @classmethod
    def modeler_widget(cls, parameter: QgsProcessingParameterDefinition, dialog: Any) -> QWidget:
        """Return QGIS's widget with names instead of words, which its list keeps beside them."""
        widget, words = super().modeler_widget(parameter, dialog), parameter.options()
        for box in widget.findChildren(QComboBox):
            places = {word: box.findData(word) for word in words}
            if min(places.values()) >= 0:  # not one of the lists of the model's inputs
                for word, place in places.items():
                    box.setItemText(place, label_of(word))
        return widget


class ChoicesWidget(OwnWidget):
    """What QGIS calls to get the widget of several choices."""

    WRAPPER = ChoicesWrapper
