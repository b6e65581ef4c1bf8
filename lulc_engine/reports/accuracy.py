"""The accuracy report: how good a map, or a model of patches, is for people who were not there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import lulc_engine
from lulc_engine.rasters.legend import Legend
from lulc_engine.reports import html, words
from lulc_engine.reports.multilabel import section_of
from lulc_engine.reports.plain_text import thousands

_INDEPENDENCE = {
    True: "Yes: training did not use it.",
    False: "No: training used it.",
    None: "Not known. The scores are only worth something if training did not use it.",
}
_SAMPLINGS = {
    "none": "Not a probability sample: the scores describe these places, not the whole map.",
    "simple": "Simple random sample of points.",
    "stratified": "Random sample of points, stratified by the classes of the map.",
}
_ESTIMATORS = {"simple": "post-stratified", "stratified": "stratified"}


@dataclass(frozen=True)
class AccuracyReport:
    """What an accuracy report shows.

    Attributes:
        metrics: the metrics object.
        legend: the classes of its confusion matrix, in the same order.
        map_name: name of the map's file, or of the model that patches were given to.
        reference_name: name of the reference's file, without folders.
    """

    metrics: Mapping[str, Any]
    legend: Legend
    map_name: str
    reference_name: str


def render_accuracy_report(report: AccuracyReport) -> str:
    """Return the report as one HTML page that needs nothing else."""
    section = section_of(report.metrics, report.legend)
    answerer = words.answerer(report.metrics)
    sampling = report.metrics.get("sampling", "none")
    return html.render(
        "accuracy.html.j2",
        title=f"Accuracy of {report.map_name}",
        summary=(
            f"The {answerer} {report.map_name} was compared with {report.reference_name} at "
            f"{thousands(report.metrics['reference']['n'])} reference {section.unit}."
        ),
        section=section,
        answerer=answerer,
        facts=_facts(report, section.unit, answerer),
        notes=report.metrics["reference"]["notes"],
        design=_ESTIMATORS.get(sampling, ""),
        version=lulc_engine.__version__,
    )


def _not_compared(reference: Mapping[str, Any]) -> str:
    abstained = reference.get("abstained", 0)
    empty = reference["unclassified"] - abstained
    parts = [f"{thousands(empty)} where the map has no class"] if empty else []
    if abstained:
        parts.append(f"{thousands(abstained)} where it says unclassified")
    return ", ".join(parts)


def _facts(report: AccuracyReport, unit: str, answerer: str) -> list[tuple[str, str]]:
    reference = report.metrics["reference"]
    facts = [
        (answerer.capitalize(), report.map_name),
        ("Reference", f"{report.reference_name} ({reference['kind']})"),
        (f"Reference {unit}", f"{thousands(reference['n'])} compared"),
        ("Independent of training", _INDEPENDENCE[reference["independent"]]),
    ]
    if answerer == "map":
        facts.append(("Sampling", _SAMPLINGS[report.metrics.get("sampling", "none")]))
    if reference["unclassified"]:
        facts[2] = (
            f"Reference {unit}",
            f"{thousands(reference['n'])} compared, {_not_compared(reference)}",
        )
    if "matching" in report.metrics:
        facts.append(("Classes matched", f"by {report.metrics['matching']}"))
    return facts
