"""What a training of a segmenter leaves behind: model files, scores, report and the result."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from lulc_engine.evaluation.intervals import unit_intervals
from lulc_engine.evaluation.metrics import ReferenceInfo, build_metrics
from lulc_engine.evaluation.probability_metrics import for_card
from lulc_engine.evaluation.units import BLOCKS, POLYGONS, UnitCounts
from lulc_engine.feedback import Feedback
from lulc_engine.models.build import network_tensors
from lulc_engine.models.card import make_card
from lulc_engine.models.model_file import SUFFIXES, write_model
from lulc_engine.models.network import parameter_count
from lulc_engine.outputs import Outputs
from lulc_engine.runs.folder import BEST_LOSS, BEST_METRIC, LAST, Run
from lulc_engine.runs.record import CHECKPOINTS, PREDICTIONS
from lulc_engine.samples.split import TEST
from lulc_engine.training.kept import Best
from lulc_engine.training.pixel_predictions import write_pixel_predictions
from lulc_engine.training.pixel_probabilities import add_probabilities
from lulc_engine.training.provenance import describe_training, run_facts
from lulc_engine.training.publish import HEADLINE, headline_split, write_scores
from lulc_engine.training.report import training_report
from lulc_engine.training.session import Session
from lulc_engine.training.validate import validate

_KEPT = {BEST_METRIC: "best", BEST_LOSS: "lowest", LAST: "last"}


def publish(
    session: Session,
    parts: Mapping[str, Path],
    outputs: Outputs,
    run: Run,
    interrupted: bool,
    feedback: Feedback,
) -> dict[str, Any]:
    """Score the best network, write all outputs and return the result of the command.

    Args:
        session: of a training that is over, or was interrupted.
        parts: temporary paths of the outputs that the options name.
        outputs: where files of the run folder are staged.
        run: the run folder.
        interrupted: whether the run was asked to stop; then nothing asks again.
        feedback: asked between windows whether to stop.
    """
    options, fit, dataset = session.options, session.fit, session.dataset
    feedback.progress(0.96, "Scoring the best network")
    quiet = Feedback() if interrupted else feedback
    by_split = _scores(session, fit.best, quiet)
    add_probabilities(session, by_split, interrupted, feedback)
    card = _card(session, fit.best, by_split, interrupted)
    digest = write_model(parts["model"], network_tensors(session.network), card)
    split_name = headline_split(by_split)
    main = by_split[split_name]
    write_scores(options, parts, main, lambda: training_report(session, card, by_split))
    if run.folder is not None:
        if "test" in by_split:
            part = outputs.stage(run.folder / PREDICTIONS)
            write_pixel_predictions(part, session, for_card(by_split)[0], quiet)
        model_file = _write_checkpoints(session, outputs, run.folder, interrupted)
        end = {"metrics": main, "split": split_name, "card": card, "model_sha256": digest,
               "model_file": model_file, "interrupted": interrupted}  # fmt: skip
        run.finish(outputs, parts, end, dataset.test_legend)
    if split_name == "validation":
        said = (
            "The scores are of validation, which chose the best epoch: they are optimistic."
            if main["reference"]["n"]
            else "There are no scores."
        )
        feedback.warning(f"{said} Give TEST_LABELS for an untouched test.")
    return {
        **{name: getattr(options, name) for name in ("model", "report", "metrics", "table")},
        **{name: main[name] for name in HEADLINE},
        "split": split_name,
        "best_epoch": fit.best.epoch,
        "model_sha256": digest,
        "run_folder": options.run_folder,
        "scores": main,
    }


def keep_epoch(session: Session, run: Run) -> None:
    """Leave what an epoch has reached in the run folder: scores, curves and model files."""
    fit = session.fit
    run.after_epoch(fit.history, fit.best.epoch, session.dataset.legend.names)
    if run.checkpoints is None:
        return
    for name, kept in _kept(session).items():
        if kept.epoch != fit.last.epoch:
            continue  # it is there already
        scores = _validation_scores(session, kept)
        card = _card(session, kept, scores, interrupted=True)
        tensors = {key: value.numpy() for key, value in kept.weights.items()}
        path = run.checkpoints / f"{name}{SUFFIXES[0]}"
        run.write_checkpoint(path, functools.partial(write_model, tensors=tensors, card=card))


def _kept(session: Session) -> dict[str, Best]:
    return {name: getattr(session.fit, attribute) for name, attribute in _KEPT.items()}


def _write_checkpoints(session: Session, outputs: Outputs, folder: Path, interrupted: bool) -> str:
    """Stage the three model files with their final scores; return the name of the best."""
    for name, kept in _kept(session).items():
        scores = _scores(session, kept, Feedback())
        add_probabilities(session, scores, interrupted, Feedback())
        card = _card(session, kept, scores, interrupted)
        part = outputs.stage(folder / CHECKPOINTS / f"{name}{SUFFIXES[0]}", SUFFIXES)
        write_model(part, network_tensors(session.network), card)
    session.network.load_state_dict(session.fit.best.weights)
    return f"{CHECKPOINTS}/{BEST_METRIC}{SUFFIXES[0]}"


def _card(
    session: Session, kept: Best, by_split: Mapping[str, Any], interrupted: bool
) -> dict[str, Any]:
    """Return the model card of a network with the scores of its own."""
    training = describe_training(session, kept.epoch)
    temperature, scores = for_card(by_split)
    return make_card(
        dataclasses.replace(session.spec, temperature=temperature),
        f"{session.spec.architecture} for {len(session.dataset.legend)} classes",
        parameter_count(session.network),
        str(torch.__version__),
        (
            session.network.input.mean.flatten().tolist(),
            session.network.input.spread.flatten().tolist(),
        ),
        {**training, "interrupted": interrupted},
        scores,
        run_facts(session.started, session.device),
    )


def _scores(session: Session, kept: Best, feedback: Feedback) -> dict[str, Any]:
    """Load a network; return its metrics of validation and, where there is one, of the test."""
    session.network.load_state_dict(kept.weights)
    found = _validation_scores(session, kept)
    if any(TEST in chip.held_out for chip in session.dataset.chips):
        found["test"] = _test_scores(session, feedback)
    return found


def _validation_scores(session: Session, kept: Best) -> dict[str, Any]:
    if kept.matrix is None:
        return {}
    dataset = session.dataset
    info = ReferenceInfo(dataset.label_kind, False, "validation", int(kept.matrix.sum()))
    return {"validation": build_metrics(kept.matrix, dataset.legend, info)}


def _test_scores(session: Session, feedback: Feedback) -> dict[str, Any]:
    """Return metrics of the untouched test, with intervals from its polygons or blocks."""
    dataset, legend = session.dataset, session.dataset.test_legend
    side, size = dataset.test_block_px, len(legend)
    counts = UnitCounts(BLOCKS if side else POLYGONS, side, size)
    matrix = validate(
        session.network, dataset.chips, TEST, size, session.device, feedback, by_unit=counts
    ).matrix
    info = ReferenceInfo(dataset.label_kind, True, "test", int(matrix.sum()))
    margins = counts.margins(range(size), {index: index for index in range(size)}, size)
    intervals, cautions = unit_intervals(margins, legend, counts)
    return build_metrics(matrix, legend, info) | {"intervals": intervals, "cautions": cautions}
