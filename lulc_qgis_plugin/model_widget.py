"""The widget for a model: below the file stands what it is, whether it fits, and what it takes.

The card is read at once; the scene is looked at on a thread of its own, a moment after the last
change. In batches there is only the line for the file.
"""

from __future__ import annotations

import html
import itertools
import threading
from typing import Any

from qgis.core import QgsProcessingContext
from qgis.gui import QgsProcessingGui
from qgis.PyQt.QtCore import QObject, Qt, QTimer, pyqtSignal
from qgis.PyQt.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

from .bundled_models import bundled_model
from .dialog_values import DialogValues, path_of
from .engine_source import engine_module, errors, options
from .estimates import bytes_of, room_texts, size_of, time_text
from .fit_verdict import DOUBTFUL, REFUSED, Choices, Rules, Verdict, judge
from .model_card import ModelCard, read_model_card
from .model_text import COLORS, NEUTRAL, card_html, error_html, verdict_html
from .own_widget import OwnWidget
from .run_history import classifying_kind
from .text_widget import TextWrapper
from .translation import tr

_WAIT_MS = 250
_RASTERS = ("OUTPUT", "CONFIDENCE", "PROBABILITIES")
_WATCHED = (
    "INPUT", "BANDS", "BAND_NAMES", "SCALE", "OFFSET", "MASK", "EXTENT", "STRIDE", "PER_PIXEL",
    "MIN_CONFIDENCE", "DEVICE", "THREADS", "RUNTIME", "PRECISION", *_RASTERS, "AREAS",
)  # fmt: skip


class ModelWrapper(TextWrapper):
    """A line for the model and, in a dialog for one run, a panel about it."""

    _about: ModelPanel | None = None

    def createWidget(self) -> QWidget:
        line = super().createWidget()
        if self.type() != QgsProcessingGui.WidgetType.Standard:
            return line
        holder = QWidget()
        layout = QVBoxLayout(holder)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(line)
        self._about = ModelPanel(self._settings())
        layout.addWidget(self._about)
        self.widgetValueHasChanged.connect(self._show)
        return holder

    def setWidgetValue(self, value: Any, context: QgsProcessingContext) -> None:
        super().setWidgetValue(value, context)
        self._show()

    def postInitialize(self, wrappers: list[Any]) -> None:
        panel = self._panel()
        if panel is not None:
            panel.watch(wrappers)

    def _panel(self) -> ModelPanel | None:
        return self._about if self.wrappedWidget() is not None else None

    def _show(self, *changed: Any) -> None:
        panel = self._panel()
        if panel is not None:
            panel.show_model(str(self.widgetValue() or ""))


class ModelWidget(OwnWidget):
    """What QGIS calls to get the widget of a model."""

    WRAPPER = ModelWrapper


class ModelPanel(QWidget):
    """Says what a model is, whether the scene in the dialog fits, and what the run takes.

    Args:
        settings: of the parameter; ``patches_only`` where no segmenter will do.
    """

    def __init__(self, settings: dict[str, Any]) -> None:
        super().__init__()
        self.setObjectName("model_panel")
        self._patches_only = bool(settings.get("patches_only"))
        self._model: ModelCard | None = None
        self._values: DialogValues | None = None
        self._number = 0  # of the latest question; answers to earlier ones come too late
        self._card, self._verdict, self._estimate = (_label(name) for name in _NAMES)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 4)
        layout.setSpacing(3)
        for label in (self._card, self._verdict, self._estimate):
            layout.addWidget(label)
        _answers.ready.connect(self._show_verdict)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_WAIT_MS)
        self._timer.timeout.connect(self._ask)
        self.hide()

    def watch(self, wrappers: list[Any]) -> None:
        """Go by the other widgets of the dialog."""
        self._values = DialogValues(wrappers, _WATCHED, self._changed)
        self._changed()

    def show_model(self, name: str) -> None:
        """Show the card of a model file or of a bundled model."""
        self._model = None
        self.setVisible(bool(name))
        _tell(self._verdict, "")
        _tell(self._estimate, "")
        if not name:
            return
        try:
            self._model = read_model_card(bundled_model(name) or name)
        except errors.LulcError as err:
            _tell(self._card, error_html(str(err)), COLORS[REFUSED])
            return
        _tell(self._card, card_html(self._model), NEUTRAL)
        self._changed()

    def _changed(self, *changed: Any) -> None:
        if self._model is not None:
            self._timer.start()

    def _ask(self) -> None:
        """Have the model and the scene looked at on a thread of their own."""
        model, values = self._model, self._values
        if model is None:
            return
        if self._patches_only and not model.is_patch_classifier:
            text = tr("It labels every pixel of a scene; patches need a patch classifier.")
            _tell(self._verdict, error_html(text), COLORS[REFUSED])
            return
        layer = values.raster("INPUT") if values is not None else None
        path = path_of(layer) if layer is not None else ""
        if layer is not None and not path:
            _tell(self._verdict, error_html(tr(_NO_FILE).format(layer.name())), COLORS[REFUSED])
            return
        self._number = next(_numbers)
        given = (self._number, layer.name() if layer is not None else "")
        question = (model, path, self._choices(), Rules.load())
        threading.Thread(target=_judge, args=(given, question), daemon=True).start()

    def _choices(self) -> Choices:
        values = self._values
        if values is None:
            return Choices()
        needs_classes = [name for name in ("CONFIDENCE", "AREAS") if values.folder(name)]
        if values.number("MIN_CONFIDENCE"):
            needs_classes.append("MIN_CONFIDENCE")
        stride, masks, layer = values.number("STRIDE"), values.plain("MASK"), values.raster("INPUT")
        return Choices(
            bands=values.texts("BANDS"),
            band_names=values.texts("BAND_NAMES"),
            scale=values.number("SCALE"),
            offset=values.number("OFFSET"),
            masks=len(masks) if isinstance(masks, (list, tuple)) else int(bool(masks)),
            is_outside=layer is not None and values.extent_px("EXTENT", layer) == (0, 0),
            stride=None if stride is None else int(stride),
            per_pixel=bool(values.plain("PER_PIXEL")),
            of_classes=tuple(needs_classes),
        )

    def _show_verdict(self, given: tuple[int, str], verdict: Verdict) -> None:
        number, scene = given
        if number != self._number or self._model is None:
            return
        if not scene and verdict.level != REFUSED:
            _tell(self._verdict, "")
            return
        text = verdict_html(verdict, scene) if scene else error_html(verdict.reasons[0])
        _tell(self._verdict, text, COLORS.get(verdict.level, NEUTRAL))
        self._show_estimate(self._model, verdict)

    def _show_estimate(self, model: ModelCard, verdict: Verdict) -> None:
        """Show what a classification takes; other algorithms take no longer than a sip of tea."""
        values = self._values
        is_map = values is not None and "PRECISION" in values
        if values is None or not is_map or verdict.level == REFUSED or not verdict.width:
            _tell(self._estimate, "")
            return
        choices, layer = self._choices(), values.raster("INPUT")
        part = values.extent_px("EXTENT", layer) if layer is not None else None
        width, height = part or (verdict.width, verdict.height)
        speed = engine_module("speed")
        step = speed.step_px(model.spec, choices.stride, choices.per_pixel)
        size = size_of(width, height, step, choices.per_pixel, verdict.valid_share)
        machine = {
            name.lower(): values.option(name, options.ClassifyOptions)
            for name in ("DEVICE", "THREADS", "RUNTIME", "PRECISION")
        }
        kind = classifying_kind(speed.network_name(model.spec), machine)
        folders: dict[str, int] = {}
        written = [name for name in _RASTERS if values.folder(name)]
        for name, most in bytes_of(size, model.spec.legend.ids, written).items():
            folders[values.folder(name)] = folders.get(values.folder(name), 0) + most
        notes, warnings = room_texts(folders)
        lines = [f"<b>{tr('Before you run:')}</b> {time_text(kind, size, model)}"]
        if step > 1 and not choices.per_pixel:
            lines.append(
                tr(_COARSE).format(step=step, columns=-(-width // step), rows=-(-height // step))
            )
        lines += [html.escape(text) for text in notes]
        lines += [f"<b>⚠</b> {html.escape(text)}" for text in warnings]
        _tell(self._estimate, "<br>".join(lines), COLORS[DOUBTFUL] if warnings else NEUTRAL)


_NAMES = ("model_card", "model_verdict", "model_estimate")
_COARSE = "The map has a pixel for every {step} of the scene's: {columns} x {rows} of them."
_NO_FILE = "{} is not a file. Export it to a GeoTIFF and use that."


class _Answers(QObject):
    """Carries verdicts from their threads to the dialogs that are still there."""

    ready = pyqtSignal(object, object)


_answers = _Answers()  # one that outlives every dialog: a thread cannot know when one is closed
_numbers = itertools.count(1)


def _judge(given: Any, question: tuple[Any, ...]) -> None:
    _answers.ready.emit(given, judge(*question))


def _label(name: str) -> QLabel:
    label = QLabel()
    label.setObjectName(name)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.RichText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setFrameShape(QFrame.Shape.Box)  # without a frame Qt draws no border either
    label.hide()
    return label


def _tell(label: QLabel, text: str, color: str = NEUTRAL) -> None:
    """Show a text with a bar of a colour before it; hide the label where there is none."""
    label.setText(text)
    label.setStyleSheet(f"border: none; border-left: 3px solid {color}; padding-left: 5px;")
    label.setVisible(bool(text))
