"""Small invented patches on disk, and opening them as a training would."""

import json

import numpy as np
import rasterio
from affine import Affine

from lulc_engine.feedback import Feedback
from lulc_engine.options import TrainPatchesOptions
from lulc_engine.samples.chips import ChipStore
from lulc_engine.samples.patches.sources import open_patches

# Of the bands in write_band_files, whose finest pixels are 10 m.
SIDES = {"B02": 24, "B03": 24, "B8A": 12, "B09": 4}
DRIVERS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".tif": "GTiff", ".tiff": "GTiff"}


def picture(seed, bands=3, side=8, dtype="uint8"):
    """Return values (C, k, k) from 1 to 199 that differ from those of every other seed."""
    return np.random.default_rng(seed).integers(1, 200, (bands, side, side)).astype(dtype)


def write_image(path, values, descriptions=(), **profile):
    """Write values (C, H, W) in the format of the path's ending; return the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    bands, height, width = values.shape
    with rasterio.open(
        path, "w", driver=DRIVERS[path.suffix.lower()], height=height, width=width, count=bands,
        dtype=values.dtype, **profile,
    ) as dataset:  # fmt: skip
        dataset.write(values)
        for number, text in enumerate(descriptions, start=1):
            dataset.set_band_description(number, text)
    return path


def write_class_folders(root, counts, ending=".png", first_seed=0, **options):
    """Write folders of patches, {class name: number of patches}; return the root."""
    seed = first_seed
    for name, count in counts.items():
        (root / name).mkdir(parents=True, exist_ok=True)
        for number in range(count):
            write_image(root / name / f"p_{number}{ending}", picture(seed, **options))
            seed += 1
    return root


def write_band_files(
    root, name, labels=None, seed=0, product="S2A_MSIL2A_20170101T000000_N0206_R1", alter=None
):
    """Write a patch of 24 px in the layout of BigEarthNet, with a JSON file of labels if given."""
    folder = root / name
    folder.mkdir(parents=True)
    rng = np.random.default_rng(seed)
    for band, side in SIDES.items():
        values = rng.integers(1200, 4000, (1, side, side)).astype("uint16")
        if alter:
            values = alter(band, values)
        if values is None:
            continue
        with rasterio.open(
            folder / f"{name}_{band}.tif", "w", driver="GTiff", height=values.shape[1],
            width=values.shape[2], count=1, dtype=values.dtype, crs="EPSG:32629",
            transform=Affine(240 / side, 0, 600_000, 0, -240 / side, 5_800_000),
        ) as dataset:  # fmt: skip
            dataset.write(values)
    if labels is not None:
        content = {"labels": labels, "tile_source": f"{product}.SAFE"}
        (folder / f"{name}_labels_metadata.json").write_text(json.dumps(content))
    return folder


def opened(feedback=None, store=None, **options):
    """Return the patch set that options name."""
    wanted = {
        key: str(v) if key in ("patches", "features", "targets") else v
        for key, v in options.items()
    }
    given = TrainPatchesOptions(model="m.safetensors", **wanted)
    return open_patches(given, feedback or Feedback(), store or ChipStore())


def reasons(patches):
    """Return why patches were left out, by name."""
    return {item.name: item.reason for item in patches.rejected}
