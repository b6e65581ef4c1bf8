"""What a training of a segmenter has at hand between its steps."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from lulc_engine.models.card import ModelSpec
from lulc_engine.models.network import Network
from lulc_engine.options import TrainSegmenterOptions
from lulc_engine.samples.dataset import Dataset
from lulc_engine.training.kept import Fit
from lulc_engine.training.recipe import GIVEN, Recipe


@dataclass
class Session:
    """A training and its data.

    Attributes:
        given: the options as they were given.
        options: the same, with what recipe and machine have decided.
        recipe: the numbers.
        device: where to compute.
        rng: draws pixels, windows and tiles.
        spec: of the network, as its card will say it.
        network: the one that is trained.
        dataset: chips of all roles.
        files: name and SHA-256 of what is read, see `provenance.describe_files`.
        fit: what was reached so far.
        started: `time.monotonic` when the command began.
    """

    given: TrainSegmenterOptions
    options: TrainSegmenterOptions
    recipe: Recipe
    device: torch.device
    rng: np.random.Generator
    spec: ModelSpec
    network: Network
    dataset: Dataset
    files: dict[str, Any]
    fit: Fit
    started: float

    @property
    def threads(self) -> int:
        """Of the processor."""
        return self.options.threads


def decided(
    options: TrainSegmenterOptions, recipe: Recipe, device: torch.device, threads: int
) -> TrainSegmenterOptions:
    """Return options in which nothing is left to recipe and machine; they make the same model."""
    numbers = {name: getattr(recipe, name) for name in GIVEN}
    return dataclasses.replace(options, **numbers, device=device.type, threads=threads)
