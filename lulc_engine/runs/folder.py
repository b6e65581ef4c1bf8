"""The folder that a training keeps about itself while it runs, readable whenever one looks in.

Every file is replaced in one step. A run that fails, is cancelled or is killed leaves what it had
reached, and ``run.json`` says what became of it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from lulc_engine.errors import Cancelled, DataError, EnvironmentFailure, LulcError, OptionsError
from lulc_engine.feedback import Feedback
from lulc_engine.leftovers import this_host
from lulc_engine.options import Options
from lulc_engine.outputs import Outputs, friendly_write_errors
from lulc_engine.protocol import to_json
from lulc_engine.rasters.legend import Legend
from lulc_engine.runs import record as names
from lulc_engine.runs.config import command_text, config_of
from lulc_engine.runs.epochs import epochs_table

FORMAT_VERSION = 1
# Checkpoints: the model files of the best network by score, the best by loss, and the last.
BEST_METRIC, BEST_LOSS, LAST = "best_metric", "best_loss", "last"
_ENDED_EARLY = (names.FAILED, names.CANCELLED, names.KILLED)

Given = TypeVar("Given", bound=Options)


class Run:
    """What a training tells its run folder. This one is for trainings without: nothing happens."""

    folder: Path | None = None

    @property
    def checkpoints(self) -> Path | None:
        """The folder of model files."""
        return None if self.folder is None else self.folder / names.CHECKPOINTS

    def watched(self, feedback: Feedback) -> Feedback:
        """Return a feedback whose messages the log gets too."""
        return feedback

    def with_outputs(self, options: Given) -> Given:
        """Return options whose outputs are in the folder unless they name another place."""
        return options

    def describe(self, options: Options, facts: Mapping[str, Any]) -> None:
        """Write how to repeat the run.

        Args:
            options: with what the engine has decided.
            facts: what else decides about the model: recipe, data, versions.
        """

    def after_epoch(
        self, history: Sequence[Mapping[str, Any]], best_epoch: int, class_names: Sequence[str]
    ) -> None:
        """Write table and curves of the epochs so far."""

    def write_checkpoint(self, path: Path, write: Callable[[Path], object]) -> None:
        """Replace a model file in the folder by the one that ``write`` makes."""

    def finish(self, outputs: Outputs, parts: Mapping[str, Path], end: Mapping[str, Any],
               legend: Legend) -> None:  # fmt: skip
        """Add the results to the outputs of the run.

        Args:
            outputs: published together with all other files of the run.
            parts: temporary paths of the outputs that the options name.
            end: ``metrics`` (the metrics object of the headline), ``split``, ``card``,
                ``model_sha256``, ``model_file`` (below the folder) and ``interrupted``.
            legend: the classes.
        """


class RunFolder(Run):
    """The run folder of one training.

    Args:
        folder: exists.
        command: train-segmenter or train-patches.
        options: as they were given.
        before: the record of the run that is resumed, or None.
    """

    def __init__(
        self, folder: Path, command: str, options: Options, before: names.Record | None
    ) -> None:
        self.folder: Path = folder
        self._command, self._options, self._before = command, options, before
        self._log = _read_lines(folder / names.LOG) if before else []
        self._end: dict[str, Any] = {}
        now = _now()
        self._record: names.Record = {
            "format": FORMAT_VERSION,
            "command": command,
            "status": names.RUNNING,
            "message": "",
            "started": before["started"] if before else now,
            "resumed": [*before.get("resumed", []), now] if before else [],
            "updated": now,
            "epochs": before.get("epochs", 0) if before else 0,
            "best_epoch": before.get("best_epoch") if before else None,
            "seed": getattr(options, "seed", None),
            "model_file": before.get("model_file") if before else None,
            "process": {"host": this_host(), "id": os.getpid()},
        }
        with friendly_write_errors(folder):
            (folder / names.CHECKPOINTS).mkdir(exist_ok=True)
        if before is None:  # a run that goes on has described itself
            self.describe(options, {})
        self._update()
        self.log(f"{'Resumed' if before else 'Started'}: {command}")

    def watched(self, feedback: Feedback) -> Feedback:
        return _Watched(feedback, self)

    def with_outputs(self, options: Given) -> Given:
        missing = [name for name in names.ALWAYS_WRITTEN if not getattr(options, name)]
        places = {name: str(self.folder / names.WRITTEN[name]) for name in missing}
        if hasattr(options, names.CHECKPOINTS):
            places[names.CHECKPOINTS] = str(self.checkpoints)
        return dataclasses.replace(options, **places)

    def describe(self, options: Options, facts: Mapping[str, Any]) -> None:
        config = config_of(self._command, options, facts)
        names.write_file(self.folder / names.CONFIG, to_json(config, indent=1) + "\n")
        text = command_text(self._command, self.folder / names.CONFIG)
        names.write_file(self.folder / names.COMMAND, text + "\n")

    def log(self, text: str) -> None:
        """Add a line to the log."""
        self._log.append(f"{_now()}  {text}")
        names.write_file(self.folder / names.LOG, "\n".join(self._log) + "\n")

    def after_epoch(
        self, history: Sequence[Mapping[str, Any]], best_epoch: int, class_names: Sequence[str]
    ) -> None:
        from lulc_engine.runs.pictures import curves

        names.write_file(self.folder / names.EPOCHS, epochs_table(history, class_names))
        names.write_file(self.folder / names.CURVES, curves(history, best_epoch))
        row = history[-1]
        self.log(f"Epoch {row['epoch']}: {_in_words(row)}")
        self._update(epochs=len(history), best_epoch=best_epoch or None)

    def write_checkpoint(self, path: Path, write: Callable[[Path], object]) -> None:
        with Outputs() as outputs:
            write(outputs.stage(path))
        if path.stem == BEST_METRIC:
            self._record["model_file"] = path.relative_to(self.folder).as_posix()

    def finish(self, outputs: Outputs, parts: Mapping[str, Path], end: Mapping[str, Any],
               legend: Legend) -> None:  # fmt: skip
        from lulc_engine.runs.pictures import result_pictures

        for name, part in parts.items():
            own = self.folder / names.WRITTEN.get(name, "")
            written = os.path.abspath(getattr(self._options, name) or own)
            if own != self.folder and written != str(own):
                with friendly_write_errors(own):
                    shutil.copyfile(part, outputs.stage(own))
        for name, text in result_pictures(end["metrics"], legend).items():
            outputs.write_text(self.folder / name, text)
        metrics, card = end["metrics"], end["card"]
        scores = ("overall_accuracy", "kappa", "mean_iou", "macro_f1")
        self._end = {
            "status": names.INTERRUPTED if end["interrupted"] else names.COMPLETE,
            "architecture": card["mlm:architecture"],
            "model_file": end["model_file"],
            "model_sha256": end["model_sha256"],
            "split": end["split"],
            "scores": {name: metrics[name] for name in scores},
            "best_epoch": card["lulc:training"]["best_epoch"],
            "duration_s": card["run"]["duration_s"],
        }

    def close(self, error: BaseException | None) -> None:
        """Say what became of the run."""
        if error is None:
            self.log(f"Ended: {self._end.get('status', names.COMPLETE)}")
            self._update(**{"status": names.COMPLETE, **self._end})
            return
        cancelled = isinstance(error, (Cancelled, KeyboardInterrupt))
        known = (
            error.message if isinstance(error, LulcError) else f"{type(error).__name__}: {error}"
        )
        self.log(f"Ended: {known}")
        if self._before is not None and self._before.get("epochs", 0) == self._record["epochs"]:
            self._update(**self._before)  # it could not be gone on with, and is what it was
            return
        self._update(status=names.CANCELLED if cancelled else names.FAILED, message=known)

    def _update(self, **values: Any) -> None:
        self._record |= {**values, "updated": _now()}
        names.write_record(self.folder, self._record)


class _Watched(Feedback):
    """Another feedback, whose messages a log gets too."""

    def __init__(self, whole: Feedback, run: RunFolder) -> None:
        self._whole, self._run = whole, run
        self._cancelled = whole._cancelled

    def progress(self, fraction: float | None, text: str = "") -> None:
        self._whole.progress(fraction, text)

    def info(self, text: str) -> None:
        self._run.log(text)
        self._whole.info(text)

    def warning(self, text: str) -> None:
        self._run.log(f"Warning: {text}")
        self._whole.warning(text)

    def metric(self, name: str, **values: Any) -> None:
        self._whole.metric(name, **values)


@contextlib.contextmanager
def open_run(command: str, options: Options, resume: bool = False) -> Iterator[Run]:
    """Make the run folder that the options name, and say in it how the run ended.

    Args:
        command: train-segmenter or train-patches.
        options: with ``run_folder``; '' for no folder.
        resume: whether to go on with the run in it.

    Raises:
        OptionsError: the folder holds something that must not be overwritten.
        DataError: it is to be resumed and holds no run.
        EnvironmentFailure: it cannot be made.
    """
    given = str(getattr(options, "run_folder", ""))
    if not given:
        yield Run()
        return
    folder = Path(os.path.abspath(given))
    before = _check(folder, given, resume, hasattr(options, "resume"))
    with friendly_write_errors(folder):
        folder.mkdir(exist_ok=True)
    run = RunFolder(folder, command, options, before)
    try:
        yield run
    except BaseException as err:
        with contextlib.suppress(LulcError):  # what went wrong first is what must be told
            run.close(err)
        raise
    run.close(None)


def _check(folder: Path, given: str, resume: bool, can_resume: bool) -> names.Record | None:
    """Return the record of the run that is resumed, None for a new one."""
    if not folder.parent.is_dir():
        raise EnvironmentFailure(
            f"The folder {folder.parent} does not exist.", "Make it, or choose another."
        )
    if folder.exists() and not folder.is_dir():
        raise OptionsError(f"The run folder {given} is a file.", "Name a folder to make.")
    record = names.read_record(folder)
    if record is not None and names.surely_runs(record):
        raise OptionsError(f"A training is running in the run folder {given}.", "Name another one.")
    if resume:
        if record is None:
            raise DataError(
                f"There is nothing to resume from: {given} holds no run.",
                "Name the run folder of the earlier training, or leave RESUME out.",
            )
        return record
    nothing_lost = record and record["status"] in _ENDED_EARLY and not record.get("epochs")
    if folder.is_dir() and any(folder.iterdir()) and not nothing_lost:
        holds = f"a run that is {record['status']}" if record else "other files"
        cure = ", or go on with that run with RESUME" if record and can_resume else ""
        raise OptionsError(
            f"The run folder {given} is not empty: it holds {holds}.", f"Name another one{cure}."
        )
    return None


def _in_words(row: Mapping[str, Any]) -> str:
    """Return loss and validation scores of an epoch in a line."""
    validation = {k: v for k, v in (row.get("validation") or {}).items() if isinstance(v, float)}
    parts = [f"loss {row['loss']:.4f}", *(f"validation {k} {v:.4f}" for k, v in validation.items())]
    return ", ".join(parts)


def _read_lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return []


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
