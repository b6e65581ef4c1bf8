"""Dealing out the pieces of training windows anew, so that spectra are learned and not places.

A scene of few windows shows a network of wide reach the same surroundings again and again, and it
learns those: on a new place it then does worse than a classifier of single pixels. Cut into pieces
that are dealt out at random, windows have no surroundings to be remembered by, and pieces of a
single pixel leave nothing but its spectrum. Windows that stay whole teach what neighbours do tell.
"""

from __future__ import annotations

import numpy as np

SIDES_PX = (1, 2, 4, 8, 16)


class TileShuffler:
    """Cuts a share of the windows of each batch into tiles and deals these out among them.

    After the regions that PatchShuffle permutes (Kang et al. 2017, arXiv:1707.07103). Our
    deviations: tiles change places with each other, of all windows cut alike, not the pixels within
    a region; labels move with them, for every pixel has its own; windows are cut to several sides.

    Args:
        share: chance of a window to be cut, 0 to 1; 0 changes nothing and draws nothing.
        rng: the source of chance.
    """

    def __init__(self, share: float, rng: np.random.Generator) -> None:
        self._share, self._rng = share, rng

    def __call__(self, *layers: np.ndarray) -> None:
        """Shuffle windows in place, all layers alike.

        Args:
            layers: images (N, C, S, S), labels (N, S, S) and whatever else lies on the same pixels.
        """
        if not self._share:
            return
        count, side = layers[0].shape[0], layers[0].shape[-1]
        sides = [px for px in SIDES_PX if px < side and side % px == 0]
        cut = self._rng.random(count) < self._share
        lot = self._rng.integers(len(sides), size=count) if sides else np.zeros(count, int)
        for number, px in enumerate(sides):
            windows = np.flatnonzero(cut & (lot == number))
            order = self._rng.permutation(len(windows) * (side // px) ** 2)
            for layer in layers:
                layer[windows] = _dealt(layer[windows], px, order)


def _dealt(windows: np.ndarray, px: int, order: np.ndarray) -> np.ndarray:
    """Return windows (n, ..., S, S) made of their tiles of px pixels in another order."""
    count, *channels, side, _ = windows.shape
    across = side // px
    last = len(channels)
    # Tiles first: window, row and column of the tile, then channels, row and column in the tile.
    tiled = windows.reshape(count, *channels, across, px, across, px)
    tiled = np.moveaxis(tiled, (1 + last, 3 + last), (1, 2))
    dealt = tiled.reshape(-1, *channels, px, px)[order].reshape(tiled.shape)
    joined: np.ndarray = np.moveaxis(dealt, (1, 2), (1 + last, 3 + last)).reshape(windows.shape)
    return joined
