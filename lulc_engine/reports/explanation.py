"""The report on what a model looks at, and what it does not tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import lulc_engine
from lulc_engine.reports import html
from lulc_engine.reports.drawing import Picture
from lulc_engine.reports.explanation_pictures import importance_picture
from lulc_engine.reports.plain_text import decimal, percent, thousands
from lulc_engine.reports.words import quoted

_TITLES = {
    "gradcam": "What speaks for {what}",
    "occlusion": "Which bands speak for {what}",
    "activations": "What a layer of the model holds",
}
_LEADS = {
    "gradcam": "Where {source} holds the evidence for {what}, as the model {model} sees it.",
    "occlusion": (
        "How much less sure the model {model} is of {what} in {source} when a band says nothing."
    ),
    "activations": "What the layer {layer} of the model {model} makes of {source}.",
}
_READ = {
    "gradcam": (
        "Bright places hold most of what speaks for the class in this layer, dark ones little or "
        "nothing. {scaling}",
        "One value of the layer stands for about {cell} x {cell} pixels. The picture is smooth "
        "because it was enlarged, not because the model sees so finely.",
        "A bright place need not be of the class: what lies around a thing can speak for it too.",
    ),
    "occlusion": (
        "Every band in turn was replaced by the mean that it {mean}, in every pixel, and the "
        "model was asked again. A bar is how much of the class's probability was lost, as a "
        "mean over the {unit}.",
        "A long bar: the model relies on the band. No bar: it does without. A bar to the left: the "
        "model is surer without the band than with it.",
    ),
    "activations": (
        "The values are those that the layer hands on{channel}. They have no unit.",
        "One value of the layer stands for about {cell} x {cell} pixels.",
    ),
}
_BEWARE = {
    "gradcam": (
        "Not whether the model is right. A wrong answer has its evidence too.",
        "Not what speaks against the class, nor what another class would have needed.",
        "Not how strong the evidence is: each picture is scaled by its own maximum, so that "
        "pictures of other places, patches or classes cannot be compared by their brightness.",
        "One layer of one network. Another layer, or the same network trained anew, can show "
        "something else.",
    ),
    "occlusion": (
        "Bands that hold nearly the same can stand in for each other: both may have short bars "
        "although the model would be lost without the two.",
        "Not what could be learned. A model trained without the band would make more of the rest.",
        "Pixels in which one band is a mean and the others are not may look like nothing on earth; "
        "how a network answers to them is partly chance.",
        "{truth}",
    ),
    "activations": (
        "A strong value is no evidence for a class; the method gradcam shows that.",
        "Layers and channels have no meaning of their own, and another training orders them anew.",
    ),
}
_SOURCES = {
    "gradcam": (
        "Grad-CAM: Selvaraju et al. 2017, arXiv:1610.02391; for segmenters Vinogradova et al. "
        "2020, arXiv:2002.11434"
    ),
    "occlusion": "after Zeiler and Fergus 2014, arXiv:1311.2901",
    "activations": "",
}


@dataclass(frozen=True)
class BandRow:
    """What is lost without a band.

    Attributes:
        name: of the band.
        probability: mean probability of the class with all bands.
        without: the same without the band.
        drop: the difference.
        accuracy_drop: how much of the accuracy is lost, None where there are no labels.
    """

    name: str
    probability: float
    without: float
    drop: float
    accuracy_drop: float | None


@dataclass(frozen=True)
class ClassRow:
    """What a class loses without each band: name, colour, samples that got it, and the drops."""

    name: str
    color: str
    samples: int
    drops: list[float]


@dataclass(frozen=True)
class ExplanationReport:
    """What the report shows.

    Attributes:
        method: gradcam, occlusion or activations.
        model: name of the model's file.
        source: name of the scene or the patches.
        class_name: the class that is explained; '' where each sample has its own.
        layer: name of the layer, '' for occlusion.
        channel: of the layer, None for their mean.
        cell_px: pixels along a side that one value of the layer stands for.
        unit: what was asked, in plural: pixels, windows or patches.
        samples: how many.
        given: to how many of them the model gave the class; to all where each has its own.
        probability: its mean probability there; None where it was given to none.
        pictures: heading and picture.
        bands: what is lost without each band, of occlusion.
        by_class: the same class by class, where no class was named.
        knows_means: whether the mean that replaces a band is that of the training.
        is_scene: whether one picture is of all.
        cautions: what a reader must know first.
        facts: further rows of the table of facts.
    """

    method: str
    model: str
    source: str
    class_name: str
    layer: str
    channel: int | None
    cell_px: float
    unit: str
    samples: int
    given: int
    probability: float | None
    pictures: Sequence[tuple[str, Picture]]
    bands: Sequence[BandRow]
    by_class: Sequence[ClassRow]
    knows_means: bool
    is_scene: bool
    cautions: Sequence[str]
    facts: Sequence[tuple[str, str]]


def render_explanation(report: ExplanationReport) -> str:
    """Return the report as one HTML page that needs nothing else."""
    words = _words(report)
    accuracy = [row.accuracy_drop for row in report.bands if row.accuracy_drop is not None]
    bars = None
    if report.bands:
        bars = importance_picture(
            [row.name for row in report.bands],
            [row.drop for row in report.bands],
            accuracy if len(accuracy) == len(report.bands) else None,
        )
    own = "the class that the model gives"
    return html.render(
        "explanation.html.j2",
        title=_TITLES[report.method].format(what=report.class_name or own),
        summary=_LEADS[report.method].format(**words),
        cards=_cards(report),
        warnings=list(report.cautions),
        pictures=report.pictures,
        bars=bars,
        bands=report.bands,
        by_class=report.by_class,
        unit=report.unit,
        with_accuracy=bool(accuracy),
        read=[text.format(**words) for text in _READ[report.method]],
        beware=[text.format(**words) for text in _BEWARE[report.method]],
        facts=_facts(report),
        version=lulc_engine.__version__,
    )


def _words(report: ExplanationReport) -> dict[str, Any]:
    start = "The" if report.is_scene else "In every patch the"
    scaling = f"{start} brightest place is 1 by definition, however strong or weak the evidence is."
    truth = "Not whether the model is right: that needs labels (LABELS, or folders of patches)."
    if any(row.accuracy_drop is not None for row in report.bands):
        truth = (
            "The accuracy is that of the labels given here, which the model may have been trained "
            "with; only its loss without a band is of interest."
        )
    channel = report.channel
    return {
        "what": quoted(report.class_name) if report.class_name else "the class that it gives",
        "source": quoted(report.source),
        "model": quoted(report.model),
        "layer": report.layer,
        "cell": f"{report.cell_px:.3g}",
        "unit": report.unit,
        "scaling": scaling,
        "truth": truth,
        "mean": "had in training" if report.knows_means else "has in these data",
        "channel": ", as a mean of all channels" if channel is None else f" in channel {channel}",
    }


def _cards(report: ExplanationReport) -> list[tuple[str, str, str]]:
    """Return label, value and meaning of the headline numbers."""
    asked = f"{report.unit} were asked"
    cards = [(report.unit.capitalize(), thousands(report.samples), asked)]
    if report.class_name and report.method != "activations":
        share = percent(report.given / report.samples)
        cards.append(("Share", share, f"of the {report.unit} get the class from the model"))
    if report.probability is not None and report.method != "activations":
        meaning = "mean probability of the class where the model gives it"
        cards.append(("Probability", percent(report.probability), meaning))
    if report.bands:
        top = max(report.bands, key=lambda row: row.drop)
        meaning = f"the band that is missed most: {decimal(top.drop)} of the probability"
        cards.append(("Most important", top.name, meaning))
    return cards


def _facts(report: ExplanationReport) -> list[tuple[str, str]]:
    shown = "the mean of all" if report.channel is None else str(report.channel)
    facts = [
        ("Method", report.method),
        ("Model", report.model),
        ("Explained", report.source),
        ("Class", report.class_name or "the one that the model gives, each sample its own"),
        *([("Layer", report.layer)] if report.layer else []),
        *([("Channel", shown)] if report.method == "activations" else []),
        *report.facts,
    ]
    if _SOURCES[report.method]:
        facts.append(("Source", _SOURCES[report.method]))
    return facts
