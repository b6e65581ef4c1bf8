"""Writing what was found out about patches: a picture of each, and the report."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lulc_engine.explain.facts import band_names, common_facts, scale_of
from lulc_engine.explain.occlusion import BandCounts
from lulc_engine.explain.patches import PatchAnswer
from lulc_engine.explain.subject import Subject
from lulc_engine.feedback import Feedback
from lulc_engine.options import ExplainOptions
from lulc_engine.outputs import Outputs, friendly_write_errors
from lulc_engine.reports import explanation_pictures as drawn
from lulc_engine.reports.drawing import Picture
from lulc_engine.reports.explanation import ExplanationReport, render_explanation
from lulc_engine.reports.explanation_colors import Scale, heat_scale, true_colour, value_span
from lulc_engine.reports.explanation_pictures import PatchView

_MOST_SHOWN = 24  # patches in a report
_NOT_IN_NAMES = re.compile(r"[^\w.-]+")
_LONGEST_NAME = 80


@dataclass(frozen=True)
class PatchPages:
    """What is written of patches: options, card, model, answers, statistics, and of how many."""

    options: ExplainOptions
    card: dict[str, Any]
    subject: Subject
    answers: list[PatchAnswer]
    counts: BandCounts
    available: int


def write_pictures(pages: PatchPages, folder: Path, feedback: Feedback) -> None:
    """Write a picture per patch into a folder, in their order."""
    legend, bands = pages.subject.spec.legend, band_names(pages.subject.spec.bands)
    scale, span = _scale(pages), _span(pages)
    digits = len(str(len(pages.answers)))
    for number, answer in enumerate(pages.answers, start=1):
        feedback.check()
        feedback.progress(number / len(pages.answers), f"Picture {number} of {len(pages.answers)}")
        view = _view(answer, pages, span)
        path = folder / f"{number:0{digits}}_{_file_name(answer.name)}.png"
        with friendly_write_errors(pages.options.output):
            path.write_bytes(drawn.patch_png(view, scale, legend, bands))


def write_report(pages: PatchPages, outputs: Outputs) -> None:
    """Stage the report on patches, with the first of the pictures."""
    legend, bands = pages.subject.spec.legend, band_names(pages.subject.spec.bands)
    scale, span = _scale(pages), _span(pages)
    shown = [
        ("Patches" if number == 0 else "",
         drawn.patch_picture(_view(answer, pages, span), scale, legend, bands))
        for number, answer in enumerate(_some(pages.answers))
    ]  # fmt: skip
    report = _report(pages, shown)
    outputs.write_text(pages.options.report, render_explanation(report), (".html", ".htm"))


def _report(pages: PatchPages, shown: Sequence[tuple[str, Picture]]) -> ExplanationReport:
    options, subject, answers = pages.options, pages.subject, pages.answers
    given = [answer for answer in answers if int(answer.shares.argmax()) == answer.explained]
    shares = [float(answer.shares[answer.explained]) for answer in given]
    cautions = []
    dark = sum(answer.map.ndim == 2 and not (answer.map > 0).any() for answer in answers)
    if options.method == "gradcam" and dark:
        cautions.append(
            f"In {dark} of the {len(answers)} patches nothing in this layer speaks for the class: "
            "their pictures are dark."
        )
    facts = [("Patches", f"{len(answers)} of {pages.available}")]
    if len(shown) < len(answers):
        facts.append(("Shown", f"{len(shown)} of them, taken evenly"))
    return ExplanationReport(
        source=Path(options.patches).name,
        unit="patches",
        samples=len(answers),
        given=len(given),
        probability=float(np.mean(shares)) if shares else None,
        pictures=shown,
        is_scene=False,
        cautions=cautions,
        **common_facts(
            options,
            pages.card,
            subject,
            pages.counts if options.method == "occlusion" else None,
            facts,
        ),
    )


def _scale(pages: PatchPages) -> Scale:
    """Return one scale for all patches."""
    if pages.options.method != "activations":
        return heat_scale()
    values = np.stack([answer.map for answer in pages.answers])
    return scale_of("activations", values)


def _span(pages: PatchPages) -> tuple[np.ndarray, np.ndarray]:
    """Return one black and white for all patches, so that dark ones look dark."""
    some = [answer.values for answer in _some(pages.answers)]
    return value_span(np.stack(some, axis=1))


def _view(answer: PatchAnswer, pages: PatchPages, span: tuple[np.ndarray, np.ndarray]) -> PatchView:
    values = answer.map
    if pages.options.method == "gradcam":
        values = values / max(float(values.max()), 1e-30)
        values[~np.isfinite(answer.values).all(axis=0)] = np.nan
    image = true_colour(answer.values, pages.subject.spec.bands, span)
    return PatchView(answer.name, image, values, answer.shares, answer.explained)


def _some(answers: list[PatchAnswer]) -> list[PatchAnswer]:
    if len(answers) <= _MOST_SHOWN:
        return answers
    places = np.linspace(0, len(answers) - 1, _MOST_SHOWN).round().astype(int)
    return [answers[place] for place in places]


def _file_name(name: str) -> str:
    """Return a patch's name as that of a file on every system, without ending and folders."""
    plain = _NOT_IN_NAMES.sub("_", str(Path(name).with_suffix(""))).strip("._")
    return plain[-_LONGEST_NAME:] or "patch"
