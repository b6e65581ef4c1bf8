"""Intervals of a patch classifier's test: by polygons, blocks or scenes, else by patches.

Patches that were cut from one scene resemble their neighbours, so whole polygons or blocks are
drawn, or whole scenes where the names of the patches say which scene each is from, as those of
BigEarthNet do. Other patches of folders, tables and arrays count as independent of each other.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import numpy as np

from lulc_engine.evaluation.bootstrap import bootstrap_block
from lulc_engine.evaluation.intervals import cautions, unit_intervals
from lulc_engine.evaluation.multilabel_bootstrap import multilabel_block
from lulc_engine.evaluation.units import BLOCKS, POLYGONS, Margins, UnitCounts
from lulc_engine.rasters.legend import Legend
from lulc_engine.samples.patches.patch_set import PatchSet
from lulc_engine.samples.split import TEST
from lulc_engine.training.patch_publish import Trained
from lulc_engine.training.patch_scores import Predictions

PATCHES = "patches"
SCENES = "scenes"
# Satellite, level and sensing time, with which Sentinel-2 products begin
_SCENE = re.compile(r"S2[A-D]_MSIL\d[AC]_\d{8}T\d{6}")


class _Units(NamedTuple):
    """What is drawn as a whole: its kind, the side of blocks, and the number (n,) of each patch."""

    kind: str
    block_px: int
    numbers: np.ndarray


def add_intervals(trained: Trained) -> None:
    """Put intervals of the test into its metrics object."""
    scored, patches = trained.scored, trained.session.patches
    if scored.test is not None and len(scored.test.names):
        scored.by_split["test"] |= intervals_of_test(
            scored.test, patches, patches.legend, scored.thresholds
        )


def intervals_of_test(
    found: Predictions, patches: PatchSet, legend: Legend, thresholds: tuple[float, ...] = ()
) -> dict[str, Any]:
    """Return ``intervals`` and ``cautions`` of a metrics object.

    Args:
        found: predictions of the patches with the role TEST.
        patches: where they are from.
        legend: the K classes.
        thresholds: (K,) probability from which on a class is there, for several classes per patch.
    """
    units = _units(found, patches)
    facts = {"method": "bootstrap", "unit": units.kind, "block_px": units.block_px or None}
    if found.targets.ndim == 2:
        numbers = None if units.kind == PATCHES else units.numbers
        given = (found.targets, found.probabilities, thresholds, legend, numbers)
        block = {**facts, **multilabel_block(*given)}
        return {"intervals": block, "cautions": cautions(block, PATCHES)}
    targets = found.targets.astype(np.int16)
    answers = found.probabilities.argmax(axis=1).astype(np.int16)
    size = len(legend)
    if units.kind == PATCHES:
        block = {**facts, **bootstrap_block(_of_patches(targets, answers, size), legend)}
        return {"intervals": block, "cautions": cautions(block, PATCHES)}
    counts = UnitCounts(units.kind, units.block_px, size)
    counts.add_mixed(units.numbers, targets, answers)
    margins = counts.margins(range(size), {index: index for index in range(size)}, size)
    intervals, notes = unit_intervals(margins, legend, counts, PATCHES)
    return {"intervals": intervals, "cautions": notes}


def _units(found: Predictions, patches: PatchSet) -> _Units:
    if patches.units is not None and patches.unit_rows is not None:
        kind = POLYGONS if patches.units.kind == "polygon" else BLOCKS
        return _Units(kind, patches.units.block_px or 0, patches.unit_rows[patches.roles == TEST])
    scenes = [_SCENE.search(name) for name in found.names]
    names = [match[0] for match in scenes if match]
    if len(names) == len(scenes):
        return _Units(SCENES, 0, np.unique(names, return_inverse=True)[1])
    return _Units(PATCHES, 0, np.arange(len(scenes)))


def _of_patches(targets: np.ndarray, answers: np.ndarray, size: int) -> Margins:
    """Return margins in which every patch is a unit of its own."""
    one = np.eye(size, dtype=np.int64)
    reference, mapped = one[targets], one[answers]
    return Margins(reference * mapped, reference, mapped)
