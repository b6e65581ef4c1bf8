"""Testing a patch classifier that was trained before: ``train-patches --mode test``."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from lulc_engine.devices import choose_device, use_threads
from lulc_engine.errors import DataError, OptionsError
from lulc_engine.evaluation.matching import match_legends
from lulc_engine.feedback import Feedback
from lulc_engine.inference.fitting import fit_named_bands
from lulc_engine.inference.radiometry import fit_radiometry
from lulc_engine.models.build import load_patch_network
from lulc_engine.models.card import ModelSpec, PatchFacts, read_spec
from lulc_engine.models.model_file import read_model
from lulc_engine.models.patch_network import PatchNetwork
from lulc_engine.options import TrainPatchesOptions
from lulc_engine.outputs import Outputs, friendly_write_errors
from lulc_engine.rasters.files import gdal_settings
from lulc_engine.rasters.legend import Legend
from lulc_engine.reports.accuracy import AccuracyReport, render_accuracy_report
from lulc_engine.samples.chips import ChipStore
from lulc_engine.samples.patches.band_subset import with_bands
from lulc_engine.samples.patches.patch_set import PatchSet
from lulc_engine.samples.patches.sources import open_patches
from lulc_engine.samples.split import TEST
from lulc_engine.training.patch_intervals import intervals_of_test
from lulc_engine.training.patch_provenance import SPLIT_OPTIONS, data_sha256, roles_sha256
from lulc_engine.training.patch_scores import (
    Predictions,
    predict_role,
    split_metrics,
    write_predictions,
)
from lulc_engine.training.publish import (
    HEADLINE,
    PREDICTIONS,
    SCORES,
    patch_inputs,
    stage,
    write_scores,
)

# What decides what is read as patches, and which role each has.
_READING = (*SPLIT_OPTIONS, "bands", "band_names")


@dataclass(frozen=True)
class Trial:
    """What a model is tested on.

    Attributes:
        patches: with the model's bands; those to be tested on have the role TEST.
        legend: the model's classes, then those that only the patches have.
        independent: whether training did not see the test patches; None if not known.
        notes: what a reader of the numbers must know.
    """

    patches: PatchSet
    legend: Legend
    independent: bool | None
    notes: tuple[str, ...]


def test_model(options: TrainPatchesOptions, feedback: Feedback) -> dict[str, Any]:
    """Test MODEL on patches and write what the options name; the model file stays as it is.

    Of the patches that the model was trained on those are tested on that the training held back
    for it. Of others, those that the data's own split or TEST_SHARE say, else all.

    Returns:
        As `train_patches`.

    Raises:
        LulcError: see `errors`; nothing is written then.
    """
    with (
        gdal_settings(),
        Outputs([*patch_inputs(options), options.model]) as outputs,
        contextlib.closing(ChipStore()) as store,
    ):
        parts = stage(options, outputs, {**SCORES, **PREDICTIONS})
        card, tensors = read_model(options.model)
        spec = read_spec(card)
        network = load_patch_network(spec, tensors)
        device = choose_device(options.device)
        use_threads(options.threads)
        trial = _open(options, card, spec, store, feedback.part(0.0, 0.3))
        _fit_radiometry(network, trial.patches, spec, feedback)
        # In the memory layout of the training the numbers are the same to the last digit.
        network = network.to(device).to(memory_format=torch.channels_last)
        part = feedback.part(0.3, 0.9)
        found = predict_role(network, trial.patches, TEST, device, part, spec.temperature)
        found = _with_extra_classes(found, len(trial.legend))
        thresholds = _thresholds(spec, len(trial.legend))
        metrics = split_metrics(
            found, trial.legend, TEST, thresholds, trial.independent, trial.notes
        )
        if len(found.names):
            metrics |= intervals_of_test(found, trial.patches, trial.legend, thresholds)
        if "predictions" in parts:
            with friendly_write_errors(options.predictions):
                write_predictions(parts["predictions"], found, trial.legend, thresholds)
        write_scores(options, parts, metrics, lambda: _report(options, metrics, trial.legend))
    feedback.progress(1.0, "Done")
    return {
        **{name: getattr(options, name) for name in ("model", *SCORES, *PREDICTIONS)},
        **{name: metrics[name] for name in HEADLINE},
        "split": "test",
        "best_epoch": card.get("lulc:training", {}).get("best_epoch"),
        "model_sha256": card["model_sha256"],
        "rejected": len(trial.patches.rejected),
        "scores": metrics,
    }


def _open(
    options: TrainPatchesOptions,
    card: Mapping[str, Any],
    spec: ModelSpec,
    store: ChipStore,
    feedback: Feedback,
) -> Trial:
    """Read the patches, divide them as the training did where they are the same, and fit them."""
    facts = _facts(spec)
    options = dataclasses.replace(
        options,
        multilabel=options.multilabel or facts.multilabel,
        patch_px=None if options.features else facts.size_px,
    )
    training = card.get("lulc:training", {})
    as_before = _as_in_training(options, training)
    patches = _try_to_open(as_before, store, feedback)
    independent: bool | None = None
    notes: tuple[str, ...] = ()
    if patches is not None and _is_of_training(patches, training):
        independent = True
        feedback.info("The patches are those of the training, and are divided in the same way.")
    else:
        notes = ("The patches are not those that the model was trained on, as far as is known.",)
        if patches is None or as_before != options:
            patches = open_patches(options, feedback, store)
        if patches.split != "data" and options.test_share is None:
            patches.roles[:] = TEST
    if not len(patches.indices(TEST)):
        raise DataError(
            "There are no test patches.",
            "Hold some back with TEST_SHARE, or name data whose own split has a test.",
        )
    return _fitted(options, patches, spec, independent, notes, store, feedback)


def _as_in_training(
    options: TrainPatchesOptions, training: Mapping[str, Any]
) -> TrainPatchesOptions:
    """Return the options with those by which the training read and divided its patches.

    Another seed, another share or other bands would divide the same patches in another way, and
    test on what was learned from.
    """
    known = training.get("options", {})
    return dataclasses.replace(options, **{n: known[n] for n in _READING if n in known})


def _try_to_open(
    options: TrainPatchesOptions, store: ChipStore, feedback: Feedback
) -> PatchSet | None:
    """Return the patches read as in the training; None where these patches cannot be read so."""
    try:
        return open_patches(options, feedback, store)
    except (DataError, OptionsError):
        return None


def _is_of_training(patches: PatchSet, training: Mapping[str, Any]) -> bool:
    """Return whether these are the patches of the training, each with the role it had."""
    data, split = training.get("data", {}), training.get("split", {})
    return (
        [item["sha256"] for item in patches.files]
        == [item.get("sha256") for item in data.get("files", [])]
        and data.get("sha256") == data_sha256(patches)
        and split.get("sha256") == roles_sha256(patches)
    )


def _fitted(
    options: TrainPatchesOptions,
    patches: PatchSet,
    spec: ModelSpec,
    independent: bool | None,
    notes: tuple[str, ...],
    store: ChipStore,
    feedback: Feedback,
) -> Trial:
    """Return patches with the bands and the classes of the model.

    Raises:
        DataError: size, kind of labels, bands or classes do not fit the model.
    """
    facts = _facts(spec)
    if patches.size_px != facts.size_px:
        raise DataError(
            f"The model takes patches of {facts.size_px} px, these have {patches.size_px}.",
            "Choose patches like those of the training.",
        )
    if patches.multilabel != facts.multilabel:
        kinds = ("one class", "several classes")
        raise DataError(
            f"The model gives a patch {kinds[facts.multilabel]}, these patches have "
            f"{kinds[patches.multilabel]}.",
            "Choose patches with labels like those of the training.",
        )
    # Those of the training were read with its bands.
    wanted = () if independent else options.bands
    said = Feedback() if independent else feedback
    bands = fit_named_bands(patches.bands, spec, wanted, said)
    patches = with_bands(patches, bands, store)
    used = {int(index) for index in np.flatnonzero(patches.counts(TEST))}
    matching = match_legends(spec.legend, patches.legend, used)
    targets = _renumbered(patches, matching.reference_index, len(matching.legend))
    patches = dataclasses.replace(patches, targets=targets, legend=spec.legend)
    return Trial(patches, matching.legend, independent, (*notes, *matching.notes))


def _renumbered(patches: PatchSet, index_of: tuple[int | None, ...], classes: int) -> np.ndarray:
    """Return targets that count the classes of the model's legend; other classes come after."""
    if patches.targets is None:
        raise ValueError("patches without labels cannot be tested on")
    if patches.targets.ndim == 1:
        table = np.array([-1 if index is None else index for index in index_of], np.int16)
        numbered: np.ndarray = table[patches.targets]
        return numbered
    columns = np.zeros((len(patches), classes), np.uint8)
    for old, new in enumerate(index_of):
        if new is not None:
            columns[:, new] |= patches.targets[:, old]
    return columns


def _with_extra_classes(found: Predictions, classes: int) -> Predictions:
    """Return predictions with a probability of 0 for classes that the model does not have."""
    beyond = ((0, 0), (0, classes - found.probabilities.shape[1]))
    plain = None if found.plain is None else np.pad(found.plain, beyond)
    wide = np.pad(found.probabilities, beyond)
    return dataclasses.replace(found, probabilities=wide, plain=plain)


def _thresholds(spec: ModelSpec, classes: int) -> tuple[float, ...]:
    known = _facts(spec).thresholds
    return (*known, *(1.0,) * (classes - len(known))) if known else ()


def _fit_radiometry(
    network: PatchNetwork, patches: PatchSet, spec: ModelSpec, feedback: Feedback
) -> None:
    chosen = fit_radiometry(patches.radiometry, patches.sample, spec, feedback)
    network.input.set_radiometry(chosen.scale, chosen.offset)


def _facts(spec: ModelSpec) -> PatchFacts:
    if spec.patch is None:  # loading the network has refused it
        raise ValueError("the spec is of a segmenter")
    return spec.patch


def _report(options: TrainPatchesOptions, metrics: Mapping[str, Any], legend: Legend) -> str:
    source = options.patches or options.features or options.labels
    report = AccuracyReport(metrics, legend, Path(options.model).name, Path(source).name)
    return render_accuracy_report(report)
