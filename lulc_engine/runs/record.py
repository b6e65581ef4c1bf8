"""What a run folder says about itself: ``run.json``, and where in the folder things lie.

Standard library only: a list of runs must not load a network's library.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from lulc_engine.leftovers import is_running, this_host
from lulc_engine.outputs import Outputs
from lulc_engine.protocol import to_json

RECORD = "run.json"
CONFIG, COMMAND, LOG = "config.json", "command.txt", "log.txt"
EPOCHS, CURVES = "epochs.csv", "curves.svg"
CONFUSION, TOGETHER, CLASS_SCORES = "confusion.svg", "cooccurrence.svg", "class_scores.svg"
PREDICTIONS, CHECKPOINTS = "predictions.npz", "checkpoints"
# What options of a training name, and its name in the folder.
WRITTEN = {
    "report": "report.html",
    "metrics": "metrics.json",
    "table": "scores.csv",
    "predictions": PREDICTIONS,
}
ALWAYS_WRITTEN = ("report", "metrics", "table")  # predictions are of a test, if there is one
REPEATED = "repeated.safetensors"

RUNNING, COMPLETE = "running", "complete"
INTERRUPTED, CANCELLED, FAILED, KILLED = "interrupted", "cancelled", "failed", "killed"

Record = dict[str, Any]


def read_record(folder: Path) -> Record | None:
    """Return the record of a run, None where there is none that can be read.

    ``status`` is running, complete, interrupted (cancelled, the best model until then was kept),
    cancelled, failed, or killed: a run that still says running although its process on this
    machine is gone.
    """
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        status, process = record["status"], record["process"]
        gone = process["host"] == this_host() and not is_running(int(process["id"]))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    if status == RUNNING and gone:
        record["status"] = KILLED
    found: Record = record
    return found


def surely_runs(record: Record) -> bool:
    """Return whether the process of a run is there; of another machine nobody can tell.

    Nor on Windows, where asking would end it: who resumes a run there knows that it has stopped.
    """
    process = record["process"]
    here = os.name != "nt" and process["host"] == this_host()
    return bool(record["status"] == RUNNING and here and is_running(int(process["id"])))


def write_record(folder: Path, record: Record) -> None:
    """Write the record of a run in one step; what was there stays if it cannot be written."""
    write_file(folder / RECORD, to_json(record, indent=1) + "\n")


def write_file(path: Path, text: str) -> None:
    """Write a text file in one step, so that whoever looks in meanwhile finds a whole one."""
    with Outputs() as outputs:
        outputs.write_text(path, text)


def model_of(folder: Path, record: Record) -> Path | None:
    """Return the checkpoint that is the run's model, None where it has none yet."""
    name = record.get("model_file")
    path = folder / str(name)
    return path if name and path.is_file() else None
