"""How unsure a model is of each pixel of its map, from what classify has written beside it.

Of probabilities it is the margin, p1 - p2 of the two likeliest classes, taken from 1: "breaking
ties", Luo et al. (2005), Active learning to recognize multiple types of plankton, Journal of
Machine Learning Research 6, 589-613. Of the confidence it is what p1 lacks to 1, "least
confidence": Lewis and Gale (1994), A sequential algorithm for training text classifiers, SIGIR '94,
3-12. Tuia et al. (2011), A survey of active learning algorithms for supervised remote sensing image
classification, IEEE Journal of Selected Topics in Signal Processing 5(3), 606-617,
doi:10.1109/JSTSP.2011.2139193, compare both with others.
"""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt
from rasterio.enums import ColorInterp

from lulc_engine.errors import RasterError
from lulc_engine.evaluation.class_map import MODEL_TAG
from lulc_engine.rasters.files import open_raster, readable_errors
from lulc_engine.rasters.grid import Grid, Window

Shares = npt.NDArray[np.float32]

_PERCENT_NODATA = 255
_READ_BYTES = 32 * 2**20
_BLOCK_PX = 256  # of the probabilities that classify writes
# Probabilities of networks that compute in 16 bits do not sum to 1 exactly.
_TOLERANCE = 0.05


class Uncertainty:
    """A raster of CONFIDENCE or PROBABILITIES, read as uncertainty; use as a context manager.

    Args:
        path: the file.
        several: whether it holds PROBABILITIES, a band per class, instead of CONFIDENCE.
        grid: of the map, which must be the file's.

    Raises:
        RasterError: the file cannot be read, is of another kind or lies on another grid.
    """

    def __init__(self, path: str, several: bool, grid: Grid) -> None:
        self._path, self._several = path, several
        self._dataset = open_raster(path)
        try:
            self._check_kind()
            self._check_grid(grid)
        except RasterError:
            self._dataset.close()
            raise
        self._percent = _percent_table(self._dataset.nodata)

    def __enter__(self) -> Uncertainty:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._dataset.close()

    @property
    def model_sha256(self) -> str:
        """Digest of the model that has written the file; '' where it is not recorded."""
        return str(self._dataset.tags().get(MODEL_TAG, ""))

    def read(self, window: Window) -> Shares:
        """Return the uncertainty float32 (H, W) of a window, 0 sure to 1 undecided, NaN unknown.

        Raises:
            RasterError: the file is damaged, or holds values that are no percent or probabilities.
        """
        if not self._several:
            with readable_errors(self._path):
                percent = self._dataset.read(1, window=window.to_rasterio())
            unsure: Shares = self._percent[percent]
            if np.isposinf(unsure).any():
                raise RasterError(
                    f"{self._path} holds values above 100, which are no percent.",
                    "Give the CONFIDENCE that classify wrote for this map.",
                )
            return unsure
        # All bands of a few columns at a time: memory does not grow with the number of classes.
        bands, result = self._dataset.count, np.empty((window.height, window.width), np.float32)
        blocks = _READ_BYTES // (4 * bands * window.height * _BLOCK_PX)
        step = max(1, blocks) * _BLOCK_PX
        for left in range(0, window.width, step):
            part = Window(window.row_off, window.col_off + left, window.height, step)
            result[:, left : left + step] = self._margin(part.intersect(window))
        return result

    def _margin(self, window: Window) -> Shares:
        with readable_errors(self._path):
            shares: Shares = self._dataset.read(window=window.to_rasterio(), out_dtype="float32")
        nodata = self._dataset.nodata
        if nodata is not None and not np.isnan(nodata):
            shares[shares == np.float32(nodata)] = np.nan
        first, second = shares[0], np.full(shares.shape[1:], -np.inf, np.float32)
        for band in shares[1:]:
            second = np.maximum(second, np.minimum(first, band))
            first = np.maximum(first, band)
        whole = shares.sum(axis=0)
        known = np.isfinite(whole)
        if (np.abs(whole[known] - 1) > _TOLERANCE).any() or (shares < -_TOLERANCE).any():
            raise RasterError(
                f"The bands of {self._path} do not sum to 1 everywhere; probabilities do.",
                "Give the PROBABILITIES that classify wrote for this map.",
            )
        margin: Shares = np.clip(1 - (first - second), 0, 1)
        return np.where(known, margin, np.float32("nan"))

    def _check_kind(self) -> None:
        bands, dtype = self._dataset.count, np.dtype(self._dataset.dtypes[0])
        if self._several:
            if bands < 2 or dtype.kind != "f":
                raise RasterError(
                    f"{self._path} has {bands} band(s) of {dtype}; PROBABILITIES have a band of "
                    "fractions for each class.",
                    "Give the PROBABILITIES that classify wrote for this map, or CONFIDENCE.",
                )
        elif bands != 1 or dtype != np.uint8:
            raise RasterError(
                f"{self._path} has {bands} band(s) of {dtype}; CONFIDENCE is one band of whole "
                "percent (uint8).",
                "Give the CONFIDENCE that classify wrote for this map, or PROBABILITIES.",
            )
        elif ColorInterp.palette in self._dataset.colorinterp:
            raise RasterError(
                f"{self._path} is a classified map, not the confidence of one.",
                "Give the CONFIDENCE that classify wrote for this map.",
            )

    def _check_grid(self, grid: Grid) -> None:
        own = Grid.of(self._dataset)
        alike = (own.height, own.width) == (grid.height, grid.width) and own.is_aligned_with(grid)
        steps = ~own.transform * grid.transform
        if not alike or round(steps.c) or round(steps.f):
            raise RasterError(
                f"{Path(self._path).name} does not lie on the grid of the map: it has "
                f"{own.width} x {own.height} pixels {_place(own)}, the map {grid.width} x "
                f"{grid.height} {_place(grid)}.",
                "Give the raster that classify wrote together with this map.",
            )


def _percent_table(nodata: Any) -> Shares:
    """Return the uncertainty (256,) of each byte: NaN for no value, infinite where it is wrong."""
    table = np.full(256, np.inf, np.float32)
    table[:101] = 1 - np.arange(101, dtype=np.float32) / 100
    table[_PERCENT_NODATA] = np.nan
    if nodata is not None and 0 <= nodata <= _PERCENT_NODATA:
        table[int(nodata)] = np.nan
    return table


def _place(grid: Grid) -> str:
    width, height = grid.pixel_size()
    crs = "without CRS" if grid.crs is None else f"in {grid.crs.to_string()[:40]}"
    return f"of {width:g} x {height:g} from {grid.transform.c:.10g}, {grid.transform.f:.10g} {crs}"
