"""The command ``train-segmenter``: from scenes and labels to a model file and a report."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from lulc_engine.devices import choose_device, make_repeatable, use_threads
from lulc_engine.errors import Cancelled
from lulc_engine.evaluation.intervals import unit_intervals
from lulc_engine.evaluation.metrics import ReferenceInfo, build_metrics
from lulc_engine.evaluation.units import BLOCKS, POLYGONS, UnitCounts
from lulc_engine.feedback import Feedback
from lulc_engine.losses.context import FocusSettings, LossContext
from lulc_engine.losses.pixels import class_weights
from lulc_engine.models.build import build_network, network_tensors
from lulc_engine.models.card import SEGMENTATION, ModelSpec, make_card
from lulc_engine.models.model_file import write_model
from lulc_engine.models.network import Network, parameter_count
from lulc_engine.models.receptive_field import measure_halo
from lulc_engine.models.working_memory import floats_per_pixel
from lulc_engine.options import TrainSegmenterOptions
from lulc_engine.outputs import Outputs
from lulc_engine.rasters.files import gdal_settings
from lulc_engine.rasters.legend import Legend
from lulc_engine.samples.augment import WindowSampler
from lulc_engine.samples.chips import CHIP_PX, ChipStore, labelled_pixels
from lulc_engine.samples.dataset import Dataset, DatasetBuilder, SplitOptions
from lulc_engine.samples.labels import LabelSource, open_source
from lulc_engine.samples.scenes import TrainingScene, open_scenes
from lulc_engine.samples.split import TEST, TRAINING
from lulc_engine.samples.statistics import channel_statistics, sample_pixels, value_range
from lulc_engine.training.fit import Fit, Trainer
from lulc_engine.training.focus import named_focus
from lulc_engine.training.provenance import describe_training, run_facts
from lulc_engine.training.publish import (
    HEADLINE,
    MODEL,
    SCORES,
    headline_split,
    stage,
    write_scores,
)
from lulc_engine.training.recipe import Recipe, choose_recipe, steps_per_epoch
from lulc_engine.training.report import training_report
from lulc_engine.training.validate import validate

# For networks whose reach has no useful bound: validation chips overlap by this much.
FALLBACK_HALO_PX = 64
_PIXELS_PER_CLASS = 100_000


@dataclass
class Session:
    """What a training has at hand between its steps."""

    options: TrainSegmenterOptions
    recipe: Recipe
    device: torch.device
    threads: int
    rng: np.random.Generator
    spec: ModelSpec
    network: Network
    dataset: Dataset
    fit: Fit
    started: float


def train_segmenter(options: TrainSegmenterOptions, feedback: Feedback) -> dict[str, Any]:
    """Train a segmenter and write what the options name.

    Returns:
        Paths ``model report metrics table``, the numbers ``overall_accuracy kappa mean_iou
        macro_f1`` of the test where there is one, else of validation, ``split`` saying which, and
        ``scores``, the metrics object.

    Raises:
        LulcError: see `errors`; nothing is written then.
        Cancelled: the run was cancelled. With KEEP_BEST the best model so far has been written.
    """
    started = time.monotonic()
    inputs = [*options.image, options.labels, options.test_labels, *options.mask]
    with (
        gdal_settings(),
        Outputs([path.split("|")[0] for path in inputs if path]) as outputs,
        contextlib.closing(ChipStore()) as store,
    ):
        parts = stage(options, outputs, {**MODEL, **SCORES})
        session = _prepare(options, store, started, feedback.part(0.0, 0.1))
        interrupted: Cancelled | None = None
        try:
            _fit(session, feedback.part(0.1, 0.95))
        except Cancelled as cancel:
            if not options.keep_best or session.fit.best.epoch == 0:
                raise
            interrupted = cancel
            session.fit.notes.append("Training was interrupted; this is the best model until then.")
        result = _write(session, parts, outputs, interrupted is not None, feedback)
    if interrupted is not None:
        raise Cancelled(
            f"The run was cancelled; the best model so far is in {options.model}."
        ) from interrupted
    feedback.progress(1.0, "Done")
    return result


def _prepare(
    options: TrainSegmenterOptions, store: ChipStore, started: float, feedback: Feedback
) -> Session:
    """Read the data and build the network."""
    feedback.progress(0.0, "Loading PyTorch")
    device, threads = choose_device(options.device), use_threads(options.threads)
    rng = make_repeatable(options.seed)
    recipe = choose_recipe(options)
    with _open(options, feedback) as scenes:
        source = _source(options, options.labels, feedback)
        test = _source(options, options.test_labels, feedback) if options.test_labels else None
        named_focus(options.focus_classes, source.legend)  # a wrong name fails before the work
        spec = _spec(options, scenes, source.legend)
        network = build_network(spec)
        halo = measure_halo(network.body, spec.in_channels)
        used_halo = FALLBACK_HALO_PX if halo is None else halo
        builder = DatasetBuilder(
            scenes,
            source,
            test,
            used_halo,
            network.stride,
            store,
            max(CHIP_PX, recipe.window_px + 2 * used_halo),
        )
        split = SplitOptions(options.validation_share, options.test_share, options.seed)
        dataset = builder.build(split, feedback)
    for note in dataset.notes:
        feedback.info(note)
    pixels = sample_pixels(dataset.chips, rng)
    network.input.set_statistics(*channel_statistics(network.input, pixels))
    spec = dataclasses.replace(
        spec,
        halo_px=halo,
        value_range=value_range(pixels),
        floats_per_px=floats_per_pixel(network.body, spec.in_channels),
    )
    return Session(options, recipe, device, threads, rng, spec, network, dataset, Fit(), started)


@contextlib.contextmanager
def _open(options: TrainSegmenterOptions, feedback: Feedback) -> Iterator[list[TrainingScene]]:
    scenes = open_scenes(options.image, options, feedback)
    try:
        yield scenes
    finally:
        for scene in scenes:
            scene.scene.close()


def _source(options: TrainSegmenterOptions, path: str, feedback: Feedback) -> LabelSource:
    return open_source(
        path, options.class_field, options.class_name_field, options.ignore_value, feedback
    )


def _spec(options: TrainSegmenterOptions, scenes: list[TrainingScene], legend: Legend) -> ModelSpec:
    weights = None if options.encoder_weights == "none" else options.encoder_weights
    is_ours = options.architecture == "mobile_unet"
    return ModelSpec(
        task=SEGMENTATION,
        architecture=options.architecture,
        settings={} if is_ours else {"encoder": options.encoder, "encoder_weights": weights},
        bands=scenes[0].bands,
        indices=options.indices,
        radiometry=scenes[0].common,
        value_range=(),
        legend=legend,
        halo_px=None,
        stride=8 if is_ours else 32,
    )


def _fit(session: Session, feedback: Feedback) -> None:
    options, dataset, recipe = session.options, session.dataset, session.recipe
    counts = dataset.count(TRAINING, len(dataset.legend))
    for row in dataset.split.describe(dataset.legend.names):
        if row["status"] != "ok":
            feedback.warning(f"Class {row['name']}: {row['status']}.")

    def make_weights(focus: tuple[int, ...]) -> torch.Tensor:
        return class_weights(
            torch.from_numpy(counts),
            focus if recipe.loss == "class_focused" else (),
            options.class_weight_low,
            options.class_weight_high,
        )

    focus = named_focus(options.focus_classes, dataset.legend)
    context = LossContext(
        make_weights(focus or ()).to(session.device), focus or (), _focus_settings(options)
    )
    places = labelled_pixels(dataset.chips, len(dataset.legend), _PIXELS_PER_CLASS, session.rng)
    sampler = WindowSampler(
        dataset.chips, places, recipe.window_px, recipe.balance, True, session.rng
    )
    trainer = Trainer(
        session.network,
        dataset,
        sampler,
        recipe,
        steps_per_epoch(recipe, int(counts.sum())),
        context,
        make_weights,
        focus is None and recipe.loss == "class_focused",
        session.device,
        session.fit,
    )
    trainer.run(feedback)


def _focus_settings(options: TrainSegmenterOptions) -> FocusSettings:
    return FocusSettings(
        options.cross_entropy_share,
        options.focal_share,
        options.tversky_share,
        options.focal_gamma,
        options.focal_alpha,
        options.tversky_alpha,
        options.tversky_beta,
    )


def _write(
    session: Session,
    parts: dict[str, Any],
    outputs: Outputs,
    interrupted: bool,
    feedback: Feedback,
) -> dict[str, Any]:
    """Score the best network and write all outputs."""
    options, fit, dataset = session.options, session.fit, session.dataset
    session.network.load_state_dict(fit.best.weights)
    feedback.progress(0.96, "Scoring the best network")
    by_split = _scores(session, Feedback() if interrupted else feedback)
    training = describe_training(
        options,
        session.recipe,
        dataset,
        fit,
        dataset.legend,
        session.threads,
        session.device.type,
    )
    card = make_card(
        session.spec,
        f"{session.spec.architecture} for {len(dataset.legend)} classes",
        parameter_count(session.network),
        str(torch.__version__),
        (
            session.network.input.mean.flatten().tolist(),
            session.network.input.spread.flatten().tolist(),
        ),
        {**training, "interrupted": interrupted},
        by_split,
        run_facts(session.started),
    )
    digest = write_model(parts["model"], network_tensors(session.network), card)
    split_name = headline_split(by_split)
    main = by_split[split_name]
    write_scores(
        options, parts, main, lambda: training_report(options, card, by_split, fit, dataset)
    )
    if split_name == "validation":
        feedback.warning(
            "The scores are of validation, which chose the best epoch: they are optimistic. Give "
            "TEST_LABELS for an untouched test."
        )
    return {
        "model": options.model,
        "report": options.report,
        "metrics": options.metrics,
        "table": options.table,
        **{name: main[name] for name in HEADLINE},
        "split": split_name,
        "best_epoch": fit.best.epoch,
        "model_sha256": digest,
        "scores": main,
    }


def _scores(session: Session, feedback: Feedback) -> dict[str, Any]:
    """Return metrics of validation and, where there is one, of the untouched test."""
    dataset, fit = session.dataset, session.fit
    found: dict[str, Any] = {}
    if fit.best.matrix is not None:
        total = int(fit.best.matrix.sum())
        info = ReferenceInfo(dataset.label_kind, False, "validation", total)
        found["validation"] = build_metrics(fit.best.matrix, dataset.legend, info)
    if any(TEST in chip.held_out for chip in dataset.chips):
        found["test"] = _test_scores(session, feedback)
    return found


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
