"""Writing sample points as a layer that people label."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyogrio
import pyproj
import shapely
from rasterio.crs import CRS

from lulc_engine.errors import RasterError
from lulc_engine.outputs import Outputs, friendly_write_errors
from lulc_engine.rasters.grid import Grid
from lulc_engine.rasters.legend import Legend
from lulc_engine.sampling import marking
from lulc_engine.sampling.draw import Drawn

SUFFIXES = (".gpkg", ".geojson")
# What SQLite may have left beside an older file of the name.
SIDECARS = ("-wal", "-shm", "-journal")
_DRIVERS = {".gpkg": "GPKG", ".geojson": "GeoJSON"}
# 1e-9 degrees are a tenth of a millimetre: a point stays at the centre of its pixel.
_GEOJSON = {"COORDINATE_PRECISION": 9}


@dataclass(frozen=True)
class SampleLayer:
    """The points of a sample on the grid of their map.

    Attributes:
        grid: of the map.
        legend: the map's classes.
        drawn: the pixels.
        with_map_class: whether the layer says what the map has at each point.
        unsure: float64 (N,), the uncertainty at each point, where the points were chosen by it.
    """

    grid: Grid
    legend: Legend
    drawn: Drawn
    with_map_class: bool
    unsure: npt.NDArray[np.float64] | None = None


def check_place(grid: Grid) -> CRS:
    """Return the CRS of a map.

    Raises:
        RasterError: it has none.
    """
    if grid.crs is None:
        raise RasterError(
            "The map has no coordinate reference system, so that its points have no place.",
            "Assign the right CRS to the map.",
        )
    return grid.crs


def write_points(path: str, layer: SampleLayer, outputs: Outputs) -> None:
    """Stage a layer of points at pixel centres, with empty fields for the class that is found.

    Fields: ``id`` (1 to N, in random order), ``class_id`` and ``class``, both empty; with the map's
    class also ``map_id`` and ``map_class``. Points that were chosen are in the order to label them
    in and have three fields more: ``rank`` (1 is the first), ``uncertainty`` (0 to 1) and
    ``sampling``, by which they are known not to be a random sample. GeoPackage is in the map's CRS,
    GeoJSON in longitude and latitude (RFC 7946).

    Raises:
        RasterError: the map has no CRS.
        EnvironmentFailure: the file cannot be written.
    """
    driver = _DRIVERS[Path(path).suffix.lower()]
    crs = pyproj.CRS.from_wkt(check_place(layer.grid).to_wkt())
    place, columns, rows = layer.grid.transform, layer.drawn.columns + 0.5, layer.drawn.rows + 0.5
    xs = place.a * columns + place.b * rows + place.c
    ys = place.d * columns + place.e * rows + place.f
    if driver == "GeoJSON":
        to_degrees = pyproj.Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
        xs, ys = to_degrees.transform(xs, ys)
        crs = pyproj.CRS.from_epsg(4326)
    fields = _fields(layer)
    empty = np.ones(len(xs), bool)
    part = outputs.stage(path, SUFFIXES, sidecars=SIDECARS)
    # GDAL says nothing where a disk is full when it closes a file: it writes into memory.
    made = io.BytesIO()
    pyogrio.raw.write(
        made,
        shapely.to_wkb(shapely.points(xs, ys)),
        list(fields.values()),
        list(fields),
        field_mask=[empty if name in ("class_id", "class") else None for name in fields],
        layer="samples",
        driver=driver,
        geometry_type="Point",
        crs=crs.to_wkt(),
        layer_options=_GEOJSON if driver == "GeoJSON" else None,
    )
    with friendly_write_errors(path):
        part.write_bytes(made.getbuffer())


def _fields(layer: SampleLayer) -> dict[str, npt.NDArray[np.generic]]:
    classes = layer.drawn.classes
    fields: dict[str, npt.NDArray[np.generic]] = {
        "id": np.arange(1, len(classes) + 1, dtype=np.int32),
        "class_id": np.zeros(len(classes), np.int32),
        "class": np.full(len(classes), "", dtype=object),
    }
    if layer.unsure is not None:
        fields["rank"] = fields["id"]
        fields["uncertainty"] = layer.unsure.round(4)
        fields[marking.FIELD] = np.full(len(classes), marking.UNCERTAIN, dtype=object)
    if layer.with_map_class:
        fields["map_id"] = np.array(layer.legend.ids, np.int32)[classes]
        fields["map_class"] = np.array(layer.legend.names, dtype=object)[classes]
    return fields
