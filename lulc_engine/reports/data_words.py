"""Findings on training data in plain words: what to look at before training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lulc_engine.insight.separability import GOOD, POOR
from lulc_engine.reports.plain_text import decimal, joined, percent, thousands
from lulc_engine.reports.words import listed, quoted

SPLITS = {
    "data": "As the data divide themselves.",
    "random": "At random, as a training would divide them with these options.",
    "contiguous": "Into contiguous parts, as a training would divide them with these options.",
}
# Below this many polygons or blocks of a class, no part of the split can stand for the class.
_FEW_UNITS = 5
_UNEQUAL = 20
_MANY = 0.25
_MOST_PAIRS = 6


def sample_word(description: Mapping[str, Any]) -> str:
    """Return what is counted, in plural: pixels or patches."""
    return "pixels" if description["kind"] == "scene" else "patches"


def plural(unit: str) -> str:
    """Return the plural of polygon, block or patch."""
    return f"{unit}es" if unit.endswith("ch") else f"{unit}s"


def summary(description: Mapping[str, Any]) -> str:
    """Return one sentence on what there is."""
    classes = sum(row["samples"] > 0 for row in description["classes"])
    counted = f"{thousands(description['samples'])} labelled {sample_word(description)}"
    where = ""
    if description["kind"] == "scene":
        where = f" in {thousands(description['units'])} {plural(description['unit'])}"
        if description["unit"] == "block":  # a unit is the labels of one class in a block
            where = f" of {joined(description['scenes'][:3])}"
    several = "; a patch may have several" if description["multilabel"] else ""
    return f"{counted}{where}, {classes} classes{several}."


def hardest_pairs(pairs: Sequence[Mapping[str, Any]], names: Mapping[int, str]) -> list[str]:
    """Return sentences on the pairs that are hard to separate, the hardest first."""
    found = []
    for pair in [pair for pair in pairs if pair["jeffries_matusita"] < GOOD][:_MOST_PAIRS]:
        distance = pair["jeffries_matusita"]
        how = "hard to tell apart" if distance < POOR else "not wholly separate"
        found.append(
            f"{quoted(names[pair['a']])} and {quoted(names[pair['b']])} are {how} by the spectrum "
            f"of single pixels ({decimal(distance, 2)} of 2)."
        )
    return found


def are_many(description: Mapping[str, Any]) -> bool:
    """Return whether so many units look like another class that spectra cannot be what counts."""
    many: bool = len(description["suspicious"]) > _MANY * description["units"]
    return many


def warnings(description: Mapping[str, Any], names: Mapping[int, str]) -> list[str]:
    """Return what should be looked at before training."""
    return [
        *_on_balance(description),
        *_on_suspicious(description, names),
        *_on_files(description),
    ]


def _on_balance(description: Mapping[str, Any]) -> list[str]:
    present = [row for row in description["classes"] if row["samples"]]
    found = []
    absent = [quoted(row["name"]) for row in description["classes"] if not row["samples"]]
    if absent:
        found.append(f"No sample of {listed(absent)}: it cannot be learned here.")
    few = [row for row in present if row["units"] is not None and row["units"] < _FEW_UNITS]
    if few:
        counted = [f"{quoted(row['name'])} ({row['units']})" for row in few]
        found.append(
            f"Few {plural(description['unit'])}: {listed(counted)}. With fewer than "
            f"{_FEW_UNITS}, neither training nor a test sees how the class varies; a class with one"
            " cannot be tested at all."
        )
    largest = max(present, key=lambda row: row["samples"])
    smallest = min(present, key=lambda row: row["samples"])
    if largest["samples"] > _UNEQUAL * smallest["samples"]:
        times = thousands(largest["samples"] / smallest["samples"])
        found.append(
            f"Unequal classes: {quoted(largest['name'])} has {times} times as many "
            f"{sample_word(description)} as {quoted(smallest['name'])}. Judge a model by macro F1 "
            "and mean IoU rather than by overall accuracy."
        )
    if len(present) == 1:
        found.append("There is one class only: nothing can be told apart.")
    return found


def _on_suspicious(description: Mapping[str, Any], names: Mapping[int, str]) -> list[str]:
    suspicious, unit = description["suspicious"], plural(description["unit"])
    if not suspicious:
        return []
    share = percent(len(suspicious) / description["units"])
    first = suspicious[0]
    more = "See the list below."
    if are_many(description):
        more = "So many rather mean that classes look alike."
    return [
        f"{thousands(len(suspicious))} of {thousands(description['units'])} {unit} ({share}) look "
        f"more like another class, first of all {first['unit']}: labelled "
        f"{quoted(names[first['class']])}, {percent(first['share'], 0)} of its pixels fit "
        f"{quoted(names[first['fits']])} better. {more}"
    ]


def _on_files(description: Mapping[str, Any]) -> list[str]:
    found = []
    groups = description["duplicates"]
    torn = [group for group in groups if group["labels_differ"]]
    apart = [group for group in groups if len(group["splits"]) > 1]
    if torn:
        found.append(
            f"{thousands(len(torn))} patches have exact copies with other labels: at least one "
            "label of each is wrong."
        )
    if apart:
        found.append(
            f"{thousands(len(apart))} patches have exact copies in another part of the split: "
            "scores would be better than they should be."
        )
    if description["rejected"]:
        found.append(
            f"{thousands(len(description['rejected']))} patches cannot be used; the reasons stand "
            "below."
        )
    return found
