"""An invented country of square fields that is learned in seconds, and untrained models."""

import numpy as np
import torch
from factories import ORIGIN, pixel_box, pixel_point, write_geojson, write_raster
from torch import nn

from lulc_engine.models.build import build_network, network_tensors
from lulc_engine.models.card import SEGMENTATION, ModelSpec, make_card
from lulc_engine.models.model_file import write_model
from lulc_engine.rasters.bands import Band
from lulc_engine.rasters.legend import make_legend
from lulc_engine.rasters.reflectance import Radiometry

FIELD_PX = 12


class Country:
    """Fields of three classes; every class has a brightness of its own in every band.

    Args:
        bands: number of bands.
        side: fields along each side.
        classes: number of classes.
        seed: decides which field is of which class, and the noise.
    """

    def __init__(self, bands=3, side=8, classes=3, seed=0):
        rng = np.random.default_rng(seed)
        fields = rng.permutation(np.arange(side * side) % classes).reshape(side, side)
        self.fields = fields
        self.truth = np.kron(fields, np.ones((FIELD_PX, FIELD_PX), dtype=int))
        levels = np.linspace(0.2, 0.7, classes)
        signatures = np.stack([rng.permutation(levels) for _ in range(bands)])
        signatures[0] = levels  # whatever chance says, one band tells all classes apart
        noise = rng.normal(0, 0.03, (bands, *self.truth.shape))
        self.reflectance = np.clip(signatures[:, self.truth] + noise, 0.05, 1)

    def image(self, dtype):
        """Return pixel values (C, H, W) of a type, as such scenes are usually stored."""
        scale = {"uint8": 255, "float32": 1, "float64": 1}.get(dtype, 10000)
        values = self.reflectance * scale
        return (values if scale == 1 else np.round(values)).astype(dtype)

    def polygons(self, path, values, tenths=range(10), **options):
        """Write the inner part of fields, or of some tenths of them, with the field ``class``."""
        inner = FIELD_PX - 4
        features = []
        for number, (row, column) in enumerate(np.ndindex(self.fields.shape)):
            if number % 10 in tenths:
                box = pixel_box(row * FIELD_PX + 2, column * FIELD_PX + 2, inner, inner)
                features.append((box, {"class": values[self.fields[row, column]]}))
        return write_geojson(path, features, **options)

    def points(self, path, values, each=6, seed=0):
        """Write some points in every field as GeoJSON, with the field ``class``."""
        rng = np.random.default_rng(seed)
        features = []
        for row, column in np.ndindex(self.fields.shape):
            for down, right in rng.integers(0, FIELD_PX, (each, 2)):
                place = pixel_point(row * FIELD_PX + int(down), column * FIELD_PX + int(right))
                features.append((place, {"class": values[self.fields[row, column]]}))
        return write_geojson(path, features)

    def raster(self, path, values, nodata, dtype, density=1.0, seed=0):
        """Write the truth as a raster, with only a share of pixels labelled."""
        rng = np.random.default_rng(seed)
        labels = np.array(values)[self.truth]
        labels[rng.random(labels.shape) >= density] = nodata
        return write_raster(path, labels.astype(dtype), nodata=nodata)

    def share_right(self, found, values):
        """Return the share of pixels of a map that have the id of the truth."""
        return float((found == np.array(values)[self.truth]).mean())


def untrained_network(spec, seed=0):
    """Return a network with random weights whose map has all classes."""
    torch.manual_seed(seed)
    network = build_network(spec)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.running_mean, -0.2, 0.2)
            nn.init.uniform_(module.running_var, 0.02, 0.2)
            nn.init.uniform_(module.bias, 0, 0.5)
    network.eval()
    network.input.set_statistics(
        torch.full((spec.in_channels,), 50.0), torch.full((spec.in_channels,), 28.0)
    )
    head = getattr(network.body, "head", None)
    if head is not None:
        with torch.inference_mode():
            logits = network(torch.rand(1, len(spec.bands), 96, 96) * 99 + 1)
            head.bias -= logits.mean(dim=(0, 2, 3))
    return network


def make_spec(roles=(None, None, None), ids=(1, 2, 3), **changes):
    """Return the spec of a Mobile-UNet for values as they are."""
    count = len(roles)
    values = {
        "task": SEGMENTATION,
        "architecture": "mobile_unet",
        "settings": {},
        "bands": tuple(Band(n, r or f"band {n}", r) for n, r in enumerate(roles, start=1)),
        "indices": (),
        "radiometry": Radiometry((1.0,) * count, (0.0,) * count, "option", "as given"),
        "value_range": ((1.0, 99.0),) * count,
        "legend": make_legend(ids, [f"class {i}" for i in ids]),
        "halo_px": 51,
        "stride": 8,
    }
    return ModelSpec(**{**values, **changes})


def make_model_card(spec, network, **changes):
    """Return the card of a model that was never trained."""
    statistics = (network.input.mean.flatten().tolist(), network.input.spread.flatten().tolist())
    training = {"pixel_m": [10.0, 10.0], "data": {"labels": {"sha256": "0" * 64}}}
    run = {"date": "2026-01-01", "duration_s": 1.5, "host": "here"}
    card = make_card(spec, "an invented model", 1, "2", statistics, training, {}, run)
    return {**card, **changes}


def write_untrained_model(path, spec=None, seed=0):
    """Write a model file and return its path and the network."""
    spec = spec or make_spec()
    network = untrained_network(spec, seed)
    write_model(path, network_tensors(network), make_model_card(spec, network))
    return str(path), network


def shifted(rows, columns):
    """Return the geotransform of the raster that begins at a pixel of one at ORIGIN."""
    return ORIGIN * ORIGIN.translation(columns, rows)
