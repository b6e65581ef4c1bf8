"""How many windows a training shuffles: many where ground repeats, none where it does not."""

import pytest

from lulc_engine.training.recipe import RECIPES, shuffled_share, steps_per_epoch

DEFAULT = RECIPES["default"]
IN_BATCH = DEFAULT.batch_size * DEFAULT.window_px**2
SENTINEL_M = (10.0, 10.0)


def test_the_share_falls_as_there_is_more_ground():
    sizes = [100, 10_000, 100_000, IN_BATCH * 10, IN_BATCH * 19]
    shares = [shuffled_share(DEFAULT, True, size, SENTINEL_M) for size in sizes]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] == pytest.approx(DEFAULT.dense_shuffle, rel=1e-3)
    # Ten batches of ground in an epoch of twenty: half of the most.
    assert steps_per_epoch(DEFAULT, sizes[3]) == 20
    assert shares[3] == pytest.approx(DEFAULT.dense_shuffle / 2)


@pytest.mark.parametrize("batches", [20, 100, 200, 5000])
def test_nothing_is_shuffled_that_an_epoch_shows_once(batches):
    assert shuffled_share(DEFAULT, True, IN_BATCH * batches, SENTINEL_M) == 0


@pytest.mark.parametrize(
    ("recipe", "is_dense", "pixel_m"),
    [
        ("published", True, SENTINEL_M),
        ("default", False, SENTINEL_M),  # samples
        ("default", True, (0.5, 0.5)),  # an aerial photograph
        ("default", True, None),
    ],
)
def test_windows_stay_whole(recipe, is_dense, pixel_m):
    assert shuffled_share(RECIPES[recipe], is_dense, 100, pixel_m) == 0
