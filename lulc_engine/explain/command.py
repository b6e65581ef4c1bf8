"""The command ``explain``: what a model looks at in a scene or in patches."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from lulc_engine.errors import LabelError, OptionsError
from lulc_engine.evaluation.matching import match_legends
from lulc_engine.explain.target import choose_class
from lulc_engine.feedback import Feedback
from lulc_engine.inference.fitting import open_fitted
from lulc_engine.inference.radiometry import fit_radiometry
from lulc_engine.models.card import ModelSpec, read_spec
from lulc_engine.models.model_file import Tensors, read_model
from lulc_engine.options import ExplainOptions
from lulc_engine.outputs import Outputs, check_writable
from lulc_engine.rasters.files import gdal_settings
from lulc_engine.rasters.geotiff import SUFFIXES
from lulc_engine.rasters.grid import Grid, Window
from lulc_engine.reports.csv_table import csv_text
from lulc_engine.samples.chips import ChipStore, read_padded
from lulc_engine.samples.label_files import open_labels
from lulc_engine.samples.labels import Labels
from lulc_engine.samples.patches.export_folder import new_folder
from lulc_engine.samples.patches.patch_set import sample_values

if TYPE_CHECKING:  # PyTorch takes seconds to load, and wrong input should fail before
    from lulc_engine.explain.occlusion import BandCounts
    from lulc_engine.explain.subject import Subject

_ENDINGS = {"picture": (".png",), "table": (".csv",), "report": (".html", ".htm")}


def explain(options: ExplainOptions, feedback: Feedback) -> dict[str, Any]:
    """Explain a model in a part of a scene or in patches, and write what the options name.

    Returns:
        Paths ``output picture table report``; ``explained_class`` and ``explained_id`` ('' and None
        where each sample's own class was explained), ``layer``, ``samples`` (pixels, windows or
        patches), ``probability`` (mean, of the class where it was given), ``low`` and ``high``
        (what OUTPUT reaches from and to), and of occlusion ``importance``: a row of band, role,
        drop and accuracy_drop per band, with ``top_band`` and ``top_drop`` of the largest.

    Raises:
        LulcError: see `errors`; nothing is written then.
    """
    _check(options)
    feedback.progress(0.0, "Reading the model")
    card, tensors = read_model(options.model)
    spec = read_spec(card)
    choose_class(options.class_, spec.legend)  # a wrong name shall fail now
    with gdal_settings():
        work = _of_patches if options.patches else _of_scene
        result = work(options, card, spec, tensors, feedback)
    feedback.progress(1.0, "Done")
    return {name: getattr(options, name) for name in ("output", *_ENDINGS)} | result


def _check(options: ExplainOptions) -> None:
    """Refuse options that do not go together, and outputs that cannot be written."""
    if bool(options.image) == bool(options.patches):
        both = "--image and --patches cannot be used together."
        raise OptionsError(
            both if options.image else "There is nothing to explain.", "Give a scene or patches."
        )
    if not any(getattr(options, name) for name in ("output", *_ENDINGS)):
        raise OptionsError("No output is named.", "Name --output or --report.")
    if options.table and options.method != "occlusion":
        raise OptionsError(
            "--table holds the importance of bands, which only the method occlusion measures.",
            "Leave it out, or choose --method occlusion.",
        )
    if options.method == "occlusion" and options.layer:
        raise OptionsError(
            "--layer is for the methods gradcam and activations; occlusion looks at no layer.",
            "Leave it out.",
        )
    if options.channel is not None and options.method != "activations":
        raise OptionsError("--channel is for the method activations.", "Leave it out.")
    misplaced = [
        name
        for name, wrong in (
            ("--picture", options.patches and options.picture),
            ("--extent", options.patches and options.extent),
            ("--labels", options.patches and options.labels),
        )
        if wrong
    ]
    if misplaced:
        raise OptionsError(f"{misplaced[0]} is for scenes, not for patches.", "Leave it out.")
    inputs = _inputs(options)
    for name, endings in _ENDINGS.items():
        if getattr(options, name):
            check_writable(getattr(options, name), endings, inputs)
    if options.output and options.image:
        check_writable(options.output, SUFFIXES, inputs)


def _of_scene(
    options: ExplainOptions,
    card: dict[str, Any],
    spec: ModelSpec,
    tensors: Tensors,
    feedback: Feedback,
) -> dict[str, Any]:
    with open_fitted(options, card, spec, feedback) as fitted:
        scene, bands, part = fitted.scene, fitted.bands, fitted.part
        labels = _labels(options, spec, scene.grid.crop(part), part, feedback)
        feedback.progress(0.02, "Loading PyTorch")
        from lulc_engine.explain.scene_pages import ScenePages, write_scene
        from lulc_engine.explain.segmenter import explain_segmenter
        from lulc_engine.explain.subject import make_subject
        from lulc_engine.explain.view import View
        from lulc_engine.explain.windows import explain_windows

        subject = make_subject(
            options, spec, tensors, fitted.radiometry, partial(scene.sample, bands)
        )
        work = explain_segmenter if spec.patch is None else explain_windows
        view = View(scene, bands, part, labels)
        answer = work(options, subject, view, feedback.part(0.05, 0.9))
        pages = ScenePages(options, card, view, answer)
        with Outputs(_inputs(options)) as outputs:
            feedback.progress(0.92, "Writing")
            span = write_scene(pages, outputs)
            _write_table(options, answer.subject, answer.counts, outputs)
    return {
        **_facts(answer.subject, answer.counts),
        "samples": answer.pixels,
        "probability": answer.probability,
        "low": span[0],
        "high": span[1],
    }


def _of_patches(
    options: ExplainOptions,
    card: dict[str, Any],
    spec: ModelSpec,
    tensors: Tensors,
    feedback: Feedback,
) -> dict[str, Any]:
    from lulc_engine.explain.patch_pages import PatchPages, write_pictures, write_report
    from lulc_engine.explain.patches import explain_patches, read_patches
    from lulc_engine.explain.subject import make_subject

    inputs = _inputs(options)
    with contextlib.ExitStack() as stack:
        # First, so that a name that is taken is refused before the work.
        folder = stack.enter_context(new_folder(options.output)) if options.output else None
        store = stack.enter_context(contextlib.closing(ChipStore()))
        patches = read_patches(options, spec, feedback.part(0.02, 0.2), store)
        sample = partial(sample_values, patches.images, patches.valid)
        radiometry = fit_radiometry(patches.radiometry, sample, spec, feedback)
        subject = make_subject(options, spec, tensors, radiometry, sample)
        asked = feedback.part(0.2, 0.6)
        answers, counts = explain_patches(options, subject, patches, asked)
        if len(answers) < len(patches):
            feedback.info(
                f"{len(answers)} of {len(patches)} patches are explained; MAX_PATCHES allows more."
            )
        pages = PatchPages(options, card, subject, answers, counts, len(patches))
        with Outputs(inputs) as outputs:
            if folder is not None:
                write_pictures(pages, folder, feedback.part(0.6, 0.95))
            if options.report:
                write_report(pages, outputs)
            if options.method == "occlusion":
                _write_table(options, subject, counts, outputs)
    own = [answer.shares[answer.explained] for answer in answers]
    kept = counts if options.method == "occlusion" else None
    return {
        **_facts(subject, kept),
        "samples": len(answers),
        "rejected": len(patches.rejected),
        "probability": float(np.mean(own)),
    }


def _facts(subject: Subject, counts: BandCounts | None) -> dict[str, Any]:
    legend = subject.spec.legend
    known = None if subject.target is None else legend.classes[subject.target]
    facts: dict[str, Any] = {
        "explained_class": known.name if known else "",
        "explained_id": known.id if known else None,
        "layer": subject.layer.name if subject.layer else "",
    }
    if counts is not None:
        found = counts.importances(subject.target)
        top = max(found, key=lambda item: item.drop)
        facts |= {"top_band": top.band.role or top.band.name, "top_drop": top.drop}
        facts["importance"] = [
            {
                "band": item.band.name,
                "role": item.band.role,
                "drop": item.drop,
                "accuracy_drop": item.accuracy_drop,
            }
            for item in found
        ]
    return facts


def _write_table(
    options: ExplainOptions, subject: Subject, counts: BandCounts | None, outputs: Outputs
) -> None:
    if options.table and counts is not None:
        rows = counts.rows(subject.spec.legend, subject.target)
        outputs.write_text(options.table, csv_text(rows), _ENDINGS["table"])


def _labels(
    options: ExplainOptions, spec: ModelSpec, grid: Grid, part: Window, feedback: Feedback
) -> Callable[[Window], np.ndarray] | None:
    """Return what gives class indices of the model for a window of the scene.

    Raises:
        LabelError: no label lies on the part.
        DataError: the classes of the labels are not those of the model.
    """
    if not options.labels:
        return None
    if options.method != "occlusion" or (spec.patch is not None and spec.patch.multilabel):
        raise OptionsError(
            "--labels serve to measure accuracy without each band: by the method occlusion, for "
            "models that give one class.",
            "Leave them out.",
        )
    labels = open_labels(
        options.labels, grid, options.class_field, options.class_name_field,
        options.ignore_value, feedback,
    )  # fmt: skip
    used = _used(labels)
    if not used:
        raise LabelError(
            "No label lies on the part that is explained.", "Choose labels or an extent there."
        )
    matching = match_legends(spec.legend, labels.legend, used)
    for note in (*labels.notes, *matching.notes):
        feedback.info(note)
    count = len(spec.legend)
    index = [-1 if i is None else i for i in matching.reference_index]
    # A class that the model does not have can never be right: it gets an index beyond the last.
    table = np.array([min(i, count) for i in index] + [-1])

    def read(window: Window) -> np.ndarray:
        moved = dataclasses.replace(
            window, row_off=window.row_off - part.row_off, col_off=window.col_off - part.col_off
        )
        found: np.ndarray = table[read_padded(labels, moved)]
        return found

    return read


def _used(labels: Labels) -> set[int]:
    """Return the classes that occur."""
    return {int(index) for index in np.unique(labels.read(labels.window)) if index >= 0}


def _inputs(options: ExplainOptions) -> list[str]:
    paths = [options.image, options.patches, options.model, options.labels.split("|")[0]]
    return [path for path in [*paths, *options.mask] if path]
