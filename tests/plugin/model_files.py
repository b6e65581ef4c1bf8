"""Invented model files: the card of the bundled model, changed, with one small tensor."""

import copy
import json
import struct

import numpy as np

ROLES = ("blue", "green", "red", "nir")


def card_of(bands=ROLES, scale=1e-4, offset=0.0, low=300, high=4000, pixel_m=10.0):
    """Return the card of a segmenter."""
    from lulc_qgis_plugin.bundled_models import bundled_model
    from lulc_qgis_plugin.engine_source import engine_module

    card = copy.deepcopy(engine_module("models.model_file").read_card(bundled_model("eurosat_rgb")))
    count = len(bands)
    card["mlm:tasks"] = ["semantic-segmentation"]
    card["mlm:architecture"] = card["lulc:architecture"]["name"] = "mobile_unet"
    card["lulc:patch"] = None
    card["lulc:receptive_field"] = {"halo_px": 22, "stride": 8}
    card["lulc:bands"] = [
        {"number": number, "name": name or f"band {number}", "role": name}
        for number, name in enumerate(bands, 1)
    ]
    card["lulc:radiometry"] = {
        "scale": [scale] * count,
        "offset": [offset] * count,
        "source": "values",
        "reason": "invented",
        "value_range": [[float(low), float(high)]] * count,
    }
    card["lulc:training"]["pixel_m"] = [pixel_m, pixel_m] if pixel_m else None
    return card


def patch_card(bands=("red", "green", "blue"), stretch=True, size_px=64, **more):
    """Return the card of a patch classifier that learned from pictures of 8 bits."""
    card = card_of(bands, **{"scale": 1 / 255, "low": 20, "high": 250, **more})
    card["mlm:tasks"] = ["scene-classification"]
    card["mlm:architecture"] = card["lulc:architecture"]["name"] = "spectralnet"
    card["lulc:patch"] = {
        "size_px": size_px,
        "multilabel": False,
        "stretch": [[0.0, 0.3]] * len(bands) if stretch else [],
        "thresholds": [],
    }
    return card


def write_model(path, card, values=(1.0, 2.0)):
    """Write a model file; return its path."""
    from lulc_qgis_plugin.engine_source import engine_module

    array = np.array(values, "float32")
    card = {key: value for key, value in card.items() if key not in ("run", "model_sha256")}
    sha = engine_module("models.model_file").model_sha256({"w": array}, card)
    text = json.dumps({**card, "model_sha256": sha}, sort_keys=True, ensure_ascii=False)
    row = {"dtype": "F32", "shape": [len(array)], "data_offsets": [0, array.nbytes]}
    header = json.dumps({"__metadata__": {"model_card": text}, "w": row}).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header + array.tobytes())
    return str(path)
