"""Filling the training report with what a training did."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lulc_engine.reports.training import TrainingReport, render_training_report
from lulc_engine.samples.dataset import Dataset
from lulc_engine.samples.split import ROLE_NAMES, TEST
from lulc_engine.training.kept import Fit
from lulc_engine.training.provenance import command_line, machine_facts, repeating_command
from lulc_engine.training.session import Session
from lulc_engine.training.window_examples import window_examples

COMMAND = "train-segmenter"


def training_report(
    session: Session, card: Mapping[str, Any], by_split: Mapping[str, Mapping[str, Any]]
) -> str:
    """Return the HTML report of a training.

    Args:
        session: the finished training; its network has the kept weights.
        card: the finished model card.
        by_split: metrics objects of validation and, where there is one, of the test.
    """
    options, fit, dataset = session.given, session.fit, session.dataset
    return render_training_report(
        TrainingReport(
            model_name=Path(options.model).stem,
            legend=dataset.test_legend,
            history=fit.history,
            best_epoch=fit.best.epoch or None,
            split_rows=_split_rows(dataset, "test" in by_split),
            split_unit=f"{dataset.split.kind}s",
            metrics_by_split=by_split,
            command=command_line(COMMAND, options),
            repeat=repeating_command(COMMAND, options),
            facts=_facts(card, fit),
            machine=machine_facts(card, fit.history),
            examples=window_examples(session),
            warnings=_warnings(dataset, by_split, card),
            notes=[*dataset.notes, *fit.notes],
        )
    )


def _split_rows(dataset: Dataset, has_test: bool) -> list[dict[str, Any]]:
    classes = len(dataset.test_legend)
    tested = dataset.count(TEST, classes)
    rows = []
    described = dataset.split.describe(dataset.legend.names)
    for index, item in enumerate(dataset.test_legend.classes):
        row: dict[str, Any] = {"id": item.id, "name": item.name}
        known = index < len(described)
        row["status"] = described[index]["status"] if known else "not trained: no label"
        row["status"] = "" if row["status"] == "ok" else row["status"]
        for name in ROLE_NAMES if has_test else ROLE_NAMES[:2]:
            row[name] = described[index][name] if known else {"units": 0, "pixels": 0}
        if has_test:
            # Test labels of their own are not among the units that were divided.
            units = None if dataset.has_own_test else row["test"]["units"]
            row["test"] = {"units": units, "pixels": int(tested[index])}
        rows.append(row)
    return rows


def _facts(card: Mapping[str, Any], fit: Fit) -> dict[str, str]:
    training = card["lulc:training"]
    data = training["data"]
    labels = [data["labels"], data["test_labels"]]
    files = [*data["scenes"], *(item for item in labels if item), *data["masks"]]
    stopped = ", stopped early" if fit.stopped_early else ""
    facts = {
        "Architecture": f"{card['mlm:architecture']}, {card['mlm:total_parameters']:,} parameters",
        "Bands": ", ".join(b["role"] or b["name"] for b in card["lulc:bands"]),
        "Spectral indices": ", ".join(card["lulc:indices"]).upper() or "none",
        "Loss": str(training["recipe"]["loss"]),
        "Focus classes": ", ".join(training["focus_classes"]) or "none",
        "Epochs": f"{training['epochs']}{stopped}; best {training['best_epoch']}",
        "Seed": str(training["seed"]),
        "Versions": ", ".join(f"{k} {v}" for k, v in training["versions"].items()),
    }
    for item in files:
        facts[f"SHA-256 of {item['name']}"] = item["sha256"] or "not a file"
    return facts


def _warnings(dataset: Dataset, by_split: Mapping[str, Any], card: Mapping[str, Any]) -> list[str]:
    warnings = []
    if card["lulc:training"]["interrupted"]:
        warnings.append("The training was interrupted; this is the best model until then.")
    if dataset.split.kind == "block":
        warnings.append(
            f"Labels were divided by blocks of {dataset.split.block_px} pixels. Neighbouring "
            "blocks touch, so scores may still be a little optimistic."
        )
    if "validation" not in by_split or by_split["validation"]["reference"]["n"] == 0:
        warnings.append("No class could be validated; the last epoch's scores are unknown.")
    return warnings
