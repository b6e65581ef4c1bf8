"""The widget for the number of epochs: a number, and below it how long the training will take."""

from __future__ import annotations

import os
from typing import Any

from qgis.core import NULL, QgsProcessingContext
from qgis.gui import QgsProcessingGui
from qgis.PyQt.QtWidgets import QLabel, QSpinBox, QVBoxLayout, QWidget

from .dialog_values import DialogValues
from .engine_source import engine_module
from .estimates import in_words
from .own_widget import OwnWidget, OwnWrapper
from .run_history import DECIDE_AN_EPOCH, SEGMENTERS, foreseen_s, training_kind
from .translation import tr

_UNKNOWN = (
    "No earlier training with these settings on this computer: the time left is shown as soon as "
    "it has begun."
)
_GUESS = (
    "No earlier training with these settings on this computer; a rough guess for the processor is "
    "{low} to {high}, the longer the more is labelled."
)
# Seconds of a core for a pixel of a training window, on new and on old processors; 0.195 s for 16
# windows of 64 pixels on two cores were measured.
_MEASURED, _FAST_S, _SLOW_S = "mobile_unet", 5e-6, 4e-5
_KNOWN = (
    "About {time} for {epochs} epochs, by an earlier training with these settings on this "
    "computer, for as much data. It ends sooner where the validation score no longer rises."
)
_KNOWN_EPOCH = (
    "An epoch takes about {time}, by an earlier training with these settings on this computer, for "
    "as much data."
)


class EpochsWrapper(OwnWrapper):
    """A number that may be left to the recipe, and an estimate."""

    _values: DialogValues | None = None

    def createWidget(self) -> QWidget:
        definition = self.parameterDefinition()
        holder = QWidget()
        layout = QVBoxLayout(holder)
        layout.setContentsMargins(0, 0, 0, 0)
        spin = QSpinBox()
        spin.setRange(0, int(min(definition.maximum(), 10**6)))
        spin.setSpecialValueText(self._recipe_text())
        spin.setToolTip(definition.toolTip())
        spin.valueChanged.connect(self._changed)
        layout.addWidget(spin)
        if self.type() == QgsProcessingGui.WidgetType.Standard:
            label = QLabel()
            label.setObjectName("training_time")
            label.setWordWrap(True)
            layout.addWidget(label)
        return holder

    def postInitialize(self, wrappers: list[Any]) -> None:
        if self.type() == QgsProcessingGui.WidgetType.Standard:
            self._values = DialogValues(wrappers, DECIDE_AN_EPOCH, self._show)
            self._show()

    def setWidgetValue(self, value: Any, context: QgsProcessingContext) -> None:
        try:
            number = 0 if value is None or value == NULL or value == "" else int(value)
        except (TypeError, ValueError):  # an expression of a history of other versions
            number = 0
        self._spin().setValue(number)

    def widgetValue(self) -> Any:
        return self._spin().value() or None

    def _spin(self) -> QSpinBox:
        return self.wrappedWidget().findChild(QSpinBox)

    def _changed(self, value: int) -> None:
        self._show()
        self.widgetValueHasChanged.emit(self)

    @property
    def _command(self) -> str:
        return str(self._settings()["command"])

    def _recipe_epochs(self) -> int | None:
        """Return the recipe's number; None where it also depends on the data."""
        if self._command != SEGMENTERS:
            return None
        return int(self._recipe().epochs)

    def _recipe(self) -> Any:
        recipes = engine_module("training.recipe").RECIPES
        chosen = str(self._values.plain("RECIPE") or "") if self._values is not None else ""
        return recipes[chosen if chosen in recipes else "default"]

    def _guess(self, epochs: int | None) -> str:
        """Return what a first training may take, from what is known of the Mobile-UNet."""
        values = self._values
        if values is None or self._command != SEGMENTERS or not epochs:
            return ""
        if str(values.plain("ARCHITECTURE") or _MEASURED) != _MEASURED:
            return ""
        recipe = self._recipe()
        side = values.number("WINDOW_PX") or recipe.window_px
        batch = values.number("BATCH_SIZE") or recipe.batch_size
        pixels = epochs * batch * side**2 / (os.cpu_count() or 1)
        low = pixels * recipe.steps[0] * _FAST_S
        high = pixels * recipe.steps[1] * _SLOW_S
        return tr(_GUESS).format(low=in_words(low), high=in_words(high))

    def _recipe_text(self) -> str:
        number = self._recipe_epochs()
        return tr("As in the recipe ({})").format(number) if number else tr("As in the recipe")

    def _show(self, *changed: Any) -> None:
        """Say how long the training will take by the last one of its kind."""
        widget, values = self.wrappedWidget(), self._values
        if widget is None or values is None:
            return
        self._spin().setSpecialValueText(self._recipe_text())
        given = {name.lower(): values.plain(name) for name in DECIDE_AN_EPOCH}
        kind = training_kind(self._command, given)
        epochs = self._spin().value() or self._recipe_epochs()
        seconds = foreseen_s(kind, epochs or 1)
        if seconds is None:
            text = self._guess(epochs) or tr(_UNKNOWN)
        elif epochs:
            text = tr(_KNOWN).format(time=in_words(seconds), epochs=epochs)
        else:
            text = tr(_KNOWN_EPOCH).format(time=in_words(seconds))
        widget.findChild(QLabel, "training_time").setText(text)


class EpochsWidget(OwnWidget):
    """What QGIS calls to get the widget of epochs."""

    WRAPPER = EpochsWrapper
