"""Time the assessment of a large map against a reference raster.

    python benchmarks/assessment.py [SIDE_PX]

Makes two uint8 GeoTIFFs of smooth classes (tiled, DEFLATE), assesses one by the other and counts
the same pixels, already in memory, with scikit-learn. Prints Mpx/s of both and their ratio.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import rasterio
from rasterio.transform import from_origin
from sklearn.metrics import confusion_matrix

from lulc_engine.evaluation.assess import assess
from lulc_engine.feedback import Feedback
from lulc_engine.options import AssessOptions

CLASSES = 8


def main() -> int:
    """Make the rasters, run both and print."""
    side = int(sys.argv[1]) if len(sys.argv) > 1 else 10980
    rng = np.random.default_rng(0)
    truth = smooth_classes(rng, side)
    mapped = np.where(rng.random((side, side), np.float32) < 0.02, smooth_classes(rng, side), truth)
    with tempfile.TemporaryDirectory() as folder:
        paths = [str(Path(folder) / name) for name in ("map.tif", "reference.tif")]
        for path, values in zip(paths, (mapped, truth), strict=True):
            write(path, values)
        options = AssessOptions(
            map=paths[0], reference=paths[1], metrics=str(Path(folder) / "m.json")
        )
        started = time.perf_counter()
        result = assess(options, Feedback())
        ours = truth.size / (time.perf_counter() - started) / 1e6
    part = truth[: side // 8], mapped[: side // 8]
    started = time.perf_counter()
    confusion_matrix(part[0].ravel(), part[1].ravel())
    theirs = part[0].size / (time.perf_counter() - started) / 1e6
    sys.stdout.write(
        f"assess, files of {side} x {side} px, overall accuracy {result['overall_accuracy']:.4f}: "
        f"{ours:.0f} Mpx/s; scikit-learn in memory {theirs:.1f} Mpx/s; ratio {ours / theirs:.1f}\n"
    )
    return 0


def smooth_classes(rng: np.random.Generator, side: int) -> np.ndarray:
    """Return classes 1 to CLASSES (side, side) uint8 in patches of about 12 pixels."""
    coarse = rng.integers(1, CLASSES + 1, (side // 12 + 1,) * 2, dtype=np.uint8)
    return np.kron(coarse, np.ones((12, 12), np.uint8))[:side, :side]


def write(path: str, values: np.ndarray) -> None:
    """Write a tiled, compressed GeoTIFF with nodata 0."""
    profile = {
        "driver": "GTiff",
        "height": values.shape[0],
        "width": values.shape[1],
        "count": 1,
        "dtype": "uint8",
        "crs": "EPSG:32632",
        "transform": from_origin(3e5, 5.3e6, 10, 10),
        "nodata": 0,
        "tiled": True,
        "compress": "deflate",
    }
    with rasterio.open(path, "w", **profile) as dataset:
        dataset.write(values, 1)


if __name__ == "__main__":
    sys.exit(main())
