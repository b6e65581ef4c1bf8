"""The file that a training goes on from: all that is not to be found in its options and data."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from torch import Tensor

from lulc_engine.errors import DataError
from lulc_engine.outputs import friendly_write_errors

STATE_NAME = "state.safetensors"
_META = "training_state"
_KEPT = ("best", "lowest", "last")

Tensors = dict[str, Tensor]


class Progress(Protocol):
    """What a training has reached.

    Attributes:
        best: a dataclass with ``epoch`` and ``weights``, else of JSON values and arrays.
        lowest: likewise.
        last: likewise.
        history: a row per epoch, of JSON values.
        notes: what a reader of the report must know.
    """

    best: Any
    lowest: Any
    last: Any
    history: list[dict[str, Any]]
    notes: list[str]


def write_state(
    folder: Path, parts: dict[str, Tensors], values: dict[str, Any], fit: Progress
) -> None:
    """Write all that a training needs to go on; a half-written file never takes the place of one.

    Args:
        folder: made if missing.
        parts: tensors of network, optimiser and generators.
        values: JSON values of the same.
        fit: what was kept.

    Raises:
        EnvironmentFailure: the folder cannot be written to, or the disk is full.
    """
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    kept = {name: getattr(fit, name) for name in _KEPT}
    unique = {snapshot.epoch: snapshot for snapshot in kept.values()}
    stored = {f"{part}.{n}": t for part, tensors in parts.items() for n, t in tensors.items()}
    for epoch, snapshot in unique.items():
        stored |= {f"snapshot.{epoch}.{name}": value for name, value in snapshot.weights.items()}
    described = {
        **values,
        "kept": {
            name: dataclasses.asdict(dataclasses.replace(snapshot, weights={}))
            for name, snapshot in kept.items()
        },
        "history": fit.history,
        "notes": fit.notes,
    }
    part = folder / f"{STATE_NAME}.part"
    contiguous = {name: value.contiguous() for name, value in stored.items()}
    text = json.dumps(described, default=np.ndarray.tolist)
    with friendly_write_errors(folder, SafetensorError):
        folder.mkdir(parents=True, exist_ok=True)
        save_file(contiguous, part, metadata={_META: text})
        part.replace(folder / STATE_NAME)


def read_state(folder: Path, fit: Progress) -> tuple[dict[str, Tensors], dict[str, Any]]:
    """Return parts and JSON values of `write_state`, and fill what was kept into ``fit``.

    Arrays come back as lists.

    Raises:
        DataError: there is no state, or it cannot be read.
    """
    from safetensors import SafetensorError, safe_open

    path = folder / STATE_NAME
    if not path.is_file():
        raise DataError(
            f"There is nothing to resume from: {path} does not exist.",
            "Name the folder of the earlier training, or leave RESUME out.",
        )
    try:
        with safe_open(path, framework="pt") as file:
            values: dict[str, Any] = json.loads(file.metadata()[_META])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        for name in _KEPT:
            kept = dataclasses.replace(getattr(fit, name), **values["kept"][name])
            setattr(fit, name, kept)
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
