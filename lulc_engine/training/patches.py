"""The command ``train-patches``: from labelled patches to a model file and a report."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import time
from pathlib import Path
from typing import Any

from lulc_engine.devices import choose_device, use_threads
from lulc_engine.errors import Cancelled, DataError, OptionsError
from lulc_engine.feedback import Feedback
from lulc_engine.options import TrainPatchesOptions, option_name
from lulc_engine.outputs import Outputs
from lulc_engine.rasters.files import gdal_settings
from lulc_engine.rasters.given_legend import with_given
from lulc_engine.runs.folder import Run, open_run
from lulc_engine.samples.chips import ChipStore
from lulc_engine.samples.patches.patch_set import PatchSet
from lulc_engine.samples.patches.sources import open_patches
from lulc_engine.samples.split import TEST
from lulc_engine.training.band_study import study_bands
from lulc_engine.training.band_table import StudyRow
from lulc_engine.training.patch_intervals import add_intervals
from lulc_engine.training.patch_publish import (
    TRAIN_ONLY,
    Trained,
    finish,
    publish,
    stage_checkpoints,
    write_checkpoints,
)
from lulc_engine.training.patch_report import COMMAND, patch_warnings
from lulc_engine.training.patch_run import describe_run, finish_run, keep_patch_epoch
from lulc_engine.training.patch_session import Machine, fit_session, prepare_session
from lulc_engine.training.patch_testing import test_model
from lulc_engine.training.publish import MODEL, PREDICTIONS, SCORES, patch_inputs, stage

TEST_ONLY = "test"


def train_patches(options: TrainPatchesOptions, feedback: Feedback) -> dict[str, Any]:
    """Train a patch classifier, or test one, and write what the options name.

    Returns:
        Paths ``model report metrics table predictions``, the numbers ``overall_accuracy kappa
        mean_iou macro_f1`` of the test where there is one, else of validation (None where MODE
        train leaves a test alone, which could give better ones), ``split`` saying which,
        ``best_epoch``, ``model_sha256``, ``rejected``, the number of patches that were left out,
        and ``scores``, the metrics object.

    Raises:
        LulcError: see `errors`; nothing is written then.
        Cancelled: the run was cancelled. With KEEP_BEST the best model so far has been written.
    """
    _check_options(options)
    if options.mode == TEST_ONLY:
        return test_model(options, feedback)
    started = time.monotonic()
    with (
        open_run(COMMAND, options, options.resume) as run,
        gdal_settings(),
        Outputs(patch_inputs(options)) as outputs,
        contextlib.closing(ChipStore()) as store,
    ):
        feedback = run.watched(feedback)
        options = run.with_outputs(options)
        parts = stage(options, outputs, {**MODEL, **SCORES, **PREDICTIONS})
        feedback.progress(0.0, "Loading PyTorch")
        machine = Machine(choose_device(options.device), use_threads(options.threads), started)
        patches = open_patches(options, feedback.part(0.0, 0.1), store)
        patches = dataclasses.replace(patches, legend=with_given(patches.legend, options.legend))
        _check_predictions(options, patches)
        for text in patch_warnings(patches, options):
            feedback.warning(text)
        trainer = _Trainer(machine, outputs, run)
        part = feedback.part(0.1, 0.97)
        rows: list[StudyRow] = []
        if options.band_sets:
            best, rows = study_bands(options, patches, trainer, store, part)
        else:
            folder = Path(options.checkpoints) if options.checkpoints else None
            best = trainer(options, patches, folder, options.resume, part)
        result = publish(options, best, rows, parts, feedback)
        if run.folder is not None:
            finish_run(run, outputs, parts, best, trainer.folders[id(best.session)], result)
    if best.interrupted:
        raise Cancelled(f"The run was cancelled; the best model so far is in {options.model}.")
    feedback.progress(1.0, "Done")
    return result


class _Trainer:
    """Trains one network and writes its checkpoints; see `band_study.Train`.

    Attributes:
        folders: of checkpoints, by the id of the session.
    """

    def __init__(self, machine: Machine, outputs: Outputs, run: Run) -> None:
        self._machine, self._outputs, self._run = machine, outputs, run
        self.folders: dict[int, Path | None] = {}

    def __call__(
        self,
        options: TrainPatchesOptions,
        patches: PatchSet,
        folder: Path | None,
        resume: bool,
        feedback: Feedback,
    ) -> Trained:
        session = prepare_session(options, patches, self._machine)
        self.folders[id(session)] = folder
        parts = {} if folder is None else stage_checkpoints(session, folder, resume, self._outputs)
        describe_run(self._run, session)
        interrupted = False
        watch = functools.partial(keep_patch_epoch, session, self._run, folder)
        try:
            fit_session(session, folder, resume, feedback.part(0.0, 0.95), watch)
            feedback.progress(0.95, "Scoring the best network")
            trained = finish(session, interrupted, feedback)
        except Cancelled:
            if not options.keep_best or session.kept.epoch == 0:
                raise
            interrupted = True
            trained = finish(session, interrupted, feedback)
        add_intervals(trained)
        write_checkpoints(trained, parts)
        return trained


def _check_predictions(options: TrainPatchesOptions, patches: PatchSet) -> None:
    """Refuse to promise predictions of a test that there is not."""
    if options.predictions and not len(patches.indices(TEST)):
        raise DataError(
            "There are no test patches to write PREDICTIONS of.",
            "Hold some back with TEST_SHARE, or leave PREDICTIONS out.",
        )


def _check_options(options: TrainPatchesOptions) -> None:
    """Refuse options that contradict each other, before any file is read."""
    if options.mode == TEST_ONLY:
        trains = ("band_sets", "checkpoints", "legend", "resume", "run_folder")
        wrong = [name for name in trains if getattr(options, name)]
        if wrong:
            names = ", ".join(option_name(name) for name in wrong)
            raise OptionsError(f"{names} cannot be used with --mode test.", "It trains nothing.")
    if options.checkpoints and options.run_folder:
        raise OptionsError(
            "--checkpoints and --run-folder are two places for the same files.",
            "Leave --checkpoints out: the run folder holds them.",
        )
    if options.resume and not (options.checkpoints or options.run_folder):
        raise OptionsError(
            "--resume needs --checkpoints or --run-folder.",
            "Name the folder of the earlier training.",
        )
    if options.predictions and options.mode == TRAIN_ONLY:
        raise OptionsError(
            "--predictions are of the test, which --mode train leaves out.",
            "Choose --mode train_test.",
        )
