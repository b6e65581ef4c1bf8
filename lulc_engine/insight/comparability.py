"""What keeps a comparison of scores from meaning what it seems to mean, in plain words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lulc_engine.insight.candidates import Candidate
from lulc_engine.reports.words import listed, quoted

SURE = 0.05


def cautions(
    order: Sequence[Candidate], models: Sequence[Mapping[str, Any]], metric: str
) -> list[str]:
    """Return sentences on what a reader must know before taking the best.

    Args:
        order: the candidates, the best first.
        models: their rows in the comparison, in the same order.
        metric: the score that ranks them.
    """
    return [
        *_on_references(order),
        *_on_classes(order),
        *_on_optimism(order),
        *_on_missing(models, metric),
        *_on_chance(models),
    ]


def _on_references(order: Sequence[Candidate]) -> list[str]:
    if len({_reference(item) for item in order}) == 1:
        return []
    return [
        "The models were not scored on the same samples: number, kind or classes of the reference "
        "differ. A difference of scores may come from the samples rather than from the models."
    ]


def _reference(item: Candidate) -> tuple[Any, ...]:
    """Return what differs between references: kind, size and how much of each class there is."""
    supports = sorted((str(row["name"]), row["support"]) for row in item.metrics["classes"])
    reference = item.metrics["reference"]
    return reference.get("kind"), reference.get("n"), tuple(s for s in supports if s[1])


def _on_classes(order: Sequence[Candidate]) -> list[str]:
    found = []
    known = [{str(row["name"]) for row in item.metrics["classes"]} for item in order]
    if any(names != known[0] for names in known):
        found.append(
            "The models do not have the same classes, so that means over classes are means of "
            "different things."
        )
    if len({"multilabel" in item.metrics for item in order}) > 1:
        found.append(
            "Some models give a patch one class and others several: overall accuracy is stricter "
            "for the latter, since all classes of a patch must be right."
        )
    return found


def _on_optimism(order: Sequence[Candidate]) -> list[str]:
    flattered = [quoted(item.name) for item in order if item.optimistic]
    if not flattered:
        return []
    if len(flattered) == len(order):
        return [
            "All scores are optimistic: they are of samples that took part in training or in "
            "choosing the best epoch. Compare on a test that no model has seen."
        ]
    return [
        f"The scores of {listed(flattered)} are optimistic, of samples that took part in training "
        "or in choosing the best epoch. They rank behind models with scores on untouched samples."
    ]


def _on_missing(models: Sequence[Mapping[str, Any]], metric: str) -> list[str]:
    without = [quoted(row["name"]) for row in models if row["scores"][metric] is None]
    return [f"Not ranked, for lack of this score: {listed(without)}."] if without else []


def _on_chance(models: Sequence[Mapping[str, Any]]) -> list[str]:
    alike = [
        quoted(row["name"])
        for row in models
        if row["versus_best"] is not None and row["versus_best"]["p_holm"] >= SURE
    ]
    if not alike:
        return []
    return [
        f"Chance alone could explain why {quoted(models[0]['name'])} is ahead of {listed(alike)} "
        "(McNemar's test, p of 0.05 or more)."
    ]
