"""A scene of 16,000 x 16,000 pixels, in bounded memory, equal to whole-crop inference."""

import json
import subprocess
import sys

import numpy as np
import pytest
import rasterio
from factories import CRS, ORIGIN, random_image
from landscape import make_spec, write_untrained_model
from rasterio.windows import Window
from seamless import expect_whole, logits_of

SIDE = 16_000
BLOB_PX = 200
MARGIN = 56  # the reach of 51 pixels, on the network's lattice
MOST_BYTES = 1.5e9
IDS = (1, 2, 3)

# The peak of this program alone: ru_maxrss begins with what the tests' own process holds.
RUN = """
import re, sys
from lulc_engine.cli.main import main
code = main(sys.argv[1:])
with open("/proc/self/status") as status:
    print(re.search(r"VmHWM:\\s+(\\d+) kB", status.read())[1], file=sys.stderr)
sys.exit(code)
"""


@pytest.fixture(scope="module")
def places():
    """Corners of 24 blobs, some at the edges and across the tiles of file and engine."""
    rng = np.random.default_rng(0)
    fixed = [(0, 0), (0, SIDE - BLOB_PX), (SIDE - BLOB_PX, SIDE - BLOB_PX), (500, 500), (924, 3000)]
    return fixed + [tuple(place) for place in rng.integers(0, SIDE - BLOB_PX, (19, 2)).tolist()]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("large")


@pytest.fixture(scope="module")
def scene(folder, places):
    """Four bands; only the blobs take space on the disk."""
    with rasterio.open(
        folder / "scene.tif", "w", driver="GTiff", height=SIDE, width=SIDE, count=4,
        dtype="uint16", nodata=0, crs=CRS, transform=ORIGIN, tiled=True, sparse_ok=True,
        compress="deflate",
    ) as dataset:  # fmt: skip
        for number, (row, column) in enumerate(places):
            values = random_image(4, BLOB_PX, BLOB_PX, seed=number)
            dataset.write(values, window=Window(column, row, BLOB_PX, BLOB_PX))
    return folder / "scene.tif"


def crop(dataset, row, column, height, width):
    return dataset.read(window=Window(column, row, width, height))


def test_a_large_scene_is_classified_in_little_memory(folder, scene, places):
    path, network = write_untrained_model(folder / "m.safetensors", make_spec((None,) * 4))
    words = ["classify", "--image", str(scene), "--model", path, "--threads", "1"]
    words += ["--output", str(folder / "map.tif"), "--json"]
    done = subprocess.run([sys.executable, "-c", RUN, *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    peak = int(done.stderr.split()[-1]) * 1024
    assert 1e8 < peak < MOST_BYTES, peak
    with rasterio.open(scene) as source, rasterio.open(folder / "map.tif") as found:
        assert found.shape == (SIDE, SIDE)
        valid_pixels = 0
        for number, (row, column) in enumerate(places[:20]):
            valid_pixels += compare_window(source, found, network, row, column, seed=number)
        assert valid_pixels > 200_000
        counted = sum(
            int((found.read(1, window=Window(0, row, SIDE, 1000)) != 0).sum())
            for row in range(0, SIDE, 1000)
        )
    assert json.loads(done.stdout)["pixels"] == counted


def compare_window(source, found, network, row, column, seed):
    """Compare a random window at a blob with the inference of a crop around it."""
    rng = np.random.default_rng(seed)
    top = int(np.clip(row + rng.integers(-60, 60), 0, SIDE - BLOB_PX))
    left = int(np.clip(column + rng.integers(-60, 60), 0, SIDE - BLOB_PX))
    first_row, first_col = (max(0, (place - MARGIN) // 8 * 8) for place in (top, left))
    last_row, last_col = (min(SIDE, place + BLOB_PX + MARGIN) for place in (top, left))
    values = crop(source, first_row, first_col, last_row - first_row, last_col - first_col)
    logits = logits_of(network, values, (values != 0).all(axis=0))
    rows = slice(top - first_row, top - first_row + BLOB_PX)
    columns = slice(left - first_col, left - first_col + BLOB_PX)
    valid = (values != 0).all(axis=0)[rows, columns]
    window = crop(found, top, left, BLOB_PX, BLOB_PX)[0]
    assert expect_whole(window, logits[:, rows, columns], valid, IDS) > 0.99
    return int(valid.sum())
