"""Recipes of patch classifiers: the numbers of a training, as published or as we find them."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from lulc_engine.options import TrainPatchesOptions
from lulc_engine.samples.patches.patch_set import PatchSet
from lulc_engine.samples.split import TRAINING

# A few patches need many epochs, and small batches so that an epoch has some steps.
_PATCHES_SHOWN, _MOST_EPOCHS = 100_000, 200
_STEPS_WANTED, _SMALLEST_BATCH = 10, 8
# PixelNet, which is also what patches up to this side get, has numbers of its own by default.
_WINDOWS, _PIXELNET, _LARGEST_WINDOW_PX = "windows", "pixelnet", 15
# So do small residual networks.
_RESIDUAL, _SMALL_RESNET = "residual", "small_resnet"
# Pretrained weights are changed at this share of the head's rate.
_BACKBONE_RATE = 0.1


@dataclass(frozen=True)
class PatchRecipe:
    """The numbers of a training.

    Attributes:
        loss: key of `options.PATCH_LOSSES`.
        label_smoothing: share of the target that is spread evenly over the classes.
        optimizer: adam, adamw or sgd.
        learning_rate: the highest rate.
        backbone_rate: the backbone's rate as a share of it, once it is not frozen.
        freeze_epochs: epochs in which only the head learns.
        weight_decay: see `make_optimizer`; not of biases and norms.
        schedule: plateau (x0.3 after 5 epochs without a better score), one_cycle or constant.
        epochs: most epochs.
        patience: epochs without a better validation score before training stops.
        batch_size: patches in a batch.
        average: decay of the moving average of weights that is validated and kept; 0 for none.
        turn: whether to flip and turn by quarters.
        jitter: spread of a random gain per band and of a shift, as a share of reflectance.
        zoom: most by which half of the patches are enlarged or shrunk, as a share.
        mixup: share of batches that are blended with themselves.
        cutmix: share of batches that get rectangles of each other.
        mixed_share: share of the epochs in which batches are mixed; the last ones show patches as
            they are (as Ge et al. 2021, arXiv:2107.08430).
        metric: one of `options.PATCH_METRICS`, names the best epoch.
    """

    loss: str
    label_smoothing: float
    optimizer: str
    learning_rate: float
    backbone_rate: float
    freeze_epochs: int
    weight_decay: float
    schedule: str
    epochs: int
    patience: int
    batch_size: int
    average: float
    turn: bool
    jitter: float
    zoom: float
    mixup: float
    cutmix: float
    mixed_share: float
    metric: str


PATCH_RECIPES = {
    "published": PatchRecipe(
        loss="cross_entropy",
        label_smoothing=0.0,
        optimizer="adam",
        learning_rate=1e-4,
        backbone_rate=1.0,
        freeze_epochs=0,
        weight_decay=0.0,
        schedule="constant",
        epochs=300,
        patience=300,
        batch_size=128,
        average=0.0,
        turn=False,
        jitter=0.0,
        zoom=0.0,
        mixup=0.0,
        cutmix=0.0,
        mixed_share=1.0,
        metric="macro_f1",
    ),
    "default": PatchRecipe(
        loss="cross_entropy",
        label_smoothing=0.05,
        optimizer="adamw",
        learning_rate=3e-3,
        backbone_rate=1.0,
        freeze_epochs=0,
        weight_decay=0.05,
        schedule="one_cycle",
        epochs=30,
        patience=15,
        batch_size=64,
        average=0.998,
        turn=True,
        jitter=0.05,
        zoom=0.0,
        mixup=0.1,
        cutmix=0.2,
        mixed_share=0.7,
        metric="macro_f1",
    ),
    # PixelNet judges by bands and by how much neighbours differ. Rectangles of other windows would
    # change just that, so there are none; a strong gain per band cost accuracy on ground not seen
    # before (benchmarks/RESULTS.md); and a small network is done after few steps.
    _WINDOWS: PatchRecipe(
        loss="cross_entropy",
        label_smoothing=0.05,
        optimizer="adamw",
        learning_rate=4e-3,
        backbone_rate=1.0,
        freeze_epochs=0,
        weight_decay=0.05,
        schedule="one_cycle",
        epochs=16,
        patience=16,
        batch_size=256,
        average=0.99,
        turn=True,
        jitter=0.01,
        zoom=0.0,
        mixup=0.2,
        cutmix=0.0,
        mixed_share=1.0,
        metric="macro_f1",
    ),
    # Residual networks of plain convolutions reach a little more by plain descent than by AdamW,
    # as is known of them (benchmarks/RESULTS.md, EuroSAT).
    _RESIDUAL: PatchRecipe(
        loss="cross_entropy",
        label_smoothing=0.1,
        optimizer="sgd",
        learning_rate=0.1,
        backbone_rate=1.0,
        freeze_epochs=0,
        weight_decay=5e-4,
        schedule="one_cycle",
        epochs=30,
        patience=15,
        batch_size=64,
        average=0.998,
        turn=True,
        jitter=0.05,
        zoom=0.2,
        mixup=0.1,
        cutmix=0.2,
        mixed_share=0.7,
        metric="macro_f1",
    ),
}

# Numbers of a recipe that options may set.
GIVEN = (
    "loss",
    "label_smoothing",
    "zoom",
    "mixup",
    "cutmix",
    "epochs",
    "batch_size",
    "learning_rate",
    "schedule",
    "patience",
    "metric",
)


def choose_patch_recipe(options: TrainPatchesOptions, patches: PatchSet) -> PatchRecipe:
    """Return the recipe that the options name, fitted to the data, with what they set explicitly.

    The default recipe of PixelNet is "windows". Several classes per patch change loss and metric;
    few patches make the batches smaller and the epochs more (default recipes only); ImageNet
    weights or a frozen start lower the backbone's rate; one cycle is never stopped in its middle
    unless PATIENCE says so.
    """
    recipe = PATCH_RECIPES[_recipe_name(options, patches.size_px)]
    fitted: dict[str, object] = {"freeze_epochs": options.freeze_epochs}
    if patches.multilabel:
        fitted |= {"loss": "focal_bce", "label_smoothing": 0.0, "metric": "map"}
    if options.recipe == "default":
        fitted |= _sizes(recipe, len(patches.indices(TRAINING)))
    if options.freeze_epochs or options.weights == "imagenet":
        fitted["backbone_rate"] = _BACKBONE_RATE
    given = {n: getattr(options, n) for n in GIVEN if getattr(options, n) is not None}
    chosen = dataclasses.replace(recipe, **{**fitted, **given})
    if chosen.schedule == "one_cycle" and options.patience is None:
        # A cycle is at its best at its end; mixed batches and high rates hide that until then.
        chosen = dataclasses.replace(chosen, patience=chosen.epochs)
    return chosen


def _recipe_name(options: TrainPatchesOptions, size_px: int) -> str:
    """Return the key in `PATCH_RECIPES`."""
    architecture = options.architecture
    if not architecture and size_px <= _LARGEST_WINDOW_PX:
        architecture = _PIXELNET
    own = {_PIXELNET: _WINDOWS, _SMALL_RESNET: _RESIDUAL} if options.recipe == "default" else {}
    return own.get(architecture, options.recipe)


def _sizes(recipe: PatchRecipe, count: int) -> dict[str, int]:
    """Return batch size and epochs for a number of training patches."""
    batch = max(_SMALLEST_BATCH, min(recipe.batch_size, count // _STEPS_WANTED))
    epochs = max(recipe.epochs, min(_MOST_EPOCHS, _PATCHES_SHOWN // max(1, count)))
    return {"batch_size": batch, "epochs": epochs}


def readable(metric: str) -> str:
    """Return a name of `options.PATCH_METRICS` as it is read."""
    words = {"mean_iou": "mean IoU", "macro_f1": "macro F1", "map": "mean average precision"}
    return words.get(metric, metric.replace("_", " "))
