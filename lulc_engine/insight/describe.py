"""The command ``describe``: what training data hold, before anything is trained."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lulc_engine.errors import OptionsError
from lulc_engine.feedback import Feedback
from lulc_engine.insight.patch_samples import (
    cooccurrence,
    draw_patch_samples,
    find_copies,
    membership_by_role,
)
from lulc_engine.insight.samples import Samples
from lulc_engine.insight.scene_samples import read_scene_samples
from lulc_engine.insight.separability import separability
from lulc_engine.insight.statistics import KEYS, band_statistics, class_statistics, histograms
from lulc_engine.insight.suspicious import Suspicion, find_suspicious
from lulc_engine.options import DescribeOptions
from lulc_engine.outputs import Outputs, check_writable
from lulc_engine.protocol import to_json
from lulc_engine.rasters.files import gdal_settings
from lulc_engine.rasters.legend import Legend
from lulc_engine.reports.csv_table import Cell, csv_text
from lulc_engine.reports.data import render_data_report
from lulc_engine.samples.chips import ChipStore
from lulc_engine.samples.patches.patch_set import PatchSet
from lulc_engine.samples.patches.sources import open_patches
from lulc_engine.samples.split import ROLE_NAMES

_ENDINGS = {"report": (".html", ".htm"), "metrics": (".json",), "table": (".csv",)}


def describe(options: DescribeOptions, feedback: Feedback) -> dict[str, Any]:
    """Describe a scene with labels, or patches; write report, numbers and table where asked to.

    Returns:
        Paths of what was written ('' where not asked for); ``class_count``, ``samples`` (labelled
        pixels or patches), ``suspicious``, ``duplicates`` and ``rejected`` (how many there are) and
        ``lowest_separability``, the smallest Jeffries-Matusita distance, None where there is none;
        and the whole description as ``description``.

    Raises:
        OptionsError: no source, or more than one, is named, or a path has the wrong ending.
        DataError: nothing can be read.
        LabelError: there are no labels on valid pixels.
    """
    inputs = _inputs(options)
    paths = {name: getattr(options, name) for name in _ENDINGS}
    for name, path in paths.items():
        if path:
            check_writable(path, _ENDINGS[name], inputs)
    if options.image and not (options.patches or options.features):
        description, legend = _of_scenes(options, feedback)
    else:
        description, legend = _of_patches(options, feedback)
    writers: dict[str, Callable[[], str]] = {
        "report": lambda: render_data_report(description, legend, _title(options)),
        "metrics": lambda: to_json(description, indent=1) + "\n",
        "table": lambda: _table(description),
    }
    with Outputs(inputs) as outputs:
        for name, path in paths.items():
            if path:
                outputs.write_text(path, writers[name](), _ENDINGS[name])
    feedback.progress(1.0, "Done")
    return {**paths, **_numbers(description), "description": description}


def _of_scenes(options: DescribeOptions, feedback: Feedback) -> tuple[dict[str, Any], Legend]:
    if not options.labels:
        raise OptionsError("--labels is missing.", "Give polygons, points or a label raster.")
    with gdal_settings():
        samples = read_scene_samples(options, feedback.part(0, 0.7))
    split = samples.split
    roles = {name: split.pixels(n) for n, name in enumerate(ROLE_NAMES)} if split else {}
    unit_roles = {name: split.units(n) for n, name in enumerate(ROLE_NAMES)} if split else {}
    rows = [
        {
            "id": item.id,
            "name": item.name,
            "samples": int(samples.totals[k]),
            "units": int(samples.unit_totals[k]),
            "split": {name: int(counts[k]) for name, counts in roles.items()},
            "unit_split": {name: int(counts[k]) for name, counts in unit_roles.items()},
        }
        for k, item in enumerate(samples.legend.classes)
    ]
    names = {
        "kind": "scene",
        "scenes": [Path(p).name for p in options.image],
        "labels": Path(options.labels.split("|")[0]).name,
    }
    rest: dict[str, Any] = {"cooccurrence": None, "duplicates": [], "rejected": []}
    found = _spectra(samples, False, feedback.part(0.7, 1))
    return {**names, "multilabel": False, **_balance(rows), **found, **rest}, samples.legend


def _of_patches(options: DescribeOptions, feedback: Feedback) -> tuple[dict[str, Any], Legend]:
    with contextlib.closing(ChipStore()) as store:
        patches = open_patches(options, feedback.part(0, 0.4), store)
        drawing = feedback.part(0.4, 0.7)
        samples = draw_patch_samples(patches, options.max_per_class, options.seed, drawing)
        found = _spectra(samples, patches.multilabel, feedback.part(0.7, 1))
        found["notes"] = [*patches.notes, *found["notes"]]  # the first have been said
        roles = dict(membership_by_role(patches))
        rows = [
            {
                "id": item.id,
                "name": item.name,
                "samples": int(samples.totals[k]),
                "units": None,
                "split": {name: int(counts[k]) for name, counts in roles.items()},
                "unit_split": {},
            }
            for k, item in enumerate(patches.legend.classes)
        ]
        together = cooccurrence(patches).tolist() if patches.multilabel else None
        names = {
            "kind": "patches",
            "patches": Path(options.patches or options.features).name,
            "size_px": patches.size_px,
            "split_by": patches.split,
            "multilabel": patches.multilabel,
        }
        defects = _defects(patches)
        balance = _balance(rows, len(patches))
        return {**names, **balance, **found, "cooccurrence": together, **defects}, patches.legend


def _balance(rows: list[dict[str, Any]], count: int | None = None) -> dict[str, Any]:
    """Return the classes with their share; of several per patch the shares exceed 1 together."""
    total = sum(row["samples"] for row in rows) if count is None else count
    for row in rows:
        row["share"] = row["samples"] / total
    return {"samples": total, "classes": rows}


def _spectra(samples: Samples, multilabel: bool, feedback: Feedback) -> dict[str, Any]:
    """Return all that is computed from pixels.

    Where a patch may have several classes, a pixel may be of any of them: then classes are not
    compared with each other.
    """
    feedback.progress(None, "Computing statistics")
    suspicious: list[Suspicion] = []
    unjudged = 0
    pairs: list[dict[str, Any]] = []
    if not multilabel:
        pairs = separability(samples)
        suspicious, left = find_suspicious(samples, feedback.check)
        unjudged = len(left)
    for note in samples.notes:
        feedback.info(note)
    return {
        "unit": samples.unit_word,
        "units": len(samples.units),
        "bands": [{"number": b.number, "name": b.name, "role": b.role} for b in samples.bands],
        "radiometry": samples.radiometry.summary(),
        "statistics": class_statistics(samples),
        "band_statistics": band_statistics(samples),
        "histograms": [
            {
                "band": found.band,
                "edges": found.edges.tolist(),
                "classes": [
                    {"id": id, "counts": row}
                    for id, row in zip(samples.legend.ids, found.counts.tolist(), strict=True)
                ],
            }
            for found in histograms(samples)
        ],
        "separability": pairs,
        "suspicious": [_row(item, samples.legend) for item in suspicious],
        "unjudged": unjudged,
        "notes": samples.notes,
    }


def _row(found: Suspicion, legend: Legend) -> dict[str, Any]:
    return {
        "unit": found.unit.name,
        "x": found.unit.x,
        "y": found.unit.y,
        "class": legend.ids[found.unit.target],
        "fits": legend.ids[found.fits],
        "share": found.share,
        "margin": found.margin,
        "pixels": found.pixels,
    }


def _defects(patches: PatchSet) -> dict[str, Any]:
    return {
        "duplicates": [
            {"patches": c.names, "labels_differ": c.labels_differ, "splits": c.roles}
            for c in find_copies(patches)
        ],
        "rejected": [{"patch": r.name, "reason": r.reason} for r in patches.rejected],
    }


def _numbers(description: dict[str, Any]) -> dict[str, Any]:
    pairs = description["separability"]
    return {
        "class_count": sum(row["samples"] > 0 for row in description["classes"]),
        "samples": description["samples"],
        "suspicious": len(description["suspicious"]),
        "duplicates": sum(len(group["patches"]) - 1 for group in description["duplicates"]),
        "rejected": len(description["rejected"]),
        "lowest_separability": pairs[0]["jeffries_matusita"] if pairs else None,
    }


def _table(description: dict[str, Any]) -> str:
    header = ["id", "name", "band", *KEYS]
    rows: list[list[Cell]] = [list(header)]
    rows += [[row[key] for key in header] for row in description["statistics"]]
    return csv_text(rows)


def _title(options: DescribeOptions) -> str:
    if options.image and not (options.patches or options.features):
        return Path(options.labels.split("|")[0]).name
    return Path(options.patches or options.features).name


def _inputs(options: DescribeOptions) -> list[str]:
    paths = [*options.image, *options.mask, options.labels, options.patches]
    paths += [options.features, options.targets]
    return [path.split("|")[0] for path in paths if path]
