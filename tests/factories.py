"""Small invented rasters and vectors for tests, and where their pixels are."""

import json

import numpy as np
import rasterio
from affine import Affine

ORIGIN = Affine(10, 0, 500_000, 0, -10, 5_200_000)
CRS = "EPSG:32632"


def pixel_point(row, column, dx=5.0, dy=5.0):
    """Return a point in a pixel of a raster at ORIGIN, by default in its centre."""
    x, y = ORIGIN * (column, row)
    return {"type": "Point", "coordinates": [x + dx, y - dy]}


def pixel_box(row, column, height, width):
    """Return a polygon that covers whole pixels of a raster at ORIGIN."""
    return {"type": "Polygon", "coordinates": [pixel_ring(row, column, height, width)]}


def pixel_ring(row, column, height, width):
    """Return the closed ring around whole pixels of a raster at ORIGIN."""
    left, top = ORIGIN * (column, row)
    right, bottom = ORIGIN * (column + width, row + height)
    return [[left, top], [right, top], [right, bottom], [left, bottom], [left, top]]


def random_image(bands, height, width, dtype="uint16", seed=0):
    """Return values (C, H, W) from 1 to 99 that no test takes for nodata."""
    rng = np.random.default_rng(seed)
    return rng.integers(1, 100, (bands, height, width)).astype(dtype)


def write_raster(
    path, values, legend=None, tags=None, transform=ORIGIN, crs=CRS,
    descriptions=(), alter=None, **profile,
):  # fmt: skip
    """Write values (H, W) or (C, H, W) as a GeoTIFF and return its path.

    ``alter`` is called with the open dataset before it is closed, for what is rarely needed.
    """
    values = values.reshape(-1, *values.shape[-2:])
    bands, height, width = values.shape
    with rasterio.open(
        path, "w", driver="GTiff", height=height, width=width, count=bands, dtype=values.dtype,
        crs=crs, transform=transform, **profile,
    ) as dataset:  # fmt: skip
        if alter is not None:
            alter(dataset)
        dataset.write(values)
        if legend is not None:
            dataset.update_tags(LULC_LEGEND=legend.to_json())
        dataset.update_tags(**(tags or {}))
        for number, text in enumerate(descriptions, start=1):
            dataset.set_band_description(number, text)
    return str(path)


def write_geojson(path, features, crs=CRS):
    """Write (geometry, properties) pairs as GeoJSON, with a crs member unless crs is None."""
    content = {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "geometry": geometry, "properties": properties}
            for geometry, properties in features
        ],
    }
    if crs is not None:
        content["crs"] = {"type": "name", "properties": {"name": crs}}
    path.write_text(json.dumps(content), encoding="utf-8")
    return str(path)
