"""What a training of a patch classifier keeps, and the file it goes on from."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from lulc_engine.errors import DataError

STATE_NAME = "state.safetensors"
_META = "training_state"
_KEPT = ("best", "lowest", "last")

Tensors = dict[str, Tensor]


@dataclass
class Snapshot:
    """The network after an epoch.

    Attributes:
        epoch: counted from 1; 0 while there is none.
        score: validation score by the recipe's metric, None without validation.
        loss: validation loss, None without validation.
        weights: parameters and buffers, on the processor.
    """

    epoch: int = 0
    score: float | None = None
    loss: float | None = None
    weights: Tensors = field(default_factory=dict)


@dataclass
class PatchFit:
    """The state of a training; survives a cancel.

    Attributes:
        best: highest validation score; among equals, and without validation, the latest.
        lowest: lowest validation loss, likewise.
        last: the latest.
        history: a row per epoch: epoch, loss, learning_rate, frozen, seconds, validation scores.
        notes: what a reader of the report must know.
        stopped_early: whether training ended before the last epoch.
    """

    best: Snapshot = field(default_factory=Snapshot)
    lowest: Snapshot = field(default_factory=Snapshot)
    last: Snapshot = field(default_factory=Snapshot)
    history: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    stopped_early: bool = False

    def keep(self, snapshot: Snapshot) -> None:
        """Let a new snapshot take the places it deserves."""
        self.last = snapshot
        if not _is_below(snapshot.score, self.best.score):
            self.best = snapshot
        if not _is_below(self.lowest.loss, snapshot.loss):
            self.lowest = snapshot


def take(network: nn.Module) -> Tensors:
    """Return a copy of a network's parameters and buffers on the processor."""
    return {name: value.detach().cpu().clone() for name, value in network.state_dict().items()}


def write_state(
    folder: Path, parts: dict[str, Tensors], values: dict[str, Any], fit: PatchFit
) -> None:
    """Write all that a training needs to go on; a half-written file never takes the place of one.

    Args:
        folder: made if missing.
        parts: tensors of network, optimiser and generators.
        values: JSON values of the same.
        fit: what was kept.
    """
    from safetensors.torch import save_file

    kept = {name: getattr(fit, name) for name in _KEPT}
    unique = {snapshot.epoch: snapshot for snapshot in kept.values()}
    stored = {f"{part}.{n}": t for part, tensors in parts.items() for n, t in tensors.items()}
    for epoch, snapshot in unique.items():
        stored |= {f"snapshot.{epoch}.{name}": value for name, value in snapshot.weights.items()}
    described = {
        **values,
        "kept": {
            name: {**dataclasses.asdict(dataclasses.replace(snapshot, weights={}))}
            for name, snapshot in kept.items()
        },
        "history": fit.history,
        "notes": fit.notes,
    }
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{STATE_NAME}.part"
    contiguous = {name: value.contiguous() for name, value in stored.items()}
    save_file(contiguous, part, metadata={_META: json.dumps(described)})
    part.replace(folder / STATE_NAME)


def read_state(folder: Path, fit: PatchFit) -> tuple[dict[str, Tensors], dict[str, Any]]:
    """Return parts and JSON values of `write_state`, and fill what was kept into ``fit``.

    Raises:
        DataError: there is no state, or it cannot be read.
    """
    from safetensors import SafetensorError, safe_open

    path = folder / STATE_NAME
    if not path.is_file():
        raise DataError(
            f"There is nothing to resume from: {path} does not exist.",
            "Name the folder of CHECKPOINTS of the earlier training, or leave RESUME out.",
        )
    try:
        with safe_open(path, framework="pt") as file:
            values: dict[str, Any] = json.loads(file.metadata()[_META])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        for name in _KEPT:
            setattr(fit, name, Snapshot(**values["kept"][name]))
        fit.history[:] = values["history"]
        fit.notes[:] = values["notes"]
    except (SafetensorError, OSError, ValueError, KeyError, TypeError) as err:
        raise DataError(
            f"The state of the earlier training, {path}, is damaged.", "Train from the start."
        ) from err
    parts: dict[str, Tensors] = {}
    for name, tensor in tensors.items():
        part, rest = name.split(".", 1)
        parts.setdefault(part, {})[rest] = tensor
    for name in _KEPT:
        snapshot = getattr(fit, name)
        prefix = f"{snapshot.epoch}."
        snapshot.weights = {
            n.removeprefix(prefix): value
            for n, value in parts.get("snapshot", {}).items()
            if n.startswith(prefix)
        }
    return parts, values


def _is_below(value: float | None, other: float | None) -> bool:
    """Return whether both were measured and the first is the lower one."""
    return value is not None and other is not None and value < other
