"""A scene for several threads: a dataset handle belongs to one thread."""

from __future__ import annotations

import threading

from lulc_engine.rasters.scene import Scene


class ThreadScenes:
    """Gives every thread a scene of its own, opened when it first asks.

    Args:
        scene: an open scene; stays that of the thread that makes this object, which closes it.
    """

    def __init__(self, scene: Scene) -> None:
        self._scene, self._local, self._lock = scene, threading.local(), threading.Lock()
        self._local.scene = scene
        self._opened: list[Scene] = []

    def here(self) -> Scene:
        """Return the calling thread's scene."""
        if not hasattr(self._local, "scene"):
            self._local.scene = self._scene.opened_again()
            with self._lock:
                self._opened.append(self._local.scene)
        mine: Scene = self._local.scene
        return mine

    def close(self) -> None:
        """Close what was opened; no thread may be reading."""
        while self._opened:
            self._opened.pop().close()
