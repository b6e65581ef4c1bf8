"""Tells the desktop that a run found no engine, so that it can offer to set one up."""

from __future__ import annotations

from qgis.PyQt.QtCore import QObject, pyqtSignal


class EngineNotice(QObject):
    """``missing`` is emitted on the thread of the run; Qt carries it over to the desktop's."""

    missing = pyqtSignal()


engine_notice = EngineNotice()
