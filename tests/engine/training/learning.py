"""Trainings of a few seconds on an invented country."""

import numpy as np
import rasterio
from recorder import Recorder

from lulc_engine.feedback import Feedback
from lulc_engine.inference.classify import classify
from lulc_engine.options import ClassifyOptions, TrainSegmenterOptions
from lulc_engine.training.segmenter import train_segmenter

QUICK = {"window_px": 32, "batch_size": 4, "epochs": 6, "threads": 1, "class_field": "class"}


class Record(Recorder):
    """Keeps what a run says and its epochs, and can cancel after one."""

    def __init__(self, cancel_after=None):
        super().__init__()
        self.epochs = []
        self._cancel_after = cancel_after

    def metric(self, name, **values):
        self.epochs.append(values)
        if values["epoch"] == self._cancel_after:
            self.cancel()


def train(scene, labels, model, feedback=None, **options):
    """Train and return the result."""
    scenes = scene if isinstance(scene, list) else [str(scene)]
    given = {"image": scenes, "labels": str(labels), "model": str(model)}
    options = TrainSegmenterOptions(**{**QUICK, **given, **options})
    return train_segmenter(options, feedback or Feedback())


def map_of(scene, model, output):
    """Classify and return the map."""
    classify(
        ClassifyOptions(image=str(scene), model=str(model), output=str(output), threads=1),
        Feedback(),
    )
    with rasterio.open(output) as dataset:
        return dataset.read(1)


def majority(country):
    """Return the share of the largest class."""
    return float(np.bincount(country.truth.ravel()).max() / country.truth.size)
