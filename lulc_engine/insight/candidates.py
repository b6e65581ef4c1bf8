"""Finding what is to be compared: models, their metrics and their predictions."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lulc_engine.errors import DataError, LulcError, ModelFileError
from lulc_engine.feedback import Feedback
from lulc_engine.insight.answers import Answers, read_answers
from lulc_engine.models.model_file import read_card
from lulc_engine.runs.record import WRITTEN, Record, model_of, read_record

_KINDS = {".safetensors": "model", ".json": "metrics", ".npz": "predictions"}
_HINT = "Give model files (.safetensors), metrics (.json), predictions (.npz) or a folder of them."
_NEEDED = ("overall_accuracy", "macro_f1", "classes", "reference")
_HEADLINES = ("test", "validation")


@dataclass
class Candidate:
    """One model, or the scores of one.

    Attributes:
        name: unique among all that are compared.
        files: paths by kind: model, metrics, predictions.
        metrics: the metrics object that is compared.
        source: where it is from: metrics, model or predictions.
        card: the model card, None where there is no model file.
        answers: per patch, None where there are no predictions.
        record: of the run folder, None for files that are not in one.
        folder: the run folder.
    """

    name: str
    files: dict[str, Path]
    metrics: dict[str, Any]
    source: str
    card: dict[str, Any] | None = None
    answers: Answers | None = None
    record: Record | None = None
    folder: Path | None = None

    @property
    def path(self) -> Path:
        """The file that stands for it: the model where there is one."""
        return next(self.files[kind] for kind in _KINDS.values() if kind in self.files)

    @property
    def split(self) -> str | None:
        """The split that the scores are of; None for a reference of its own."""
        split: str | None = self.metrics["reference"].get("split")
        return split

    @property
    def optimistic(self) -> bool:
        """Whether the scores are of samples that took part in making the model."""
        return bool(self.metrics["reference"].get("optimistic"))


@dataclass
class _Group:
    """Files that belong to one model."""

    folder: Path
    stem: str
    files: dict[str, Path] = field(default_factory=dict)
    record: Record | None = None


@dataclass(frozen=True)
class Unfinished:
    """A run folder without final scores.

    Attributes:
        name: of the folder.
        status: see `runs.record.read_record`.
        epochs: that it reached.
        started: date and time.
    """

    name: str
    status: str
    epochs: int
    started: str

    def __str__(self) -> str:
        epochs = f"{self.epochs} epoch{'' if self.epochs == 1 else 's'}"
        return f"The run {self.name} has no final scores: {self.status} after {epochs}."


def find_candidates(
    paths: Sequence[str], feedback: Feedback
) -> tuple[list[Candidate], list[Unfinished]]:
    """Return what the paths name, in their order, that of names in a folder.

    A run folder is one model, with the files that its training put into it. Other files of one name
    in one folder belong together (``a.safetensors``, ``a.json``, ``a.npz``); in a folder that is
    searched also those of different names, where there is one of each kind. Scores are those in the
    metrics file, else those in the model card, the test's before validation's, else those of the
    predictions.

    Raises:
        DataError: a path does not exist, is none of this or has no scores.
        ModelFileError: a named file is not a usable model file.
    """
    found: list[Candidate] = []
    unfinished: list[Unfinished] = []
    searched = {Path(text) for text in paths if Path(text).is_dir()}
    for group in _unique(_groups(paths)):
        feedback.check()
        if group.record is not None and "metrics" not in group.files:
            unfinished.append(_unfinished(group.folder, group.record))
            feedback.warning(f"Left out: {unfinished[-1]}")
            continue
        by_search = any(folder in (group.folder, *group.folder.parents) for folder in searched)
        try:
            found.append(_read(group))
        except LulcError as err:
            if not by_search:
                raise
            feedback.warning(f"Left out: {err}")
    if found:
        _name(found)
    return found, unfinished


def _groups(paths: Sequence[str]) -> list[_Group]:
    groups: list[_Group] = []
    for text in paths:
        path = Path(text)
        if path.is_dir():
            groups += _search(path)
        elif not path.exists():
            raise DataError(f"{text} does not exist.", _HINT)
        elif path.suffix.lower() not in _KINDS:
            raise DataError(f"{text} is neither a model nor metrics or predictions.", _HINT)
        else:
            _put(groups, path)
    return groups


def _unique(groups: Sequence[_Group]) -> Iterator[_Group]:
    """Yield groups once, that may have been named and found in a folder as well."""
    known: set[frozenset[Path]] = set()
    for group in groups:
        files = frozenset(path.resolve() for path in (group.folder, *group.files.values()))
        if files not in known:
            known.add(files)
            yield group


def check_number(found: Sequence[Candidate], filtered: bool) -> None:
    """Refuse to compare fewer than two.

    Args:
        found: what is to be compared.
        filtered: whether FILTER has left others out.

    Raises:
        DataError: see above.
    """
    if len(found) < 2:
        count = "one model" if found else "no model"
        if filtered:
            raise DataError(f"FILTER leaves {count}; a comparison needs two.", "Ask for less.")
        raise DataError(f"There is {count} with scores; a comparison needs two.", _HINT)


def _search(folder: Path) -> list[_Group]:
    """Return the groups in a folder, searched in depth; hidden folders are left out."""
    groups: list[_Group] = []
    for root, folders, names in os.walk(folder):
        record = read_record(Path(root))
        if record is not None:
            groups.append(_run_group(Path(root), record))
            folders.clear()  # its checkpoints are no models of their own
            continue
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        paths = [Path(root) / name for name in sorted(names) if not name.startswith(".")]
        paths = [path for path in paths if path.suffix.lower() in _KINDS]
        paths = [path for path in paths if path.suffix.lower() != ".json" or _is_metrics(path)]
        kinds = [_KINDS[path.suffix.lower()] for path in paths]
        if len(set(kinds)) == len(kinds) > 0:  # one run
            groups.append(_Group(Path(root), paths[0].stem, dict(zip(kinds, paths, strict=True))))
            continue
        here: list[_Group] = []
        for path in paths:
            _put(here, path)
        groups += here
    return groups


def _run_group(folder: Path, record: Record) -> _Group:
    """Return the files of a run folder; predictions of pixels answer for no independent samples."""
    of_patches = record.get("command") == "train-patches"
    files = {
        "model": model_of(folder, record),
        "metrics": folder / WRITTEN["metrics"],
        "predictions": folder / WRITTEN["predictions"] if of_patches else None,
    }
    there = {kind: path for kind, path in files.items() if path is not None and path.is_file()}
    return _Group(folder, folder.name, there, record)


def _unfinished(folder: Path, record: Record) -> Unfinished:
    return Unfinished(
        folder.name,
        str(record["status"]),
        int(record.get("epochs") or 0),
        str(record.get("started", "")),
    )


def _put(groups: list[_Group], path: Path) -> None:
    """Add a file to the group of its name, or begin one."""
    kind = _KINDS[path.suffix.lower()]
    for group in groups:
        if (group.folder, group.stem) == (path.parent, path.stem):
            group.files[kind] = path
            return
    groups.append(_Group(path.parent, path.stem, {kind: path}))


def _read(group: _Group) -> Candidate:
    card = read_card(group.files["model"]) if "model" in group.files else None
    answers = read_answers(group.files["predictions"]) if "predictions" in group.files else None
    by_split = dict((card or {}).get("lulc:scores") or {})
    split = next((name for name in _HEADLINES if name in by_split), None)
    if "metrics" in group.files:
        metrics, source = _read_metrics(group.files["metrics"]), "metrics"
    elif split is not None:
        metrics, source = by_split[split], "model"
    elif answers is not None:
        metrics, source = answers.metrics, "predictions"
    else:
        raise ModelFileError(
            f"{group.files['model']} records no scores.",
            "Assess it, or a map of it, and give the metrics file.",
        )
    if not _has_scores(metrics):
        raise ModelFileError(f"{group.files['model']} has scores of another form.", _HINT)
    folder = None if group.record is None else group.folder
    return Candidate("", group.files, metrics, source, card, answers, group.record, folder)


def _read_metrics(path: Path) -> dict[str, Any]:
    try:
        metrics = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as err:
        raise DataError(f"{path} cannot be read as metrics.", _HINT) from err
    if not _has_scores(metrics):
        raise DataError(f"{path} is not a metrics file.", "Give the METRICS of a run.")
    found: dict[str, Any] = metrics
    return found


def _is_metrics(path: Path) -> bool:
    try:
        _read_metrics(path)
    except DataError:
        return False
    return True


def _has_scores(metrics: Any) -> bool:
    if not isinstance(metrics, dict) or any(key not in metrics for key in _NEEDED):
        return False
    classes = metrics["classes"]
    has_classes = isinstance(classes, list) and all(
        isinstance(row, dict) and {"id", "name", "f1", "support"} <= set(row) for row in classes
    )
    return has_classes and isinstance(metrics["reference"], dict)


def _name(candidates: list[Candidate]) -> None:
    """Name candidates by their run folder or file, or by its folder where all have one name.

    Folders above are added to a name that another candidate would have as well.
    """
    paths = [
        item.folder.resolve().parts if item.folder else item.path.resolve().with_suffix("").parts
        for item in candidates
    ]
    if len({parts[-1] for parts in paths}) == 1:
        paths = [parts[:-1] for parts in paths]
    for item, own in zip(candidates, paths, strict=True):
        length = 1
        while length < len(own) and sum(own[-length:] == p[-length:] for p in paths) > 1:
            length += 1
        item.name = "/".join(own[-length:])
