"""Stopping the training of a segmenter after any epoch, and going on as if it had not stopped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from lulc_engine.training.fit import Trainer
from lulc_engine.training.provenance import describe_split, stable_options
from lulc_engine.training.same_training import check_same
from lulc_engine.training.session import Session
from lulc_engine.training.state_file import read_state, write_state


def save_state(session: Session, trainer: Trainer, folder: Path) -> None:
    """Leave in a folder of checkpoints all that the training needs to go on."""
    tensors, values = trainer.parts()
    values |= {"rng": session.rng.bit_generator.state, "training": _identity(session)}
    write_state(folder, tensors, values, session.fit)


def resume(session: Session, trainer: Trainer, folder: Path) -> None:
    """Go on from what `save_state` has left; the model is that of a training without a break.

    Args:
        session: as it is before its first epoch.
        trainer: of it.
        folder: of the checkpoints of the training that was stopped.

    Raises:
        DataError: there is nothing to go on from, or it is of other options or other data.
    """
    fit = session.fit
    tensors, values = read_state(folder, fit)
    data = ("files", "split")
    check_same(_identity(session), values["training"], folder.parent, data, "scenes or labels")
    for kept in (fit.best, fit.lowest, fit.last):
        kept.matrix = None if kept.matrix is None else np.asarray(kept.matrix, np.int64)
    trainer.restore(tensors, values)
    session.rng.bit_generator.state = values["rng"]
    session.started -= fit.history[-1]["seconds"]


def _identity(session: Session) -> dict[str, Any]:
    """Return what must be equal for a training to go on as if it had never stopped."""
    return {
        "options": stable_options(session.options),
        "files": session.files,
        "split": describe_split(session.dataset)["roles"],
    }
