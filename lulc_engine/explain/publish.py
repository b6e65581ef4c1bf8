"""Writing what was found out: rasters with their style, pictures and the report."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import lulc_engine
from lulc_engine.explain.occlusion import BandCounts
from lulc_engine.explain.patches import PatchAnswer
from lulc_engine.explain.scenes import Found, View
from lulc_engine.explain.subject import Subject
from lulc_engine.feedback import Feedback
from lulc_engine.options import ExplainOptions
from lulc_engine.outputs import Outputs, friendly_write_errors
from lulc_engine.rasters.bands import Band
from lulc_engine.rasters.geotiff import Layout, StripWriter
from lulc_engine.rasters.grid import Window
from lulc_engine.rasters.style import ramp_qml
from lulc_engine.reports import explanation_pictures as drawn
from lulc_engine.reports.drawing import Picture
from lulc_engine.reports.explanation import BandRow, ClassRow, ExplanationReport, render_explanation
from lulc_engine.reports.explanation_pictures import PatchView, Scale

_PICTURE_PX = 900  # of a scene in a picture, along its longer side
_MOST_SHOWN = 24  # patches in a report
_STRIP_PX = 512
_NOT_IN_NAMES = re.compile(r"[^\w.-]+")
_LONGEST_NAME = 80


@dataclass(frozen=True)
class ScenePages:
    """What is written of a scene: the options, the model's card, the part and the finding."""

    options: ExplainOptions
    card: dict[str, Any]
    view: View
    found: Found


@dataclass(frozen=True)
class PatchPages:
    """What is written of patches: options, card, model, answers, statistics, and of how many."""

    options: ExplainOptions
    card: dict[str, Any]
    subject: Subject
    answers: list[PatchAnswer]
    counts: BandCounts
    available: int


def write_scene(pages: ScenePages, outputs: Outputs) -> tuple[float, float]:
    """Stage raster, picture and report of a scene; return what the raster reaches from and to."""
    options, found = pages.options, pages.found
    values, cautions = _scaled(options.method, found.values)
    scale = _scale(options.method, values)
    if options.output:
        _write_raster(pages, values, scale, outputs)
    if options.picture or options.report:
        step = max(1, -(-max(values.shape[1:]) // _PICTURE_PX))
        image = drawn.true_colour(_read(pages.view, step), found.subject.spec.bands)
        top = _top_band(found)
        shown = values[top, ::step, ::step]
        titles = (Path(options.image).name, _title(pages, top))
        if options.picture:
            part = outputs.stage(options.picture, (".png",))
            with friendly_write_errors(options.picture):
                part.write_bytes(drawn.scene_png(image, shown, scale, titles))
        if options.report:
            words = f"{titles[0]} and, over it, {titles[1]}."
            whole = drawn.scene_picture(image, shown, scale, titles, words)
            report = _scene_report(pages, whole, titles[1], cautions)
            outputs.write_text(options.report, render_explanation(report), (".html", ".htm"))
    return scale.low, scale.high


def write_patch_pictures(pages: PatchPages, folder: Path, feedback: Feedback) -> None:
    """Write a picture per patch into a folder, in their order."""
    legend, bands = pages.subject.spec.legend, _names(pages.subject.spec.bands)
    scale, span = _patch_scale(pages), _patch_span(pages)
    digits = len(str(len(pages.answers)))
    for number, answer in enumerate(pages.answers, start=1):
        feedback.check()
        feedback.progress(number / len(pages.answers), f"Picture {number} of {len(pages.answers)}")
        view = _patch_view(answer, pages, span)
        path = folder / f"{number:0{digits}}_{_file_name(answer.name)}.png"
        with friendly_write_errors(pages.options.output):
            path.write_bytes(drawn.patch_png(view, scale, legend, bands))


def write_patch_pages(pages: PatchPages, outputs: Outputs) -> None:
    """Stage the report on patches, with the first of the pictures."""
    legend, bands = pages.subject.spec.legend, _names(pages.subject.spec.bands)
    scale, span = _patch_scale(pages), _patch_span(pages)
    shown = [
        ("Patches" if number == 0 else "",
         drawn.patch_picture(_patch_view(answer, pages, span), scale, legend, bands))
        for number, answer in enumerate(_some(pages.answers))
    ]  # fmt: skip
    report = _patch_report(pages, shown)
    outputs.write_text(pages.options.report, render_explanation(report), (".html", ".htm"))


def _scaled(method: str, values: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Return values as they are shown, heats from 0 to 1, and what a reader must know."""
    if method != "gradcam":
        return values, []
    largest = float(np.nanmax(values))
    if largest <= 0:
        return values, [
            "Nothing in this layer speaks for the class here: the whole picture is 0. Choose "
            "another layer or class."
        ]
    scaled: np.ndarray = values / np.float32(largest)
    return scaled, []


def _scale(method: str, values: np.ndarray) -> Scale:
    if method == "gradcam":
        return drawn.heat_scale()
    if method == "occlusion":
        return drawn.drop_scale(float(np.nanmax(np.abs(values))))
    low, high = (float(x) for x in np.nanpercentile(values, (1, 99)))
    return drawn.activation_scale(low, high)


def _write_raster(pages: ScenePages, values: np.ndarray, scale: Scale, outputs: Outputs) -> None:
    found, options = pages.found, pages.options
    target = found.subject.target
    legend = found.subject.spec.legend
    tags = {
        "LULC_METHOD": options.method,
        "LULC_CLASS": "" if target is None else legend.names[target],
        "LULC_LAYER": found.subject.layer.name if found.subject.layer else "",
        "LULC_MODEL_SHA256": str(pages.card["model_sha256"]),
        "LULC_VERSION": lulc_engine.__version__,
    }
    layout = Layout(
        "float32",
        float("nan"),
        bands=len(values),
        overviews="average",
        descriptions=_layer_names(pages),
        tags=tags,
    )
    grid = pages.view.scene.grid.crop(pages.view.part)
    with StripWriter(options.output, grid, layout, outputs) as writer:
        for row in range(0, grid.height, _STRIP_PX):
            strip = values[:, row : row + _STRIP_PX]
            writer.put(row, 0, strip)
            writer.complete_rows(row + strip.shape[1])
    stem = options.output[: options.output.rindex(".")]
    outputs.write_text(f"{stem}.qml", ramp_qml(scale.stops()))


def _layer_names(pages: ScenePages) -> list[str]:
    """Return what the bands of the raster are."""
    subject = pages.found.subject
    what = "Class given by the model"
    if subject.target is not None:
        what = subject.spec.legend.names[subject.target]
    if pages.options.method == "occlusion":
        return [f"{what}: lost without {name}" for name in _names(subject.spec.bands)]
    if pages.options.method == "gradcam":
        return [f"Grad-CAM: {what}"]
    channel = pages.options.channel
    held = "mean of channels" if channel is None else f"channel {channel}"
    return [f"{subject.layer.name if subject.layer else ''}, {held}"]


def _title(pages: ScenePages, band: int) -> str:
    return _layer_names(pages)[band]


def _read(view: View, step: int) -> np.ndarray:
    """Return every so many pixels (bands, H, W) of a part of a scene, NaN where not valid."""
    part, rows = view.part, []
    block = max(step, _STRIP_PX // step * step)
    for row in range(0, part.height, block):
        height = min(block, part.height - row)
        window = Window(part.row_off + row, part.col_off, height, part.width)
        values, valid = view.scene.read(window, view.bands)
        thin = values[:, ::step, ::step].astype(np.float32)
        thin[:, ~valid[::step, ::step]] = np.nan
        rows.append(thin)
    return np.concatenate(rows, axis=1)


def _top_band(found: Found) -> int:
    """Return the layer to show: of occlusion the band that is missed most."""
    if found.counts is None:
        return 0
    drops = [item.drop for item in found.counts.importances(found.subject.target)]
    return int(np.argmax(drops))


def _scene_report(
    pages: ScenePages, whole: Picture, heading: str, cautions: list[str]
) -> ExplanationReport:
    options, found, view = pages.options, pages.found, pages.view
    subject = found.subject
    unit = "pixels" if subject.spec.patch is None else "windows"
    if subject.target is not None and found.given == 0 and options.method != "activations":
        name = subject.spec.legend.names[subject.target]
        cautions = [
            f"The model gives {name} to no {unit[:-1]} here. Shown is what speaks for it all the "
            "same.",
            *cautions,
        ]
    metres = view.scene.grid.pixel_metres()
    size = f"{view.part.width} x {view.part.height} pixels"
    facts = [("Part", size if metres is None else f"{size} of {metres[0]:.3g} m")]
    if subject.spec.patch is not None:
        side = subject.spec.patch.size_px
        facts.append(("Windows", f"{side} x {side} pixels, every {max(1, side // 2)}, averaged"))
    if options.extent:
        facts.append(("Extent", options.extent))
    return ExplanationReport(
        source=Path(options.image).name,
        unit=unit,
        samples=found.pixels,
        given=found.given,
        probability=found.probability,
        pictures=[(heading, whole)],
        is_scene=True,
        cautions=cautions,
        **_common(options, pages.card, subject, found.counts, facts),
    )


def _patch_report(pages: PatchPages, shown: Sequence[tuple[str, Picture]]) -> ExplanationReport:
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
        **_common(
            options,
            pages.card,
            subject,
            pages.counts if options.method == "occlusion" else None,
            facts,
        ),
    )


def _common(
    options: ExplainOptions,
    card: dict[str, Any],
    subject: Subject,
    counts: BandCounts | None,
    facts: Sequence[tuple[str, str]],
) -> dict[str, Any]:
    """Return what reports on scenes and on patches have alike."""
    layer = subject.layer
    rows = [] if counts is None else counts.importances(subject.target)
    return {
        "method": options.method,
        "model": Path(options.model).name,
        "class_name": "" if subject.target is None else subject.spec.legend.names[subject.target],
        "layer": layer.name if layer else "",
        "channel": options.channel,
        "cell_px": layer.cell_px if layer else 0,
        "bands": [
            BandRow(_name(row.band), row.probability, row.without, row.drop, row.accuracy_drop)
            for row in rows
        ],
        "by_class": _by_class(subject, counts),
        "facts": [*facts, ("SHA-256 of the model", str(card.get("model_sha256", "")))],
    }


def _by_class(subject: Subject, counts: BandCounts | None) -> list[ClassRow]:
    """Return what each class loses without each band, where all classes were asked."""
    if counts is None or subject.target is not None:
        return []
    rows = []
    for index, item in enumerate(subject.spec.legend.classes):
        if counts.samples[index]:
            drops = [found.drop for found in counts.importances(index)]
            rows.append(ClassRow(item.name, item.hex_color, int(counts.samples[index]), drops))
    return rows


def _patch_scale(pages: PatchPages) -> Scale:
    """Return one scale for all patches."""
    if pages.options.method != "activations":
        return drawn.heat_scale()
    values = np.stack([answer.map for answer in pages.answers])
    return _scale("activations", values)


def _patch_span(pages: PatchPages) -> tuple[np.ndarray, np.ndarray]:
    """Return one black and white for all patches, so that dark ones look dark."""
    some = [answer.values for answer in _some(pages.answers)]
    return drawn.value_span(np.stack(some, axis=1))


def _patch_view(
    answer: PatchAnswer, pages: PatchPages, span: tuple[np.ndarray, np.ndarray]
) -> PatchView:
    values = answer.map
    if pages.options.method == "gradcam":
        values = values / max(float(values.max()), 1e-30)
        values[~np.isfinite(answer.values).all(axis=0)] = np.nan
    image = drawn.true_colour(answer.values, pages.subject.spec.bands, span)
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


def _name(band: Band) -> str:
    return band.role or band.name


def _names(bands: Sequence[Band]) -> list[str]:
    return [_name(band) for band in bands]
