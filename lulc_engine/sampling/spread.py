"""Choosing points out of candidates: every class has its turn, and none lies close to another.

The best candidates alone would be one clump in one place, often all of one pair of classes, and
teach the same thing again and again; see Tuia et al. (2011), doi:10.1109/JSTSP.2011.2139193, on why
batches must be diverse. Here each point is far enough from all those chosen before, and half of the
points are divided equally among the classes: one that is rare, or that the model is wrongly sure
of, would else have none. The other half go where the model is least sure, whatever the class: with
equal shares alone, too many points would lie on the shores of lakes that it knows well. Both halves
are dealt out in rounds, so that any first n points are a balanced choice too, for whoever stops
early.
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from lulc_engine.sampling.candidates import Candidates, Indices

# A class that lies, or is unsure, in a small part of a map cannot hold its points at the distance
# that suits the whole map. For it the distance is halved so many times, rather than to take pixels
# that are less than half as unsure.
HALVINGS = 3
_POOR = 0.5


@dataclass(frozen=True)
class Spacing:
    """How far apart points are to be.

    Attributes:
        distance: between any two points, in the unit of the sides; 0 for none.
        sides: height and width of a pixel.
        fixed: whether the distance holds for classes too that cannot fill their share with it.
    """

    distance: float
    sides: tuple[float, float]
    fixed: bool


@dataclass(frozen=True)
class Choice:
    """Positions int64 (N,) among the candidates, in order, and the distance that they keep."""

    positions: Indices
    distance: float


def choose(found: Candidates, n_classes: int, size: int, spacing: Spacing) -> Choice:
    """Return at most ``size`` candidates.

    Args:
        found: the candidates, the best first.
        n_classes: K. Classes that have no more candidates leave their points to the others.
        size: points in all.
        spacing: how far apart.
    """
    taken = _Taken(spacing)
    queues = [
        _Queue(np.flatnonzero(found.classes == index), found, spacing) for index in range(n_classes)
    ]
    chosen: list[int] = []
    while len(chosen) < size:
        by_class = [queue.take(taken) for queue in sorted(queues, key=lambda q: -q.best(taken))]
        turn = [place for place in by_class if place is not None]
        if not turn:
            break
        for _ in range(n_classes):
            # Where a class has had to move closer, no more than its share is taken.
            free = [queue for queue in queues if not queue.crowded and queue.best(taken)]
            place = max(free, key=lambda q: q.best(taken)).take(taken) if free else None
            turn += [] if place is None else [place]
        chosen += sorted(turn, key=lambda place: -float(found.scores[place]))
    kept = min((queue.kept for queue in queues), default=spacing.distance)
    return Choice(np.array(chosen[:size], np.int64), kept)


class _Taken:
    """The points chosen so far, found again by the square that they lie in."""

    def __init__(self, spacing: Spacing) -> None:
        self._side = spacing.distance
        self._squares: dict[tuple[int, int], list[tuple[float, float]]] = defaultdict(list)

    def add(self, point: tuple[float, float]) -> None:
        if self._side:
            self._squares[self._square(point)].append(point)

    def near(self, point: tuple[float, float], distance: float) -> bool:
        """Return whether any point is nearer than a distance, at most the one of the spacing."""
        if not self._side:
            return False
        row, column = self._square(point)
        return any(
            math.dist(point, other) < distance
            for down, right in itertools.product((-1, 0, 1), repeat=2)
            for other in self._squares.get((row + down, column + right), ())
        )

    def _square(self, point: tuple[float, float]) -> tuple[int, int]:
        return math.floor(point[0] / self._side), math.floor(point[1] / self._side)


class _Queue:
    """The candidates of one class in their order.

    Attributes:
        distance: at which candidates are taken at present.
        kept: the distance at which its last point was taken.
    """

    def __init__(self, places: Indices, found: Candidates, spacing: Spacing) -> None:
        self.kept = self.distance = self._full = spacing.distance
        self._halvings = 0 if spacing.fixed or not spacing.distance else HALVINGS
        ys = ((found.rows[places] + 0.5) * spacing.sides[0]).tolist()
        xs = ((found.columns[places] + 0.5) * spacing.sides[1]).tolist()
        points = zip(ys, xs, strict=True)
        self._waiting: list[tuple[int, tuple[float, float]]]
        self._waiting = list(zip(places.tolist(), points, strict=True))
        self._scores = found.scores
        self._passed: list[tuple[int, tuple[float, float]]] = []
        self._next = 0

    @property
    def crowded(self) -> bool:
        """Whether its distance has been halved."""
        return self.distance < self._full

    def best(self, taken: _Taken) -> float:
        """Return the score of the next candidate that is far enough; 0 where there is none."""
        place = self._ahead(taken)
        return 0.0 if place is None else float(self._scores[place])

    def take(self, taken: _Taken) -> int | None:
        """Take the best candidate that is far enough, where need be by a smaller distance."""
        place = self._ahead(taken)
        while self._halvings and self._passed and self._is_poor(place):
            self._waiting = [*self._passed, *self._waiting[self._next :]]
            self._passed, self._next = [], 0
            self._halvings -= 1
            self.distance /= 2
            place = self._ahead(taken)
        if place is not None:
            taken.add(self._waiting[self._next][1])
            self._next += 1
            self.kept = self.distance
        return place

    def _is_poor(self, place: int | None) -> bool:
        """Return whether a candidate is much surer than the best one that was too near."""
        best = float(self._scores[self._passed[0][0]])
        return place is None or float(self._scores[place]) < _POOR * best

    def _ahead(self, taken: _Taken) -> int | None:
        """Pass by what is too near and return the next candidate."""
        while self._next < len(self._waiting):
            place, point = self._waiting[self._next]
            if not taken.near(point, self.distance):
                return place
            self._passed.append((place, point))
            self._next += 1
        return None
