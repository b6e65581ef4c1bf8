"""What a training on patches leaves in its run folder."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lulc_engine.models.model_file import SUFFIXES, read_card
from lulc_engine.outputs import Outputs, friendly_write_errors
from lulc_engine.runs.folder import BEST_LOSS, BEST_METRIC, LAST, Run
from lulc_engine.runs.record import PREDICTIONS
from lulc_engine.training.patch_provenance import describe_patch_files
from lulc_engine.training.patch_publish import CHECKPOINTS as KEPT
from lulc_engine.training.patch_publish import Trained, write_unscored
from lulc_engine.training.patch_scores import write_predictions
from lulc_engine.training.patch_session import PatchSession
from lulc_engine.training.provenance import versions

# The checkpoint that becomes MODEL, by KEEP.
_KEPT_AS = {"metric": BEST_METRIC, "loss": BEST_LOSS, "last": LAST}


def describe_run(run: Run, session: PatchSession) -> None:
    """Write how to repeat the run; a band study has recipes of its own for each set."""
    options = session.options
    facts: dict[str, Any] = {
        "recipe": dataclasses.asdict(session.recipe),
        "data": describe_patch_files(options, session.patches),
        "versions": versions(),
    }
    if not options.band_sets:
        run.describe(options, facts)


def keep_patch_epoch(session: PatchSession, run: Run, folder: Path | None) -> None:
    """Leave what an epoch has reached in the run folder: scores, curves and model files.

    Args:
        session: of the training.
        run: the run folder.
        folder: of its checkpoints.
    """
    if run.folder is None or folder is None:
        return
    fit = session.fit
    run.after_epoch(fit.history, session.kept.epoch, session.patches.legend.names)
    for name, attribute in KEPT.items():
        kept = getattr(fit, attribute)
        if kept.epoch == fit.last.epoch:
            write = functools.partial(write_unscored, session=session, kept=kept)
            run.write_checkpoint(folder / f"{name}{SUFFIXES[0]}", write)


def finish_run(
    run: Run,
    outputs: Outputs,
    parts: Mapping[str, Path],
    trained: Trained,
    folder: Path | None,
    result: Mapping[str, Any],
) -> None:
    """Add the results of a training that is over to the outputs of the run.

    Args:
        run: the run folder.
        outputs: published together with all other files.
        parts: temporary paths of the outputs that the options name.
        trained: the training whose network became MODEL.
        folder: of its checkpoints.
        result: of the command.
    """
    session, scored = trained.session, trained.scored
    legend = session.patches.legend
    if run.folder is None or folder is None:
        return
    if session.options.band_sets:  # the last set need not be the one that was kept
        run.after_epoch(session.fit.history, session.kept.epoch, legend.names)
    if scored.test is not None and "predictions" not in parts:
        part = outputs.stage(run.folder / PREDICTIONS)
        with friendly_write_errors(part):
            write_predictions(part, scored.test, legend, scored.thresholds)
    model_file = folder / f"{_KEPT_AS[session.options.keep]}{SUFFIXES[0]}"
    end = {
        "metrics": result["scores"],
        "split": result["split"],
        "card": read_card(parts["model"]),
        "model_sha256": result["model_sha256"],
        "model_file": model_file.relative_to(run.folder).as_posix(),
        "interrupted": trained.interrupted,
    }
    run.finish(outputs, parts, end, legend)
