"""The loop of patch classifiers: learns, repeats, freezes, resumes, stops, keeps three states."""

import dataclasses
import json
import time

import numpy as np
import pytest
import torch
from torch import nn

from lulc_engine.errors import Cancelled, DataError
from lulc_engine.feedback import Feedback
from lulc_engine.losses import get_patch_loss
from lulc_engine.losses.context import PatchLossContext
from lulc_engine.models.network import InputLayer
from lulc_engine.models.patch_network import PatchNetwork
from lulc_engine.models.spectralnet import make as make_spectralnet
from lulc_engine.options import TrainPatchesOptions
from lulc_engine.rasters.bands import Band
from lulc_engine.rasters.legend import Legend, LegendClass
from lulc_engine.rasters.reflectance import Radiometry
from lulc_engine.samples.patches.patch_set import PatchSet
from lulc_engine.samples.split import TEST, TRAINING, VALIDATION
from lulc_engine.training.patch_fit import PatchTrainer
from lulc_engine.training.patch_recipe import PATCH_RECIPES, choose_patch_recipe
from lulc_engine.training.patch_validate import epoch_scores, predict
from lulc_engine.training.snapshot import PatchFit

BANDS, CLASSES, SIDE = 3, 3, 8
CPU = torch.device("cpu")
QUICK = dataclasses.replace(
    PATCH_RECIPES["default"], epochs=4, batch_size=16, average=0.9, learning_rate=1e-2
)


class Body(nn.Module):
    """A small network with all that a loop has to mind: batch norm, dropout, a head."""

    def __init__(self, classes=CLASSES):
        super().__init__()
        self.backbone = nn.Sequential(
            nn.Conv2d(BANDS, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.Dropout(0.1)
        )
        self.head = nn.Linear(8, classes)

    def forward(self, channels):
        return self.head(self.backbone(channels).mean(dim=(2, 3)))


def patches(count=120, multilabel=False, seed=0):
    """Return patches whose classes differ in one band each; a tenth of the pixels is not valid."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(CLASSES, size=count)
    several = (rng.random((count, CLASSES)) < 0.4).astype(np.uint8)
    signal = several if multilabel else np.eye(CLASSES)[labels]
    images = rng.normal(100, 12, (count, BANDS, SIDE, SIDE)) + 20 * signal[:, :, None, None]
    roles = np.array([TRAINING] * 6 + [VALIDATION] * 2 + [TEST] * 2, np.int8)
    return PatchSet(
        images=images.astype(np.uint8),
        valid=rng.random((count, SIDE, SIDE)) > 0.1,
        targets=several if multilabel else labels.astype(np.int16),
        roles=np.resize(roles, count),
        names=[str(number) for number in range(count)],
        bands=tuple(Band(n + 1, f"b{n}", None) for n in range(BANDS)),
        radiometry=Radiometry((1 / 255,) * BANDS, (0.0,) * BANDS, "assumed", ""),
        legend=Legend(tuple(LegendClass(n, f"c{n}", (n, n, n)) for n in range(CLASSES))),
        split="random",
        source="arrays",
    )


def network(seed=0):
    torch.manual_seed(seed)
    layer = InputLayer([None] * BANDS)
    layer.set_radiometry([1 / 255] * BANDS, [0.0] * BANDS)
    layer.set_statistics(torch.full((BANDS,), 0.42), torch.full((BANDS,), 0.06))
    return PatchNetwork(layer, Body())


class Watch(Feedback):
    """Counts checks, keeps epochs, and cancels when told to."""

    def __init__(self, cancel_after=None):
        super().__init__()
        self.checks, self.rows, self.shares = 0, [], []
        self._cancel_after = cancel_after

    def check(self):
        self.checks += 1
        super().check()

    def progress(self, fraction, text=""):
        self.shares.append(fraction)

    def metric(self, name, **values):
        self.rows.append(values)
        if values["epoch"] == self._cancel_after:
            self.cancel()


def trainer(data=None, recipe=QUICK, net=None, seed=5, context=None, **more):
    data = data or patches()
    return PatchTrainer(
        net or network(),
        data,
        recipe,
        get_patch_loss(recipe.loss),
        context or PatchLossContext(label_smoothing=recipe.label_smoothing),
        CPU,
        seed,
        PatchFit(),
        **more,
    )


def same(first, second):
    return first.keys() == second.keys() and all(torch.equal(first[n], second[n]) for n in first)


@pytest.mark.parametrize("schedule", ["one_cycle", "plateau", "constant"])
def test_learns_what_the_patches_show(schedule):
    recipe = dataclasses.replace(QUICK, epochs=12, schedule=schedule)
    fit = trainer(patches(300), recipe).run(Feedback())
    assert fit.best.score > 0.8
    row = fit.history[-1]
    assert row["validation"]["overall_accuracy"] > 0.8
    assert len(row["validation"]["f1"]) == len(row["validation"]["average_precision"]) == CLASSES
    json.dumps(fit.history)


def test_learns_several_classes_per_patch():
    recipe = dataclasses.replace(
        QUICK, epochs=12, loss="binary_cross_entropy", metric="map", label_smoothing=0.0
    )
    fit = trainer(patches(300, multilabel=True), recipe).run(Feedback())
    assert fit.best.score > 0.8


@pytest.mark.parametrize("recipe", PATCH_RECIPES)
def test_the_same_seed_gives_the_same_weights_and_another_does_not(recipe):
    numbers = dataclasses.replace(PATCH_RECIPES[recipe], epochs=2, batch_size=16)
    first, second = (trainer(recipe=numbers).run(Feedback()).last.weights for _ in range(2))
    assert same(first, second)
    assert not same(first, trainer(recipe=numbers, seed=6).run(Feedback()).last.weights)


def test_a_resumed_training_ends_like_one_that_was_not_stopped(tmp_path):
    whole = trainer().run(Feedback())
    first = trainer(checkpoints=tmp_path)
    with pytest.raises(Cancelled):
        first.run(Watch(cancel_after=2))
    assert first.state.last.epoch == 2
    torch.manual_seed(99)  # nothing may depend on what is left of the first process
    watch = Watch()
    again = trainer(net=network(7), seed=8, checkpoints=tmp_path, resume=True).run(watch)
    assert [row["epoch"] for row in watch.rows] == [3, 4]
    for kept in ("best", "lowest", "last"):
        a, b = getattr(whole, kept), getattr(again, kept)
        assert (a.epoch, a.score, a.loss) == (b.epoch, b.score, b.loss)
        assert same(a.weights, b.weights)
    assert [r["loss"] for r in whole.history] == [r["loss"] for r in again.history]


def test_a_plateau_schedule_is_resumed_as_well(tmp_path):
    recipe = dataclasses.replace(QUICK, schedule="plateau", average=0.0, optimizer="adam")
    whole = trainer(recipe=recipe).run(Feedback())
    with pytest.raises(Cancelled):
        trainer(recipe=recipe, checkpoints=tmp_path).run(Watch(cancel_after=3))
    again = trainer(recipe=recipe, checkpoints=tmp_path, resume=True).run(Feedback())
    assert same(whole.last.weights, again.last.weights)


def test_resuming_needs_a_state_of_the_same_training(tmp_path):
    with pytest.raises(DataError, match="CHECKPOINTS"):
        trainer(resume=True)
    with pytest.raises(DataError, match="nothing to resume"):
        trainer(checkpoints=tmp_path, resume=True)
    trainer(recipe=dataclasses.replace(QUICK, epochs=1), checkpoints=tmp_path).run(Feedback())
    with pytest.raises(DataError, match="another recipe"):
        trainer(checkpoints=tmp_path, resume=True)
    (tmp_path / "state.safetensors").write_bytes(b"x" * 100)
    with pytest.raises(DataError, match="damaged"):
        trainer(checkpoints=tmp_path, resume=True)


def test_a_frozen_backbone_does_not_move_and_the_head_does():
    recipe = dataclasses.replace(QUICK, freeze_epochs=2, epochs=4, backbone_rate=0.1)
    net = network()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    run = trainer(recipe=recipe, net=net)
    seen = {}

    class Look(Feedback):
        def metric(self, name, epoch, **values):
            seen[epoch] = {n: v.clone() for n, v in run.state.last.weights.items()}
            live[epoch] = {n: v.clone() for n, v in net.state_dict().items()}

    live = {}
    run.run(Look())
    last = run.state.last.weights
    for name, value in before.items():
        is_head, is_input = name.startswith("body.head"), name.startswith("input.")
        # Batch norm's statistics and counters belong to the backbone as well.
        assert torch.equal(live[2][name], value) != is_head, name
        assert torch.equal(live[4][name], value) == is_input, name
        assert torch.equal(last[name], value) == is_input, name
        if not is_head:
            assert torch.equal(seen[2].get(name, value), value), name
    rows = run.state.history
    assert [row["frozen"] for row in rows] == [True, True, False, False]


def test_an_unfrozen_backbone_moves_at_its_lower_rate():
    moved = {}
    for rate in (1.0, 0.01):
        net = network()
        start = net.body.backbone[0].weight.detach().clone()
        recipe = dataclasses.replace(QUICK, backbone_rate=rate, average=0.0, freeze_epochs=1)
        trainer(recipe=recipe, net=net).run(Feedback())
        moved[rate] = float((net.body.backbone[0].weight.detach() - start).abs().mean())
    assert 0 < moved[0.01] < 0.1 * moved[1.0]


def test_the_published_rate_stays_as_it_is_and_a_plateau_lowers_it():
    rates = {}
    for schedule in ("constant", "plateau"):
        recipe = dataclasses.replace(
            QUICK, epochs=12, patience=99, schedule=schedule, learning_rate=1e-8, average=0.0
        )
        fit = trainer(recipe=recipe).run(Feedback())
        rates[schedule] = {row["learning_rate"] for row in fit.history}
    assert rates["constant"] == {1e-8}
    assert min(rates["plateau"]) < 0.4e-8


def test_keeps_the_best_by_score_the_best_by_loss_and_the_last():
    recipe = dataclasses.replace(QUICK, epochs=6, learning_rate=0.1, average=0.0)
    fit = trainer(recipe=recipe).run(Feedback())
    scores = [row["validation"]["macro_f1"] for row in fit.history]
    losses = [row["validation"]["loss"] for row in fit.history]
    assert fit.best.score == max(scores)
    assert scores[fit.best.epoch - 1] == max(scores)
    assert fit.lowest.loss == min(losses)
    assert losses[fit.lowest.epoch - 1] == min(losses)
    assert fit.last.epoch == 6


def test_what_was_kept_scores_as_was_recorded():
    data = patches()
    fit = trainer(data).run(Feedback())
    net = network(3)
    net.load_state_dict(fit.best.weights)
    held_out = data.indices(VALIDATION)
    logits = predict(net, data, held_out, CPU, Feedback(), batch=7)
    assert epoch_scores(data.targets[held_out], logits)["macro_f1"] == fit.best.score


def test_stops_where_the_score_no_longer_rises():
    recipe = dataclasses.replace(QUICK, epochs=50, patience=3, learning_rate=1e-8, average=0.0)
    fit = trainer(recipe=recipe).run(Feedback())
    assert fit.stopped_early
    assert fit.last.epoch < 50


def test_trains_without_validation_and_on_fewer_patches_than_a_batch():
    data = patches(12)
    data.roles[:] = TRAINING
    fit = trainer(data).run(Feedback())
    assert fit.best.epoch == fit.last.epoch == 4
    assert fit.history[-1]["validation"]["macro_f1"] is None
    data.roles[:] = TEST
    with pytest.raises(DataError, match="No patch is left"):
        trainer(data)


def test_cancelling_is_asked_for_in_every_step_and_keeps_what_was_reached():
    watch = Watch(cancel_after=1)
    run = trainer(recipe=dataclasses.replace(QUICK, average=0.0))
    with pytest.raises(Cancelled):
        run.run(watch)
    assert watch.checks >= len(patches().indices(TRAINING)) // 16
    assert run.state.best.epoch == 1
    assert all(0 < share <= 1 for share in watch.shares)


def test_a_training_that_diverges_says_so():
    recipe = dataclasses.replace(QUICK, batch_size=4)
    weights = torch.full((CLASSES,), float("nan"))
    with pytest.raises(DataError, match="not a number"):
        trainer(recipe=recipe, context=PatchLossContext(weights=weights)).run(Feedback())


def test_class_weights_make_a_class_more_likely():
    data = patches(200)
    heavy = PatchLossContext(weights=torch.tensor([20.0, 1, 1]))
    counts = []
    for context in (PatchLossContext(), heavy):
        recipe = dataclasses.replace(QUICK, epochs=2)
        run = trainer(data, recipe, context=context)
        run.run(Feedback())
        net = network()
        net.load_state_dict(run.state.last.weights)
        logits = predict(net, data, data.indices(TEST), CPU, Feedback())
        counts.append(int((logits.argmax(axis=1) == 0).sum()))
    assert counts[1] > counts[0]


def test_the_data_keep_up_with_the_network():
    """Making a batch ready takes less than a tenth of what a SpectralNet needs for its step."""
    data = patches(64)
    images = np.random.default_rng(0).integers(0, 255, (64, BANDS, 64, 64), np.uint8)
    data.images, data.valid, data.roles = images, None, np.zeros(64, np.int8)
    net = network()
    net.body = make_spectralnet(BANDS, CLASSES, {})
    run = trainer(data, dataclasses.replace(QUICK, batch_size=64), net)
    order = np.arange(64)
    channels, targets = next(run.batches.of(order))
    assert best_seconds(lambda: list(run.batches.of(order))) < 0.1 * best_seconds(
        lambda: run.step(channels, targets)
    )


def test_batches_of_small_patches_are_made_ready_together_and_hold_each_patch_once():
    data = patches(1000)
    recipe = dataclasses.replace(
        QUICK, batch_size=16, mixup=0.0, cutmix=0.0, turn=False, jitter=0.0
    )
    run = trainer(data, recipe)
    order = data.indices(TRAINING)[:592]
    batches = list(run.batches.of(order))
    assert [len(channels) for channels, _ in batches] == [16] * (len(order) // 16)
    shown = order[: len(batches) * 16]
    wanted = run._network.input(torch.from_numpy(data.raw(shown)))
    assert torch.equal(torch.cat([channels for channels, _ in batches]), wanted)
    labels = torch.cat([targets for _, targets in batches]).argmax(dim=1)
    assert labels.tolist() == data.targets[shown].tolist()


def test_the_last_epochs_show_patches_as_they_are():
    recipe = dataclasses.replace(QUICK, epochs=4, cutmix=1.0, mixup=0.0, mixed_share=0.5)
    batches = trainer(patches(200), recipe).batches
    mixed = [
        any(not bool(((targets == 0) | (targets == 1)).all()) for _, targets in batches.epoch(n))
        for n in (1, 2, 3, 4)
    ]
    assert mixed == [True, True, False, False]


def best_seconds(work, times=4):
    found = []
    for _ in range(times):
        started = time.perf_counter()
        work()
        found.append(time.perf_counter() - started)
    return min(found)


@pytest.mark.parametrize("low", [False, True])
def test_learns_in_either_precision_and_says_which(monkeypatch, low):
    monkeypatch.setattr("lulc_engine.training.patch_fit.prefers_bfloat16", lambda *_: low)
    fit = trainer(patches(300), dataclasses.replace(QUICK, epochs=12)).run(Feedback())
    assert fit.best.score > 0.8
    assert {value.dtype for value in fit.best.weights.values()} == {torch.float32, torch.int64}
    assert ["bfloat16" in note for note in fit.notes] == [True] * low


@pytest.mark.parametrize(
    ("options", "side", "name"),
    [
        ({}, 15, "windows"),
        ({}, 16, "default"),
        ({"architecture": "pixelnet", "resize_px": 11}, 64, "windows"),
        ({"architecture": "dcnn5"}, 5, "default"),
        ({"architecture": "resnet18"}, 15, "default"),
        ({"architecture": "pixelnet", "recipe": "published"}, 5, "published"),
    ],
)
def test_small_windows_have_a_recipe_of_their_own(options, side, name):
    data = dataclasses.replace(patches(100), images=np.zeros((100, BANDS, side, side), np.uint8))
    given = TrainPatchesOptions(
        model="m.safetensors", patches="p", epochs=7, batch_size=9, patience=2, **options
    )
    expected = dataclasses.replace(PATCH_RECIPES[name], epochs=7, batch_size=9, patience=2)
    assert choose_patch_recipe(given, data) == expected


def test_a_cycle_is_not_stopped_in_its_middle():
    wanted = {"model": "m.safetensors", "patches": "p", "epochs": 90}
    chosen = choose_patch_recipe(TrainPatchesOptions(**wanted), patches(100))
    assert (chosen.schedule, chosen.patience) == ("one_cycle", 90)
    plateau = choose_patch_recipe(TrainPatchesOptions(**wanted, schedule="plateau"), patches(100))
    assert plateau.patience < 90


def test_the_recipe_fits_the_data_unless_told_otherwise():
    data = patches(100)
    wanted = {"model": "m.safetensors", "patches": "p"}
    small = choose_patch_recipe(TrainPatchesOptions(**wanted), data)
    assert small.batch_size == 8
    assert small.epochs == 200
    told = choose_patch_recipe(TrainPatchesOptions(**wanted, epochs=3, batch_size=32), data)
    assert (told.epochs, told.batch_size) == (3, 32)
    published = choose_patch_recipe(TrainPatchesOptions(**wanted, recipe="published"), data)
    assert published == PATCH_RECIPES["published"]
    several = choose_patch_recipe(TrainPatchesOptions(**wanted), patches(multilabel=True))
    assert (several.loss, several.metric) == ("focal_bce", "map")
    frozen = choose_patch_recipe(TrainPatchesOptions(**wanted, freeze_epochs=2), data)
    assert frozen.backbone_rate < 1
    assert frozen.freeze_epochs == 2
