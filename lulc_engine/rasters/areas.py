"""Class areas of a map, in hectares."""

from __future__ import annotations

import numpy as np

from lulc_engine.rasters.grid import Grid
from lulc_engine.rasters.ground import pixel_areas
from lulc_engine.rasters.legend import Legend

_SQUARE_METRES_PER_HECTARE = 10_000


class AreaCounter:
    """Sums pixels and areas by class, row by row.

    Areas of pixels are those on the ground (see `ground`). Without a CRS they are unknown.
    """

    def __init__(self, legend: Legend, grid: Grid) -> None:
        self._legend = legend
        self._pixels = np.zeros(len(legend), dtype=np.int64)
        self._square_metres = np.zeros(len(legend))
        self._row_areas = pixel_areas(grid)
        self._known = self._row_areas is not None

    def add(self, row_off: int, classes: np.ndarray) -> None:
        """Count class indices (H, W), K where there is no result, that begin at a row."""
        kinds = len(self._legend) + 1
        height = classes.shape[0]
        areas = None if self._row_areas is None else self._row_areas[row_off : row_off + height]
        if areas is None or (areas == areas[0]).all():
            counts = np.bincount(classes.reshape(-1), minlength=kinds)[None, :-1]
            areas = None if areas is None else areas[:1]
        else:
            codes = classes + kinds * np.arange(height)[:, None]
            counts = np.bincount(codes.reshape(-1), minlength=kinds * height)
            counts = counts.reshape(height, kinds)[:, :-1]
        self._pixels += counts.sum(axis=0)
        if areas is not None:
            self._square_metres += areas @ counts

    def rows(self) -> list[list[str | int | float | None]]:
        """Return the table ``id,name,pixels,hectares,share``; share is of classified pixels."""
        table: list[list[str | int | float | None]] = [
            ["id", "name", "pixels", "hectares", "share"]
        ]
        total = max(1, int(self._pixels.sum()))
        for item, count, area in zip(
            self._legend.classes, self._pixels.tolist(), self._square_metres.tolist(), strict=True
        ):
            hectares = round(area / _SQUARE_METRES_PER_HECTARE, 4) if self._known else None
            table.append([item.id, item.name, count, hectares, round(count / total, 6)])
        return table
