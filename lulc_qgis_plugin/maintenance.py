"""Look after an environment that is there: say what it is, check it, move it, remove it."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from qgis.core import QgsProcessingException, QgsProcessingFeedback

from .engine_home import (
    DOWNLOADS,
    LOG,
    MARKER,
    PYTHONS,
    delete,
    locked,
    new_environment,
    outdated,
    python_in,
    read_record,
    recorded_folder,
    remove_leftovers,
    usable_home,
    write_record,
)
from .engine_source import ENGINE_VERSION, errors
from .environment import RECORD, Engine, data_folder, find_engine
from .run_history import FILE as SPEEDS
from .translation import tr
from .verification import classify_demo, verify


@dataclass(frozen=True)
class State:
    """What there is, found without running anything."""

    folder: Path | None  # of the environment that setupengine made
    device: str = ""
    engine: str = ""  # version that it was made for
    outdated: tuple[str, ...] = ()  # packages of other versions than this plugin wants

    def text(self) -> str:
        """Return it as a sentence."""
        if self.folder is None:
            return tr("The engine is not installed yet.")
        if self.device == "cuda":
            text = tr("The engine is installed in {}, for NVIDIA cards and the processor.")
        else:
            text = tr("The engine is installed in {}, for the processor.")
        text = text.format(self.folder)
        if not self.outdated:
            return text
        shown = ", ".join(self.outdated[:3]) + (" ..." if len(self.outdated) > 3 else "")
        other = tr("This plugin wants other versions of some packages ({}): update it.")
        return f"{text} {other.format(shown)}"


def state() -> State:
    """Return what there is."""
    folder, known = recorded_folder(), read_record()
    if folder is None or not os.path.exists(python_in(folder)):
        return State(None)
    device, engine = str(known.get("device", "")), str(known.get("engine", ""))
    return State(folder, device, engine, tuple(outdated(folder)))


def check(feedback: QgsProcessingFeedback) -> str:
    """Classify an image with the engine that is found; return its Python."""
    engine: Engine = find_engine()
    now = state()
    feedback.pushInfo(f"Engine {ENGINE_VERSION} in {engine.python} ({engine.origin})")
    if now.folder is not None:
        feedback.pushInfo(now.text())
    classify_demo(engine, feedback)
    return engine.python


def move(folder: str, feedback: QgsProcessingFeedback) -> str:
    """Move the environment into another folder, check it there and return its Python.

    Raises:
        EnvironmentFailure: there is none, or it does not fit or work there; it stays as it was.
        QgsProcessingException: it was cancelled; it stays as it was.
    """
    old, known = recorded_folder(), read_record()
    if old is None:
        raise errors.EnvironmentFailure("There is no environment to move.", "Install it first.")
    if not folder:
        raise errors.EnvironmentFailure("FOLDER is missing.", "Name the folder to move it to.")
    home, device = usable_home(folder), str(known.get("device", "cpu"))
    with locked(home):
        remove_leftovers(home, old)
        new, renamed = new_environment(home, device), False
        try:
            renamed = _rename(old, new)
            if not renamed:
                _copy(old, new, feedback)
            python = python_in(new)
            verify(python, new, device, feedback)
            write_record(python, device)
        except BaseException:
            if renamed:
                new.rename(old)
            else:
                delete(new)
            raise
    if not renamed:
        delete(old)
    feedback.pushInfo(f"The engine is now in {new}")
    return python


def remove(feedback: QgsProcessingFeedback) -> None:
    """Remove the environment, what earlier set-ups and runs left, and the note of it."""
    folder, home = recorded_folder(), data_folder()
    homes = {home} | ({folder.parent} if folder is not None else set())
    for place in homes:
        if not place.is_dir():
            continue
        with locked(place):
            remove_leftovers(place, None)
            shutil.rmtree(place / DOWNLOADS, ignore_errors=True)
            _forget(place / LOG)
    _forget(home / RECORD)
    _forget(home / SPEEDS)
    shutil.rmtree(home / PYTHONS, ignore_errors=True)
    if folder is not None and folder.exists():
        raise errors.EnvironmentFailure(
            f"{folder} could not be removed completely: a program still uses it.",
            "Close other QGIS windows and remove it again.",
        )
    feedback.pushInfo("The engine was removed." if folder else "There was no engine to remove.")


def _rename(old: Path, new: Path) -> bool:
    """Put an environment in the place of a new one on the same disk; return whether that worked."""
    if old.stat().st_dev != new.stat().st_dev:
        return False
    delete(new)
    try:
        old.rename(new)
    except OSError:  # Windows: a program uses it
        new.mkdir()
        shutil.copy2(old / MARKER, new / MARKER)
        return False
    return True


def _copy(old: Path, new: Path, feedback: QgsProcessingFeedback) -> None:
    """Copy an environment with its links; it finds itself again wherever it lies."""
    total = max(1, sum(len(names) for _, _, names in os.walk(old)))
    done = 0

    def copy_one(source: str, target: str) -> str:
        nonlocal done
        if feedback.isCanceled():
            raise QgsProcessingException("Moving was cancelled.")
        done += 1
        if done % 200 == 0:
            feedback.setProgress(90 * done / total)
        return str(shutil.copy2(source, target))

    feedback.setProgressText(f"Moving {old} to {new}")
    try:
        shutil.copytree(old, new, symlinks=True, dirs_exist_ok=True, copy_function=copy_one)
    except (OSError, shutil.Error) as err:
        raise errors.EnvironmentFailure(
            f"The environment could not be copied to {new} ({str(err)[:200]}).",
            "Choose another FOLDER.",
        ) from err


def _forget(path: Path) -> None:
    if path.exists():
        path.unlink()
