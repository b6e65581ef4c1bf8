"""Polygons and points of a vector file: made usable, of one kind, and in the scene's CRS."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyproj
import shapely

from lulc_engine.errors import LabelError
from lulc_engine.samples.labels import NO_LABEL
from lulc_engine.samples.vector_file import Features

_SHOWN_IDS = 10


@dataclass(frozen=True)
class Parts:
    """Single-part geometries with the class index and feature id of each.

    Attributes:
        shapes: (n,) geometries.
        classes: (n,) int16.
        features: (n,) ids of the features that they are parts of.
    """

    shapes: np.ndarray
    classes: np.ndarray
    features: np.ndarray


def usable_parts(features: Features, classes: np.ndarray, name: str, notes: list[str]) -> Parts:
    """Return the parts of all features that have a geometry and a class; broken ones are repaired.

    Args:
        features: as they were read.
        classes: (n,) class index of each, -1 where it has none.
        name: of the file.
        notes: told what was skipped and repaired.
    """
    ids = features.ids
    shapes = shapely.force_2d(shapely.from_wkb(features.geometries, on_invalid="ignore"))
    missing = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    missing |= ~np.isfinite(shapely.bounds(shapes)).all(axis=1)
    if missing.any():
        notes.append(_skipped(name, "have no usable geometry", ids[missing]))
    if (classes == NO_LABEL).any():
        notes.append(_skipped(name, "have no class", ids[classes == NO_LABEL]))
    broken = ~missing & ~shapely.is_valid(shapes)
    if broken.any():
        shapes[broken] = shapely.make_valid(shapes[broken])
        notes.append(
            f"{int(broken.sum())} invalid geometries in {name} were repaired "
            f"(features {some(ids[broken])})."
        )
    keep = ~missing & (classes != NO_LABEL)
    rows = np.flatnonzero(keep)
    single, origin = _single_parts(shapes[keep])
    return Parts(single, classes[rows[origin]], ids[rows[origin]])


def one_kind(parts: Parts, name: str, notes: list[str]) -> tuple[str, Parts]:
    """Return ``polygons`` with the polygons, or ``points`` with the points where there are none.

    Args:
        parts: of any kind.
        name: of the file.
        notes: told what was skipped.

    Raises:
        LabelError: there is neither.
    """
    dimensions = shapely.get_dimensions(parts.shapes)
    kind = "polygons" if (dimensions == 2).any() else "points"
    keep = dimensions == (2 if kind == "polygons" else 0)
    if not keep.all():
        what = "points or lines" if kind == "polygons" else "lines"
        others = np.unique(parts.features[~keep])
        notes.append(
            f"{len(others)} features of {name} hold {what} beside {kind}; these were "
            f"skipped ({some(others)})."
        )
    if not keep.any():
        raise LabelError(
            f"{name} holds no polygons or points with a class.", "Choose another layer."
        )
    return kind, Parts(parts.shapes[keep], parts.classes[keep], parts.features[keep])


def project(
    parts: Parts, source: pyproj.CRS | None, target: pyproj.CRS | None, name: str
) -> tuple[np.ndarray, list[str]]:
    """Return the shapes in another CRS, None where that cannot be, and what is to be said of it.

    Args:
        parts: the geometries.
        source: their CRS; None for that of the scene.
        target: the scene's.
        name: of the file.

    Raises:
        LabelError: the scene has no CRS, or nothing can be reprojected.
    """
    if source is None and target is not None:
        return parts.shapes, [f"{name} has no CRS; the scene's was taken."]
    if target is None:
        raise LabelError(
            "The scene has no coordinate reference system, so labels cannot be placed on it.",
            "Assign the right CRS to the scene.",
        )
    if source == target:
        return parts.shapes, []
    source_name = source.name if source else "?"
    failure = LabelError(
        f"{name} cannot be reprojected from {source_name} to the scene's {target.name}.",
        "Check the CRS of the labels: GeoJSON that names none is in degrees, and longitude and "
        "latitude may be swapped.",
    )
    notes = [f"{name} was reprojected from {source_name} to {target.name}."]
    try:
        transformer = pyproj.Transformer.from_crs(source, target, always_xy=True)
    except pyproj.exceptions.ProjError as err:
        raise failure from err

    def move(points: np.ndarray) -> np.ndarray:
        return np.column_stack(transformer.transform(points[:, 0], points[:, 1]))

    moved = shapely.transform(parts.shapes, move)
    lost = ~np.isfinite(shapely.bounds(moved)).all(axis=1)
    if lost.all():
        raise failure
    if lost.any():
        moved[lost] = None
        notes.append(
            f"{int(lost.sum())} geometries of {name} cannot be reprojected and were "
            f"skipped (features {some(np.unique(parts.features[lost]))})."
        )
    return moved, notes


def some(ids: Sequence[int] | np.ndarray) -> str:
    """Return the first ids of features for a message."""
    shown = ", ".join(str(i) for i in list(ids)[:_SHOWN_IDS])
    return shown + (", ..." if len(ids) > _SHOWN_IDS else "")


def _skipped(name: str, why: str, ids: np.ndarray) -> str:
    unique = np.unique(ids)
    return f"{len(unique)} features of {name} {why} and were skipped ({some(unique)})."


def _single_parts(shapes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return polygons and points out of nested collections, with the row each came from."""
    parts, origin = shapely.get_parts(shapes, return_index=True)
    while (shapely.get_type_id(parts) >= 4).any():  # 4 and up are collections
        parts, inner = shapely.get_parts(parts, return_index=True)
        origin = origin[inner]
    keep = ~shapely.is_empty(parts)
    return parts[keep], origin[keep]
