"""Time ``lulc classify`` from file to file against the work it cannot avoid and against two loops.

    python benchmarks/classify.py [--side 4096] [--crop 1024] [--repeats 5] [--threads 2]

The scene is made of the demo scene, mirrored, with 10 bands mixed from its four (uint16, tiles of
256 px, DEFLATE); the network is a Mobile-UNet trained on the demo's polygons. In turn, repeats
times, medians:

- end to end: the command, as a process of its own, with prepared networks in the cache;
- work bound: forward pass over windows in memory + reading alone + writing alone, all cores each;
- eager: a loop over tiles of 512 px in PyTorch with 50 % overlap, float32, on the crop;
- ONNX: the same in ONNX Runtime with 15 % overlap, on the crop.

Loops read a tile, run the network and take its labels; they write nothing. Their times on the crop
are taken times the number of tiles of the whole scene, which is kinder to them than running them on
it. Labels of the exact map are compared with inference in one piece on
the crop, and those of the map with automatic precision with the exact one.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import rasterio
import torch

from lulc_engine.inference.pixel_map import segmenter_plan
from lulc_engine.inference.runtimes import Wanted
from lulc_engine.inference.runtimes.machine import Machine
from lulc_engine.inference.runtimes.prepared import prepared
from lulc_engine.inference.runtimes.recipe import Recipe
from lulc_engine.models.build import load_network
from lulc_engine.models.card import read_spec
from lulc_engine.models.model_file import read_model
from lulc_engine.outputs import Outputs
from lulc_engine.rasters.files import gdal_settings
from lulc_engine.rasters.geotiff import Layout, StripWriter
from lulc_engine.rasters.grid import Grid
from lulc_engine.rasters.scene import Scene

ROOT = Path(__file__).resolve().parent.parent
DEMO = ROOT / "resources" / "demo"
NAMES = ("B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B11", "B12")
# Of each band: a band of the demo scene, its share, and the band that gives the rest.
MIX = ((0, 1, 0), (1, 1, 0), (2, 1, 0), (2, 0.7, 3), (2, 0.4, 3), (2, 0.2, 3), (3, 1, 0),
       (3, 0.95, 2), (2, 0.6, 3), (2, 0.85, 1))  # fmt: skip
TILE_PX = 512
UNDECIDED = 1e-4


def main() -> int:
    """Run everything and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--side", type=int, default=4096)
    parser.add_argument("--crop", type=int, default=1024)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--epochs", type=int, default=16, help="of the network's training")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    with tempfile.TemporaryDirectory() as name:
        os.environ["LULC_CACHE"] = str(Path(name) / "cache")
        Bench(Path(name), given).run()
    return 0


class Bench:
    """The files, the parts that are timed, and the comparisons."""

    def __init__(self, folder: Path, given: argparse.Namespace) -> None:
        self.folder, self.given = folder, given
        self.model = folder / "model.safetensors"
        self.scene = write_scene(folder / "scene.tif", given.side)
        self.crop = write_scene(folder / "crop.tif", given.crop)
        lulc(
            "train-segmenter", "--image", write_scene(folder / "train.tif", None),
            "--labels", DEMO / "train.geojson", "--class-field", "class_id",
            "--model", self.model, "--epochs", given.epochs,
        )  # fmt: skip
        card, tensors = read_model(self.model)
        self.spec, self.sha256 = read_spec(card), card["model_sha256"]
        self.network = load_network(self.spec, tensors)

    def run(self) -> None:
        """Time everything in turn and print medians and ratios."""
        onnx = self._onnx_session()
        parts: dict[str, Callable[[], None]] = {
            "auto": lambda: self.classify("auto"),
            "f32": lambda: self.classify("f32"),
            "forward bf16": self._forward("bf16"),
            "forward f32": self._forward("f32"),
            "read": self.read,
            "write": self.write,
            "eager": lambda: self.loop(self._eager, 0.5),
            "onnx": lambda: self.loop(onnx, 0.15),
        }
        for warm_up in ("auto", "f32"):
            parts[warm_up]()
        times: dict[str, list[float]] = {name: [] for name in parts}
        for _ in range(self.given.repeats):
            for name, part in parts.items():
                started = time.perf_counter()
                part()
                times[name].append(time.perf_counter() - started)
        self._print({name: statistics.median(values) for name, values in times.items()})

    def _print(self, took: dict[str, float]) -> None:
        scene = self.given.side**2 / 1e6
        for name, overlap in (("eager", 0.5), ("onnx", 0.15)):
            whole, crop = (len(starts(n, overlap)) for n in (self.given.side, self.given.crop))
            took[name] *= (whole / crop) ** 2
        for name, seconds in took.items():
            say(f"{name:13} {seconds:7.2f} s {scene / seconds:7.2f} Mpx/s")
        for precision, forward in (("auto", "forward bf16"), ("f32", "forward f32")):
            bound = took[forward] + took["read"] + took["write"]
            say(f"{precision}: work bound / time {bound / took[precision]:.2f}")
            for loop in ("eager", "onnx"):
                say(f"{precision}: {took[loop] / took[precision]:.2f} times the {loop} loop")
        exact, fast = (read_map(self.folder / f"{name}.tif") for name in ("f32", "auto"))
        say(f"labels of auto equal to f32: {(exact == fast).mean():.4%}")
        say(f"labels of f32 that differ from whole-image inference: {self._differing()}")

    # --- what is timed ---------------------------------------------------------------------------

    def classify(self, precision: str) -> None:
        """Run the command."""
        lulc(
            "classify", "--image", self.scene, "--model", self.model, "--precision", precision,
            "--output", self.folder / f"{precision}.tif", "--threads", self.given.threads,
        )  # fmt: skip

    def _forward(self, precision: str) -> Callable[[], None]:
        """Return the forward pass over all windows of the scene, which are in memory."""
        scene = Scene(self.scene)
        whole = scene.grid.window
        machine = Machine("openvino", "cpu", self.given.threads, precision)
        plan = segmenter_plan(whole, whole, self.spec, 0, machine)
        window = plan.jobs[0].window
        values, valid = scene.read(window, scene.bands)
        scene.close()
        recipe = Recipe(
            self.sha256, self.spec.radiometry.scale, self.spec.radiometry.offset,
            (1, *values.shape),
            "float32" if precision == "bf16" else values.dtype.name, Wanted(),
        )  # fmt: skip
        runtime = prepared(str(self.model), recipe, machine)

        def run() -> None:
            with ThreadPoolExecutor(runtime.streams) as pool:
                list(pool.map(lambda _: runtime.run(values, valid, valid), plan.jobs))

        return run

    def read(self) -> None:
        """Decode the scene once, each thread with a handle of its own."""
        local = threading.local()
        rows = range(0, self.given.side, 256)

        def strip(row: int) -> None:
            if not hasattr(local, "source"):
                local.source = rasterio.open(self.scene)
            local.source.read(window=((row, min(row + 256, self.given.side)), (0, self.given.side)))

        with gdal_settings(), ThreadPoolExecutor(self.given.threads) as pool:
            list(pool.map(strip, rows))

    def write(self) -> None:
        """Write a finished map again, through everything that a map goes through."""
        labels = read_map(self.folder / "f32.tif")
        with rasterio.open(self.scene) as source:
            grid = Grid.of(source)
        target = str(self.folder / "written.tif")
        with (
            gdal_settings(),
            Outputs([]) as outputs,
            StripWriter(target, grid, Layout("uint8", 0), outputs) as writer,
        ):
            for row in range(0, grid.height, 1024):
                writer.put(row, 0, labels[row : row + 1024])
                writer.complete_rows(min(row + 1024, grid.height))

    def loop(self, run: Callable[[np.ndarray], np.ndarray], overlap: float) -> None:
        """Classify the crop tile by tile."""
        with rasterio.open(self.crop) as source:
            labels = np.zeros(source.shape, np.uint8)
            for top in starts(source.height, overlap):
                for left in starts(source.width, overlap):
                    area = ((top, top + TILE_PX), (left, left + TILE_PX))
                    found = run(source.read(window=area).astype(np.float32))
                    labels[top : top + TILE_PX, left : left + TILE_PX] = found

    def _eager(self, values: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            found: np.ndarray = self.network(torch.from_numpy(values)[None])[0].argmax(0).numpy()
        return found

    def _onnx_session(self) -> Callable[[np.ndarray], np.ndarray]:
        import onnxruntime

        path = self.folder / "loop.onnx"
        example = torch.ones(1, len(NAMES), TILE_PX, TILE_PX)
        torch.onnx.export(self.network, (example,), str(path), opset_version=17, dynamo=False)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self.given.threads
        session = onnxruntime.InferenceSession(str(path), options)
        name = session.get_inputs()[0].name

        def run(values: np.ndarray) -> np.ndarray:
            found: np.ndarray = session.run(None, {name: values[None]})[0][0].argmax(0)
            return found

        return run

    def _differing(self) -> str:
        """Compare the crop's exact map with inference in one piece."""
        target = self.folder / "crop_map.tif"
        lulc(
            "classify", "--image", self.crop, "--model", self.model, "--precision", "f32",
            "--output", target, "--tile-px", 256,
        )  # fmt: skip
        with rasterio.open(self.crop) as source:
            values = torch.from_numpy(source.read().astype(np.float32))[None]
        with torch.inference_mode():
            best = self.network(values)[0].topk(2, dim=0)
        labels = np.array(self.spec.legend.ids)[best.indices[0].numpy()]
        decided = (best.values[0] - best.values[1]).numpy() >= UNDECIDED
        wrong = (labels != read_map(target)) & decided
        return f"{int(wrong.sum())} of {int(decided.sum())} (ties below {UNDECIDED} left out)"


def lulc(*words: object) -> None:
    """Run a command of the engine in a process of its own."""
    command = [sys.executable, "-m", "lulc_engine", *map(str, words)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")


def starts(side: int, overlap: float) -> list[int]:
    """Return where the tiles of a loop begin along a side."""
    step = int(TILE_PX * (1 - overlap))
    return [min(start, side - TILE_PX) for start in range(0, side - TILE_PX + step, step)]


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def read_map(path: Path) -> np.ndarray:
    """Return the labels of a map."""
    with rasterio.open(path) as source:
        labels: np.ndarray = source.read(1)
    return labels


def write_scene(path: Path, side: int | None) -> Path:
    """Write a scene of ten bands made from the demo's; None leaves the demo's extent."""
    with rasterio.open(DEMO / "scene.tif") as source:
        image, profile = source.read().astype(np.float32), source.profile
    if side is not None:
        times = side // min(image.shape[1:]) + 1
        row = np.concatenate([image[:, :, :: 1 - 2 * (i % 2)] for i in range(times)], axis=2)
        image = np.concatenate([row[:, :: 1 - 2 * (i % 2)] for i in range(times)], axis=1)
        image = image[:, :side, :side]
    noise = np.random.default_rng(0)
    keep = {name: profile[name] for name in ("crs", "transform")}
    with rasterio.open(
        path, "w", driver="GTiff", dtype="uint16", count=len(MIX), height=image.shape[1],
        width=image.shape[2], tiled=True, blockxsize=256, blockysize=256, compress="deflate",
        predictor=2, nodata=0, **keep,
    ) as target:  # fmt: skip
        for number, (first, share, second) in enumerate(MIX, start=1):
            band = share * image[first] + (1 - share) * image[second]
            band = band + noise.normal(0, 4, band.shape)
            target.write(band.clip(1, 65535).astype(np.uint16), number)
            target.set_band_description(number, NAMES[number - 1])
    return path


if __name__ == "__main__":
    sys.exit(main())
