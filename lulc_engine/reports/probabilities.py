"""What a report says about probabilities: whether they can be believed, and what they allow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lulc_engine.evaluation.calibration import HIGHEST, LOWEST
from lulc_engine.evaluation.probability_metrics import CURVES, KEY
from lulc_engine.rasters.legend import Legend
from lulc_engine.reports.drawing import Picture
from lulc_engine.reports.plain_text import percent, thousands
from lulc_engine.reports.probability_pictures import (
    abstaining_picture,
    ranking_picture,
    reliability_picture,
)


@dataclass(frozen=True)
class ProbabilitySection:
    """The probabilities of one split, ready for a template.

    Attributes:
        several: whether samples may have several classes.
        unit: what was classified, in plural.
        belief: sentences on the calibration.
        reliability: its picture.
        abstaining: rows ``min_confidence``, ``unclassified``, ``accuracy``, or none.
        abstaining_curve: their picture; None where a model card has no room for the points.
        abstaining_text: where the numbers are from.
        thresholds: rows of `threshold_rows`, or none.
        classes: rows ``name``, ``color``, ``roc_auc``, ``average_precision``.
        means: label, ROC AUC and average precision of the mean of classes and of all together.
        ranking: the picture of the curves, or None.
        sampled: says of how many the numbers are, where they are of some only.
    """

    several: bool
    unit: str
    belief: str
    reliability: Picture
    abstaining: list[Mapping[str, Any]]
    abstaining_curve: Picture | None
    abstaining_text: str
    thresholds: list[Mapping[str, Any]]
    classes: list[dict[str, Any]]
    means: list[tuple[str, float | None, float | None]] = field(default_factory=list)
    ranking: Picture | None = None
    sampled: str = ""


def probability_section(
    metrics: Mapping[str, Any], legend: Legend, unit: str, split: str = ""
) -> ProbabilitySection | None:
    """Return the section for a metrics object; None where it says nothing on probabilities.

    Args:
        metrics: a metrics object.
        legend: its classes, in its order.
        unit: what was classified, in plural.
        split: test, validation or ''.
    """
    part = metrics.get(KEY)
    if not part or not part["n"]:
        return None
    curves = part.get(CURVES)
    rows = part.get("abstaining", [])
    colors = {item.id: item.hex_color for item in legend.classes}
    roc, average = part["roc_auc"], part["average_precision"]
    return ProbabilitySection(
        several="thresholds" in part,
        unit=unit,
        belief=_belief(part, split, unit),
        reliability=reliability_picture(
            part["calibration"], part["temperature"], "thresholds" in part
        ),
        abstaining=rows,
        abstaining_curve=abstaining_picture(curves["abstaining"], rows)
        if rows and curves
        else None,
        abstaining_text=_where_from(split, unit),
        thresholds=part.get("thresholds", []),
        classes=[{**row, "color": colors[row["id"]]} for row in part["classes"]],
        means=[
            ("Mean of classes", roc["macro"], average["macro"]),
            ("All answers together", roc["micro"], average["micro"]),
        ],
        ranking=ranking_picture(curves, legend) if curves else None,
        sampled=_sampled(part, unit),
    )


def _belief(part: Mapping[str, Any], split: str, unit: str) -> str:
    calibration, temperature = part["calibration"], part["temperature"]
    scaled, plain = calibration["scaled"], calibration["unscaled"]
    if "thresholds" in part:
        found = (
            f"Of all yes/no answers on these {unit}, one for each class, "
            f"{percent(scaled['right'])} are yes; the mean probability of yes is "
            f"{percent(scaled['said'])}. "
        )
        gap = "how probable a class is and how often it is there"
    else:
        found = (
            f"{percent(scaled['right'])} of the answers are right; the model is "
            f"{percent(scaled['said'])} sure of them on average. "
        )
        gap = "how sure the model is and how often it is right"
    error = (
        f"The expected calibration error, the mean distance between {gap} over "
        f"{calibration['bins']} bins of equal width (Guo et al. 2017), is "
    )
    if temperature == 1:
        return (
            f"{found}{error}{percent(scaled['ece'])}. The temperature is 1: probabilities are "
            "those of the network as it was trained."
        )
    fitted = {
        "validation": f", which was fitted on these {unit}",
        "test": ", which was fitted on the validation set",
    }.get(split, "")
    return (
        f"{found}{error}{percent(plain['ece'])} as the network was trained and "
        f"{percent(scaled['ece'])} with its logits divided by the temperature {temperature:.3g}"
        f"{fitted}. That changes how sure the model says it is; the likeliest class stays the same."
        f"{_at_the_edge(temperature)}"
    )


def _at_the_edge(temperature: float) -> str:
    if LOWEST < temperature < HIGHEST:
        return ""
    return (
        " It is the last that was tried, which happens where validation holds very little: do not "
        "rely on these probabilities."
    )


def _where_from(split: str, unit: str) -> str:
    whose = split if split in ("validation", "test") else "labelled"
    text = f"The numbers are those of the {whose} {unit}"
    if split == "validation":
        text += ", which also chose the best epoch and the temperature: expect less elsewhere"
    if unit == "pixels":
        text += (
            ". Labels usually lie where a class is clear: of a whole map more is left unclassified"
        )
    return f"{text}."


def _sampled(part: Mapping[str, Any], unit: str) -> str:
    if part["n"] >= part["of"]:
        return ""
    return (
        f"The numbers of this part are of {thousands(part['n'])} {unit} drawn at random from all "
        f"{thousands(part['of'])}."
    )
