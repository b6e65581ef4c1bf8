"""Reading vector files: the layer, the class of every feature and its geometry, as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio

from lulc_engine.errors import LabelError

_REFUSED = (".ovf", ".xml")  # they name other sources, or SQL that may change them
# Columns of a table that say where its points are, and the CRS if the names tell it.
_PLACES = (
    (("longitude", "lon", "long", "lng"), ("latitude", "lat"), "EPSG:4326"),
    (("x", "xcoord", "x_coord", "point_x"), ("y", "ycoord", "y_coord", "point_y"), None),
    (("easting", "east"), ("northing", "north"), None),
)
_WKT_COLUMNS = "WKT,wkt_geom,geometry,geom,the_geom"
_DAMAGED = (pyogrio.errors.DataSourceError, pyogrio.errors.FeatureError, ValueError)


class NoVectorFileError(LabelError):
    """A file is nothing that GDAL reads as vectors."""


@dataclass(frozen=True)
class Features:
    """The features of a layer.

    Attributes:
        crs: what pyproj understands, None where the file has none.
        ids: (N,) feature ids.
        geometries: (N,) WKB or None.
        values: (N,) of the class field.
        names: (N,) of the field with names, if there is one.
    """

    crs: str | None
    ids: np.ndarray
    geometries: np.ndarray
    values: np.ndarray
    names: np.ndarray | None


@dataclass(frozen=True)
class _Layer:
    """What the words after a file's name choose."""

    name: str | int | None = None
    where: str | None = None


def read_features(path: str, class_field: str, class_name_field: str, notes: list[str]) -> Features:
    """Read a layer of a vector file, or a CSV table with coordinates.

    Args:
        path: ``FILE``, or ``FILE|layername=NAME``, ``|layerid=N`` and ``|subset=WHERE`` as QGIS
            writes them.
        class_field: the field with the class.
        class_name_field: the field with names, or ''.
        notes: takes what is unusual.

    Raises:
        NoVectorFileError: the file is none.
        LabelError: there is no such layer or field, or there are no geometries.
    """
    file, layer = _split(path)
    title = Path(file).name
    if file.lower().endswith(_REFUSED):
        raise LabelError(f"{file} is not a kind of vector file that is accepted.")
    try:
        chosen = _first_layer(file, notes) if layer.name is None else layer.name
        options, crs = _table_options(file, chosen)
        info = pyogrio.read_info(file, layer=chosen, **options)
    except pyogrio.errors.DataSourceError as err:
        raise NoVectorFileError(
            f"{file} cannot be read as labels: {_first_sentence(err)}.",
            "Give a vector file or a label raster.",
        ) from err
    except pyogrio.errors.DataLayerError as err:
        layers = ", ".join(str(name) for name, _ in pyogrio.list_layers(file))
        raise LabelError(
            f"{file} cannot be read as labels: {_first_sentence(err)}.",
            f"Choose one of its layers: {layers}." if layers else "Give a vector file.",
        ) from err
    except _DAMAGED as err:
        raise LabelError(
            f"{file} cannot be read as labels: {_first_sentence(err)}.",
            "Give a vector file or a label raster.",
        ) from err
    _check_fields(title, list(info["fields"]), info["features"], class_field, class_name_field)
    wanted = list(dict.fromkeys(filter(None, (class_field, class_name_field))))
    try:
        meta, ids, geometries, data = pyogrio.raw.read(
            file, layer=chosen, columns=wanted, where=layer.where, return_fids=True, **options
        )
    except _DAMAGED as err:
        raise LabelError(
            f"{file} is damaged, or its filter cannot be used: {_first_sentence(err)}.",
            "Save the labels again.",
        ) from err
    if geometries is None:
        raise LabelError(
            f"{title} has no geometries.",
            "Choose another layer; a table needs columns x and y, longitude and latitude, or WKT.",
        )
    columns = dict(zip(meta["fields"], data, strict=True))
    names = columns[class_name_field] if class_name_field else None
    return Features(meta["crs"] or crs, ids, geometries, columns[class_field], names)


def layer_extent(path: str) -> tuple[tuple[float, ...], str] | None:
    """Return left, bottom, right and top of the features that a path chooses, and their CRS.

    Args:
        path: see `read_features`.

    Returns:
        None where the file is no vector file, or has no place on Earth.
    """
    try:
        file, layer = _split(path)
        chosen = _first_layer(file, []) if layer.name is None else layer.name
        options, crs = _table_options(file, chosen)
        info = pyogrio.read_info(file, layer=chosen, force_total_bounds=True, **options)
        edges = info["total_bounds"]
        if layer.where:
            each = pyogrio.read_bounds(file, layer=chosen, where=layer.where)[1]
            edges = (*each[:2].min(axis=1), *each[2:].max(axis=1)) if each.size else None
    except (*_DAMAGED, pyogrio.errors.DataLayerError, LabelError):
        return None
    crs = info["crs"] or crs
    return (tuple(float(edge) for edge in edges), crs) if edges is not None and crs else None


def field_values(path: str, field: str) -> set[object]:
    """Return the different values of a field of the features that a path chooses.

    Args:
        path: see `read_features`.
        field: its name.

    Returns:
        Nothing where there is no such field, or the file is no vector file.
    """
    try:
        file, layer = _split(path)
        chosen = _first_layer(file, []) if layer.name is None else layer.name
        if field not in pyogrio.read_info(file, layer=chosen)["fields"]:
            return set()
        data = pyogrio.raw.read(
            file, layer=chosen, columns=[field], where=layer.where, read_geometry=False
        )[3]
    except (*_DAMAGED, pyogrio.errors.DataLayerError, LabelError):
        return set()
    return set(data[0].tolist())


def _split(path: str) -> tuple[str, _Layer]:
    """Return file and layer of a path; the filter comes last, since it may hold any character."""
    file, *words = path.split("|")
    name: str | int | None = None
    for number, word in enumerate(words):
        key, _, value = word.partition("=")
        if key.lower() == "layername":
            name = value
        elif key.lower() == "layerid" and value.isdecimal():
            name = int(value)
        elif key.lower() == "subset":
            return file, _Layer(name, "|".join([value, *words[number + 1 :]]))
        else:
            raise LabelError(
                f"{word!r} after {file} is not understood.",
                "Write FILE|layername=NAME, with |subset=WHERE for some of the features.",
            )
    return file, _Layer(name)


def _first_layer(file: str, notes: list[str]) -> str | None:
    """Return the first layer with geometries; says so where there are several."""
    layers = [str(name) for name, kind in pyogrio.list_layers(file) if kind is not None]
    if len(layers) > 1:
        notes.append(
            f"{Path(file).name} has the layers {', '.join(layers)}; {layers[0]} was used "
            "(another one as FILE|layername=NAME)."
        )
    return layers[0] if layers else None


def _table_options(file: str, layer: str | int | None) -> tuple[dict[str, Any], str | None]:
    """Return how GDAL is to open a table, and the CRS that the names of its columns tell.

    Numbers in a CSV file are texts to GDAL if it is not told to look; ids would then be counted
    anew in the order 1, 10, 2.
    """
    if not file.lower().endswith((".csv", ".tsv")):
        return {}, None
    options = {"AUTODETECT_TYPE": "YES", "GEOM_POSSIBLE_NAMES": _WKT_COLUMNS}
    columns = {str(name).lower(): str(name) for name in pyogrio.read_info(file, layer)["fields"]}
    for xs, ys, crs in _PLACES:
        x = next((columns[name] for name in xs if name in columns), None)
        y = next((columns[name] for name in ys if name in columns), None)
        if x and y:
            return {**options, "X_POSSIBLE_NAMES": x, "Y_POSSIBLE_NAMES": y}, crs
    return options, None


def _check_fields(
    title: str, fields: Sequence[str], features: int, class_field: str, class_name_field: str
) -> None:
    if features == 0:
        raise LabelError(f"{title} holds no features.", "Draw some, or choose another layer.")
    for field in filter(None, (class_field, class_name_field)):
        if field not in fields:
            raise LabelError(
                f"{title} has no field {field!r}; it has {', '.join(fields) or 'none'}.",
                "Choose the field that holds the class.",
            )
    if not class_field:
        raise LabelError(
            "The field that holds the class was not given.",
            f"Set CLASS_FIELD to one of: {', '.join(fields)}.",
        )


def _first_sentence(error: Exception) -> str:
    """Return the first part of a message of GDAL, without its full stop."""
    return str(error).split(".; ")[0].rstrip(".")
