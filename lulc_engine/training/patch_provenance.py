"""What a model card remembers of a training on patches, and what must agree to go on with one."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

from lulc_engine.errors import DataError
from lulc_engine.options import TrainPatchesOptions
from lulc_engine.outputs import friendly_write_errors
from lulc_engine.reports.patches import split_rows
from lulc_engine.samples.patches.patch_set import PatchSet
from lulc_engine.samples.split import ROLE_NAMES, Split
from lulc_engine.training.patch_scores import KIND
from lulc_engine.training.patch_session import PatchSession
from lulc_engine.training.provenance import (
    describe_file,
    describe_labels,
    stable_options,
    versions,
)
from lulc_engine.training.same_training import check_same

# What decides which patches there are and which role each has.
SPLIT_OPTIONS = (
    "multilabel",
    "single_label",
    "ignore_value",
    "max_per_class",
    "fraction",
    "split",
    "validation_share",
    "test_share",
    "seed",
)
_IDENTITY_NAME = "training.json"
# They say what becomes of a training, not how it goes.
_NOT_IDENTITY = {"mode", "keep", "band_sets"}


def describe_patch_training(session: PatchSession, interrupted: bool) -> dict[str, Any]:
    """Return the card's ``lulc:training``; files by name and hash, never by path."""
    options, patches, fit = session.options, session.patches, session.fit
    return {
        "options": stable_options(options),
        "recipe": dataclasses.asdict(session.recipe),
        "data": describe_patch_files(options, patches),
        "label_kind": KIND,
        "pixel_m": list(patches.pixel_m) if patches.pixel_m else None,
        "split": describe_patch_split(patches),
        "rejected": len(patches.rejected),
        "epochs": len(fit.history),
        "best_epoch": session.kept.epoch,
        "kept": options.keep,
        "notes": [*patches.notes, *fit.notes],
        "seed": options.seed,
        "threads": session.machine.threads,
        "device": session.machine.device.type,
        "versions": versions(),
        "interrupted": interrupted,
    }


def describe_patch_files(options: TrainPatchesOptions, patches: PatchSet) -> dict[str, Any]:
    """Return name and SHA-256 of the sources; labels of scenes stand apart, as for segmenters."""
    return {
        "source": patches.source,
        "files": patches.files,
        "labels": describe_labels(options.labels, options.image) if options.labels else None,
        "initial_model": describe_file(options.initial_model) if options.initial_model else None,
        "sha256": data_sha256(patches),
    }


def describe_patch_split(patches: PatchSet) -> dict[str, Any]:
    """Return how patches were divided, with a row per class.

    What was divided as a whole is the unit: a polygon or block of a scene, else a patch.
    """
    counts = patch_counts(patches)
    found = {name: len(patches.indices(role)) for role, name in enumerate(ROLE_NAMES)}
    units = patches.units
    return {
        "unit": units.kind if units else "patch",
        "block_px": units.block_px if units else None,
        "kind": patches.split,
        "units": _units_of_roles(units) if units else found,
        "patches": found,
        "sha256": roles_sha256(patches),
        "classes": [
            {**row, **{name: row[name]["patches"] for name in counts}}
            for row in split_rows(patches.legend, counts)
        ],
    }


def _units_of_roles(units: Split) -> dict[str, int]:
    """Return how many polygons or blocks with labels each role has."""
    roles = units.roles[units.counts.sum(axis=1) > 0]
    return {name: int((roles == role).sum()) for role, name in enumerate(ROLE_NAMES)}


def patch_counts(patches: PatchSet) -> dict[str, list[int]]:
    """Return how many patches (K,) have each class, for the roles that there are."""
    return {
        name: patches.counts(role).tolist()
        for role, name in enumerate(ROLE_NAMES)
        if len(patches.indices(role))
    }


def data_sha256(patches: PatchSet) -> str:
    """Return a hash of which patches there are and how they are labelled.

    Their roles are left out, and their values: which of them are read depends on BANDS.
    """
    digest = hashlib.sha256("\n".join(patches.names).encode())
    if patches.targets is not None:
        digest.update(patches.targets.tobytes())
    digest.update(json.dumps(patches.legend.names).encode())
    return digest.hexdigest()


def roles_sha256(patches: PatchSet) -> str:
    """Return a hash of the patches' roles."""
    return hashlib.sha256(patches.roles.tobytes()).hexdigest()


def open_checkpoints(session: PatchSession, folder: Path, resume: bool) -> None:
    """Make the folder of checkpoints, or check that it is of this very training.

    Raises:
        DataError: to be resumed is a training with other options or other data.
        EnvironmentFailure: the folder cannot be written to.
    """
    mine, path = _identity(session), folder / _IDENTITY_NAME
    if resume and path.is_file():
        check_same(mine, _read(path), folder, ("bands", "data", "roles"), "patches")
    with friendly_write_errors(folder):
        folder.mkdir(exist_ok=True)
        path.write_text(json.dumps(mine, sort_keys=True, indent=1) + "\n", encoding="utf-8")


def _identity(session: PatchSession) -> dict[str, Any]:
    """Return what must be equal for a training to go on as if it had never stopped."""
    options = {k: v for k, v in stable_options(session.options).items() if k not in _NOT_IDENTITY}
    return {
        "options": options,
        "bands": [band.name for band in session.patches.bands],
        "data": [data_sha256(session.patches), session.patches.files],
        "roles": roles_sha256(session.patches),
    }


def _read(path: Path) -> dict[str, Any]:
    try:
        earlier: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        dict(earlier["options"])
    except (OSError, ValueError, KeyError, TypeError) as err:
        raise DataError(f"{path} is damaged.", "Train from the start, without RESUME.") from err
    return earlier
