"""How long earlier runs took on this computer, kept so that the next one can be foreseen.

One small JSON file in `environment.data_folder`, shared by all profiles. Losing it loses nothing
but estimates, so whatever is wrong with it is passed over.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import tempfile
from collections.abc import Mapping
from typing import Any

from .algorithms.parameters import option_fields
from .engine_source import options
from .environment import data_folder

FILE = "speeds.json"
SEGMENTERS = "train-segmenter"
# What decides how long an epoch takes, apart from the amount of data.
DECIDE_AN_EPOCH = (
    "ARCHITECTURE", "ENCODER", "RECIPE", "BATCH_SIZE", "WINDOW_PX", "PATCH_PX", "RESIZE_PX",
    "DEVICE", "THREADS",
)  # fmt: skip
_MACHINE = ("device", "threads", "runtime", "precision")
_KEPT = 12  # runs of one kind


def classifying_kind(network: str, given: Mapping[str, Any]) -> str:
    """Return what decides the speed of a classification.

    Args:
        network: see `lulc_engine.speed.network_name`.
        given: options by field name.
    """
    return "|".join(["classify", network, *(str(given.get(name)) for name in _MACHINE)])


def training_kind(command: str, given: Mapping[str, Any]) -> str:
    """Return what decides the speed of a training, apart from its data.

    Args:
        command: of the engine.
        given: options by field name; what is left out counts as the default.
    """
    is_segmenter = command == SEGMENTERS
    fields = option_fields(options.TrainSegmenterOptions if is_segmenter else
                           options.TrainPatchesOptions)  # fmt: skip
    words = [command]
    for name in DECIDE_AN_EPOCH:
        value = given.get(name.lower())
        if value in (None, "") and name in fields:
            value = fields[name].default
        words.append("" if value is None else str(value))
    return "|".join(words)


def remember(kind: str, work: float, before_s: float, work_s: float) -> None:
    """Keep what a run took.

    Args:
        kind: what decides the speed: command, network, device.
        work: how much was done, in the unit of the kind: windows or epochs.
        before_s: seconds that it takes whatever the amount of work.
        work_s: seconds of the work itself.
    """
    if not (work > 0 and work_s >= 0 and math.isfinite(work_s + before_s)):
        return
    with contextlib.suppress(OSError):
        runs = _read()
        runs[kind] = [*runs.get(kind, []), [work, before_s, work_s]][-_KEPT:]
        _write(runs)


def remember_training(command: str, given: Mapping[str, Any], speed: Mapping[str, Any]) -> None:
    """Keep what a training took, where its epochs were timed (`worker.WorkerResult`)."""
    if speed:
        kind = training_kind(command, given)
        remember(kind, speed["epochs"], speed["before_s"], speed["epochs_s"])


def foreseen_s(kind: str, work: float) -> float | None:
    """Return the seconds that a run will take; None where no earlier one is known.

    The earlier run of the most similar size decides, among equals the latest: large scenes are
    computed in another precision than small ones.
    """
    known = [run for run in _read().get(kind, []) if _is_run(run)]
    if not known or work <= 0:
        return None
    done, before_s, work_s = min(reversed(known), key=lambda run: abs(math.log(work / run[0])))
    return float(before_s + work_s * work / done)


def _is_run(run: Any) -> bool:
    return (
        isinstance(run, list)
        and len(run) == 3
        and all(isinstance(value, (int, float)) and math.isfinite(value) for value in run)
        and run[0] > 0
    )


def _read() -> dict[str, list[Any]]:
    try:
        content = json.loads((data_folder() / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    rows = content.items() if isinstance(content, dict) else ()
    return {str(kind): runs for kind, runs in rows if isinstance(runs, list)}


def _write(runs: dict[str, list[Any]]) -> None:
    home = data_folder()
    home.mkdir(parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(prefix=f".{FILE}.", dir=home)
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        json.dump(runs, stream, indent=0)
    os.replace(part, home / FILE)
