"""What a model card remembers of a training, so that it can be judged and repeated."""

from __future__ import annotations

import dataclasses
import datetime
import itertools
import os
import platform
import shlex
import statistics
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import torch

import lulc_engine
from lulc_engine.hardware import describe_hardware
from lulc_engine.options import Options, TrainSegmenterOptions, option_name
from lulc_engine.outputs import file_sha256
from lulc_engine.runs.record import CONFIG
from lulc_engine.samples.dataset import Dataset
from lulc_engine.samples.split import ROLE_NAMES
from lulc_engine.training.duration import in_words
from lulc_engine.training.labelled_area import labelled_area
from lulc_engine.training.session import Session

# Where results go, how many cores there were and whether a training was resumed says nothing about
# the model.
_OUTPUTS = {"model", "report", "metrics", "table", "predictions", "checkpoints", "run_folder"}
_NOT_PROVENANCE = _OUTPUTS | {"keep_best", "device", "threads", "resume"}
_PATHS = {
    "image",
    "labels",
    "test_labels",
    "mask",
    "patches",
    "features",
    "targets",
    "initial_model",
}


def describe_training(session: Session, best_epoch: int) -> dict[str, Any]:
    """Return the card's ``lulc:training``; files by name and hash, never by path."""
    options, recipe, dataset, fit = session.options, session.recipe, session.dataset, session.fit
    return {
        "options": stable_options(options),
        "recipe": {**dataclasses.asdict(recipe), "steps": list(recipe.steps)},
        "data": session.files,
        "label_kind": dataset.label_kind,
        "pixel_m": list(dataset.pixel_m) if dataset.pixel_m else None,
        "split": describe_split(dataset),
        "focus_classes": [dataset.legend.names[index] for index in fit.focus],
        "epochs": len(fit.history),
        "best_epoch": best_epoch,
        "notes": [*dataset.notes, *fit.notes],
        "seed": options.seed,
        "threads": session.threads,
        "device": session.device.type,
        "versions": versions(),
    }


def describe_files(options: TrainSegmenterOptions) -> dict[str, Any]:
    """Return name and SHA-256 of every file that was learned from or tested on."""
    return {
        "scenes": [describe_file(path) for path in options.image],
        "labels": describe_labels(options.labels, options.image),
        "test_labels": describe_file(options.test_labels) if options.test_labels else None,
        "masks": [describe_file(path) for path in options.mask],
    }


def describe_split(dataset: Dataset) -> dict[str, Any]:
    """Return how labels were divided, with a row per class."""
    split = dataset.split
    labelled = split.counts.sum(axis=1) > 0
    return {
        "unit": split.kind,
        "block_px": split.block_px,
        "units": {
            name: int((split.roles[labelled] == role).sum()) for role, name in enumerate(ROLE_NAMES)
        },
        "roles": "".join(str(int(role)) for role in split.roles),
        "own_test_labels": dataset.has_own_test,
        "classes": split.describe(dataset.legend.names),
    }


def versions() -> dict[str, str]:
    """Return the versions of what decides about numbers."""
    return {
        "lulc_engine": lulc_engine.__version__,
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "numpy": np.__version__,
        "rasterio": rasterio.__version__,
    }


def describe_file(path: str) -> dict[str, Any]:
    """Return name and SHA-256 of a file; a layer's name after ``|`` is left out."""
    file = path.split("|")[0]
    known = Path(file).is_file()
    return {"name": Path(file).name, "sha256": file_sha256(file) if known else None}


def describe_labels(path: str, scenes: Sequence[str]) -> dict[str, Any]:
    """Return name and SHA-256 of a file of labels, and where on the scenes they lie, if known."""
    bounds = labelled_area(path, scenes)
    return describe_file(path) | ({} if bounds is None else {"bounds": bounds})


def stable_options(options: Options) -> dict[str, Any]:
    """Return the options that decide about a model, with base names of files."""
    kept = {k: v for k, v in options.as_dict().items() if k not in _NOT_PROVENANCE}
    for name in _PATHS & set(kept):
        value = kept[name]
        kept[name] = _base(value) if isinstance(value, str) else [_base(v) for v in value]
    return kept


def run_facts(started: float, device: torch.device | None = None) -> dict[str, Any]:
    """Return the card's ``run``: what differs between equal trainings.

    Args:
        started: `time.monotonic` when the command began.
        device: where the numbers were crunched; None where nothing was trained.
    """
    return {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "duration_s": round(time.monotonic() - started, 1),
        "host": platform.node(),
        "machine": platform.machine(),
        **({} if device is None else {"hardware": describe_hardware(device)}),
    }


def machine_facts(card: Mapping[str, Any], history: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return time and machine of a training as a report shows them, by label.

    Args:
        card: the finished model card.
        history: a row per epoch.
    """
    run, training = card["run"], card["lulc:training"]
    hardware = run["hardware"]
    ends = [0.0, *(float(row["seconds"]) for row in history)]
    epochs = [after - before for before, after in itertools.pairwise(ends) if after > before]
    threads = training["threads"]
    known = {
        "Date": f"{run['date'][:16].replace('T', ' ')} UTC",
        "Duration": in_words(run["duration_s"]),
        "Each epoch took": f"{statistics.median(epochs):.1f} s" if epochs else "",
        "Computed on": f"{training['device']}, {threads} thread{'' if threads == 1 else 's'}",
        "GPU": hardware["gpu"],
        "Processor": hardware["processor"]
        and f"{hardware['processor']}, {hardware['cores']} cores",
        "Memory": hardware["memory_gib"] and f"{hardware['memory_gib']:g} GiB",
        "System": hardware["system"],
    }
    return {label: str(value) for label, value in known.items() if value}


def command_line(command: str, options: Options) -> str:
    """Return the ``lulc`` command that repeats the run, with base names of files."""
    words = ["lulc", command]
    for item in dataclasses.fields(options):
        value = getattr(options, item.name)
        if value is None or value == item.default or _is_in_run_folder(options, item.name):
            continue
        for one in value if isinstance(value, tuple) else (value,):
            words.append(option_name(item.name))
            if one is not True:
                words.append(_base(one) if item.name in _PATHS | _OUTPUTS else str(one))
    return shlex.join(words)


def repeating_command(command: str, options: Options) -> str:
    """Return the command that repeats a run by its run folder, '' where there is none."""
    folder = getattr(options, "run_folder", "")
    return shlex.join(["lulc", command, "--config", f"{_base(folder)}/{CONFIG}"]) if folder else ""


def _is_in_run_folder(options: Options, name: str) -> bool:
    """Return whether an output is in the run folder, which puts it there without being told."""
    folder = getattr(options, "run_folder", "")
    if not folder or name not in _OUTPUTS:
        return False
    path = Path(os.path.abspath(getattr(options, name)))
    return Path(os.path.abspath(folder)) in path.parents


def _base(path: str) -> str:
    return Path(path.split("|")[0]).name if path else ""
