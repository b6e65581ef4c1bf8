"""A label raster as labels: any type, grid and set of ids."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from lulc_engine.errors import DataError, LabelError, OptionsError
from lulc_engine.feedback import Feedback
from lulc_engine.rasters.align import AlignedBand
from lulc_engine.rasters.files import open_raster
from lulc_engine.rasters.grid import Grid, Window
from lulc_engine.rasters.legend import LARGEST_ID, Legend, make_legend
from lulc_engine.rasters.unclassified import read_legend_tag
from lulc_engine.samples.labels import MAX_CLASSES, NO_LABEL, Labels, LabelSource

_BLOCK_PX = 1024
_PAM_CATEGORIES = re.compile(r"<CategoryNames>(.*?)</CategoryNames>", re.DOTALL)
_PAM_CATEGORY = re.compile(r"<Category>(.*?)</Category>|<Category\s*/>", re.DOTALL)


class RasterSource(LabelSource):
    """A one-band raster of class ids.

    Raises:
        LabelError: values are not whole numbers, or there are no labels at all.
    """

    kind = "raster"

    def __init__(self, path: str, ignore_value: str, feedback: Feedback) -> None:
        self.path = path
        self.notes: list[str] = []
        with open_raster(path) as dataset:
            own = Grid.of(dataset)
        band = AlignedBand(path, own)
        stored, self._unsure = _stored_legend(band.tags)
        try:
            self.ignored = self._find_ignored(ignore_value, band)
            self.ids, self.extent = self._survey(band, feedback)
            names = class_names(band.tags, path)
            colors = band.colormap()
        finally:
            band.close()
        self.legend = stored_or_made(self.ids, stored, names, colors)

    def on(self, grid: Grid) -> RasterLabels:
        """Return the raster on a grid, resampled by nearest neighbour where it must be."""
        return RasterLabels(self, grid)

    def valid(self, values: np.ndarray, covered: np.ndarray) -> np.ndarray:
        """Return where values (H, W) are labels."""
        valid = covered.copy()
        if np.issubdtype(values.dtype, np.floating):
            valid &= np.isfinite(values)
        if self.ignored is not None and not np.isnan(self.ignored):
            valid &= values != self.ignored
        for value in self._unsure:  # a map that is learned from
            valid &= values != value
        return valid

    def _find_ignored(self, ignore_value: str, band: AlignedBand) -> float | None:
        if ignore_value.lower() == "none":
            return None
        if ignore_value:
            try:
                return float(ignore_value)
            except ValueError:
                raise OptionsError(
                    f"--ignore-value must be a number or none, not {ignore_value!r}."
                ) from None
        if band.nodata is not None:
            return band.nodata
        self.notes.append(
            f"{Path(self.path).name} has no nodata value; 0 was taken to mean no label "
            "(IGNORE_VALUE changes it)."
        )
        return 0.0

    def _survey(self, band: AlignedBand, feedback: Feedback) -> tuple[np.ndarray, Window]:
        """Return the ids that occur, in order, and the smallest window that holds all labels."""
        found: set[int] = set()
        extent = _Extent()
        for window in _blocks(band.grid.window):
            feedback.check()
            values, covered = band.read(window)
            valid = self.valid(values, covered)
            labels = _distinct(values, valid)
            extent.add(window, valid)
            if (labels != np.round(labels)).any():
                raise LabelError(
                    f"{self.path} holds values that are not whole numbers, such as "
                    f"{labels[labels != np.round(labels)][0]}.",
                    "Give a raster of class ids.",
                )
            if (np.abs(labels.astype(np.float64)) > LARGEST_ID).any():
                raise LabelError(
                    f"{self.path} holds {labels[np.abs(labels).argmax()]:g}; class ids must be "
                    f"from -{LARGEST_ID} to {LARGEST_ID}.",
                    "Give a raster of class ids; IGNORE_VALUE names a value that is none.",
                )
            found.update(int(value) for value in labels)
            if len(found) > MAX_CLASSES:
                raise LabelError(
                    f"{self.path} has more than {MAX_CLASSES} different values.",
                    "Give a raster of class ids, not an image.",
                )
        if not found:
            raise LabelError(f"{self.path} holds no labels: every pixel is ignored.")
        return np.array(sorted(found), dtype=np.int64), extent.window


class RasterLabels(Labels):
    """A label raster on a scene's grid."""

    kind = "raster"

    def __init__(self, source: RasterSource, grid: Grid) -> None:
        self.legend, self.grid = source.legend, grid
        self._source = source
        self._band = AlignedBand(source.path, grid)
        self.notes = [*source.notes, *self._band.notes]
        self._table = self._lookup_table()
        self.window = self._extent()

    def read(self, window: Window) -> np.ndarray:
        """Return class indices (H, W) int16 of a window; -1 where there is no label."""
        values, covered = self._band.read(window)
        if self._table is not None:
            classes: np.ndarray = self._table[values.view(f"u{values.itemsize}")]
            if not covered.all():
                classes[~covered] = NO_LABEL
            return classes
        classes = np.full(values.shape, NO_LABEL, dtype=np.int16)
        valid = self._source.valid(values, covered)
        classes[valid] = np.searchsorted(self._source.ids, values[valid].astype(np.int64))
        return classes

    def _lookup_table(self) -> np.ndarray | None:
        """Return the class index (65536 or 256,) of every value, None for wide types."""
        dtype = self._band.dtype
        if dtype.kind not in "iu" or dtype.itemsize > 2:
            return None
        table = np.full(2 ** (8 * dtype.itemsize), NO_LABEL, dtype=np.int16)
        table[self._source.ids % len(table)] = np.arange(len(self._source.ids))
        return table

    def _extent(self) -> Window:
        """Return the smallest window of the grid that holds all labels on it."""
        extent = _Extent()
        moved = self._band.to_grid(self._source.extent)
        if moved is not None and moved.intersect(self.grid.window) == moved:
            return moved
        for window in _blocks(self.grid.window):
            extent.add(window, self.read(window) != NO_LABEL)
        if not extent.rows:
            raise LabelError(
                f"The labels {self._source.path} do not overlap the scene.",
                "Choose labels of this area and check the CRS of both.",
            )
        return extent.window


class _Extent:
    """The smallest window around pixels, growing block by block."""

    def __init__(self) -> None:
        self.rows: list[int] = []
        self.columns: list[int] = []

    def add(self, window: Window, found: np.ndarray) -> None:
        """Take in the pixels of a window (H, W) that are True."""
        in_rows = np.flatnonzero(found.any(axis=1)) + window.row_off
        in_columns = np.flatnonzero(found.any(axis=0)) + window.col_off
        if len(in_rows):
            self.rows += [int(in_rows[0]), int(in_rows[-1])]
            self.columns += [int(in_columns[0]), int(in_columns[-1])]

    @property
    def window(self) -> Window:
        """The window; at least one pixel must have been added."""
        top, left = min(self.rows), min(self.columns)
        return Window(top, left, max(self.rows) - top + 1, max(self.columns) - left + 1)


def _distinct(values: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """Return the distinct valid values in order; bytes are counted, which needs no sorting."""
    if values.dtype != np.uint8:
        return np.unique(values[valid])
    chosen = values.reshape(-1) if valid.all() else values[valid]
    return np.flatnonzero(np.bincount(chosen, minlength=256)).astype(np.uint8)


def class_names(tags: Mapping[str, str], path: str) -> dict[int, str]:
    """Return names by id from a JSON tag such as ``{"1": "forest"}`` or GDAL category names."""
    for text in tags.values():
        names = _names_in_json(text)
        if names:
            return names
    sidecar = Path(path + ".aux.xml")
    if not sidecar.is_file():
        return {}
    categories = _PAM_CATEGORIES.search(sidecar.read_text(encoding="utf-8", errors="replace"))
    if not categories:
        return {}
    listed = [html.unescape(m[1] or "") for m in _PAM_CATEGORY.finditer(categories[1])]
    return {number: name.strip() for number, name in enumerate(listed) if name.strip()}


def stored_or_made(
    ids: np.ndarray,
    stored: Legend | None,
    names: Mapping[int, str],
    colors: Mapping[int, tuple[int, int, int]],
) -> Legend:
    """Return the classes with these ids: as stored in the file, else named and coloured here."""
    by_id = {item.id: item for item in stored.classes} if stored else {}
    if all(int(i) in by_id for i in ids):
        return Legend(tuple(by_id[int(i)] for i in ids))
    names = {**names, **{i: item.name for i, item in by_id.items()}}
    colors = {**colors, **{i: item.color for i, item in by_id.items()}}
    wanted = [int(i) for i in ids]
    return make_legend(
        wanted,
        [names.get(i, f"class {i}") for i in wanted],
        {i: colors[i] for i in wanted if i in colors and colors[i] != (0, 0, 0)},
    )


def _stored_legend(tags: Mapping[str, str]) -> tuple[Legend | None, frozenset[int]]:
    """Return the legend in a file, and the values that its model would not classify."""
    try:
        return read_legend_tag(tags["LULC_LEGEND"])
    except (KeyError, DataError):
        return None, frozenset()


def _names_in_json(text: str) -> dict[int, str]:
    if not text.lstrip().startswith("{"):
        return {}
    try:
        return {int(key): str(value) for key, value in json.loads(text).items()}
    except (ValueError, AttributeError):
        return {}


def _blocks(whole: Window) -> list[Window]:
    return [
        Window(row, column, _BLOCK_PX, _BLOCK_PX).intersect(whole)
        for row in range(whole.row_off, whole.row_stop, _BLOCK_PX)
        for column in range(whole.col_off, whole.col_stop, _BLOCK_PX)
    ]
