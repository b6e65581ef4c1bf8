"""Filling the training report with what a training on patches did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lulc_engine.evaluation.probability_metrics import for_card
from lulc_engine.feedback import Feedback
from lulc_engine.options import TrainPatchesOptions
from lulc_engine.reports.examples import Examples
from lulc_engine.reports.patches import SPLIT_TEXTS, split_rows
from lulc_engine.reports.training import Table, TrainingReport, render_training_report
from lulc_engine.reports.words import quoted
from lulc_engine.samples.patches.patch_set import PatchSet
from lulc_engine.samples.split import ROLE_NAMES, TEST, TRAINING, VALIDATION
from lulc_engine.training.patch_examples import patch_examples
from lulc_engine.training.patch_provenance import patch_counts
from lulc_engine.training.patch_recipe import readable
from lulc_engine.training.patch_scores import Scored, predict_role
from lulc_engine.training.patch_session import PatchSession
from lulc_engine.training.provenance import command_line, machine_facts, repeating_command

COMMAND = "train-patches"
_FEW_PATCHES = 20
_KEPT = {
    "metric": "the best by validation {metric}",
    "loss": "the one of the lowest validation loss",
    "last": "the last",
}


def patch_report(
    options: TrainPatchesOptions,
    session: PatchSession,
    card: Mapping[str, Any],
    scored: Scored,
    tables: Sequence[Table] = (),
) -> str:
    """Return the HTML report of a training.

    Args:
        options: what was asked for.
        session: the finished training; its network has the kept weights.
        card: the finished model card.
        scored: scores of validation and, where there is one, of the test.
        tables: what else there is to show, such as a band study.
    """
    patches, fit, by_split = session.patches, session.fit, scored.by_split
    return render_training_report(
        TrainingReport(
            model_name=Path(session.options.model).stem,
            legend=patches.legend,
            history=fit.history,
            best_epoch=session.kept.epoch or None,
            split_rows=split_rows(patches.legend, patch_counts(patches)),
            split_unit="",
            metrics_by_split=by_split,
            command=command_line(COMMAND, options),
            repeat=repeating_command(COMMAND, options),
            facts=_facts(card, session),
            machine=machine_facts(card, fit.history),
            examples=_examples(session, scored),
            warnings=_warnings(session, by_split, card),
            notes=[*patches.notes, *fit.notes],
            sample_unit="patches",
            split_text=SPLIT_TEXTS[patches.split],
            split_totals=split_totals(patches),
            kept=_KEPT[session.options.keep].format(metric=readable(session.recipe.metric)),
            rejected=[(item.name, item.reason) for item in patches.rejected],
            tables=tables,
        )
    )


def _examples(session: PatchSession, scored: Scored) -> Examples | None:
    """Return example patches of the test, else of validation."""
    patches, role, found = session.patches, TEST, scored.test
    if found is None:
        role, device = VALIDATION, session.machine.device
        temperature, _ = for_card(scored.by_split)
        found = predict_role(session.network, patches, role, device, Feedback(), temperature)
    return patch_examples(found, role, patches, scored.thresholds)


def split_totals(patches: PatchSet) -> dict[str, int]:
    """Return the patches of each role where the classes do not add up to them, else nothing."""
    if not patches.multilabel:
        return {}
    return {name: len(patches.indices(role)) for role, name in enumerate(ROLE_NAMES)}


def patch_warnings(patches: PatchSet, options: TrainPatchesOptions) -> list[str]:
    """Return what keeps classes from being learned or judged, in plain words."""
    by_status: dict[str, list[str]] = {"few": [], "untrained": []}
    for name, count in zip(patches.legend.names, patches.counts(TRAINING), strict=True):
        if count == 0:
            by_status["untrained"].append(quoted(name))
        elif count < _FEW_PATCHES:
            by_status["few"].append(f"{quoted(name)} ({count})")
    found = []
    if by_status["untrained"]:
        found.append(f"No training patch has {_some(by_status['untrained'])}.")
    if by_status["few"]:
        found.append(
            f"Classes with fewer than {_FEW_PATCHES} training patches: {_some(by_status['few'])}. "
            "Expect little of them."
        )
    if not len(patches.indices(VALIDATION)):
        found.append("There are no validation patches: nothing tells which epoch was the best.")
    if options.freeze_epochs and not options.initial_model and options.weights != "imagenet":
        found.append(
            "FREEZE_EPOCHS keeps weights that are random, from which a head can learn little. Give "
            "INITIAL_MODEL or WEIGHTS, or leave it out."
        )
    return found


def _facts(card: Mapping[str, Any], session: PatchSession) -> dict[str, str]:
    training, patches = card["lulc:training"], session.patches
    recipe, patch = session.recipe, card["lulc:patch"]
    stopped = ", stopped early" if session.fit.stopped_early else ""
    facts = {
        "Architecture": f"{card['mlm:architecture']}, {card['mlm:total_parameters']:,} parameters",
        "Patches": f"{len(patches):,} of {patches.size_px} px, {len(patches.rejected)} left out",
        "Bands": ", ".join(b["role"] or b["name"] for b in card["lulc:bands"]),
        "Spectral indices": ", ".join(card["lulc:indices"]).upper() or "none",
        "Reflectance": session.spec.radiometry.summary(),
        "Loss": recipe.loss,
        "Epochs": f"{training['epochs']}{stopped}; kept {training['best_epoch']}",
        "Seed": str(training["seed"]),
        "Versions": ", ".join(f"{k} {v}" for k, v in training["versions"].items()),
    }
    if patch["thresholds"]:
        pairs = zip(patches.legend.names, patch["thresholds"], strict=True)
        facts["Thresholds, tuned on validation"] = ", ".join(f"{n} {t:.3g}" for n, t in pairs)
    for item in training["data"]["files"]:
        facts[f"SHA-256 of {item['name']}"] = item["sha256"] or "not a file"
    return facts


def _warnings(
    session: PatchSession, by_split: Mapping[str, Any], card: Mapping[str, Any]
) -> list[str]:
    patches, warnings = session.patches, []
    if card["lulc:training"]["interrupted"]:
        warnings.append("The training was interrupted; this is the best model until then.")
    if patches.rejected:
        warnings.append(
            f"{len(patches.rejected)} patches could not be used and were left out; they are "
            "listed below."
        )
    warnings += patch_warnings(patches, session.options)
    if not len(patches.indices(TEST)):
        warnings.append("No patches were held back for a test.")
    elif "test" not in by_split:
        warnings.append("The test patches were not looked at.")
    return warnings


def _some(names: list[str]) -> str:
    return ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")
