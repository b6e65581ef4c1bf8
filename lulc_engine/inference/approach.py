"""How a model is applied to a scene; there is one approach per kind of model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lulc_engine.feedback import Feedback
from lulc_engine.inference.plan import Job, Pixels, Plan, Sink
from lulc_engine.inference.runtimes import Prediction, Runtime
from lulc_engine.inference.writers import MapWriters
from lulc_engine.models.card import ModelSpec
from lulc_engine.models.model_file import Tensors
from lulc_engine.options import ClassifyOptions
from lulc_engine.rasters.grid import Grid, Window
from lulc_engine.rasters.reflectance import Radiometry

if TYPE_CHECKING:
    import torch  # it takes seconds to load, and wrong input should fail before


@dataclass(frozen=True)
class Task:
    """What is to be classified, and with what.

    Attributes:
        options: of the command.
        spec: the model's.
        tensors: the model's.
        radiometry: what the network is given instead of the training's.
        scene: grid of the scene.
        part: the part of it that is wanted.
        feedback: for what is decided, and to stop.
    """

    options: ClassifyOptions
    spec: ModelSpec
    tensors: Tensors
    radiometry: Radiometry
    scene: Grid
    part: Window
    feedback: Feedback


@dataclass(frozen=True)
class Approach:
    """How it is done.

    Attributes:
        grid: of the map.
        plan: what is read and where results go.
        sink: from the map's writers to what takes the results of jobs.
        runtime: from a device to what executes the network.
        several: whether classes do not exclude each other.
    """

    grid: Grid
    plan: Plan
    sink: Callable[[MapWriters], Sink]
    runtime: Callable[[torch.device], Runtime]
    several: bool = False


class DirectSink:
    """Places the results of jobs in the map: its pixels are the plan's cells."""

    def __init__(self, writers: MapWriters) -> None:
        self._writers = writers

    def put(self, job: Job, pixels: Pixels, prediction: Prediction) -> None:
        """Place the prediction of a job."""
        self._writers.put(job.place.row_off, job.place.col_off, prediction, pixels.known)

    def complete_rows(self, row_stop: int) -> None:
        """Say that all jobs above a row are done."""
        self._writers.complete_rows(row_stop)
