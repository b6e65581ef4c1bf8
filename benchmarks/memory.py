"""Measure the peak memory of ``lulc classify`` for scenes of growing size.

    python benchmarks/memory.py [--sides 1024 4096 16384] [--sparse 65536] [--threads 2]
                                [--precisions auto f32]

The scenes are mosaics (VRT) of one GeoTIFF of 4096 x 4096 pixels, 10 bands, uint16, DEFLATE, made
as in `classify.py`; the sparse one holds it once, in its middle. The network is an untrained
Mobile-UNet that was prepared by a run before. Printed are the peak resident memory of the process
(VmHWM, so Linux only), seconds, and the ratio to the smallest scene.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import rasterio
from classify import DEMO, lulc, write_scene

SOURCE_PX = 4096
RUN = """
import re, sys
from lulc_engine.cli.main import main
code = main(sys.argv[1:])
with open("/proc/self/status") as status:
    print(re.search(r"VmHWM:\\s+(\\d+) kB", status.read())[1], file=sys.stderr)
sys.exit(code)
"""


def main() -> int:
    """Run everything and print a row per scene."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--sides", type=int, nargs="+", default=[1024, 4096, 16384])
    parser.add_argument("--sparse", type=int, default=65536, help="side; 0 for none")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--precisions", nargs="+", default=["auto", "f32"])
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["LULC_CACHE"] = str(folder / "cache")
        source = write_scene(folder / "source.tif", SOURCE_PX)
        model = folder / "model.safetensors"
        lulc(
            "train-segmenter", "--image", write_scene(folder / "train.tif", None),
            "--labels", DEMO / "train.geojson", "--class-field", "class_id",
            "--model", model, "--epochs", 1,
        )  # fmt: skip
        scenes = {f"{side}": mosaic(folder, source, side) for side in given.sides}
        if given.sparse:
            scenes[f"{given.sparse} sparse"] = mosaic(folder, source, given.sparse, sparse=True)
        for precision in given.precisions:
            first = 0.0
            peak(mosaic(folder, source, 2048), model, given.threads, precision)  # prepares
            for label, scene in scenes.items():
                megabytes, seconds = peak(scene, model, given.threads, precision)
                first = first or megabytes
                sys.stdout.write(
                    f"{precision:5} {label:>12} px: {megabytes:6.0f} MB, "
                    f"{megabytes / first:.2f} of the first, {seconds:6.1f} s\n"
                )
                sys.stdout.flush()
    return 0


def mosaic(folder: Path, source: Path, side: int, sparse: bool = False) -> Path:
    """Write a virtual raster of a side that repeats the source, or holds it once."""
    with rasterio.open(source) as dataset:
        names, transform = dataset.descriptions, dataset.transform
        crs, count = dataset.crs.to_wkt(), dataset.count
    middle = (side - SOURCE_PX) // 2
    starts = range(0, side, SOURCE_PX)
    places = [(middle, middle)] if sparse else [(x, y) for y in starts for x in starts]
    bands = []
    for number in range(1, count + 1):
        parts = "".join(
            f'<SimpleSource><SourceFilename relativeToVRT="1">{source.name}</SourceFilename>'
            f"<SourceBand>{number}</SourceBand>"
            f'<SrcRect xOff="0" yOff="0" xSize="{SOURCE_PX}" ySize="{SOURCE_PX}"/>'
            f'<DstRect xOff="{x}" yOff="{y}" xSize="{SOURCE_PX}" ySize="{SOURCE_PX}"/>'
            "</SimpleSource>"
            for x, y in places
        )
        bands.append(
            f'<VRTRasterBand dataType="UInt16" band="{number}"><NoDataValue>0</NoDataValue>'
            f"<Description>{names[number - 1]}</Description>{parts}</VRTRasterBand>"
        )
    path = folder / f"mosaic{side}{'_sparse' if sparse else ''}.vrt"
    path.write_text(
        f'<VRTDataset rasterXSize="{side}" rasterYSize="{side}"><SRS>{crs}</SRS><GeoTransform>'
        f"{', '.join(map(str, transform.to_gdal()))}</GeoTransform>{''.join(bands)}</VRTDataset>",
        encoding="utf-8",
    )
    return path


def peak(scene: Path, model: Path, threads: int, precision: str) -> tuple[float, float]:
    """Return megabytes and seconds of a run."""
    words = ["classify", "--image", scene, "--model", model, "--output", scene.with_suffix(".tif")]
    words += ["--threads", threads, "--precision", precision]
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", RUN, *map(str, words)], capture_output=True, text=True, check=True
    )
    found = re.search(r"(\d+)\s*$", done.stderr)
    if found is None:
        raise ValueError(f"no memory in {done.stderr!r}")
    return int(found[1]) / 1024, time.perf_counter() - started


if __name__ == "__main__":
    sys.exit(main())
