"""Writing what was found out about a scene: a raster with its style, a picture, the report."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import lulc_engine
from lulc_engine.explain.facts import band_names, common_facts, scale_of
from lulc_engine.explain.view import Found, View
from lulc_engine.options import ExplainOptions
from lulc_engine.outputs import Outputs, friendly_write_errors
from lulc_engine.rasters.geotiff import Layout, StripWriter
from lulc_engine.rasters.grid import Window
from lulc_engine.rasters.ground import pixel_metres
from lulc_engine.rasters.style import ramp_qml
from lulc_engine.reports import explanation_pictures as drawn
from lulc_engine.reports.drawing import Picture
from lulc_engine.reports.explanation import ExplanationReport, render_explanation
from lulc_engine.reports.explanation_colors import Scale, true_colour

_PICTURE_PX = 900  # of a scene in a picture, along its longer side
_STRIP_PX = 512


@dataclass(frozen=True)
class ScenePages:
    """What is written of a scene: the options, the model's card, the part and the finding."""

    options: ExplainOptions
    card: dict[str, Any]
    view: View
    found: Found


def write_scene(pages: ScenePages, outputs: Outputs) -> tuple[float, float]:
    """Stage raster, picture and report of a scene; return what the raster reaches from and to."""
    options, found = pages.options, pages.found
    values, cautions = _scaled(options.method, found.values)
    scale = scale_of(options.method, values)
    if options.output:
        _write_raster(pages, values, scale, outputs)
    if options.picture or options.report:
        step = max(1, -(-max(values.shape[1:]) // _PICTURE_PX))
        image = true_colour(_read(pages.view, step), found.subject.spec.bands)
        top = _top_band(found)
        shown = values[top, ::step, ::step]
        titles = (Path(options.image).name, _layer_names(pages)[top])
        if options.picture:
            part = outputs.stage(options.picture, (".png",))
            with friendly_write_errors(options.picture):
                part.write_bytes(drawn.scene_png(image, shown, scale, titles))
        if options.report:
            words = f"{titles[0]} and, over it, {titles[1]}."
            whole = drawn.scene_picture(image, shown, scale, titles, words)
            report = _report(pages, whole, titles[1], cautions)
            outputs.write_text(options.report, render_explanation(report), (".html", ".htm"))
    return scale.low, scale.high


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
        return [f"{what}: lost without {name}" for name in band_names(subject.spec.bands)]
    if pages.options.method == "gradcam":
        return [f"Grad-CAM: {what}"]
    channel = pages.options.channel
    held = "mean of channels" if channel is None else f"channel {channel}"
    return [f"{subject.layer.name if subject.layer else ''}, {held}"]


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


def _report(
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
    metres = pixel_metres(view.scene.grid)
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
        **common_facts(options, pages.card, subject, found.counts, facts),
    )
