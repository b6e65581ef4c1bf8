"""The rasters that a classification writes, filled tile by tile."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from types import TracebackType

import numpy as np

import lulc_engine
from lulc_engine.inference.runtimes import Prediction
from lulc_engine.options import ClassifyOptions
from lulc_engine.outputs import Outputs, friendly_write_errors
from lulc_engine.rasters.areas import AreaCounter
from lulc_engine.rasters.geotiff import Layout, StripWriter, map_encoding
from lulc_engine.rasters.grid import Grid
from lulc_engine.rasters.legend import Legend
from lulc_engine.rasters.style import category_names, qml, share_qml
from lulc_engine.rasters.unclassified import legend_tag, with_unclassified
from lulc_engine.reports.csv_table import csv_text

_CONFIDENCE_NODATA = 255
_PROBABILITY_BLOCK_PX = 256


@dataclass(frozen=True)
class ModelIdentity:
    """What maps say about the model that made them."""

    sha256: str
    training_sha256: tuple[str, ...]
    training_area: tuple[float, ...] = ()


class MapWriters:
    """Opens, fills and completes all outputs of a classification; use as a context manager.

    Where classes do not exclude each other there is no class to map: OUTPUT then holds the
    probabilities.

    Attributes:
        classes: number of classes.
        pixels: how many pixels of the map have got a result.
        unclassified: how many of them fall short of MIN_CONFIDENCE.
        legend: of the map: the classes, and with MIN_CONFIDENCE a row for unclassified pixels.
        areas: of the legend's rows.

    Args:
        options: names the outputs.
        grid: grid of the outputs.
        legend: the model's classes.
        identity: of the model.
        outputs: the set of files that are published together.
        several: whether classes do not exclude each other.
    """

    def __init__(
        self,
        options: ClassifyOptions,
        grid: Grid,
        legend: Legend,
        identity: ModelIdentity,
        outputs: Outputs,
        several: bool = False,
    ) -> None:
        self._options, self._grid, self._outputs = options, grid, outputs
        self._least = options.min_confidence
        self._stack = contextlib.ExitStack()
        self.classes, self.pixels, self.unclassified = len(legend), 0, 0
        dtype, self._nodata = map_encoding(legend)
        self.legend, unsure = legend, None
        if self._least:
            dtype, self._nodata, self.legend = with_unclassified(legend)
            unsure = self.legend.ids[-1]
        self._values = np.array([*self.legend.ids, self._nodata], dtype=dtype)
        tags = {
            "LULC_LEGEND": legend_tag(self.legend, unsure),
            "LULC_MODEL_SHA256": identity.sha256,
            "LULC_VERSION": lulc_engine.__version__,
            "LULC_TRAINING_SHA256": ",".join(identity.training_sha256),
            "LULC_TRAINING_AREA": ",".join(map(str, identity.training_area)),
            **({"LULC_MIN_CONFIDENCE": str(self._least)} if self._least else {}),
        }
        shares = Layout(
            "float32",
            float("nan"),
            bands=len(legend),
            overviews="average",
            descriptions=legend.names,
            tags=tags,
            block_px=_PROBABILITY_BLOCK_PX,
        )
        labels = Layout(dtype, self._nodata, tags=tags, legend=self.legend)
        percent = Layout(
            "uint8",
            _CONFIDENCE_NODATA,
            overviews="average",
            descriptions=("confidence (%)",),
            tags=tags,
        )
        self._map = self._open("" if several else options.output, labels)
        self._confidence = self._open(options.confidence, percent)
        paths = (options.output if several else "", options.probabilities)
        self._probabilities = [writer for path in paths if (writer := self._open(path, shares))]
        self.areas = AreaCounter(self.legend, grid)
        self._stage_texts(several)

    def put(self, row: int, column: int, prediction: Prediction, valid: np.ndarray) -> None:
        """Place a prediction, given relative to the output grid; the writers begin with nodata.

        Args:
            row: first row.
            column: first column.
            prediction: what to place.
            valid: (H, W) bool, where there is a result.
        """
        self.pixels += int(valid.sum())
        if self._map is not None and prediction.classes is not None:
            classes = self._rows_of_legend(prediction, valid)
            self.areas.add(row, classes)
            self._map.put(row, column, self._values[classes])
        if self._confidence is not None and prediction.confidence is not None:
            percent = np.where(valid, prediction.confidence, _CONFIDENCE_NODATA)
            self._confidence.put(row, column, percent.astype(np.uint8))
        if self._probabilities and prediction.probabilities is not None:
            shares = np.where(valid, prediction.probabilities, np.float32("nan"))
            for writer in self._probabilities:
                writer.put(row, column, shares)

    def _rows_of_legend(self, prediction: Prediction, valid: np.ndarray) -> np.ndarray:
        """Return the row of the legend (H, W) of every pixel; the one after the last is nodata."""
        classes, percent = prediction.classes, prediction.confidence
        if classes is None:
            raise ValueError("a map is of classes")
        if self._least:
            if percent is None:
                raise ValueError("MIN_CONFIDENCE needs the confidence")
            unsure = valid & (percent < self._least)
            self.unclassified += int(unsure.sum())
            classes = np.where(unsure, np.int32(self.classes), classes)
        return np.where(valid, classes, classes.dtype.type(len(self.legend)))

    def complete_rows(self, row_stop: int) -> None:
        """Say that all tiles above a row of the output have been placed."""
        for writer in (self._map, self._confidence, *self._probabilities):
            if writer is not None:
                writer.complete_rows(row_stop)

    def __enter__(self) -> MapWriters:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Complete all files, which are published with the outputs, or close them on failure."""
        self._stack.__exit__(kind, error, trace)
        if kind is None and self._options.areas:
            with friendly_write_errors(self._options.areas):
                text = csv_text(self.areas.rows())
                self._areas_part.write_text(text, "utf-8", newline="")

    def _open(self, path: str, layout: Layout) -> StripWriter | None:
        if not path:
            return None
        return self._stack.enter_context(StripWriter(path, self._grid, layout, self._outputs))

    def _stage_texts(self, several: bool) -> None:
        """Stage what stands beside the rasters; it is published after them."""
        options, output = self._options, self._options.output
        styles = {
            options.probabilities: share_qml(1),
            options.confidence: share_qml(100, " %"),
            output: share_qml(1) if several else qml(self.legend),
        }
        # By the name of the style: that of the map counts where map.tif and map.tiff are written.
        texts = {f"{path[: path.rindex('.')]}.qml": text for path, text in styles.items() if path}
        for path, text in texts.items():
            self._outputs.write_text(path, text)
        names = None if several else category_names(self.legend)
        if names is not None:
            self._outputs.write_text(f"{output}.aux.xml", names)
        if self._options.areas:
            self._areas_part = self._outputs.stage(self._options.areas, (".csv",))
