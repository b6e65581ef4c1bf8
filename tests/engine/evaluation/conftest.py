"""Small maps and references to assess."""

import json

import numpy as np
import pytest
import rasterio
from pixel_places import CRS, ORIGIN

from lulc_engine.rasters.legend import make_legend


@pytest.fixture
def write_raster(tmp_path):
    """Return a function that writes a one-band GeoTIFF and returns its path."""

    def write(name, values, legend=None, tags=None, transform=ORIGIN, crs=CRS, **profile):
        path = tmp_path / name
        height, width = values.shape
        with rasterio.open(
            path, "w", driver="GTiff", height=height, width=width, count=1, dtype=values.dtype,
            crs=crs, transform=transform, **profile,
        ) as dataset:  # fmt: skip
            dataset.write(values, 1)
            if legend is not None:
                dataset.update_tags(LULC_LEGEND=legend.to_json())
            dataset.update_tags(**(tags or {}))
        return str(path)

    return write


@pytest.fixture
def write_vector(tmp_path):
    """Return a function that writes GeoJSON from (geometry, properties) pairs."""

    def write(name, features, crs=CRS):
        path = tmp_path / name
        content = {
            "type": "FeatureCollection",
            "crs": {"type": "name", "properties": {"name": crs}},
            "features": [
                {"type": "Feature", "geometry": geometry, "properties": properties}
                for geometry, properties in features
            ],
        }
        path.write_text(json.dumps(content), encoding="utf-8")
        return str(path)

    return write


@pytest.fixture
def three_classes():
    return make_legend([1, 5, 9], ["water", "forest", "built-up"])


@pytest.fixture
def random_pair():
    """A map and a reference of 60 x 50 pixels with ids 1, 5 and 9; 0 is nodata in both."""
    rng = np.random.default_rng(3)
    reference = rng.choice([0, 1, 5, 9], (60, 50)).astype(np.uint8)
    wrong = rng.random(reference.shape) < 0.3
    prediction = np.where(wrong, rng.choice([1, 5, 9], reference.shape), reference)
    prediction[reference == 0] = 5
    prediction[:4] = 0
    return prediction.astype(np.uint8), reference
