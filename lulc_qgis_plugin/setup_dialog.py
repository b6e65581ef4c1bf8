"""The dialog that sets up the engine: what there is, what to install where, progress and log.

It runs the algorithm lulc:setupengine as a task of QGIS, so nothing here blocks the desktop, and
closing the dialog does not stop an installation.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any

from qgis.core import (
    QgsApplication,
    QgsProcessingAlgRunnerTask,
    QgsProcessingContext,
    QgsProcessingFeedback,
)
from qgis.gui import QgsCollapsibleGroupBox, QgsFileWidget
from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtGui import QFontDatabase
from qgis.PyQt.QtWidgets import (
    QDialog,
    QFormLayout,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QMessageBox,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from .algorithms.setup_engine import CHECK, INSTALL, MOVE, REMOVE
from .engine_home import LOG
from .environment import data_folder
from .maintenance import state
from .pip_steps import Wishes, installed_gb, needed_gb
from .translation import tr

ALGORITHM = "lulc:setupengine"
_MOST_LINES = 5000


class LogFeedback(QgsProcessingFeedback):
    """Feedback whose lines arrive as a signal, on the thread of whoever listens."""

    line = pyqtSignal(str)
    step = pyqtSignal(str)

    def setProgressText(self, text: str) -> None:
        self.step.emit(text)
        self.line.emit(text)

    def pushInfo(self, info: str) -> None:
        self.line.emit(info)

    def pushConsoleInfo(self, info: str) -> None:
        self.line.emit(info)

    def pushWarning(self, warning: str) -> None:
        self.line.emit(tr("Warning: ") + warning)

    def reportError(self, error: str, fatalError: bool = False) -> None:
        self.line.emit(tr("Error: ") + error)


class SetupDialog(QDialog):
    """Install, check, repair, move and remove the engine."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Land cover: set up the engine"))
        self._feedback: LogFeedback | None = None
        self._context: QgsProcessingContext | None = None
        self._error = self._action = ""
        layout = QVBoxLayout(self)
        self._state = QLabel()
        self._state.setWordWrap(True)
        self._state.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        layout.addWidget(self._state)
        layout.addWidget(self._device_box())
        layout.addWidget(self._place_box())
        self._advanced = self._advanced_box()
        layout.addWidget(self._advanced)
        self._step = QLabel()
        self._step.setWordWrap(True)
        layout.addWidget(self._step)
        self._bar = QProgressBar()
        self._bar.setRange(0, 100)
        layout.addWidget(self._bar)
        self._log = QPlainTextEdit()
        self._log.setReadOnly(True)
        self._log.setMaximumBlockCount(_MOST_LINES)
        self._log.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        layout.addWidget(self._log, 1)
        layout.addLayout(self._buttons())
        width = self.fontMetrics().averageCharWidth()
        self.resize(width * 100, width * 72)
        self.refresh()

    def refresh(self) -> None:
        """Show what there is now; no program is run for it."""
        now, busy = state(), self._feedback is not None
        intro = tr(
            "The algorithms compute in a Python environment of their own, outside QGIS: nothing in "
            "QGIS or in another plugin is changed, and no administrator rights are needed."
        )
        self._state.setText(f"<p><b>{_html(now.text())}</b></p><p>{_html(intro)}</p>")
        there = now.folder is not None
        self._install.setText(tr("Repair or update") if there else tr("Install"))
        self._install.setEnabled(not busy)
        for button in (self._check, self._move, self._remove):
            button.setEnabled(there and not busy)
        self._cancel.setEnabled(busy)
        self._show_space()

    def start(self, action: str) -> None:
        """Run the algorithm in the background with what is chosen here."""
        if self._feedback is not None:
            return
        algorithm = QgsApplication.processingRegistry().createAlgorithmById(ALGORITHM)
        self._log.clear()
        self._bar.setValue(0)
        self._error, self._action = "", action
        self._feedback, self._context = LogFeedback(), QgsProcessingContext()
        self._feedback.line.connect(self._show_line)
        self._feedback.step.connect(self._step.setText)
        self._feedback.progressChanged.connect(lambda percent: self._bar.setValue(int(percent)))
        task = QgsProcessingAlgRunnerTask(
            algorithm, self.parameters(action), self._context, self._feedback
        )
        task.executed.connect(self._finished)
        QgsApplication.taskManager().addTask(task)
        self.refresh()

    def parameters(self, action: str) -> dict[str, Any]:
        """Return the parameters of the algorithm for what is chosen here."""
        return {
            "ACTION": action,
            "DEVICE": self._wishes().device,
            "FOLDER": self._folder.filePath(),
            "PYTHON": self._python.filePath(),
            "WHEELS": self._wheels.filePath(),
        }

    def cancel(self) -> None:
        """Ask what is running to stop."""
        if self._feedback is not None:
            self._step.setText(tr("Stopping ..."))
            self._feedback.cancel()

    def _device_box(self) -> QGroupBox:
        box = QGroupBox(tr("Compute on"))
        layout = QVBoxLayout(box)
        cpu, cuda = installed_gb(Wishes("cpu")), installed_gb(Wishes("cuda"))
        self._cpu = QRadioButton(
            tr("Processor: works on every computer, about {} GB").format(f"{cpu:.1f}")
        )
        self._cuda = QRadioButton(
            tr("NVIDIA graphics card (CUDA): faster training, about {} GB").format(f"{cuda:.0f}")
        )
        self._cpu.setChecked(True)
        for button in (self._cpu, self._cuda):
            layout.addWidget(button)
            button.toggled.connect(lambda _: self._show_space())
        self._cuda.setVisible(sys.platform != "darwin")
        found = tr("An NVIDIA card seems to be here.") if has_nvidia() else ""
        hint = QLabel(found or tr("No NVIDIA card was noticed on this computer."))
        hint.setVisible(sys.platform != "darwin")
        layout.addWidget(hint)
        return box

    def _place_box(self) -> QGroupBox:
        box = QGroupBox(tr("Folder"))
        layout = QVBoxLayout(box)
        folder = state().folder
        place = folder.parent if folder is not None else data_folder()
        self._folder = _file_widget(QgsFileWidget.StorageMode.GetDirectory)
        self._folder.setFilePath(str(place))
        self._folder.fileChanged.connect(lambda _: self._show_space())
        layout.addWidget(self._folder)
        self._space = QLabel()
        self._space.setWordWrap(True)
        layout.addWidget(self._space)
        return box

    def _advanced_box(self) -> QgsCollapsibleGroupBox:
        box = QgsCollapsibleGroupBox(tr("Advanced"))
        layout = QFormLayout(box)
        self._wheels = _file_widget(QgsFileWidget.StorageMode.GetDirectory)
        self._wheels.lineEdit().setPlaceholderText(tr("Download nothing, take these files"))
        self._python = _file_widget(QgsFileWidget.StorageMode.GetFile)
        self._python.lineEdit().setPlaceholderText(tr("The first one that fits, 3.11 to 3.14"))
        layout.addRow(tr("Folder of wheels"), self._wheels)
        layout.addRow(tr("Python to build on"), self._python)
        box.setCollapsed(True)
        return box

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self._install = QPushButton()
        self._check = QPushButton(tr("Check"))
        self._move = QPushButton(tr("Move to folder"))
        self._remove = QPushButton(tr("Remove"))
        self._cancel = QPushButton(tr("Cancel"))
        close = QPushButton(tr("Close"))
        self._install.setDefault(True)
        self._install.clicked.connect(lambda: self.start(INSTALL))
        self._check.clicked.connect(lambda: self.start(CHECK))
        self._move.clicked.connect(lambda: self.start(MOVE))
        self._remove.clicked.connect(self._ask_and_remove)
        self._cancel.clicked.connect(self.cancel)
        close.clicked.connect(self.close)
        for button in (self._install, self._check, self._move, self._remove):
            row.addWidget(button)
        row.addStretch(1)
        row.addWidget(self._cancel)
        row.addWidget(close)
        return row

    def _ask_and_remove(self) -> None:
        question = tr("Delete the engine's environment? It can be installed again at any time.")
        buttons = QMessageBox.StandardButton.Yes | QMessageBox.StandardButton.No
        if QMessageBox.question(self, self.windowTitle(), question, buttons) == (
            QMessageBox.StandardButton.Yes
        ):
            self.start(REMOVE)

    def _wishes(self) -> Wishes:
        device = "cuda" if self._cuda.isChecked() else "cpu"
        return Wishes(device, wheels=self._wheels.filePath())

    def _what_next(self) -> str:
        if self._action != INSTALL:
            return tr("Done.")
        return tr(
            "Done. The algorithms are in the Processing Toolbox under Land cover; something to try "
            "them on: Plugins > Land cover (LULC) > Load the demo scene."
        )

    def _show_space(self) -> None:
        place = Path(self._folder.filePath() or data_folder())
        while not place.exists() and place != place.parent:
            place = place.parent
        try:
            free_gb = shutil.disk_usage(place).free / 1e9
        except OSError:
            self._space.setText(tr("This folder cannot be used."))
            return
        text = tr(
            "{free:.1f} GB free; installing takes {peak:.1f} GB, {rest:.1f} GB remain in use."
        )
        wishes = self._wishes()
        self._space.setText(
            text.format(free=free_gb, peak=needed_gb(wishes), rest=installed_gb(wishes))
        )
        enough = free_gb >= needed_gb(wishes)
        self._space.setStyleSheet("" if enough else "color: #b3261e;")

    def _show_line(self, text: str) -> None:
        if text.startswith(tr("Error: ")):
            self._error = text[len(tr("Error: ")) :]
        self._log.appendPlainText(text)

    def _finished(self, done: bool, results: dict[str, Any]) -> None:
        cancelled = self._feedback is not None and self._feedback.isCanceled()
        self._feedback = self._context = None
        if done:
            self._bar.setValue(100)
            self._step.setText(self._what_next())
        else:
            self._bar.setValue(0)
            failed = self._error or tr("It did not work; see the log.")
            self._step.setText(tr("Cancelled; nothing has changed.") if cancelled else failed)
            log = Path(self._folder.filePath() or data_folder(), LOG)
            if log.is_file() and not cancelled:
                self._log.appendPlainText(tr("The whole log: {}").format(log))
        self.refresh()


def has_nvidia() -> bool:
    """Return whether a driver of NVIDIA shows; a guess that costs nothing."""
    if sys.platform == "win32":
        root = os.environ.get("SYSTEMROOT", r"C:\Windows")
        return os.path.isfile(os.path.join(root, "System32", "nvcuda.dll"))
    return os.path.exists("/proc/driver/nvidia/version") or bool(shutil.which("nvidia-smi"))


def _file_widget(mode: Any) -> QgsFileWidget:
    widget = QgsFileWidget()
    widget.setStorageMode(mode)
    return widget


def _html(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
