"""The command ``train-segmenter``: from scenes and labels to a model file and a report."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Iterator
from typing import Any

import torch

from lulc_engine.devices import choose_device, make_repeatable, use_threads
from lulc_engine.errors import Cancelled, OptionsError
from lulc_engine.feedback import Feedback
from lulc_engine.losses.context import FocusSettings, LossContext
from lulc_engine.losses.pixels import class_weights
from lulc_engine.models.build import build_network
from lulc_engine.models.card import SEGMENTATION, ModelSpec
from lulc_engine.models.receptive_field import measure_halo
from lulc_engine.models.working_memory import floats_per_pixel
from lulc_engine.options import TrainSegmenterOptions
from lulc_engine.outputs import Outputs
from lulc_engine.rasters.files import gdal_settings
from lulc_engine.rasters.given_legend import with_given
from lulc_engine.rasters.legend import Legend
from lulc_engine.runs.folder import Run, open_run
from lulc_engine.samples.augment import WindowSampler
from lulc_engine.samples.chips import CHIP_PX, ChipStore, labelled_pixels
from lulc_engine.samples.dataset import DatasetBuilder, SplitOptions
from lulc_engine.samples.label_files import open_source
from lulc_engine.samples.labels import LabelSource
from lulc_engine.samples.scenes import TrainingScene, open_scenes
from lulc_engine.samples.shuffle import TileShuffler
from lulc_engine.samples.split import TRAINING
from lulc_engine.samples.statistics import channel_statistics, sample_pixels, value_range
from lulc_engine.training.fit import Trainer
from lulc_engine.training.focus import named_focus
from lulc_engine.training.kept import Fit
from lulc_engine.training.provenance import describe_files, versions
from lulc_engine.training.publish import MODEL, SCORES, stage
from lulc_engine.training.recipe import choose_recipe, shuffled_share, steps_per_epoch
from lulc_engine.training.report import COMMAND
from lulc_engine.training.segmenter_publish import keep_epoch, publish
from lulc_engine.training.segmenter_resume import resume, save_state
from lulc_engine.training.session import Session, decided

# For networks whose reach has no useful bound: validation chips overlap by this much.
FALLBACK_HALO_PX = 64
_PIXELS_PER_CLASS = 100_000
# Share of labelled pixels from which on labels are a map rather than samples.
_DENSE = 0.5


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
    _check_options(options)
    started = time.monotonic()
    inputs = [*options.image, options.labels, options.test_labels, *options.mask]
    with (
        open_run(COMMAND, options, options.resume) as run,
        gdal_settings(),
        Outputs([path.split("|")[0] for path in inputs if path]) as outputs,
        contextlib.closing(ChipStore()) as store,
    ):
        feedback = run.watched(feedback)
        options = run.with_outputs(options)
        parts = stage(options, outputs, {**MODEL, **SCORES})
        session = _prepare(options, store, started, feedback.part(0.0, 0.1))
        trainer = _trainer(session, run)
        if options.resume and run.checkpoints is not None:
            resume(session, trainer, run.checkpoints)
        run.describe(session.options, _decisions(session))
        interrupted: Cancelled | None = None
        try:
            _fit(session, trainer, feedback.part(0.1, 0.95))
        except Cancelled as cancel:
            if not options.keep_best or session.fit.best.epoch == 0:
                raise
            interrupted = cancel
            session.fit.notes.append("Training was interrupted; this is the best model until then.")
        result = publish(session, parts, outputs, run, interrupted is not None, feedback)
    if interrupted is not None:
        raise Cancelled(
            f"The run was cancelled; the best model so far is in {options.model}."
        ) from interrupted
    feedback.progress(1.0, "Done")
    return result


def _check_options(options: TrainSegmenterOptions) -> None:
    """Refuse options that contradict each other, before any file is read."""
    if options.resume and not options.run_folder:
        raise OptionsError(
            "--resume needs --run-folder.", "Name the run folder of the earlier training."
        )


def _decisions(session: Session) -> dict[str, Any]:
    """Return what else decides about the model, for the configuration of the run."""
    return {
        "recipe": dataclasses.asdict(session.recipe),
        "data": session.files,
        "versions": versions(),
    }


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
        legend = with_given(source.legend, options.legend)
        named_focus(options.focus_classes, legend)  # a wrong name fails before the work
        spec = _spec(options, scenes, legend)
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
    # Labels for the test are matched by the names that they share with the others.
    test_legend = with_given(dataset.test_legend, options.legend)
    dataset = dataclasses.replace(dataset, legend=legend, test_legend=test_legend)
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
    return Session(
        given=options,
        options=decided(options, recipe, device, threads),
        recipe=recipe,
        device=device,
        rng=rng,
        spec=spec,
        network=network,
        dataset=dataset,
        files=describe_files(options),
        fit=Fit(),
        started=started,
    )


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


def _fit(session: Session, trainer: Trainer, feedback: Feedback) -> None:
    dataset = session.dataset
    for row in dataset.split.describe(dataset.legend.names):
        if row["status"] != "ok":
            feedback.warning(f"Class {row['name']}: {row['status']}.")
    trainer.run(feedback)


def _trainer(session: Session, run: Run) -> Trainer:
    options, dataset, recipe = session.options, session.dataset, session.recipe
    counts = dataset.count(TRAINING, len(dataset.legend))

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
    dense = dataset.labelled_share() >= _DENSE
    labelled = int(counts.sum())
    balance = recipe.dense_balance if dense else recipe.balance
    sampler = WindowSampler(dataset.chips, places, recipe.window_px, balance, True, session.rng)
    share = shuffled_share(recipe, dense, labelled, dataset.pixel_m)
    shuffler = TileShuffler(share, session.rng)
    if share:
        session.fit.notes.append(
            f"{share:.0%} of the training windows were cut into tiles that were dealt out anew: "
            "the labelled ground is small, and its places would be learned instead of spectra."
        )

    def after_epoch() -> None:
        keep_epoch(session, run)
        if run.checkpoints is not None:
            save_state(session, trainer, run.checkpoints)

    trainer = Trainer(
        session.network,
        dataset,
        sampler,
        shuffler,
        recipe,
        steps_per_epoch(recipe, labelled),
        context,
        make_weights,
        focus is None and recipe.loss == "class_focused",
        session.device,
        session.fit,
        after_epoch,
    )
    return trainer


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
