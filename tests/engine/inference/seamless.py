"""Whole-image inference, the reference for seamlessness, and how maps are compared with it."""

import numpy as np
import rasterio
import torch

from lulc_engine.feedback import Feedback
from lulc_engine.inference.classify import classify
from lulc_engine.options import ClassifyOptions

UNDECIDED = 1e-4  # the two best logits may be nearer than arithmetic in another order is exact


def run_classify(image, model, output, **options):
    """Classify in this process and return the result."""
    given = {"image": str(image), "model": str(model), "output": str(output), "threads": 1}
    return classify(ClassifyOptions(**{**given, **options}), Feedback())


def read_map(path):
    with rasterio.open(path) as dataset:
        return dataset.read(1)


def logits_of(network, values, valid):
    """Return logits (K, H, W) of raw values (C, H, W) in one piece."""
    with np.errstate(over="ignore"):
        raw = values.astype(np.float32)
    raw[:, ~valid] = np.nan
    with torch.inference_mode():
        return network(torch.from_numpy(raw)[None])[0].numpy()


def expect_whole(found, logits, valid, ids, nodata=0):
    """Compare a map with whole-image logits; return the share of pixels that were compared."""
    expected = np.array(ids)[logits.argmax(axis=0)]
    best = np.sort(logits, axis=0)
    decided = best[-1] - best[-2] >= UNDECIDED
    assert found.shape == valid.shape
    np.testing.assert_array_equal(found[valid & decided], expected[valid & decided])
    assert (found[~valid] == nodata).all()
    assert (found[valid] != nodata).all()
    return float(decided[valid].mean())


def softmax(logits):
    """Return probabilities (K, ...) of logits (K, ...)."""
    return torch.softmax(torch.from_numpy(logits), dim=0).numpy()
