"""What the plugin adds to QGIS's desktop: set-up and demo in the menu, and offers of the set-up.

The set-up is offered once, when the plugin is loaded for the first time and there is no engine, and
each time a run finds none. It is never started by itself.
"""

from __future__ import annotations

import os
from typing import Any

from qgis.core import Qgis, QgsSettings
from qgis.gui import QgsMessageBar
from qgis.PyQt.QtCore import QObject, QTimer
from qgis.PyQt.QtGui import QIcon
from qgis.PyQt.QtWidgets import QAction, QApplication, QPushButton

from .demo import load_demo
from .engine_notice import engine_notice
from .engine_source import resource
from .environment import SETTING, VARIABLE, data_folder
from .maintenance import state
from .setup_dialog import SetupDialog
from .translation import tr

OFFERED = "lulc/setup_offered"
_LOOK_AGAIN_MS = 500


class Desktop(QObject):
    """The plugin's menu, and its messages about the engine."""

    def __init__(self, iface: Any) -> None:
        super().__init__(iface.mainWindow())
        self._iface = iface
        self._dialog: SetupDialog | None = None
        icon = QIcon(str(resource("icons", "provider.svg")))
        self._menu = tr("Land cover (LULC)")
        self._actions = [
            QAction(icon, tr("Set up the engine ..."), iface.mainWindow()),
            QAction(icon, tr("Load the demo scene"), iface.mainWindow()),
        ]
        for action, do in zip(self._actions, (self.show_setup, self.show_demo)):
            action.triggered.connect(lambda checked=False, do=do: do())
            iface.addPluginToMenu(self._menu, action)
        engine_notice.missing.connect(self.show_message)
        if iface.mainWindow().isVisible():  # the plugin was installed just now
            QTimer.singleShot(0, self.offer_once)
        else:
            iface.initializationCompleted.connect(self.offer_once)

    def unload(self) -> None:
        """Take everything away again."""
        engine_notice.missing.disconnect(self.show_message)
        for action in self._actions:
            self._iface.removePluginMenu(self._menu, action)
            action.deleteLater()
        if self._dialog is not None:
            self._dialog.cancel()
            self._dialog.close()
            self._dialog.deleteLater()
            self._dialog = None
        self.deleteLater()

    def show_setup(self) -> SetupDialog:
        """Show the dialog, the same one each time, and return it."""
        if self._dialog is None:
            self._dialog = SetupDialog(self._iface.mainWindow())
        self._dialog.refresh()
        self._dialog.show()
        self._dialog.raise_()
        self._dialog.activateWindow()
        return self._dialog

    def show_demo(self) -> None:
        """Load the demo scene and its polygons, and go there."""
        folder = data_folder() / "demo"
        try:
            layers = load_demo(folder)
        except OSError as err:
            text = tr("The demo could not be copied to {}: {}").format(folder, err)
            self._bar().pushMessage(tr("Land cover"), text, Qgis.MessageLevel.Warning, 0)
            return
        _, train, scene = layers
        self._iface.setActiveLayer(scene)
        self._iface.zoomToActiveLayer()
        self._iface.setActiveLayer(train)  # which dialogs then suggest

    def offer_once(self) -> None:
        """Show the dialog where there is no engine and it was never offered; nothing is run."""
        if QApplication.activeModalWidget() is not None:  # the plugin manager: ours would lie below
            QTimer.singleShot(_LOOK_AGAIN_MS, self.offer_once)
            return
        settings = QgsSettings()
        chosen = os.environ.get(VARIABLE, "").strip() or settings.value(SETTING, "")
        if chosen or state().folder is not None:
            return
        if not settings.value(OFFERED, False, type=bool):
            settings.setValue(OFFERED, True)
            self.show_setup()

    def show_message(self) -> None:
        """Say that the engine is missing, where the user looks, with a button to set it up."""
        bar = self._bar()
        text = tr("The engine is not installed yet: set it up once.")
        message = QgsMessageBar.createMessage(tr("Land cover"), text)
        button = QPushButton(tr("Set up the engine"))
        button.clicked.connect(lambda: self.show_setup())
        message.layout().addWidget(button)
        bar.pushWidget(message, Qgis.MessageLevel.Warning, 0)

    def _bar(self) -> QgsMessageBar:
        """Return the message bar of the algorithm's dialog that is in front, else QGIS's own."""
        bar = getattr(QApplication.activeWindow(), "messageBar", None)
        found = bar() if callable(bar) else None
        return found if isinstance(found, QgsMessageBar) else self._iface.messageBar()
