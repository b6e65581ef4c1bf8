"""What changed into what, and how much of it: the from-to matrix in pixels and hectares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lulc_engine.change.transitions import Transitions
from lulc_engine.evaluation.confusion import Counts, empty
from lulc_engine.rasters.legend import Legend
from lulc_engine.reports.csv_table import Cell


@dataclass(frozen=True)
class ChangeSummary:
    """The from-to matrix of two maps.

    Attributes:
        legend: the K classes of both maps.
        pixels: int64 (K, K), rows before, columns after.
        hectares: float64 (K, K), or None where the maps have no CRS.
    """

    legend: Legend
    pixels: Counts
    hectares: npt.NDArray[np.float64] | None

    @classmethod
    def of(cls, transitions: Transitions, rows: Sequence[Sequence[Any]]) -> ChangeSummary:
        """Return the summary of an area table (see `AreaCounter.rows`) of the transitions."""
        legend = transitions.matching.legend
        pixels, hectares = empty(len(legend)), np.zeros((len(legend), len(legend)))
        known = True
        for pair, (_, _, number, area, _) in zip(transitions.pairs, rows[1:], strict=True):
            pixels[pair] = number
            known = known and area is not None
            hectares[pair] = area or 0.0
        return cls(legend, pixels, hectares if known else None)

    @property
    def changed_share(self) -> float:
        """The share of what was compared that changed: of the area, without CRS of the pixels."""
        amounts = self.pixels if self.hectares is None else self.hectares
        return _changed(amounts) / float(amounts.sum())

    @property
    def changed_hectares(self) -> float | None:
        """The area that changed."""
        if self.hectares is None:
            return None
        return _changed(self.hectares)

    def rows(self) -> list[list[Cell]]:
        """Return the table of the transitions that occur, by class before and class after."""
        header: list[Cell] = ["from_id", "from_name", "to_id", "to_name"]
        table = [[*header, "pixels", "hectares", "share"]]
        total = int(self.pixels.sum())
        for i, j in np.argwhere(self.pixels > 0).tolist():
            old, new = self.legend.classes[i], self.legend.classes[j]
            number = int(self.pixels[i, j])
            area = None if self.hectares is None else float(self.hectares[i, j])
            names: list[Cell] = [old.id, old.name, new.id, new.name]
            table.append([*names, number, area, round(number / total, 6)])
        return table

    def as_dict(self) -> dict[str, Any]:
        """Return plain values that JSON can hold."""
        return {
            "labels": list(self.legend.ids),
            "names": list(self.legend.names),
            "pixels": self.pixels.tolist(),
            "hectares": None if self.hectares is None else self.hectares.tolist(),
        }


def _changed(amounts: npt.NDArray[np.number[Any]]) -> float:
    """Return the sum beside the diagonal; as a difference it would not be 0 where nothing is."""
    return float(amounts.sum(where=~np.eye(len(amounts), dtype=bool)))
