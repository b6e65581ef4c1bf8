"""Starting a training from the weights of an earlier model: transfer from one's own data."""

from __future__ import annotations

from pathlib import Path

import torch

from lulc_engine.errors import OptionsError
from lulc_engine.models.card import ModelSpec, read_spec
from lulc_engine.models.model_file import read_model
from lulc_engine.models.patch_network import PatchNetwork

_BODY, _HEAD = "body.", "body.head."


def start_from(network: PatchNetwork, spec: ModelSpec, path: str | Path) -> None:
    """Give an untrained patch classifier the weights of a model file.

    The head is taken over where both have the same classes in the same order. So is the
    normalisation where both make the same of a pixel's value: the backbone then sees a forest as
    it always did, however few other classes the new patches show.

    Args:
        network: changed in place; its statistics are set.
        spec: of the network.
        path: the model file.

    Raises:
        ModelFileError: the file is no model or is damaged.
        OptionsError: the model has another task, architecture, inputs or size of patches.
    """
    card, tensors = read_model(path)
    theirs, state = read_spec(card), network.state_dict()
    same_classes = theirs.legend.names == spec.legend.names
    names = [n for n in state if n.startswith(_BODY) and (same_classes or not n.startswith(_HEAD))]
    for what, mine, other in _differences(spec, theirs):
        raise _misfit(path, f"its {what} is {other}, that of the training {mine}")
    # Element counts, not shapes: a file keeps scalars as arrays of one value.
    if any(n not in tensors or tensors[n].size != state[n].numel() for n in names):
        raise _misfit(path, "it is for patches of another size")
    if _read_alike(spec, theirs):
        names += ["input.mean", "input.spread"]
    for name in names:
        state[name].copy_(torch.from_numpy(tensors[name]).view_as(state[name]))


def _differences(mine: ModelSpec, theirs: ModelSpec) -> list[tuple[str, str, str]]:
    """Return what differs of all that a network's form depends on, in words."""
    pairs = [
        ("task", mine.task, theirs.task),
        ("architecture", mine.architecture, theirs.architecture),
        ("list of inputs", _inputs(mine), _inputs(theirs)),
    ]
    return [(what, a, b) for what, a, b in pairs if a != b]


def _inputs(spec: ModelSpec) -> str:
    """Return what a network reads; bands by role, as their numbers are the file's business."""
    return ", ".join([*(band.role or band.name for band in spec.bands), *spec.indices])


def _read_alike(mine: ModelSpec, theirs: ModelSpec) -> bool:
    """Return whether equal pixel values mean the same to both networks."""
    radiometry = [(s.radiometry.scale, s.radiometry.offset, s.transform) for s in (mine, theirs)]
    stretch = [s.patch.stretch if s.patch else () for s in (mine, theirs)]
    return radiometry[0] == radiometry[1] and stretch[0] == stretch[1]


def _misfit(path: str | Path, why: str) -> OptionsError:
    return OptionsError(
        f"A training cannot start from {Path(path).name}: {why}.",
        "Choose a model of the same network, bands and patch size, or leave INITIAL_MODEL out.",
    )
