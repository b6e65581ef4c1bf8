"""How much each band matters: what is lost when it says nothing.

Every band in turn is replaced by the mean reflectance that it had in training, in every pixel, and
the network is asked again (occlusion, after Zeiler and Fergus 2014, arXiv:1311.2901, of bands
instead of places; indices and ratios are computed from what is left). A model from elsewhere that
does not know that mean is given the band's mean in the data that are explained. The drop of the
probability of the class that the model gave is the band's importance; where labels are known, so is
the drop of the share of right answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from lulc_engine.models.network import InputLayer
from lulc_engine.rasters.bands import Band
from lulc_engine.rasters.legend import Legend
from lulc_engine.reports.csv_table import Cell

TABLE_HEADER = (
    "band", "role", "class_id", "class", "samples", "probability", "probability_without", "drop",
    "labelled", "accuracy", "accuracy_without", "accuracy_drop",
)  # fmt: skip


def without_band(layer: InputLayer, reflectance: Tensor, band: int, mean: float) -> Tensor:
    """Return normalised channels of reflectance (N, bands, H, W) in which a band is its mean.

    Pixels that are not valid stay so.
    """
    changed = reflectance.clone()
    changed[:, band] = torch.where(torch.isfinite(reflectance[:, band]), mean, torch.nan)
    return layer.normalise(changed)


@dataclass(frozen=True)
class Importance:
    """What one band is worth for some samples.

    Attributes:
        band: the band.
        class_index: of the class that the samples were given, None for all of them.
        samples: pixels, windows or patches.
        probability: mean probability of the class, with all bands.
        without: the same without the band.
        labelled: samples with a label.
        accuracy: share of these that are right, with all bands; None where none is labelled.
        accuracy_without: the same without the band.
    """

    band: Band
    class_index: int | None
    samples: int
    probability: float
    without: float
    labelled: int
    accuracy: float | None
    accuracy_without: float | None

    @property
    def drop(self) -> float:
        """How much probability is lost without the band; below 0 where it only misleads."""
        return self.probability - self.without

    @property
    def accuracy_drop(self) -> float | None:
        """How much accuracy is lost without the band, None where nothing is labelled."""
        if self.accuracy is None or self.accuracy_without is None:
            return None
        return self.accuracy - self.accuracy_without


class BandCounts:
    """Sums over samples, given batch by batch: first with all bands, then without each.

    Args:
        bands: the model's B bands.
        classes: number K of its classes.
    """

    def __init__(self, bands: Sequence[Band], classes: int) -> None:
        self.bands = tuple(bands)
        self.samples = np.zeros(classes, np.int64)
        self._count = classes
        cases = len(self.bands) + 1  # with all bands, then without each
        self._own = np.zeros((cases, classes))
        self._everywhere = np.zeros((cases, classes))
        self._labelled = np.zeros(classes, np.int64)
        self._right = np.zeros((cases, classes), np.int64)
        self._given = np.zeros(0, np.int64)
        self._labels: np.ndarray | None = None

    def begin(self, shares: np.ndarray, labels: np.ndarray | None = None) -> None:
        """Take probabilities (n, K) of samples with all bands, and class indices (n,), -1 none."""
        self._given = shares.argmax(axis=1)
        self._labels = labels
        self.samples += np.bincount(self._given, minlength=self._count)
        if labels is not None:
            known = self._given[labels >= 0]
            self._labelled += np.bincount(known, minlength=self._count)
        self._add(0, shares)

    def without(self, band: int, shares: np.ndarray) -> None:
        """Take probabilities (n, K) of the same samples without a band."""
        self._add(band + 1, shares)

    def _add(self, case: int, shares: np.ndarray) -> None:
        own = shares[np.arange(len(shares)), self._given]
        self._own[case] += np.bincount(self._given, own, self._count)
        self._everywhere[case] += shares.sum(axis=0)
        if self._labels is not None:
            known = self._labels >= 0
            right = known & (shares.argmax(axis=1) == self._labels)
            self._right[case] += np.bincount(self._given[right], minlength=self._count)

    def importances(self, target: int | None) -> list[Importance]:
        """Return the importance of each band for the samples that got a class, or for all.

        Args:
            target: the class; where no sample got it, its probability in all samples counts.
        """
        return [self._importance(number, target) for number in range(len(self.bands))]

    def _importance(self, number: int, target: int | None) -> Importance:
        chosen = slice(None) if target is None else slice(target, target + 1)
        nowhere = target is not None and self.samples[target] == 0
        samples = int(self.samples.sum() if nowhere else self.samples[chosen].sum())
        sums = self._everywhere if nowhere else self._own
        labelled = int(self._labelled[chosen].sum())

        def mean(case: int) -> float:
            return float(sums[case, chosen].sum()) / samples if samples else 0.0

        def accuracy(case: int) -> float | None:
            return float(self._right[case, chosen].sum()) / labelled if labelled else None

        case = number + 1
        band = self.bands[number]
        return Importance(
            band, target, samples, mean(0), mean(case), labelled, accuracy(0), accuracy(case)
        )

    def rows(self, legend: Legend, target: int | None) -> list[list[Cell]]:
        """Return the table with its header: all samples and those of each class, or one class."""
        targets = [target]
        if target is None:
            targets += [int(k) for k in np.flatnonzero(self.samples)]
        rows: list[list[Cell]] = [list(TABLE_HEADER)]
        for one in targets:
            rows += [_row(item, legend) for item in self.importances(one)]
        return rows


def _row(item: Importance, legend: Legend) -> list[Cell]:
    known = None if item.class_index is None else legend.classes[item.class_index]
    return [
        item.band.name, item.band.role,
        None if known is None else known.id, "all" if known is None else known.name,
        item.samples, *(f"{value:.6f}" for value in (item.probability, item.without, item.drop)),
        item.labelled,
        *(
            None if value is None else f"{value:.6f}"
            for value in (item.accuracy, item.accuracy_without, item.accuracy_drop)
        ),
    ]  # fmt: skip
