"""Recipes: the numbers of a training, as published or as we find them better."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from lulc_engine.options import TrainSegmenterOptions

# Pixels from this size on show land rather than parts of houses and trees.
_COARSE_PIXEL_M = 5.0


@dataclass(frozen=True)
class Recipe:
    """The numbers of a training.

    Attributes:
        loss: key of `options.LOSSES`.
        optimizer: adam or adamw.
        learning_rate: the highest rate.
        weight_decay: decoupled, for adamw.
        schedule: plateau (x0.3 after 5 epochs without a better validation mIoU) or one_cycle.
        epochs: most epochs.
        patience: epochs without a better validation score before training stops.
        batch_size: windows in a batch.
        window_px: side of a window.
        steps: fewest and most steps in an epoch.
        balance: 0 shows pixels of the classes as often as there are, 1 of all classes alike.
        dense_balance: the same where most pixels are labelled. What people draw says nothing of how
            much there is of a class; where everything is labelled, their shares are the land's.
        average: decay of the moving average of weights that is validated and kept; 0 for none.
        jitter: spread of a random gain per band and of a shift, as a share of reflectance.
        blend: share of batches that are moved towards the spectra of other classes.
        dense_shuffle: most windows whose tiles are dealt out anew, as a share, see
            `shuffled_share`. Only where most pixels are labelled: samples are drawn where a class
            is pure, and what lies between them is told by its surroundings.
    """

    loss: str
    optimizer: str
    learning_rate: float
    weight_decay: float
    schedule: str
    epochs: int
    patience: int
    batch_size: int
    window_px: int
    steps: tuple[int, int]
    balance: float
    dense_balance: float
    average: float
    jitter: float
    blend: float
    dense_shuffle: float


RECIPES = {
    "published": Recipe(
        loss="class_focused",
        optimizer="adam",
        learning_rate=3e-4,
        weight_decay=0.0,
        schedule="plateau",
        epochs=50,
        patience=15,
        batch_size=16,
        window_px=128,
        steps=(10, 200),
        balance=0.0,
        dense_balance=0.0,
        average=0.0,
        jitter=0.0,
        blend=0.0,
        dense_shuffle=0.0,
    ),
    "default": Recipe(
        loss="class_focused",
        optimizer="adamw",
        learning_rate=2e-3,
        weight_decay=1e-2,
        schedule="one_cycle",
        epochs=16,
        patience=12,
        batch_size=16,
        window_px=64,
        steps=(20, 200),
        balance=1.0,
        dense_balance=0.5,
        average=0.98,
        jitter=0.1,
        blend=0.5,
        dense_shuffle=0.8,
    ),
}

# Numbers of a recipe that options may set.
GIVEN = ("loss", "epochs", "batch_size", "window_px", "learning_rate", "patience")


def choose_recipe(options: TrainSegmenterOptions) -> Recipe:
    """Return the recipe that the options name, with what they set explicitly."""
    given = {n: getattr(options, n) for n in GIVEN if getattr(options, n) is not None}
    return dataclasses.replace(RECIPES[options.recipe], **given)


def steps_per_epoch(recipe: Recipe, labelled_pixels: int) -> int:
    """Return how many batches make an epoch: as many as hold each labelled pixel about once."""
    low, high = recipe.steps
    return max(low, min(high, labelled_pixels // _pixels_in_batch(recipe)))


def shuffled_share(
    recipe: Recipe, is_dense: bool, labelled_pixels: int, pixel_m: tuple[float, float] | None
) -> float:
    """Return the share of windows to shuffle, the more the oftener an epoch repeats each pixel.

    A network can remember only places that it sees again and again. Where there is so much labelled
    ground that an epoch shows none of it twice, windows stay whole. So they do where pixels are
    small beside what they show: then neighbours tell more than a pixel's spectrum (Strahler,
    Woodcock and Smith 1986, Remote Sensing of Environment 20: 121-139), measured in RESULTS.md.

    Args:
        recipe: the numbers.
        is_dense: whether most pixels are labelled.
        labelled_pixels: pixels to train on, at least 1.
        pixel_m: sides of a pixel in metres, None if not known.
    """
    if not is_dense or pixel_m is None or min(pixel_m) < _COARSE_PIXEL_M:
        return 0.0
    shown = steps_per_epoch(recipe, labelled_pixels) * _pixels_in_batch(recipe)
    return recipe.dense_shuffle * max(0.0, 1 - labelled_pixels / shown)


def _pixels_in_batch(recipe: Recipe) -> int:
    return recipe.batch_size * recipe.window_px**2
