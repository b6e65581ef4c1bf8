"""A classified raster to be assessed, made by this engine or by any other program."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt
from rasterio.enums import ColorInterp, MaskFlags

from lulc_engine.errors import DataError, RasterError
from lulc_engine.rasters.files import open_raster, readable_errors
from lulc_engine.rasters.grid import Grid, Window
from lulc_engine.rasters.legend import Color, Legend, make_legend
from lulc_engine.rasters.unclassified import read_legend_tag
from lulc_engine.samples.raster_labels import class_names

LEGEND_TAG = "LULC_LEGEND"
TRAINING_TAG = "LULC_TRAINING_SHA256"
AREA_TAG = "LULC_TRAINING_AREA"
MODEL_TAG = "LULC_MODEL_SHA256"
# Value of pixels that a mask, an alpha band or NaN excludes; no raster of class ids holds it.
MASKED = int(np.iinfo(np.int64).min)

_BLOCK_PX = 2048


class ClassMap:
    """The class ids of a one-band raster, read window by window.

    Attributes:
        path: the file.
        grid: where its pixels are.
        nodata: the value that means no class, or None.
        unsure: values of pixels that the map's model would not classify.
        notes: what a reader of the assessment must know about the map.

    Raises:
        RasterError: the raster cannot be read or has several bands.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.notes: list[str] = []
        self.unsure: frozenset[int] = frozenset()
        self._dataset = open_raster(path)
        try:
            self._check_bands()
            self.grid = Grid.of(self._dataset)
            self.nodata: float | None = self._dataset.nodatavals[0]
            self._tags: dict[str, str] = self._dataset.tags()
            self._masked = MaskFlags.per_dataset in self._dataset.mask_flag_enums[0]
            self._stored = self._stored_legend()
            self._names = {} if self._stored else class_names(self._tags, path)
        except RasterError:
            self.close()
            raise

    def __enter__(self) -> ClassMap:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._dataset.close()

    @property
    def training_hashes(self) -> set[str]:
        """SHA-256 digests of the label files that the map's model learned from, if recorded."""
        listed = self._tags.get(TRAINING_TAG, "").split(",")
        return {digest.strip().lower() for digest in listed if digest.strip()}

    @property
    def model_sha256(self) -> str:
        """SHA-256 digest of the model that made the map; '' where it is not recorded."""
        return self._tags.get(MODEL_TAG, "")

    @property
    def training_area(self) -> tuple[float, ...]:
        """West, south, east and north of the training labels in degrees; () where not recorded."""
        try:
            edges = tuple(float(edge) for edge in self._tags.get(AREA_TAG, "").split(","))
        except ValueError:
            return ()
        return edges if len(edges) == 4 else ()

    @property
    def complete_legend(self) -> Legend | None:
        """The legend that the file carries, or None where only values tell the classes."""
        if self._stored is not None:
            return self._stored
        return self._made(set(self._names)) if self._names else None

    @property
    def keeps_unused_classes(self) -> bool:
        """Whether classes of the legend that occur nowhere belong into a report all the same."""
        return self._stored is not None

    def legend(self, values: set[int]) -> Legend:
        """Return the classes of the file and of further values that were met in it."""
        known = self._stored.classes if self._stored else ()
        missing = (values | set(self._names)) - {item.id for item in known}
        return Legend((*known, *self._made(missing).classes))

    def unclassified_values(self, values: set[int], reference_ids: set[int]) -> set[int]:
        """Return those of the values that mean no class; note what had to be guessed."""
        empty = {value for value in values if value == MASKED or value == self.nodata}
        empty |= values & self.unsure
        named = self.complete_legend is not None and 0 in self.complete_legend.ids
        if self.nodata is None and 0 in values and not named and 0 not in reference_ids:
            empty.add(0)
            self.notes.append(
                f"{Path(self.path).name} has no nodata value; its value 0, which no legend "
                "has, was taken to mean unclassified."
            )
        return empty

    def blocks(self, window: Window) -> Iterator[Window]:
        """Yield windows that cover a window, on multiples of the block size."""
        first_row = window.row_off - window.row_off % _BLOCK_PX
        first_col = window.col_off - window.col_off % _BLOCK_PX
        for row in range(first_row, window.row_stop, _BLOCK_PX):
            for col in range(first_col, window.col_stop, _BLOCK_PX):
                yield Window(row, col, _BLOCK_PX, _BLOCK_PX).intersect(window)

    def read(self, window: Window) -> npt.NDArray[np.integer]:
        """Return the values of a window, (H, W), in the file's integer type or as int64.

        Raises:
            RasterError: the file is damaged, or holds fractions.
        """
        area = window.to_rasterio()
        with readable_errors(self.path):
            values: npt.NDArray[Any] = self._dataset.read(1, window=area)
            mask = self._dataset.dataset_mask(window=area) if self._masked else None
        if values.dtype.kind not in "iu":
            values = self.whole_numbers(values)
        if mask is not None:
            values = np.where(mask == 0, MASKED, values.astype(np.int64))
        return values

    def read_at(
        self, rows: npt.NDArray[np.integer], columns: npt.NDArray[np.integer]
    ) -> npt.NDArray[np.int64]:
        """Return the values at single pixels, int64 (N,)."""
        values = np.empty(len(rows), np.int64)
        cells = np.stack([rows // _BLOCK_PX, columns // _BLOCK_PX], axis=1)
        for cell in np.unique(cells, axis=0):
            inside = (cells == cell).all(axis=1)
            row, col = rows[inside], columns[inside]
            box = Window(int(row.min()), int(col.min()), int(np.ptp(row)) + 1, int(np.ptp(col)) + 1)
            values[inside] = self.read(box)[row - box.row_off, col - box.col_off]
        return values

    def whole_numbers(self, values: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
        """Return values of any type as int64, MASKED where they are nodata or not finite.

        Raises:
            RasterError: there are fractions.
        """
        known = np.isfinite(values)
        if self.nodata is not None:
            known &= values != self.nodata
        fraction = known & (values != np.round(values))
        if fraction.any():
            raise RasterError(
                f"{self.path} holds values that are not whole numbers, such as "
                f"{values[fraction][0]}.",
                "Choose the classified raster, not its confidence or probabilities.",
            )
        return np.where(known, np.nan_to_num(values), MASKED).astype(np.int64)

    def _check_bands(self) -> None:
        alpha = self._dataset.colorinterp.count(ColorInterp.alpha)
        if self._dataset.count - alpha != 1:
            raise RasterError(
                f"{self.path} has {self._dataset.count} bands; a map has one band of class ids.",
                "Choose the classified raster, not a picture of it or its probabilities.",
            )

    def _stored_legend(self) -> Legend | None:
        if LEGEND_TAG not in self._tags:
            return None
        try:
            legend, self.unsure = read_legend_tag(self._tags[LEGEND_TAG])
            return legend
        except DataError as err:
            self.notes.append(f"The legend in {Path(self.path).name} was not used: {err.message}")
            return None

    def _made(self, ids: set[int]) -> Legend:
        ordered = sorted(ids)
        names = [self._names.get(value, f"class {value}") for value in ordered]
        return make_legend(ordered, names, self._colors())

    def _colors(self) -> dict[int, Color]:
        try:
            table = self._dataset.colormap(1)
        except ValueError:  # it has none
            return {}
        colors = {value: (rgba[0], rgba[1], rgba[2]) for value, rgba in table.items()}
        return {value: color for value, color in colors.items() if color != (0, 0, 0)}


def class_index(
    values: npt.NDArray[np.integer], ids: Sequence[int]
) -> npt.NDArray[np.signedinteger]:
    """Return the position of every value in a list of ids, -1 where it is not in it.

    Args:
        values: whole numbers of any type and shape.
        ids: K different numbers, in any order.

    Returns:
        Positions 0 to K-1 of the values' shape.

    Example:
        >>> class_index(np.array([7, 0, 2]), [2, 7]).tolist()
        [1, -1, 0]
    """
    index: npt.NDArray[np.signedinteger]
    if values.dtype == np.uint8:  # by far the most common, and four times as fast by a table
        table = np.full(256, -1, np.int32)
        for place, value in enumerate(ids):
            if 0 <= value < len(table):
                table[value] = place
        index = table[values]
        return index
    known = np.array(ids, np.int64)
    order = np.argsort(known)
    index = order[np.searchsorted(known, values, sorter=order).clip(max=len(known) - 1)]
    return np.where(known[index] == values, index, -1)
