"""Time the dense evaluation of small windows against a loop over patches, from file to file.

    python benchmarks/dense.py [--side 2048] [--threads 1 2] [--repeats 5]

For pixelnet and dcnn5 with windows of 5 px, on an invented scene of 4 bands (uint16, tiled,
DEFLATE), prints the rate of ``lulc classify`` from the GeoTIFF to the verified Cloud Optimized
GeoTIFF, without the start of Python and PyTorch. The loop cuts every pixel's window of a smaller
crop and classifies them in batches of 512, by the same network in the same process. Each is the
best of the repeats.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import torch

from lulc_engine.feedback import Feedback
from lulc_engine.inference.classify import classify
from lulc_engine.models.build import build_patch_network, network_tensors
from lulc_engine.models.card import PATCHES, ModelSpec, PatchFacts, make_card
from lulc_engine.models.model_file import write_model
from lulc_engine.models.patch_network import PatchNetwork
from lulc_engine.options import ClassifyOptions
from lulc_engine.rasters.bands import Band
from lulc_engine.rasters.legend import make_legend
from lulc_engine.rasters.reflectance import Radiometry

PATCH_PX, CLASSES = 5, 5
ROLES = ("blue", "green", "red", "nir")
LOOP_PX = 256
BATCH = 16384


class Rate:
    """Million pixels per second, by the clock and by the processor's time of all threads.

    On a busy machine the second is the better guide.
    """

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()
        self.per_second = self.per_cpu_second = 0.0

    def stop(self, pixels: int) -> Rate:
        """Take the times."""
        self.per_second = pixels / (time.perf_counter() - self._wall) / 1e6
        self.per_cpu_second = pixels / (time.process_time() - self._cpu) / 1e6
        return self

    def __str__(self) -> str:
        return f"{self.per_second:.3f} Mpx/s ({self.per_cpu_second:.3f} per CPU second)"


def main() -> int:
    """Run everything and print a row per network and number of threads."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--side", type=int, default=2048, help="side of the scene in pixels")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--repeats", type=int, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        scene = write_scene(folder / "scene.tif", given.side)
        crop = write_scene(folder / "crop.tif", LOOP_PX)
        for architecture in ("pixelnet", "dcnn5"):
            network = write_untrained(folder / f"{architecture}.safetensors", architecture)
            for threads in given.threads:
                dense = best(
                    given.repeats, partial(dense_rate, folder, scene, architecture, threads)
                )
                loop = best(given.repeats, partial(loop_rate, crop, network, threads))
                sys.stdout.write(
                    f"{architecture:9} {threads} threads: dense {dense}, loop {loop}, "
                    f"ratio {dense.per_cpu_second / loop.per_cpu_second:.1f}\n"
                )
                sys.stdout.flush()
    return 0


def best(repeats: int, measure: Callable[[], Rate]) -> Rate:
    """Return the best of some rates: that which other processes disturbed least."""
    return max((measure() for _ in range(repeats)), key=lambda rate: rate.per_cpu_second)


def write_scene(path: Path, side: int) -> Path:
    """Write smooth hills with noise, which compress like a scene."""
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[0:side, 0:side] / 60
    hills = 1500 + 800 * np.sin(rows) * np.cos(columns)
    with rasterio.open(
        path, "w", driver="GTiff", height=side, width=side, count=len(ROLES), dtype="uint16",
        crs="EPSG:32632", transform=rasterio.Affine(10, 0, 5e5, 0, -10, 5.2e6), tiled=True,
        compress="deflate", predictor=2,
    ) as dataset:  # fmt: skip
        for number, role in enumerate(ROLES, start=1):
            band = hills * (0.5 + 0.3 * number) + rng.normal(0, 60, hills.shape)
            dataset.write(band.clip(1, 20000).astype(np.uint16), number)
            dataset.set_band_description(number, role)
    return path


def write_untrained(path: Path, architecture: str) -> PatchNetwork:
    """Write a model file with random weights."""
    count = len(ROLES)
    spec = ModelSpec(
        task=PATCHES,
        architecture=architecture,
        settings={},
        bands=tuple(Band(n, role, role) for n, role in enumerate(ROLES, start=1)),
        indices=("ndvi", "ndwi") if architecture == "pixelnet" else (),
        radiometry=Radiometry((1e-4,) * count, (0.0,) * count, "option", "as given"),
        value_range=((100.0, 6000.0),) * count,
        legend=make_legend(range(1, CLASSES + 1), [f"class {n}" for n in range(CLASSES)]),
        halo_px=3,
        stride=1,
        transform="log_ratio" if architecture == "pixelnet" else "none",
        patch=PatchFacts(PATCH_PX),
    )
    torch.manual_seed(0)
    network = build_patch_network(spec).eval()
    statistics = ([0.0] * spec.in_channels, [1.0] * spec.in_channels)
    training: dict[str, Any] = {"pixel_m": [10.0, 10.0], "data": {}}
    card = make_card(spec, architecture, 1, torch.__version__, statistics, training, {}, {})
    write_model(path, network_tensors(network), card)
    return network


def dense_rate(folder: Path, scene: Path, architecture: str, threads: int) -> Rate:
    """Return the rate of the command."""
    options = ClassifyOptions(
        image=str(scene),
        model=str(folder / f"{architecture}.safetensors"),
        output=str(folder / "map.tif"),
        threads=threads,
        device="cpu",
        scale=1e-4,
    )
    rate = Rate()
    result = classify(options, Feedback())
    return rate.stop(result["pixels"])


def loop_rate(crop: Path, network: PatchNetwork, threads: int) -> Rate:
    """Return the rate of a loop over the windows of all pixels."""
    torch.set_num_threads(threads)
    with rasterio.open(crop) as dataset:
        values = dataset.read().astype(np.float32)
    before, after = PATCH_PX // 2, (PATCH_PX - 1) // 2
    padded = np.pad(
        values, ((0, 0), (before, after), (before, after)), constant_values=np.float32("nan")
    )
    rate = Rate()
    with torch.inference_mode():
        windows = np.lib.stride_tricks.sliding_window_view(padded, (PATCH_PX, PATCH_PX), (1, 2))
        places = np.argwhere(np.ones(values.shape[1:], bool))
        for start in range(0, len(places), BATCH):
            rows, columns = places[start : start + BATCH].T
            patches = windows[:, rows, columns].swapaxes(0, 1)
            network(torch.from_numpy(np.ascontiguousarray(patches))).argmax(dim=1).numpy()
    return rate.stop(len(places))


if __name__ == "__main__":
    sys.exit(main())
