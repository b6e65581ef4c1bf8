"""Findings in plain words: what is confused with what, and which numbers not to trust."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from lulc_engine.reports.plain_text import isolated, joined, percent, shorten, thousands

# Congalton and Green (2009) ask for 50 samples per class as a rule of thumb.
FEW_SAMPLES = 50
PATCHES = "patches"
_NAME_LENGTH = 60
_MOST_PAIRS = 5
_MOST_NAMES = 6


def unit(metrics: Mapping[str, Any]) -> str:
    """Return what is counted, in plural: points, patches or pixels."""
    kind = metrics["reference"]["kind"]
    return kind if kind in ("points", PATCHES) else "pixels"


def answerer(metrics: Mapping[str, Any]) -> str:
    """Return what gave the answers that are scored: the map, or the model itself for patches."""
    return "model" if metrics["reference"]["kind"] == PATCHES else "map"


def confused_pairs(metrics: Mapping[str, Any]) -> list[str]:
    """Return sentences on the most confused pairs of classes, the worst first.

    Pairs (i, j) are ranked by (n_ij + n_ji) / (support_i + support_j), the share of both classes
    that is taken for the other one.
    """
    matrix = np.array(metrics["confusion"]["matrix"], np.int64)
    names = [quoted(item["name"]) for item in metrics["classes"]]
    support = matrix.sum(axis=1)
    verb = "mapped as" if answerer(metrics) == "map" else "taken for"
    ranked = []
    for i in range(len(names)):
        for j in range(i + 1, len(names)):
            mixed, both = int(matrix[i, j] + matrix[j, i]), int(support[i] + support[j])
            if mixed and both:
                ranked.append((mixed / both, i, j))
    ranked.sort(key=lambda item: (-item[0], item[1], item[2]))
    sentences = []
    for _, i, j in ranked[:_MOST_PAIRS]:
        ways = [(i, j), (j, i)] if matrix[i, j] >= matrix[j, i] else [(j, i), (i, j)]
        parts = [
            f"{of(int(matrix[a, b]), int(support[a]), unit(metrics))} of {names[a]} are "
            f"{verb} {names[b]}"
            for a, b in ways
            if matrix[a, b]
        ]
        sentences.append("; ".join(parts) + ".")
    return sentences


def warnings(metrics: Mapping[str, Any]) -> list[str]:
    """Return what keeps a reader from taking the numbers at face value, in plain words.

    That scores of training or validation samples are optimistic stands in the label of their
    section (see `sections.SPLITS`).
    """
    found = []
    if metrics["reference"]["independent"] is False and metrics["reference"]["split"] is None:
        found.append(
            "These scores are optimistic: the model was trained with this reference, so it is "
            "being asked what it was told. Use labels that training has not seen."
        )
    cautions: list[str] = metrics.get("cautions", [])
    return [*found, *cautions, *_on_classes(metrics), *on_unclassified(metrics)]


def _on_classes(metrics: Mapping[str, Any]) -> list[str]:
    classes, what = metrics["classes"], unit(metrics)
    found = []
    absent = [c["name"] for c in classes if c["support"] == 0]
    few = [c for c in classes if 0 < c["support"] < FEW_SAMPLES]
    if absent:
        unknown = listed([quoted(name) for name in absent])
        found.append(
            f"Not scored, because the reference has no {what} of {unknown}: nothing is known about "
            f"how well the {answerer(metrics)} finds it."
        )
    if few:
        names = [f"{quoted(c['name'])} ({c['support']})" for c in few]
        found.append(
            f"Few samples: {listed(names)} reference {what}. Scores of a class with "
            f"fewer than {FEW_SAMPLES} can change a lot with a few more."
        )
    if "multilabel" not in metrics and sum(c["support"] > 0 for c in classes) == 1:
        found.append(
            "The reference holds one class only: the numbers say nothing about telling classes "
            "apart."
        )
    elif "multilabel" not in metrics and (only := _only_answer(metrics)):
        found.append(
            f"The {answerer(metrics)} says {quoted(only)} everywhere: it tells no classes apart."
        )
    return found


def _only_answer(metrics: Mapping[str, Any]) -> str:
    """Return the name of the only class that was ever given, '' where there are several."""
    matrix = np.array(metrics["confusion"]["matrix"], np.int64)
    given = np.flatnonzero(matrix.sum(axis=0))
    return str(metrics["classes"][given[0]]["name"]) if len(given) == 1 else ""


def on_unclassified(metrics: Mapping[str, Any]) -> list[str]:
    """Return sentences on the samples that are in no score, because the map has no class there."""
    reference, found = metrics["reference"], []
    n, abstained = reference["n"], reference.get("abstained", 0)
    empty = reference["unclassified"] - abstained
    everything = n + empty + abstained
    if empty:
        found.append(
            f"{thousands(empty)} reference {unit(metrics)} ({percent(empty / everything)}) lie "
            "where the map has no class. They are in no score."
        )
    if abstained:
        found.append(
            f"{thousands(abstained)} reference {unit(metrics)} ({percent(abstained / everything)}) "
            "lie where the map says unclassified, because the model was not sure enough. They are "
            f"in no score: the scores are those of the other {percent(1 - abstained / everything)}"
            f"{_counted_wrong(metrics, n, abstained)}"
        )
    return found


def _counted_wrong(metrics: Mapping[str, Any], n: int, abstained: int) -> str:
    accuracy = metrics["overall_accuracy"]
    if accuracy is None:
        return "."
    all_wrong = percent(accuracy * n / (n + abstained))
    return (
        f", of which {percent(accuracy)} are right. If all that is unclassified were counted as "
        f"wrong, {all_wrong} would be right."
    )


def top_k(metrics: Mapping[str, Any]) -> str:
    """Return a sentence on how often the class is among the likeliest, '' where not measured."""
    found = {k: share for k, share in metrics.get("top_k", {}).items() if share is not None}
    if not found:
        return ""
    parts = [f"among the {k} likeliest for {percent(share)}" for k, share in found.items()]
    alone = percent(metrics["overall_accuracy"])
    return f"The right class is the likeliest for {alone} of the patches; it is {joined(parts)}."


def of(part: int, whole: int, what: str) -> str:
    """Return a part of a whole in numbers and percent: "3 of 12 patches (25.0 %)"."""
    return f"{thousands(part)} of {thousands(whole)} {what} ({percent(part / whole)})"


def quoted(name: str) -> str:
    """Return a class name as sentences hold it: short, in quotes, harmless to its neighbours."""
    return f"“{isolated(shorten(name, _NAME_LENGTH))}”"


def listed(items: list[str]) -> str:
    """Return an enumeration that says how many more there are after the first few."""
    more = [f"{len(items) - _MOST_NAMES} more"] if len(items) > _MOST_NAMES else []
    return joined(items[:_MOST_NAMES] + more)
