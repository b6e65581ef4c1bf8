"""How a model is applied to a scene; there is one approach per kind of model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lulc_engine.feedback import Feedback
from lulc_engine.inference.plan import Cover, Job, Plan, Sink
from lulc_engine.inference.runtimes import Prediction, Runtime
from lulc_engine.inference.runtimes.machine import Machine
from lulc_engine.inference.writers import MapWriters
from lulc_engine.models.card import ModelSpec
from lulc_engine.models.model_file import Tensors
from lulc_engine.options import ClassifyOptions
from lulc_engine.rasters.grid import Grid, Window
from lulc_engine.rasters.reflectance import Radiometry


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
        model_sha256: of the model.
        dtype: of the scene's values.
        machine: what executes the network.
    """

    options: ClassifyOptions
    spec: ModelSpec
    tensors: Tensors
    radiometry: Radiometry
    scene: Grid
    part: Window
    feedback: Feedback
    model_sha256: str
    dtype: np.dtype
    machine: Machine


@dataclass(frozen=True)
class Approach:
    """How it is done.

    Attributes:
        grid: of the map.
        plan: what is read and where results go.
        sink: from the map's writers to what takes the results of jobs.
        runtime: from where to compute to what executes the network.
        several: whether classes do not exclude each other.
    """

    grid: Grid
    plan: Plan
    sink: Callable[[MapWriters], Sink]
    runtime: Callable[[Machine], Runtime]
    several: bool = False


class DirectSink:
    """Places the results of jobs in the map: its pixels are the plan's cells."""

    seam_score = None  # a pixel is in the core of one window

    def __init__(self, writers: MapWriters) -> None:
        self._writers = writers

    def put(self, job: Job, cover: Cover, prediction: Prediction) -> None:
        """Place the prediction of a job."""
        self._writers.put(job.place.row_off, job.place.col_off, prediction, cover.known)

    def complete_rows(self, row_stop: int) -> None:
        """Say that no later job has pixels above a row."""
        self._writers.complete_rows(row_stop)
