"""The rasters that a classification writes, filled tile by tile."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

import numpy as np

import lulc_engine
from lulc_engine.inference.runtimes import Prediction
from lulc_engine.options import ClassifyOptions
from lulc_engine.outputs import Outputs
from lulc_engine.rasters.areas import AreaCounter
from lulc_engine.rasters.geotiff import Layout, StripWriter, map_encoding
from lulc_engine.rasters.grid import Grid
from lulc_engine.rasters.legend import Legend
from lulc_engine.rasters.style import category_names, qml
from lulc_engine.reports.csv_table import csv_text

_CONFIDENCE_NODATA = 255
_PROBABILITY_BLOCK_PX = 256


@dataclass(frozen=True)
class ModelIdentity:
    """What maps say about the model that made them."""

    sha256: str
    training_sha256: tuple[str, ...]


class MapWriters:
    """Opens, fills and finishes all outputs of a classification.

    Args:
        options: names the outputs.
        grid: grid of the outputs.
        legend: the model's classes.
        identity: of the model.
        outputs: the set of files that are published together.
    """

    def __init__(
        self,
        options: ClassifyOptions,
        grid: Grid,
        legend: Legend,
        identity: ModelIdentity,
        outputs: Outputs,
    ) -> None:
        self._options, self._grid, self._legend = options, grid, legend
        self._outputs = outputs
        self._stack = contextlib.ExitStack()
        dtype, self._nodata = map_encoding(legend)
        self._values = np.array([*legend.ids, self._nodata], dtype=dtype)
        tags = {
            "LULC_LEGEND": legend.to_json(),
            "LULC_MODEL_SHA256": identity.sha256,
            "LULC_VERSION": lulc_engine.__version__,
            "LULC_TRAINING_SHA256": ",".join(identity.training_sha256),
        }
        self._map = self._stack.enter_context(
            StripWriter(
                options.output,
                grid,
                Layout(dtype, self._nodata, tags=tags, legend=legend),
                outputs,
            )
        )
        self._confidence = self._open(
            options.confidence,
            Layout(
                "uint8",
                _CONFIDENCE_NODATA,
                overviews="average",
                descriptions=("confidence in percent",),
                tags=tags,
            ),
        )
        self._probabilities = self._open(
            options.probabilities,
            Layout(
                "float32",
                float("nan"),
                bands=len(legend),
                overviews="average",
                descriptions=legend.names,
                tags=tags,
                block_px=_PROBABILITY_BLOCK_PX,
            ),
        )
        self.areas = AreaCounter(legend, grid)
        self._stage_texts()

    def put(self, row: int, column: int, prediction: Prediction | None, valid: np.ndarray) -> None:
        """Place a tile's core, given relative to the output grid.

        Args:
            row: first row.
            column: first column.
            prediction: of the core; None where no pixel is valid.
            valid: (H, W) bool.
        """
        if prediction is None:
            return  # the writers begin with nodata everywhere
        classes = np.where(valid, prediction.classes, -1)
        self.areas.add(row, classes)
        self._map.put(row, column, self._values[classes])
        if self._confidence is not None and prediction.confidence is not None:
            percent = np.where(valid, prediction.confidence, _CONFIDENCE_NODATA)
            self._confidence.put(row, column, percent.astype(np.uint8))
        if self._probabilities is not None and prediction.probabilities is not None:
            self._probabilities.put(
                row, column, np.where(valid, prediction.probabilities, np.float32("nan"))
            )

    def complete_rows(self, row_stop: int) -> None:
        """Say that all tiles above a row of the output have been placed."""
        for writer in (self._map, self._confidence, self._probabilities):
            if writer is not None:
                writer.complete_rows(row_stop)

    def finish(self) -> None:
        """Complete all files; they get their final names when the outputs are published."""
        self._stack.close()
        if self._options.areas:
            self._areas_part.write_text(csv_text(self.areas.rows()), "utf-8", newline="")

    def discard(self, error: BaseException) -> None:
        """Close all files after a failure."""
        self._stack.__exit__(type(error), error, error.__traceback__)

    def _open(self, path: str, layout: Layout) -> StripWriter | None:
        if not path:
            return None
        return self._stack.enter_context(StripWriter(path, self._grid, layout, self._outputs))

    def _stage_texts(self) -> None:
        """Stage what stands beside the map; it is published after the map."""
        output = self._options.output
        stem = output[: output.rindex(".")]
        self._outputs.write_text(f"{stem}.qml", qml(self._legend))
        names = category_names(self._legend)
        if names is not None:
            self._outputs.write_text(f"{output}.aux.xml", names)
        if self._options.areas:
            self._areas_part = self._outputs.stage(self._options.areas, (".csv",))
