"""Which pixels of scenes become the centres of patches.

Most labelled areas hold far more pixels than a training needs, and the pixels of one field are
nearly copies of each other. So a class gives at most so many, shared out over its polygons or
blocks: small ones give all they have, large ones as many as keep the sum within bounds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Pixels:
    """Labelled pixels, one row each.

    Attributes:
        places: (n, 3) int32 number of the scene, row and column.
        units: (n,) int32 row of the unit table.
        keys: (n,) float64 random numbers that decide who stays.
    """

    places: np.ndarray
    units: np.ndarray
    keys: np.ndarray

    def __len__(self) -> int:
        return len(self.units)

    def take(self, chosen: np.ndarray) -> Pixels:
        """Return some of the pixels."""
        return Pixels(self.places[chosen], self.units[chosen], self.keys[chosen])


class PixelPool:
    """Labelled pixels of each class, thinned out as they come in.

    The pixels of a unit with the smallest keys stay, so that it does not matter in how many parts
    they come.

    Args:
        classes: number of classes.
        most: pixels of a class that are wanted in the end.
        rng: gives the keys.
    """

    def __init__(self, classes: int, most: int, rng: np.random.Generator) -> None:
        self._most, self._rng = most, rng
        self._parts: list[list[Pixels]] = [[] for _ in range(classes)]

    def add(
        self, scene: int, corner: tuple[int, int], labels: np.ndarray, units: np.ndarray
    ) -> None:
        """Take in the labels of a window.

        Args:
            scene: number of the scene.
            corner: row and column of the window.
            labels: (H, W) class indices, -1 where none.
            units: (H, W) rows of the unit table.
        """
        rows, columns = np.nonzero(labels >= 0)
        if not len(rows):
            return
        found = labels[rows, columns]
        scenes = np.full(len(rows), scene)
        places = np.stack([scenes, rows + corner[0], columns + corner[1]], axis=1)
        keys = self._rng.random(len(rows))
        everything = Pixels(places.astype(np.int32), units[rows, columns], keys)
        for index in np.unique(found):
            self._parts[index].append(everything.take(found == index))
            if sum(map(len, self._parts[index])) > 4 * self._most:
                # Twice of what is wanted: the share of a unit can only get smaller from here.
                self._parts[index] = [_thin(_join(self._parts[index]), 2 * self._most)]

    def draw(self) -> tuple[Pixels, np.ndarray]:
        """Return the chosen pixels in the order of scene, row and column, and their classes."""
        drawn = [_thin(_join(parts), self._most) for parts in self._parts]
        classes = np.repeat(np.arange(len(drawn)), [len(pixels) for pixels in drawn])
        pixels = _join(drawn)
        order = np.lexsort(pixels.places.T[::-1])
        return pixels.take(order), classes[order].astype(np.int16)


def largest_share(sizes: np.ndarray, most: int) -> int:
    """Return how many pixels each unit may give so that together they are not more than ``most``.

    >>> largest_share(np.array([2, 10, 50]), 30)
    14
    """
    low, high = 0, int(sizes.max(initial=0))
    while low < high:
        middle = (low + high + 1) // 2
        if np.minimum(sizes, middle).sum() <= most:
            low = middle
        else:
            high = middle - 1
    return low


def reaches_into(places: np.ndarray, others: np.ndarray, patch_px: int) -> np.ndarray:
    """Return which patches (n,) share a pixel with one of the others.

    Args:
        places: (n, 3) scene, row and column of patches.
        others: (m, 3) of the others.
        patch_px: side of all.
    """
    found = np.zeros(len(places), dtype=bool)
    if not len(others):
        return found
    # Two windows overlap if both distances are below the side. In cells of that side, only the
    # eight neighbours can hold such a one.
    cells = others // [1, patch_px, patch_px]
    members: dict[tuple[int, int, int], list[int]] = {}
    for number, cell in enumerate(map(tuple, cells.tolist())):
        members.setdefault(cell, []).append(number)
    own_cells = places // [1, patch_px, patch_px]
    for cell, group in _groups(own_cells):
        near = [
            number
            for down in (-1, 0, 1)
            for right in (-1, 0, 1)
            for number in members.get((cell[0], cell[1] + down, cell[2] + right), ())
        ]
        if near:
            distances = np.abs(places[group][:, None, 1:] - others[near][None, :, 1:])
            found[group] = (distances < patch_px).all(axis=2).any(axis=1)
    return found


def _groups(cells: np.ndarray) -> list[tuple[tuple[int, int, int], np.ndarray]]:
    """Return each cell with the numbers of the rows that are in it."""
    unique, inverse = np.unique(cells, axis=0, return_inverse=True)
    order = np.argsort(inverse.ravel(), kind="stable")
    ends = np.cumsum(np.bincount(inverse.ravel(), minlength=len(unique)))
    return [
        ((int(cell[0]), int(cell[1]), int(cell[2])), group)
        for cell, group in zip(unique, np.split(order, ends[:-1]), strict=True)
    ]


def _join(parts: list[Pixels]) -> Pixels:
    if not parts:
        return Pixels(np.zeros((0, 3), np.int32), np.zeros(0, np.int32), np.zeros(0))
    return Pixels(
        np.concatenate([part.places for part in parts]),
        np.concatenate([part.units for part in parts]),
        np.concatenate([part.keys for part in parts]),
    )


def _thin(pixels: Pixels, most: int) -> Pixels:
    """Return at most so many pixels, shared out over the units."""
    if len(pixels) <= most:
        return pixels
    order = np.lexsort((pixels.keys, pixels.units))
    _, starts, sizes = np.unique(pixels.units[order], return_index=True, return_counts=True)
    rank = np.arange(len(order)) - np.repeat(starts, sizes)
    share = largest_share(sizes, most)
    kept = order[rank < share]
    # What is left over by rounding goes to those next in line, drawn by their keys.
    next_in_line = order[rank == share]
    spare = next_in_line[np.argsort(pixels.keys[next_in_line])][: most - len(kept)]
    return pixels.take(np.concatenate([kept, spare]))
