"""Confidence intervals of a patch classifier's test: by polygons or blocks, else by patches.

Patches that were cut from one scene resemble their neighbours, so whole polygons or blocks are
drawn. Patches of folders, tables and arrays count as independent of each other.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lulc_engine.evaluation.bootstrap import bootstrap_block
from lulc_engine.evaluation.intervals import unit_intervals
from lulc_engine.evaluation.units import BLOCKS, POLYGONS, Margins, UnitCounts
from lulc_engine.rasters.legend import Legend
from lulc_engine.samples.patches.patch_set import PatchSet
from lulc_engine.samples.split import TEST
from lulc_engine.training.patch_publish import Trained
from lulc_engine.training.patch_scores import Predictions

PATCHES = "patches"


def add_intervals(trained: Trained) -> None:
    """Put intervals of the test into its metrics object, for one class per patch."""
    scored, patches = trained.scored, trained.session.patches
    if scored.test is None or patches.multilabel or not len(scored.test.names):
        return
    scored.by_split["test"] |= test_intervals(scored.test, patches, patches.legend)


def test_intervals(found: Predictions, patches: PatchSet, legend: Legend) -> dict[str, Any]:
    """Return ``intervals`` and ``cautions`` of a metrics object.

    Args:
        found: predictions of the patches with the role TEST, one class per patch.
        patches: where they are from.
        legend: the K classes.
    """
    targets = found.targets.astype(np.int16)
    answers = found.probabilities.argmax(axis=1).astype(np.int16)
    size = len(legend)
    if patches.units is None or patches.unit_rows is None:
        block = bootstrap_block(_of_patches(targets, answers, size), legend)
        return {"intervals": {"method": "bootstrap", "unit": PATCHES, "block_px": None, **block}}
    kind = POLYGONS if patches.units.kind == "polygon" else BLOCKS
    counts = UnitCounts(kind, patches.units.block_px or 0, size)
    counts.add_mixed(patches.unit_rows[patches.roles == TEST], targets, answers)
    margins = counts.margins(range(size), {index: index for index in range(size)}, size)
    intervals, cautions = unit_intervals(margins, legend, counts)
    return {"intervals": intervals, "cautions": cautions}


def _of_patches(targets: np.ndarray, answers: np.ndarray, size: int) -> Margins:
    """Return margins in which every patch is a unit of its own."""
    one = np.eye(size, dtype=np.int64)
    reference, mapped = one[targets], one[answers]
    return Margins(reference * mapped, reference, mapped)
