"""Models, metrics and predictions of invented runs."""

import json

import numpy as np
from landscape import make_model_card, make_spec, untrained_network

from lulc_engine.evaluation.metrics import ReferenceInfo, build_metrics, metrics_json
from lulc_engine.models.build import network_tensors
from lulc_engine.models.model_file import write_model
from lulc_engine.rasters.legend import make_legend
from lulc_engine.training.patch_scores import Predictions
from lulc_engine.training.patch_scores import write_predictions as write

NAMES = ("crop", "forest", "water")
LEGEND = make_legend((1, 2, 3), NAMES)


def metrics(right, split="test", names=NAMES, wrong=10):
    """Return a metrics object in which so many of 100 samples of each class are right."""
    size = len(names)
    matrix = np.full((size, size), wrong) * (1 - np.eye(size, dtype=int))
    matrix += np.diag([right] * size)
    info = ReferenceInfo("patches", split == "test" or None, split, int(matrix.sum()))
    return build_metrics(matrix, make_legend(range(1, size + 1), names), info)


def write_metrics(path, *args, **kwargs):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(metrics_json(metrics(*args, **kwargs)), encoding="utf-8")
    return str(path)


def write_run(path, scores, duration_s=90.0, **changes):
    """Write a model file whose card has these scores by split."""
    spec = make_spec()
    network = untrained_network(spec)
    card = make_model_card(spec, network, **changes)
    card["lulc:scores"], card["run"]["duration_s"] = scores, duration_s
    path.parent.mkdir(parents=True, exist_ok=True)
    write_model(path, network_tensors(network), card)
    return str(path)


def write_predictions(path, targets, predicted, names=None, legend=LEGEND):
    """Write predictions with these class indices (n,), or 0 and 1 (n, K)."""
    targets, predicted = np.asarray(targets), np.asarray(predicted)
    if targets.ndim == 2:
        probabilities, thresholds = predicted * 0.8 + 0.1, [0.5] * targets.shape[1]
    else:
        probabilities, thresholds = np.eye(len(legend))[predicted] * 0.9 + 0.01, []
    names = names or [f"p_{n}" for n in range(len(targets))]
    path.parent.mkdir(parents=True, exist_ok=True)
    found = Predictions(names, targets, probabilities.astype(np.float32))
    write(path, found, legend, thresholds)
    return str(path)


def read(path):
    return json.loads(path.read_text("utf-8"))
